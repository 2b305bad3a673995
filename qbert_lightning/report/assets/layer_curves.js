// How the curvature of each block moves while the model is trained.

const MOVING = {
  "float/mean_eigenvalue": "mean eigenvalue of the Hessian, float model",
  "float/top_eigenvalue": "largest eigenvalue of the Hessian, float model",
  mean_eigenvalue: "mean eigenvalue of the Hessian",
  top_eigenvalue: "largest eigenvalue of the Hessian",
};

function drawLayerCurves() {
  const { histories, leftOut } = page.data.curvature;
  const history = picked("history", histories, ofRuns, drawLayerCurves);
  fill(byId("layer-curves-lead"), "One line per block, measured again and again while the model was trained: light near the input, dark near the output.");
  const home = byId("layer-curves");
  const shown = Object.entries(MOVING).filter(([name]) => history.quantities[name]);
  while (home.children.length < shown.length) home.append(element("figure"));
  while (home.children.length > shown.length) home.lastChild.remove();
  shown.forEach(([name, title], i) => drawLayerCurve(home.children[i], title, history.quantities[name], i ? null : leftOutText(leftOut.histories, "history", "histories")));
}

function drawLayerCurve(figure, title, { blocks, labels, curves }, note) {
  const traces = curves.map((index, i) => {
    const [steps, values] = page.data.curves[index];
    const color = depthColor(i, curves.length);
    return {
      type: "scatter", mode: steps.length < 14 ? "lines+markers" : "lines", x: steps, y: values.map((y) => (Number.isFinite(y) ? y : null)),
      line: { width: 1.6, color }, marker: { size: 4, color }, connectgaps: false, hoverinfo: "none",
      customdata: steps.map((step, k) => [blocks[i], `step ${step.toLocaleString("en")}: ${significant(values[k])}`]),
    };
  });
  const legend = curves.length > 24 ? [] : labels.map((label, i) => ({ label, glyph: "━", color: traces[i].line.color, traces: [traces[i]] }));
  draw(figure, title, traces, layout(axis("optimizer step", { rangemode: "tozero" }), axis(""), { height: 340, title }), { legend, note });
}
