// Score against size with its Pareto front, and against bits by number of groups.

function settingLines(view, setting) {
  const score = (value) => fixed(value, view.digits);
  const [mean, , n] = setting.scores[0];
  const lines = [setting.name, `${view.metric} ${score(mean)}${spread(setting.scores[0], score)} (${plural(n, "run")})`];
  if (setting.drop) lines.push(`drop ${score(setting.drop[0])}${spread(setting.drop, score)}`);
  if (setting.bits) lines.push(`${bitsText(setting.bits[0])} bits per weight on average`);
  if (setting.size) lines.push(`${sizeText(setting.size[0])} MiB`);
  return lines;
}

const errorBars = (settings, color) => ({
  type: "data", array: settings.map((s) => s.scores[0][1] ?? 0), thickness: 1, width: 0, color,
});

function pointTrace(view, settings, x, marker) {
  return {
    type: "scatter",
    mode: "markers",
    x: settings.map(x),
    y: settings.map((s) => s.scores[0][0]),
    ...(settings.some((s) => s.scores[0][1]) ? { error_y: errorBars(settings, marker.color) } : {}),
    marker: { size: marker.symbol.startsWith("triangle") ? 12 : 10, line: { width: 1.2, color: styleValue("--paper") }, ...marker },
    customdata: settings.map((s) => settingLines(view, s)),
    settings,
    hoverinfo: "none",
  };
}

function scoreRange(view, settings, published) {
  const reference = floatReference(view);
  const scores = settings.map((s) => s.scores[0][0]);
  return padded([...scores, ...published.map((p) => p.score), ...(reference ? [reference.score] : [])], 0.07);
}

// All places on the axis, and room for the published names to the right of theirs.
function withNames(figure, values, published, x) {
  const all = [...values, ...published.map((p) => p[x])];
  if (!published.length || !hasRoomForNames(figure)) return all;
  const spread = Math.max(...all) / Math.min(...all);
  return [...all, ...published.map((p) => p[x] * 1.08 * Math.max(spread, 1.5) ** (110 / (figure.clientWidth - 170)))];
}

// The chart of scores over some logarithmic axis, with the float score as a dotted line.
function scoreLayout(view, x, range, height, published) {
  const reference = floatReference(view);
  return layout(x, axis("", { range, automargin: false }), {
    height,
    title: `${view.metric} on ${view.split}`,
    ...(reference ? referenceLine(view, reference, published.length > 0) : {}),
  });
}

const referenceText = (view, { name, score, size }) =>
  `${name} ${fixed(score, view.digits)}${size ? `, ${sizeText(size)} MiB` : ""}`;

// Named beside the line, or below the chart where published names are beside it.
function referenceLine(view, reference, hasNames) {
  const color = styleValue("--muted");
  const { score: y } = reference;
  return {
    shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, layer: "below", line: { color, width: 1, dash: "dot" } }],
    annotations: hasNames ? [] : [{ xref: "paper", x: 1, y, xanchor: "right", yanchor: "bottom", showarrow: false, text: referenceText(view, reference), font: { size: 11, color } }],
  };
}

function referenceNote(view, published) {
  const reference = floatReference(view);
  return reference && published.length ? `Dotted: ${referenceText(view, reference)}. ` : null;
}

function padded(values, share) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = share * (high - low || Math.abs(high) || 1);
  return [low - room, high + room];
}

function logAxis(figure, title, values) {
  const logs = padded(values.map(Math.log10), 0.06);
  const [low, high] = [10 ** logs[0], 10 ** logs[1]];
  const ticks = roundTicks(low, high, Math.max(4, figure.clientWidth / 80));
  return axis(title, { type: "log", range: logs, automargin: false, tickvals: ticks, ticktext: ticks.map((tick) => trimmed(tick, 3)) });
}

// Round numbers between two, as many as there is room for.
function roundTicks(low, high, most) {
  const inside = (steps) => {
    const ticks = [];
    for (let power = -3; power < 7; power += 1) ticks.push(...steps.map((step) => step * 10 ** power));
    return ticks.filter((tick) => tick >= low && tick <= high);
  };
  const grids = [
    Array.from({ length: 180 }, (_, i) => 1 + i / 20), Array.from({ length: 90 }, (_, i) => 1 + i / 10),
    Array.from({ length: 18 }, (_, i) => 1 + i / 2), [1, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 3, 5], [1, 3], [1],
  ];
  return grids.map(inside).find((ticks) => ticks.length <= most) ?? [];
}

const revealPoint = (point) => {
  const setting = point.data.settings?.[point.pointIndex];
  if (setting) revealRow(setting);
};

function drawSize() {
  const { view } = page;
  const figure = byId("size-figure");
  const shown = visible();
  const drawn = sized(shown);
  if (!drawn.length) {
    undraw(figure, shown.length ? "No setting shown has both a score and a size." : "No setting passes the filter.");
    return;
  }
  const front = paretoFront(drawn, view.higherIsBetter);
  const frontLine = {
    type: "scatter", mode: "lines", x: front.map((s) => s.size[0]), y: front.map((s) => s.scores[0][0]),
    line: { shape: "hv", width: 1.5, color: styleValue("--front") }, hoverinfo: "skip",
  };
  const traces = [frontLine];
  const legend = [];
  for (const method of page.methods) {
    const settings = drawn.filter((s) => s.method === method);
    if (!settings.length) continue;
    const look = methodLook(method);
    const trace = pointTrace(view, settings, (s) => s.size[0], { color: look.color, symbol: look.symbol });
    traces.push(trace);
    legend.push({ label: method, ...look, traces: [trace] });
  }
  legend.push({ label: "Pareto front", glyph: "━", color: styleValue("--front"), traces: [frontLine] });
  const published = publishedOn(view, "size");
  const range = scoreRange(view, drawn, published);
  if (published.length) {
    const lines = publishedTraces(figure, view, published, "size", range, 390);
    traces.push(...lines);
    legend.push(publishedLegend(published, lines));
  }
  const x = logAxis(figure, "size of the whole model, MiB (logarithmic)", withNames(figure, drawn.map((s) => s.size[0]), published, "size"));
  const missing = shown.filter((s) => !isSized(s)).length;
  draw(figure, "Score against size", traces, scoreLayout(view, x, range, 470, published), {
    legend,
    note: [referenceNote(view, published), missing ? `Not drawn, for want of a finite score or size: ${plural(missing, "setting")}.` : null],
    onclick: revealPoint,
  });
}

const groupsText = (groups) =>
  groups == null ? "no groups given" : groups === 1 ? "1 group" : `${groups} groups`;

// Few groups light, many groups dark, the same colours wherever the page is filtered.
function groupColor(groups, all) {
  const i = all.indexOf(groups);
  return styleValue(`--scale-${all.length < 2 ? 5 : Math.round((i * 6) / (all.length - 1))}`);
}

// One trace of marks and a line through the mean score at each number of bits.
function groupTraces(view, settings, marker) {
  const points = pointTrace(view, settings, (s) => s.bits[0], marker);
  const byBits = new Map();
  for (const s of settings) {
    const key = bitsText(s.bits[0]);
    byBits.set(key, [...(byBits.get(key) ?? []), s.scores[0][0]]);
  }
  const line = [...byBits].map(([bits, scores]) => [Number(bits), scores.reduce((a, b) => a + b) / scores.length])
    .sort((a, b) => a[0] - b[0]);
  const joined = {
    type: "scatter", mode: "lines", x: line.map((p) => p[0]), y: line.map((p) => p[1]),
    line: { width: 1.5, color: marker.color }, opacity: 0.7, hoverinfo: "skip",
  };
  return [joined, points];
}

function drawBits() {
  const { view } = page;
  const figure = byId("bits-figure");
  const drawn = visible().filter((s) => s.quantized && isScored(s) && Number.isFinite(s.bits?.[0]));
  if (!drawn.length) {
    undraw(figure, "No setting shown is a quantized model with a score.");
    return;
  }
  const all = [...new Set(view.settings.filter((s) => s.quantized).map((s) => s.groups))].sort((a, b) => compare(a, b, 1));
  const traces = [];
  const legend = [];
  for (const groups of all) {
    const color = groupColor(groups, all);
    const own = [];
    for (const method of page.methods) {
      const settings = drawn.filter((s) => s.groups === groups && s.method === method);
      if (settings.length) own.push(...groupTraces(view, settings, { color, symbol: methodLook(method).symbol }));
    }
    traces.push(...own);
    if (own.length) legend.push({ label: groupsText(groups), glyph: "━", color, traces: own });
  }
  const methods = page.methods.filter((m) => drawn.some((s) => s.method === m));
  const marks = methods.map((m) => `${methodLook(m).glyph} ${m}`);
  const published = publishedOn(view, "bits");
  const range = scoreRange(view, drawn, published);
  if (published.length) {
    const lines = publishedTraces(figure, view, published, "bits", range, 340);
    traces.push(...lines);
    legend.push(publishedLegend(published, lines));
  }
  const x = logAxis(figure, "bits per weight, average (logarithmic)", withNames(figure, drawn.map((s) => s.bits[0]), published, "bits"));
  draw(figure, "Score against bits", traces, scoreLayout(view, x, range, 420, published), {
    legend,
    note: [referenceNote(view, published), `Marks: ${marks.join(" · ")}`],
    onclick: revealPoint,
  });
}
