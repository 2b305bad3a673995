// Figures that papers print: dashed, labelled, and never among our own results.

const showsPublished = () => byId("published").checked;

const publishedOn = (view, x) => (showsPublished() ? view.published.filter((p) => !p.isFloat && p[x] != null) : []);

function publishedLines(view, published) {
  return [
    published.label,
    `${view.metric} ${fixed(published.score, view.digits)}${published.drop == null ? "" : `, ${fixed(published.drop, view.digits)} below its own float model`}`,
    published.source,
    ...(published.note ? [published.note] : []),
  ];
}

// Names beside each other's lines, moved apart just as far as they need.
function apart(scores, least) {
  const placed = [];
  scores.forEach((score, i) => placed.push(i ? Math.min(score, placed[i - 1] - least) : score));
  const shift = scores.reduce((sum, score, i) => sum + score - placed[i], 0) / scores.length;
  return placed.map((y) => y + shift);
}

const hasRoomForNames = (figure) => figure.clientWidth > 480;

// A dashed piece of line at each published score, and its name to the right.
function publishedTraces(figure, view, entries, x, range, height) {
  const color = styleValue("--muted");
  const line = { x: [], y: [], customdata: [] };
  const text = { x: [], y: [], text: [] };
  for (const place of new Set(entries.map((entry) => entry[x]))) {
    const here = entries.filter((entry) => entry[x] === place).sort((a, b) => b.score - a.score);
    const [left, right] = [place / 1.08, place * 1.08];
    for (const entry of here) {
      const lines = publishedLines(view, entry);
      line.x.push(left, place, right, null);
      line.y.push(entry.score, entry.score, entry.score, null);
      line.customdata.push(lines, lines, lines, null);
      text.x.push(right);
      text.text.push(plain(` ${entry.short} ${fixed(entry.score, view.digits)}`));
    }
    text.y.push(...apart(here.map(({ score }) => score), (13 * (range[1] - range[0])) / height));
  }
  const lines = { type: "scatter", mode: "lines", ...line, line: { width: 2, dash: "4px,3px", color }, hoverinfo: "none" };
  if (!hasRoomForNames(figure)) return [lines];
  return [
    lines,
    { type: "scatter", mode: "text", ...text, textposition: "middle right", textfont: { size: 10.5, color }, hoverinfo: "skip", cliponaxis: false },
  ];
}

const publishedLegend = (entries, traces) =>
  ({ label: `published, ${listed([...new Set(entries.map((p) => p.label.split(": ")[0].slice(11)))])}`, glyph: "┅", color: styleValue("--muted"), traces });

function drawPublished() {
  const { view } = page;
  byId("published-field").hidden = !view.published.length;
  const section = byId("published-results");
  section.hidden = !view.published.length || !showsPublished();
  if (section.hidden) return;
  const text = (value) => (value == null ? "–" : String(value));
  fill(byId("published-table"), plainTable(
    ["Published result", "Weight bits", "Embedding bits", "Activation bits", `${view.metric}, dev`, "Drop from its own float", "MiB, computed", "Source"],
    view.published.map((p) => [
      p.label + (p.note ? ` (${p.note})` : ""), text(p.bits), text(p.embedding), text(p.activation), fixed(p.score, view.digits), fixed(p.drop, view.digits),
      p.size == null ? "–" : sizeText(p.size), p.source]),
  ));
}
