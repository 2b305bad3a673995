// What became of the runs without a result: how many, which, and why.

const STATUS_GLYPHS = { finished: "✓", running: "◔", waiting: "○", skipped: "–", failed: "✕", stopped: "⊘", unreadable: "?" };
const FIRST_FAILURES = 60;

const statusMark = (status, text) =>
  element("span", { class: `status status-${STATUS_GLYPHS[status] ? status : "unreadable"}` },
    element("span", { class: "glyph", "aria-hidden": "true" }, STATUS_GLYPHS[status] ?? "?"), ` ${text}`);

// One line under the title, where there is more to tell than finished runs.
function drawCounts(counts) {
  const known = Object.keys(STATUS_GLYPHS).filter((status) => counts[status]);
  const isPlain = known.every((status) => status === "finished");
  fill(byId("counts"), isPlain ? null : known.map((status) => {
    const mark = statusMark(status, `${counts[status].toLocaleString("en")} ${status}`);
    return element("li", {}, status === "finished" ? mark : element("a", { href: "#failures-heading" }, mark));
  }));
}

function statusText(setting) {
  const counts = new Map(setting.runs.length ? [["finished", setting.runs.length]] : []);
  for (const { status } of setting.unfinished) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts];
}

const statusColumn = {
  id: "status", label: "Status", unit: "of runs", title: "How many runs of the setting have which status",
  value: (s) => statusText(s).map(([status, n]) => `${status} ${n}`).join(),
  cell: (s) => statusText(s).map(([status, n]) => element("div", {}, statusMark(status, `${n} ${status}`))),
};

const hasUnfinished = (view) => view.settings.some((setting) => setting.unfinished.length);

function failureCard(failure) {
  const about = [failure.task, failure.method, failure.started && dateText(failure.started)].filter(Boolean);
  return element("article", { class: "failure" },
    element("div", { class: "failure-head" }, element("h3", {}, failure.folder ? element("a", { href: failure.folder }, failure.name) : failure.name), statusMark(failure.status, failure.status)),
    element("p", { class: "note" }, about.join(" · "), failure.file ? [about.length ? " · " : null, element("a", { href: failure.file }, "error.txt")] : null),
    element("pre", {}, failure.error),
    failure.traceback ? element("details", {}, element("summary", {}, "Traceback"), element("pre", {}, failure.traceback)) : null);
}

function drawFailures(shown = FIRST_FAILURES) {
  const { failures } = page.data;
  byId("failures-section").hidden = false;
  fill(byId("failures-lead"), failures.length
    ? `${plural(failures.length, "record")} ${failures.length === 1 ? "is" : "are"} not part of the comparison.`
    : "No run failed, and every record found could be read.");
  const left = failures.length - shown;
  fill(byId("failures"), failures.slice(0, shown).map(failureCard), left > 0
    ? element("button", { type: "button", class: "quiet", onclick: () => drawFailures(Infinity) }, `Show ${plural(left, "more record")}`)
    : null);
}
