// Read the data, wire the controls, draw.

const revive = (_, value) =>
  value !== null && typeof value === "object" && "$nonfinite" in value
    ? { nan: NaN, inf: Infinity, "-inf": -Infinity }[value.$nonfinite]
    : value;

function readData() {
  const text = byId("data").textContent;
  page.data = text.includes('"$nonfinite"') ? JSON.parse(text, revive) : JSON.parse(text);
  const methods = page.data.views.flatMap((view) => view.settings.map((s) => s.method));
  page.methods = [...new Set(methods)].sort();
  for (const view of page.data.views) {
    view.digits = scoreDigits(view.settings);
    view.settings.forEach((setting, index) => {
      setting.index = index;
      setting.search = searchText(view, setting);
    });
  }
}

function choose(view) {
  page.view = view;
  order.column = "score-0";
  order.direction = view.higherIsBetter ? -1 : 1;
  open.clear();
  page.baseline = null;
  drawCommon();
  drawSummary();
  fill(byId("results-lead"), `Judged by ${view.metric} on ${view.split}: mean and standard deviation over seeds. A row opens onto its runs; a heading sorts.`);
  changed();
}

function drawShown() {
  const shown = visible().length;
  const all = page.view.settings.length;
  fill(byId("shown"), shown === all ? plural(all, "setting") : `${shown.toLocaleString("en")} of ${plural(all, "setting")}`);
}

function wireControls(first) {
  const { views } = page.data;
  byId("view-field").hidden = views.length < 2;
  options(byId("view"), views.map(viewLabel), first);
  byId("view").addEventListener("change", (event) => choose(views[event.target.value]));
  byId("published").addEventListener("change", changed);
  byId("everything").addEventListener("change", drawTable);
  let waiting = 0;
  byId("filter").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      page.words = wordsOf(event.target.value);
      changed();
    }, 120);
  });
}

// What follows the filter, and what belongs to the float models and does not.
const COMPARED = [drawSize, drawBits, drawCurves];

function addCharts() {
  if (page.data.views.length) {
    addChart("size-figure", drawSize);
    addChart("bits-figure", drawBits);
    addChart("loss-figure", drawCurves);
  }
  const { analyses, spectra, histories, pairs } = page.data.curvature;
  const curved = [
    ["spectra-section", drawSpectra, analyses.length],
    ["density-section", drawDensity, spectra.length],
    ["landscape-section", drawLandscapes, spectra.some(({ layers }) => layers.some((layer) => layer.landscape))],
    ["layer-curves-section", drawLayerCurves, histories.length],
    ["agreement-section", drawAgreement, pairs.length],
  ];
  for (const [id, draw, isWanted] of curved) {
    byId(id).hidden = !isWanted;
    if (isWanted) addChart(id, draw);
  }
}

function redraw() {
  if (page.view) changed();
  staleAll();
}

// Colours and widths are read when drawing: another scheme, width, or paper draws again.
function wireSurroundings() {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  let width = innerWidth;
  let waiting = 0;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 150);
  });
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("on-paper");
    page.isOnPaper = true;
    drawFailures(Infinity);
    redraw();
    drawNow();
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("on-paper");
    page.isOnPaper = false;
    redraw();
  });
}

function start() {
  const state = kept();
  readData();
  drawHeader();
  drawStages();
  drawFailures();
  wireSurroundings();
  if (page.data.views.length) {
    byId("toolbar").hidden = false;
    byId("main").hidden = false;
    page.listeners.push(drawShown, drawTable, drawPublished, drawPlans, () => stale(COMPARED));
    const first = recall(state);
    wireControls(first);
    wireTable();
    choose(page.data.views[first]);
  }
  addCharts();
  returnTo(state);
  wireLive(state);
}

start();
