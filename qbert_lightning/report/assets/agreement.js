// What the sensitivity metrics predict, beside the rise of the loss that was measured.

function drawAgreement() {
  const { pairs, agreement, leftOut } = page.data.curvature;
  fill(byId("agreement-lead"), "How well a metric ranks the blocks: its number for each block against the rise of the loss when that block alone is quantized, on the same float model. 1 is the measured order, 0 none, −1 the opposite. Marks are light near the input and dark near the output.");
  fill(byId("agreement"), agreementTable(agreement));
  const keys = [...new Set(pairs.map(measurementKey))];
  const groups = keys.map((key) => pairs.filter((pair) => measurementKey(pair) === key));
  const shown = picked("measurement", groups, ([first]) => measurementLabel(first), drawAgreement);
  const home = byId("pairs");
  for (const figure of home.querySelectorAll("figure")) if (figure.plot) Plotly.purge(figure.plot);
  const figures = shown.map(() => element("figure"));
  fill(home, shown.map((pair, i) => element("div", { class: "picture" },
    element("h3", {}, pair.metric),
    shown.filter(({ metric }) => metric === pair.metric).length > 1 ? element("p", { class: "note" }, `by ${pair.predictedBy}`) : null,
    element("p", { class: "note" }, `Spearman ${fixed(pair.spearman, 2)} · Kendall ${fixed(pair.kendall, 2)} · ${plural(pair.blocks.length, "block")}`),
    figures[i])), leftOut.pairs ? element("p", { class: "note" }, leftOutText(leftOut.pairs, "pair", "pairs")) : null);
  shown.forEach((pair, i) => drawPair(figures[i], pair));
}

const measurementKey = (pair) => JSON.stringify([pair.model, pair.bits]);

const bitsOf = (bits) => (bits == null ? "the width used" : plural(bits, "bit"));

const measurementLabel = (pair) =>
  [`at ${bitsOf(pair.bits)}`, groupsText(pair.groups), `by ${pair.name}`].join(", ");

const correlationText = ([mean, std, n]) => `${fixed(mean, 2)}${std == null ? "" : ` ± ${fixed(std, 2)} (${n})`}`;

function agreementTable(rows) {
  const heads = ["Metric", "Task", "Compared by", "Bits", "Groups", "Blocks", "Float models", "Spearman", "Kendall"];
  return plainTable(heads, rows.map((row) => [
    row.detail ? `${row.metric} (${row.detail})` : row.metric, row.task, row.quantity, row.bits == null ? "–" : String(row.bits), row.groups == null ? "–" : String(row.groups),
    String(row.num_blocks), String(row.num_models), correlationText(row.spearman), correlationText(row.kendall),
  ]));
}

// Logarithmic where the numbers are positive and far apart.
function spreadAxis(title, values) {
  const low = Math.min(...values), high = Math.max(...values);
  if (!(low > 0 && high > 30 * low)) return axis(title, { range: padded(values, 0.1) });
  const range = padded(values.map(Math.log10), 0.1);
  const powers = Array.from({ length: Math.floor(range[1]) - Math.ceil(range[0]) + 1 }, (_, i) => Math.ceil(range[0]) + i);
  const step = Math.ceil(powers.length / 6);
  const shown = powers.filter((power) => power % step === 0);
  return axis(title, { type: "log", range, tickvals: shown.map((power) => 10 ** power), ticktext: shown.map(powerOfTen) });
}

function drawPair(figure, pair) {
  if (!pair.blocks.length) {
    undraw(figure, "No block has a finite number on both sides.");
    return;
  }
  const trace = {
    type: "scatter", mode: pair.blocks.length > 24 ? "markers" : "markers+text", x: pair.predicted, y: pair.measured,
    text: pair.labels.map(plain), textposition: "top center", textfont: { size: 10.5, color: styleValue("--muted") }, cliponaxis: false,
    marker: { size: 9, color: pair.blocks.map((_, i) => depthColor(i, pair.blocks.length)), line: { width: 1, color: styleValue("--paper") } },
    customdata: pair.blocks.map((block, i) => [block, `${pair.metric}: ${significant(pair.predicted[i])}`, `loss rises by ${significant(pair.measured[i])}`]),
    hoverinfo: "none",
  };
  const title = pair.quantity === "score" ? `score at ${bitsOf(pair.bits)}` : "importance";
  draw(figure, `${pair.metric} against the measured loss`, [trace], layout(spreadAxis(title, pair.predicted), spreadAxis("", pair.measured), { height: 300, title: "measured rise of the loss" }));
}
