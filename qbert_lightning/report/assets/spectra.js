// The distribution of curvature over data subsets, for each encoder block.

function drawSpectra() {
  const { analyses, leftOut } = page.data.curvature;
  drawSpectrum(byId("spectra-figure"), picked("spectrum", analyses, ofRuns, drawSpectra), leftOut.analyses);
}

const quantity = ({ metric }) =>
  metric.includes("eigenvalue") ? "Largest eigenvalue of the Hessian" : `Values of ${metric || "the sensitivity"}`;

function drawSpectrum(figure, spectrum, leftOut) {
  const subsets = Math.max(...spectrum.samples.map((values) => values.length));
  fill(byId("spectra-lead"), `${quantity(spectrum)} for each block on ${plural(subsets, "random subset")} of the training data, used by ${plural(spectrum.runs, "run")}. The more curved the loss, the more a block minds being rounded; the diamond is the number the blocks are ranked by.`);
  const color = styleValue("--accent");
  const x = [], y = [], customdata = [];
  let missing = 0;
  spectrum.samples.forEach((values, block) => values.forEach((value, subset) => {
    if (!Number.isFinite(value)) { missing += 1; return; }
    x.push(block);
    y.push(value);
    customdata.push([spectrum.blocks[block], `subset ${subset + 1}: ${significant(value)}`]);
  }));
  const ranked = spectrum.importance.map((value, block) => [block, value]).filter(([, v]) => Number.isFinite(v) && v !== null);
  const box = {
    type: "box", x, y, customdata, boxpoints: "all", pointpos: 0, jitter: 0.5, hoveron: "points", hoverinfo: "none",
    line: { width: subsets < 5 ? 0 : 1.2, color }, fillcolor: subsets < 5 ? "rgba(0,0,0,0)" : styleValue("--accent-soft"),
    marker: { size: 4.5, color, opacity: 0.65 }, width: 0.55,
  };
  const importance = {
    type: "scatter", mode: "markers", x: ranked.map(([b]) => b), y: ranked.map(([, v]) => v), hoverinfo: "none",
    marker: { symbol: "diamond-open", size: 10, color: styleValue("--front"), line: { width: 1.6 } },
    customdata: ranked.map(([b, v]) => [spectrum.blocks[b], `ranked by ${significant(v)}`]),
  };
  const ticks = spectrum.labels.map((_, i) => i);
  const xAxis = axis("encoder block, from the input up", { tickvals: ticks, ticktext: spectrum.labels.map(plain), showgrid: false, range: [-0.6, ticks.length - 0.4] });
  const yAxis = axis("", { zeroline: true, zerolinecolor: styleValue("--rule"), zerolinewidth: 1 });
  draw(figure, "Curvature of the loss", [box, importance], layout(xAxis, yAxis, { title: quantity(spectrum) }), {
    legend: [
      { label: "one data subset", glyph: "●", color, traces: [box] },
      { label: `importance (${spectrum.metric})`, glyph: "◇", color: styleValue("--front"), traces: [importance] },
    ],
    note: [missing ? `Not drawn: ${plural(missing, "value")} that ${missing === 1 ? "is" : "are"} not finite. ` : null, leftOutText(leftOut, "analysis", "analyses")],
  });
}
