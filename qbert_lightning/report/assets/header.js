// What the runs are, in a few words, and what became of the others.

function factRow(term, ...values) {
  return values.flat().length ? [element("dt", {}, term), element("dd", {}, ...values)] : [];
}

const countedLines = (pairs) => pairs.map(([text, n]) =>
  element("span", { class: "line" }, pairs.length > 1 ? `${text} (${plural(n, "run")})` : text));

function drawHeader() {
  const { title, counts, analyses, views, written, hardware, commits, superseded } = page.data;
  document.title = title;
  fill(byId("title"), title);
  const settings = views.reduce((sum, view) => sum + view.settings.length, 0);
  const tasks = new Set(views.map((view) => view.task)).size;
  const sentences = [];
  if (counts.finished) sentences.push(`${plural(counts.finished, "finished run")} in ${plural(settings, "setting")} on ${plural(tasks, "task")}.`);
  else if (!analyses) sentences.push("No finished run was found.");
  if (analyses) sentences.push(`${plural(analyses, "analysis", "analyses")} of float models.`);
  if (superseded) sentences.push(`${plural(superseded, "older record")} of the same runs ${superseded === 1 ? "is" : "are"} left out.`);
  fill(byId("lede"), sentences.join(" "));
  drawCounts(counts);
  fill(byId("facts"),
    factRow("Written", dateText(written)),
    factRow("Hardware", countedLines(hardware)),
    factRow("Code", countedLines(commits)));
  fill(byId("footer"), "Scores are as recorded, higher is better unless the name says loss. ± is the sample standard deviation over runs that differ in nothing but their seed, and the number in brackets says how many. Sizes count every stored bit of the whole model, 1 MiB = 2²⁰ bytes. Drop is the float score less the quantized one.");
}

function viewLabel(view) {
  const sameTask = page.data.views.filter((other) => other.task === view.task);
  const task = view.task || "no task named";
  return sameTask.length > 1 ? `${task}: ${view.metric} on ${view.split}${view.rows ? `, ${plural(view.rows, "row")}` : ""}` : task;
}

const keyFigure = (label, value, ...details) =>
  element("div", { class: "key-figure" }, element("h3", {}, label), element("p", { class: "value" }, value),
    details.map((detail) => element("p", { class: "detail-line" }, detail)));

function describe(setting) {
  const parts = [setting.name];
  const numbers = [];
  if (setting.bits && setting.quantized) numbers.push(`${bitsText(setting.bits[0])} bits`);
  if (setting.size) numbers.push(`${sizeText(setting.size[0])} MiB`);
  if (setting.compression && setting.quantized) numbers.push(`${timesText(setting.compression[0])} smaller`);
  return [...parts, numbers.join(" · ")];
}

const USES = { train: "Trained on", val: "Selected on", test: "Scored on" };

function drawSummary() {
  const { view } = page;
  const sign = view.higherIsBetter ? 1 : -1;
  const score = (value) => fixed(value, view.digits);
  const float = floatReference(view);
  const quantized = view.settings.filter((s) => s.quantized && isScored(s));
  const figures = [];
  if (float) figures.push(keyFigure(float.name === "float" ? "Float model" : "Best float model", score(float.score), `${view.metric} on ${view.split}`, float.size ? `${sizeText(float.size)} MiB` : ""));
  if (quantized.length) {
    const best = quantized.reduce((a, b) => (sign * b.scores[0][0] > sign * a.scores[0][0] ? b : a));
    figures.push(keyFigure("Best quantized", score(best.scores[0][0]), ...describe(best)));
  }
  if (float && quantized.length) figures.push(smallestNear(quantized.filter(isSized), float.score, sign, score));
  const splits = view.splits.filter(([, texts]) => texts.length);
  fill(byId("summary"),
    element("div", { class: "key-figures" }, figures),
    splits.length ? element("dl", { class: "facts" }, splits.map(([split, texts]) => factRow(USES[split] ?? `Data: ${split}`, texts.map((text) => element("span", { class: "line" }, text))))) : null);
}

function smallestNear(settings, float, sign, score) {
  const near = settings.filter((s) => sign * (float - s.scores[0][0]) <= 0.01 * Math.abs(float));
  if (!near.length) return keyFigure("Smallest within 1 % of float", "none", "every quantized setting loses more than 1 % of the float score");
  const smallest = near.reduce((a, b) => (b.size[0] < a.size[0] ? b : a));
  return keyFigure("Smallest within 1 % of float", score(smallest.scores[0][0]), ...describe(smallest));
}

function drawStages() {
  const { stages } = page.data;
  byId("stages-section").hidden = !stages.length;
  if (!stages.length) return;
  const heads = ["Stage", "Done", "Used again", "Distinct results", "Time spent"].map((label, i) =>
    element("th", { scope: "col", class: i ? "number" : null }, label));
  const rows = stages.map((s) => element("tr", {},
    element("th", { scope: "row" }, s.stage),
    [String(s.made), String(s.reused), String(s.artifacts), durationText(s.seconds)].map((text) => element("td", { class: "number" }, text))));
  fill(byId("stages"), element("table", {}, element("thead", {}, element("tr", {}, heads)), element("tbody", {}, rows)));
}
