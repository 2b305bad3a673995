// What all charts share: colours from the style sheet, tooltip, legend, saving.

const GLYPHS = "●■◆▲▼✚★✖";
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "star", "x"];

const styleValue = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Looks belong to the method everywhere on the page; the float model is drawn in ink.
function methodLook(method) {
  const methods = page.methods.filter((name) => name !== "float");
  const i = methods.indexOf(method);
  if (i < 0) return { color: styleValue("--ink"), symbol: "circle", glyph: "●" };
  return {
    color: styleValue(`--series-${i % 8}`),
    symbol: SYMBOLS[i % 8],
    glyph: GLYPHS[i % 8],
  };
}

// The chart library reads some markup and mathematics in texts; ours are shown as they are.
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;" };
const plain = (text) => String(text).replaceAll(/[&<>$]/g, (sign) => ENTITIES[sign]);

function axis(title, more = {}) {
  return {
    title: { text: plain(title), standoff: 10, font: { size: 12.5 } },
    gridcolor: styleValue("--grid"),
    linecolor: styleValue("--rule"),
    tickcolor: styleValue("--rule"),
    ticks: "outside",
    ticklen: 4,
    zeroline: false,
    automargin: true,
    fixedrange: matchMedia("(pointer: coarse)").matches,
    ...more,
  };
}

// The vertical axis is named above its end, in line, where a long name has room.
function layout(x, y, { title, annotations = [], ...more }) {
  const name = { text: plain(`↑ ${title}`), xref: "paper", yref: "paper", x: 0, y: 1, xanchor: "left", yanchor: "bottom", yshift: 8, showarrow: false, align: "left" };
  return {
    height: 400,
    margin: { l: 48, r: 14, t: 34, b: 50 },
    annotations: [name, ...annotations],
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: styleValue("--sans"), size: 12.5, color: styleValue("--muted") },
    hovermode: "closest",
    showlegend: false,
    xaxis: x,
    yaxis: y,
    ...more,
  };
}

// Draw into a figure element; `legend` holds {label, glyph, color, traces}.
function draw(figure, name, traces, plotLayout, { legend = [], note = null, onclick = null } = {}) {
  readLibrary();
  if (!figure.plot) {
    figure.classList.add("drawn");
    figure.plot = element("div", { class: "plot", role: "img" });
    figure.legend = element("ul", { class: "legend" });
    figure.note = element("p", { class: "note" });
    const save = element("button", { type: "button", class: "quiet", onclick: () => saveImage(figure) }, "Save as SVG");
    fill(figure, figure.legend, figure.plot, element("figcaption", {}, figure.note, save));
    figure.hiddenLabels = new Set();
  }
  figure.plot.setAttribute("aria-label", `${name}. The same numbers are in the tables of this page.`);
  figure.fileName = name.replaceAll(/[^A-Za-z0-9]+/g, "-").toLowerCase();
  fill(figure.note, note);
  for (const entry of legend) {
    if (figure.hiddenLabels.has(entry.label)) for (const trace of entry.traces) trace.visible = false;
  }
  fill(figure.legend, legend.map((entry) => legendEntry(figure, entry, traces)));
  figure.plot.style.height = `${plotLayout.height}px`;
  Plotly.react(figure.plot, traces, { ...plotLayout, width: figure.plot.clientWidth }, { displayModeBar: false, scrollZoom: false });
  figure.onpoint = onclick;
  if (!figure.isWired) wire(figure);
}

function undraw(figure, sentence) {
  if (figure.plot) Plotly.purge(figure.plot);
  figure.plot = null;
  figure.classList.add("drawn");
  figure.isWired = false;
  fill(figure, emptyState(sentence));
}

function legendEntry(figure, { label, glyph, color, traces }, all) {
  const isLine = "━┅".includes(glyph);
  const mark = element("span", { class: isLine ? `line-glyph${glyph === "┅" ? " dashed" : ""}` : "glyph", "aria-hidden": "true" }, isLine ? "" : glyph);
  mark.style.color = color;
  const { hiddenLabels } = figure;
  const toggle = () => {
    if (!hiddenLabels.delete(label)) hiddenLabels.add(label);
    const isShown = !hiddenLabels.has(label);
    button.setAttribute("aria-pressed", String(isShown));
    Plotly.restyle(figure.plot, { visible: isShown }, traces.map((trace) => all.indexOf(trace)));
  };
  const button = element("button", { type: "button", "aria-pressed": String(!hiddenLabels.has(label)), onclick: toggle }, mark, element("span", {}, label));
  return element("li", {}, button);
}

function wire(figure) {
  figure.isWired = true;
  figure.plot.on("plotly_hover", ({ event, points }) => showTooltip(event, points[0].customdata));
  figure.plot.on("plotly_unhover", hideTooltip);
  figure.plot.on("plotly_click", ({ points }) => figure.onpoint && figure.onpoint(points[0]));
}

function showTooltip(event, lines) {
  if (!lines || !event) return;
  const tip = byId("tooltip");
  fill(tip, lines.map((line, i) => element(i ? "div" : "strong", {}, line)));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = event.clientX + 16 + width > innerWidth ? event.clientX - 16 - width : event.clientX + 16;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${Math.max(8, Math.min(event.clientY + 12, innerHeight - height - 8))}px`;
}

function hideTooltip() {
  byId("tooltip").hidden = true;
}

function saveImage(figure) {
  Plotly.downloadImage(figure.plot, { format: "svg", filename: figure.fileName, width: 960, height: 480 });
}
