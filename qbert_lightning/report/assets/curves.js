// Learning curves: the training loss and the validation score of each run.

const STAGES = [["", "the quantized model"], ["float/", "the float model"]];
let stagePrefix = null;

// One trace for each method, its runs separated by gaps: quick also with 1,000 runs.
function curveTraces(settings, wanted) {
  const traces = new Map();
  const seen = new Map();
  for (const setting of settings) {
    for (const run of setting.runs) {
      for (const [key, index] of Object.entries(run.curves)) {
        if (!wanted(key)) continue;
        if (seen.has(index)) seen.get(index).runs += 1;
        else seen.set(index, { run, method: setting.method, runs: 1 });
      }
    }
  }
  for (const [index, { run, method, runs }] of seen) {
    const [steps, values] = page.data.curves[index];
    const trace = traces.get(method) ?? { x: [], y: [], customdata: [], lines: 0 };
    const name = runs > 1 ? `${run.name} and ${plural(runs - 1, "other run")}` : run.name;
    steps.forEach((step, i) => {
      trace.x.push(step);
      trace.y.push(Number.isFinite(values[i]) ? values[i] : null);
      trace.customdata.push([name, `step ${step.toLocaleString("en")}: ${significant(values[i])}`]);
    });
    trace.lines += 1;
    trace.x.push(null);
    trace.y.push(null);
    trace.customdata.push(null);
    traces.set(method, trace);
  }
  return { traces, lines: seen.size };
}

function drawCurve(figure, name, yTitle, wanted) {
  const { traces, lines } = curveTraces(visible(), wanted);
  if (!lines) {
    undraw(figure, `No run shown has logged its ${name.toLowerCase()}.`);
    return;
  }
  const legend = [];
  const drawn = page.methods.filter((method) => traces.has(method)).map((method) => {
    const look = methodLook(method);
    const { lines: own, ...points } = traces.get(method);
    const trace = {
      ...points, type: "scatter", mode: lines <= 60 && points.x.length < 14 * own ? "lines+markers" : "lines", connectgaps: false,
      line: { width: lines > 60 ? 0.8 : lines > 20 ? 1.1 : 1.5, color: look.color }, marker: { size: 4, color: look.color },
      opacity: lines > 60 ? 0.45 : lines > 20 ? 0.7 : 0.9, hoverinfo: "none",
    };
    legend.push({ label: method, glyph: "━", color: look.color, traces: [trace] });
    return trace;
  });
  draw(figure, name, drawn, layout(axis("optimizer step", { rangemode: "tozero" }), axis(""), { height: 340, title: yTitle }), { legend });
}

function drawCurves() {
  const keys = new Set(page.view.settings.flatMap((s) => s.runs).flatMap((r) => Object.keys(r.curves)));
  const present = STAGES.filter(([prefix]) => keys.has(`${prefix}train/loss`) || [...keys].some((k) => k.startsWith(`${prefix}val/`)));
  byId("stage-field").hidden = present.length < 2;
  if (!present.some(([prefix]) => prefix === stagePrefix)) stagePrefix = present[0]?.[0] ?? "";
  options(byId("stage"), present.map(([, label]) => label), present.findIndex(([prefix]) => prefix === stagePrefix));
  byId("stage").onchange = (event) => {
    stagePrefix = present[event.target.value][0];
    drawCurves();
  };
  const [split = "the validation split"] = Object.fromEntries(page.view.splits).val ?? [];
  const metrics = [...keys].filter((key) => key.startsWith(`${stagePrefix}val/`)).map((key) => key.split("/").at(-1));
  drawCurve(byId("loss-figure"), "Training loss", "training loss", (key) => key === `${stagePrefix}train/loss`);
  drawCurve(byId("validation-figure"), "Validation score", `${metrics[0] ?? "score"} on ${split}`, (key) => key.startsWith(`${stagePrefix}val/`));
}
