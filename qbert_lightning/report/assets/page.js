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
  drawSummary();
  fill(byId("results-lead"), `Judged by ${view.metric} on ${view.split}: mean and standard deviation over seeds. A row opens onto its runs; a heading sorts.`);
  changed();
}

function drawShown() {
  const shown = visible().length;
  const all = page.view.settings.length;
  fill(byId("shown"), shown === all ? plural(all, "setting") : `${shown.toLocaleString("en")} of ${plural(all, "setting")}`);
}

function wireControls() {
  const { views } = page.data;
  byId("view-field").hidden = views.length < 2;
  options(byId("view"), views.map(viewLabel), 0);
  byId("view").addEventListener("change", (event) => choose(views[event.target.value]));
  let waiting = 0;
  byId("filter").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      page.words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
      changed();
    }, 120);
  });
}

// Charts are drawn one after another, so that the page answers in between.
const CHARTS = [drawSize, drawBits, drawCurves, drawSpectra];
let nextChart = 0;

function drawCharts() {
  clearTimeout(nextChart);
  const left = [...CHARTS];
  const drawOne = () => {
    left.shift()();
    if (left.length) nextChart = setTimeout(drawOne, 16);
  };
  nextChart = setTimeout(drawOne, 0);
}

// Colours and widths are read when drawing: another scheme, width, or paper draws again.
function wireSurroundings() {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  let width = innerWidth;
  let waiting = 0;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(changed, 150);
  });
  addEventListener("beforeprint", () => {
    document.documentElement.classList.add("on-paper");
    changed();
    clearTimeout(nextChart);
    for (const drawChart of CHARTS) drawChart();
  });
  addEventListener("afterprint", () => {
    document.documentElement.classList.remove("on-paper");
    changed();
  });
}

function start() {
  readData();
  drawHeader();
  drawStages();
  drawFailures();
  if (!page.data.views.length) return;
  byId("toolbar").hidden = false;
  byId("main").hidden = false;
  page.listeners.push(drawShown, drawTable, drawPlans, drawCharts);
  wireControls();
  wireSurroundings();
  choose(page.data.views[0]);
}

start();
