// Charts are drawn when they come near the window, one after another. The chart library is
// only text until then: reading it takes longer than everything else on this page.

const charts = new Map();
let nextChart = 0;

const nearWindow = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) charts.get(target).isNear = isIntersecting;
  drawSoon();
}, { rootMargin: "25% 0px" });

// The section around an element is drawn by `draw` whenever it is stale and near.
function addChart(id, draw) {
  const home = byId(id).closest("section");
  charts.set(home, { draw, isStale: true, isNear: false });
  nearWindow.observe(home);
}

function stale(draws) {
  for (const chart of charts.values()) if (draws.includes(chart.draw)) chart.isStale = true;
  drawSoon();
}

function staleAll() {
  stale([...charts.values()].map((chart) => chart.draw));
}

function drawSoon() {
  clearTimeout(nextChart);
  nextChart = setTimeout(drawNext, 0);
}

// One at a time, so that the page answers in between.
function drawNext() {
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", drawSoon, { once: true });
    return;
  }
  for (const chart of charts.values()) {
    if (!chart.isStale || !chart.isNear) continue;
    drawChart(chart);
    nextChart = setTimeout(drawNext, 16);
    return;
  }
}

function drawNow() {
  clearTimeout(nextChart);
  for (const chart of charts.values()) if (chart.isStale) drawChart(chart);
}

function drawChart(chart) {
  chart.isStale = false;
  chart.draw();
}

// The policy knows the library by its hash, wherever it is run from.
function readLibrary() {
  const text = byId("library");
  if (!text) return;
  document.head.append(element("script", {}, text.textContent));
  text.remove();
}
