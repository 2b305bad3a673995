// How each layer's eigenvalues are distributed: a spike at zero, and a few far outside.

const RIDGE = 0.84;

function drawDensity() {
  const { spectra, leftOut } = page.data.curvature;
  const file = picked("density-file", spectra, ofRuns, () => { drawDensity(); drawLandscapes(); });
  const figure = byId("density-figure");
  fill(byId("density-table"));
  byId("density-layer-field").hidden = !file.layers.length;
  fill(byId("density-lead"), densityLead(file));
  if (!file.layers.length) {
    undraw(figure, file.error ? `No spectrum is shown, because the file could not be read: ${file.error}` : "No layer has a spectrum.");
    return;
  }
  const entries = [null, ...file.layers.keys()];
  const index = picked("density-layer", entries, (i) => (i === null ? "all, one above the other" : file.blocks[i]), drawDensity);
  const note = leftOutText(leftOut.spectra, "analysis", "analyses");
  if (index === null) drawRidges(figure, file, note);
  else drawLayer(figure, file, index, note);
  fill(byId("density-table"), layersTable(file));
}

function densityLead(file) {
  const examples = file.numExamples ? ` The Hessian is that of the mean loss over ${plural(file.numExamples, "example")}.` : "";
  return `Nearly all eigenvalues of a layer’s Hessian lie close to zero, so the height is logarithmic: it runs from less than one eigenvalue up to all of them. Marks stand for the largest eigenvalues, computed one by one.${examples}`;
}

const shareText = (log) => `about 1 in ${Number((10 ** -log).toPrecision(2)).toLocaleString("en")} eigenvalues`;

const least = (layer) => -Math.log10(layer.parameters) - 1;

function outline(x, y, base) {
  return { x: [x[0], ...x, x.at(-1)], y: [base, ...y, base] };
}

function signedTicks(file, most) {
  const [low, high] = file.ends.map((end) => Math.sinh(end) * file.scale);
  const powers = [];
  for (let power = Math.ceil(Math.log10(file.scale)); 10 ** power < Math.max(high, -low); power += 1) powers.push(10 ** power);
  const signs = [...powers.map((x) => -x).reverse(), 0, ...powers].filter((x) => x >= low && x <= high);
  const ticks = signs.length > most ? signs.filter((x) => x === 0 || Math.round(Math.log10(Math.abs(x))) % 2 === 0) : signs;
  return { tickvals: ticks.map((x) => Math.asinh(x / file.scale)), ticktext: ticks.map(significant) };
}

function drawRidges(figure, file, note) {
  const color = styleValue("--accent"), front = styleValue("--front");
  const n = file.layers.length;
  const [low, high] = file.ends;
  const rug = { x: [], y: [], customdata: [] };
  const ridges = file.layers.flatMap((layer, i) => {
    for (const value of layer.eigenvalues.filter(Number.isFinite)) {
      rug.x.push(Math.asinh(value / file.scale));
      rug.y.push(-i - 0.085);
      rug.customdata.push([file.blocks[i], `eigenvalue ${significant(value)}`]);
    }
    const logs = layer.sharedDensity;
    if (!logs) return [];
    const x = logs.map((_, k) => low + (k * (high - low)) / (logs.length - 1));
    const line = outline(x, logs.map((log) => -i + RIDGE * (1 - log / least(layer))), -i);
    const lines = logs.map((log, k) => [file.blocks[i], `near ${significant(Math.sinh(x[k]) * file.scale)}: ${shareText(log)}`]);
    return [{
      type: "scatter", mode: "lines", ...line, customdata: [lines[0], ...lines, lines.at(-1)], fill: "toself",
      fillcolor: styleValue("--accent-soft"), line: { width: 1.2, color }, hoveron: "points", hoverinfo: "none",
    }];
  });
  const marks = { type: "scatter", mode: "markers", ...rug, hoverinfo: "none", marker: { symbol: "line-ns-open", size: 7, color: front, line: { width: 1.3 } } };
  const x = axis("eigenvalue (linear near zero, logarithmic further out)", { range: [low, high], ...signedTicks(file, figure.clientWidth / 60) });
  const y = axis("", { tickvals: file.layers.map((_, i) => -i), ticktext: file.labels.map(plain), range: [-n + 0.7, 1], showgrid: true, ticks: "" });
  draw(figure, "Spectral density of each layer", [...ridges, marks], layout(x, y, { height: 120 + 44 * n, title: "share of eigenvalues, one row for each layer" }), {
    legend: [
      { label: "spectral density", glyph: "━", color, traces: ridges },
      { label: "largest eigenvalues", glyph: "|", color: front, traces: [marks] },
    ],
    note,
  });
}

function drawLayer(figure, file, index, note) {
  const color = styleValue("--accent"), front = styleValue("--front");
  const layer = file.layers[index];
  const [low, high] = layer.ends;
  const floor = least(layer), one = -Math.log10(layer.parameters);
  const stems = { x: [], y: [] };
  const values = layer.eigenvalues.filter(Number.isFinite);
  for (const value of values) {
    stems.x.push(value, value, null);
    stems.y.push(floor, one, null);
  }
  const logs = layer.density ?? [];
  const x = logs.map((_, k) => low + (k * (high - low)) / (logs.length - 1));
  const lines = logs.map((log, k) => [file.blocks[index], `near ${significant(x[k])}: ${shareText(log)}`]);
  const curve = {
    type: "scatter", mode: "lines", ...(logs.length ? outline(x, logs, floor) : { x: [], y: [] }), customdata: [lines[0], ...lines, lines.at(-1)],
    fill: "toself", fillcolor: styleValue("--accent-soft"), line: { width: 1.5, color }, hoveron: "points", hoverinfo: "none",
  };
  const sticks = { type: "scatter", mode: "lines", ...stems, line: { width: 1, color: front }, hoverinfo: "skip" };
  const marks = {
    type: "scatter", mode: "markers", x: values, y: values.map(() => one), marker: { size: 6, color: front }, hoverinfo: "none",
    customdata: values.map((value, i) => [file.blocks[index], `eigenvalue ${i + 1} by size: ${significant(value)}`]),
  };
  const level = { type: "scatter", mode: "lines", x: [low, high], y: [one, one], line: { width: 1.2, dash: "dot", color: styleValue("--muted") }, hoverinfo: "skip" };
  const powers = [];
  for (let power = 0; power >= floor; power -= 1) powers.push(power);
  const y = axis("", { tickvals: powers, ticktext: powers.map(powerOfTen), range: [floor, 0.35] });
  const plot = layout(axis("eigenvalue", { range: [low, high] }), y, {
    height: 420,
    title: `share of the eigenvalues of ${file.blocks[index]} (logarithmic)`,
  });
  draw(figure, `Spectral density of ${file.blocks[index]}`, [level, curve, sticks, marks], plot, {
    legend: [
      { label: "spectral density", glyph: "━", color, traces: [curve] },
      { label: "largest eigenvalues", glyph: "●", color: front, traces: [sticks, marks] },
      { label: `one eigenvalue of ${layer.parameters.toLocaleString("en")}`, glyph: "┄", color: styleValue("--muted"), traces: [level] },
    ],
    note,
  });
}

function layersTable(file) {
  const rows = file.layers.map((layer, i) => {
    const values = layer.eigenvalues.filter(Number.isFinite);
    const error = Number.isFinite(layer.traceError) ? ` ± ${significant(layer.traceError)}` : "";
    return [
      file.blocks[i],
      values.length ? significant(Math.max(...values)) : "–",
      values.length ? significant(Math.min(...values)) : "–",
      Number.isFinite(layer.trace) ? significant(layer.trace) + error : "–",
      layer.parameters.toLocaleString("en"),
      layer.converged ? "yes" : "no",
    ];
  });
  return plainTable(["Layer", "Largest eigenvalue", "Smallest of those computed", "Trace, ± standard error", "Parameters", "Converged"], rows);
}
