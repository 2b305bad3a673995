// The table of settings: sortable, filterable, each row opening onto its runs.

const order = { column: "score-0", direction: -1 };
const open = new Set();

// A spread too small to show is left out, except of the scores.
function measured(summary, text) {
  if (summary == null) return "–";
  const spreadText = spread(summary, text);
  return [text(summary[0]), /[1-9a-z]/.test(spreadText) ? element("span", { class: "spread" }, spreadText) : null];
}

function scored(summary, text) {
  if (summary == null) return "–";
  return [text(summary[0]), element("span", { class: "spread" }, spread(summary, text)), element("span", { class: "count", title: plural(summary[2], "run") }, ` (${summary[2]})`)];
}

function numberColumn(id, label, unit, field, text, compares = false) {
  return {
    id, label, unit, number: true,
    value: (s) => field(s)?.[0] ?? null,
    cell: (s) => [measured(field(s), text), compares ? deltaOf(s, field, text) : null],
  };
}

function columns(view) {
  const score = (value) => fixed(value, view.digits);
  const isFull = byId("everything").checked;
  const keys = shownKeys(view, isFull).map((column, i) => settingColumn(view, column, i));
  const plainNumber = (value) => (value == null ? "–" : String(value));
  return [
    { id: "name", label: "Setting", unit: "", value: (s) => s.name, cell: nameCell },
    ...(hasUnfinished(view) ? [statusColumn] : []),
    { id: "method", label: "Method", unit: "", value: (s) => s.method, cell: (s) => s.method },
    numberColumn("bits", "Weight bits", "average", (s) => s.bits, bitsText),
    { id: "groups", label: "Groups", unit: "", number: true, value: (s) => s.groups, cell: (s) => plainNumber(s.groups) },
    { id: "activation", label: "Activation bits", unit: "", number: true, value: (s) => s.activation, cell: (s) => plainNumber(s.activation) },
    ...(isFull ? [] : keys),
    ...view.scores.map(({ metric, split }, i) => ({
      ...numberColumn(`score-${i}`, metric, split, (s) => s.scores[i], score),
      cell: (s) => [scored(s.scores[i], score), deltaOf(s, (each) => each.scores[i], score)],
      main: i === 0,
    })),
    numberColumn("drop", "Drop", "from float", (s) => s.drop, score),
    ...deployedColumns(view, score),
    numberColumn("size", "Size", "MiB", (s) => s.size, sizeText, true),
    numberColumn("compression", "Compression", "", (s) => s.compression, timesText),
    ...(isFull ? keys : []),
  ];
}

// What a runtime made of the model, where one did.
const deployedColumns = (view, score) =>
  view.settings.some((s) => s.deployed) ? [
    numberColumn("deployed", "Deployed", view.metric, (s) => s.deployed, score),
    numberColumn("deployed-drop", "Deployed drop", "from fake-quantized", (s) => s.deployed_drop, score),
    numberColumn("deployed-size", "Deployed size", "MiB", (s) => s.deployed_bytes, (bytes) => sizeText(bytes / 2 ** 20)),
  ] : [];

// The keys that tell the settings apart, or every one that differs.
const shownKeys = (view, isFull) =>
  isFull
    ? view.keys.map((key, i) => ({ key, label: key, values: (s) => s.differences[i] }))
    : view.columns.map((column, i) => ({ ...column, values: (s) => s.values[i] }));

function settingColumn(view, { key, label, values }, i) {
  const isEmpty = (value) => value === "" || value === "null";
  const isNumber = view.settings.every((s) => isEmpty(values(s)) || Number.isFinite(Number(values(s))));
  return {
    id: `key-${i}`, label, unit: "", number: isNumber, key: true, code: !isNumber, title: key,
    value: (s) => (isNumber ? (isEmpty(values(s)) ? null : Number(values(s))) : values(s)),
    cell: (s) => (values(s) === "" ? "–" : values(s)),
  };
}

function nameCell(setting) {
  const look = methodLook(setting.method);
  const mark = element("span", { class: "glyph", "aria-hidden": "true" }, look.glyph);
  mark.style.color = look.color;
  const button = element("button", {
    type: "button", class: "row-name", "aria-expanded": String(open.has(setting)), onclick: () => toggleRow(setting),
  }, mark, element("span", {}, setting.name));
  const front = page.front.has(setting) ? element("span", { class: "front", title: "on the Pareto front" }, "front") : null;
  const baseline = page.baseline === setting ? element("span", { class: "front" }, "baseline") : null;
  return element("div", { class: "name-cell" }, button, front, baseline);
}

function headCell(column) {
  const isSorted = order.column === column.id;
  const direction = order.direction > 0 ? "ascending" : "descending";
  const sort = () => {
    order.direction = isSorted ? -order.direction : column.number && column.id !== "size" ? -1 : 1;
    order.column = column.id;
    drawTable();
    byId(`sort-${column.id}`).focus();
  };
  const button = element("button", { type: "button", id: `sort-${column.id}`, onclick: sort },
    element("span", { class: column.key ? "code" : null }, breakable(column.label)),
    element("span", { class: "arrow", "aria-hidden": "true" }, isSorted ? (order.direction > 0 ? "↑" : "↓") : ""));
  return element("th", {
    scope: "col", class: column.number ? "number" : null, title: column.title, "aria-sort": isSorted ? direction : null,
  }, button, column.unit ? element("span", { class: "unit" }, column.unit) : null);
}

function bodyRow(all, setting) {
  const cells = all.map((column) => element("td", {
    class: [column.number ? "number" : "", column.main ? "main" : "", column.code ? "code" : ""].join(" ").trim() || null,
  }, column.cell(setting)));
  setting.row = element("tr", {}, cells);
  return open.has(setting) ? [setting.row, detailRow(all, setting)] : [setting.row];
}

function detailRow(all, setting) {
  const { view } = page;
  const runs = setting.runs.map((run) => element("tr", {},
    element("td", {}, element("a", { href: run.folder }, run.name)),
    element("td", { class: "number" }, run.seed == null ? "–" : String(run.seed)),
    element("td", { class: "number" }, fixed(run.score, view.digits)),
    element("td", {}, dateText(run.started)),
    element("td", { class: "number" }, durationText(run.seconds)),
    element("td", { class: "code" }, run.commit || "–")));
  const unfinished = setting.unfinished.map((run) => element("tr", {},
    element("td", {}, element("a", { href: run.folder }, run.name)),
    element("td", { class: "number" }, run.seed == null ? "–" : String(run.seed)),
    element("td", {}, statusMark(run.status, run.status)),
    element("td", {}, dateText(run.started)), element("td", { class: "number" }, "–"), element("td", {}, "–")));
  const heads = ["Run", "Seed", view.metric, "Started", "Took", "Commit"].map((label, i) =>
    element("th", { scope: "col", class: [1, 2, 4].includes(i) ? "number" : null }, label));
  const pairs = view.keys.map((key, i) => [key, setting.differences[i]]).filter(([, value]) => value !== "");
  const configured = pairs.length
    ? element("details", {}, element("summary", {}, `Configured differently elsewhere: ${plural(pairs.length, "key")}`),
      element("dl", { class: "pairs" }, pairs.map(([key, value]) => [element("dt", {}, key), element("dd", {}, value)])))
    : null;
  return element("tr", { class: "detail" }, element("td", { colspan: all.length },
    element("table", {}, element("thead", {}, element("tr", {}, heads)), element("tbody", {}, runs, unfinished)), setting.runs.length ? baselineButton(setting) : null, configured));
}

function toggleRow(setting) {
  if (!open.delete(setting)) open.add(setting);
  drawTable();
  setting.row.querySelector(".row-name").focus();
}

function revealRow(setting) {
  drawRows(body.settings.indexOf(setting) + 1);
  setting.row.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  for (const row of byId("table").querySelectorAll(".revealed")) row.classList.remove("revealed");
  setting.row.classList.add("revealed");
}

// A long table grows while it is scrolled; on paper it is whole.
const CHUNK = 100;
const body = { node: null, settings: [], columns: [], drawn: 0 };

function drawRows(least) {
  const end = Math.min(body.settings.length, Math.ceil(least / CHUNK) * CHUNK);
  if (end > body.drawn) {
    body.node.append(...body.settings.slice(body.drawn, end).flatMap((setting) => bodyRow(body.columns, setting)));
    body.drawn = end;
  }
  const left = body.settings.length - body.drawn;
  const all = element("button", { type: "button", class: "quiet", onclick: () => drawRows(body.settings.length) }, "Show all");
  fill(byId("more-rows"), left ? [`${plural(left, "more row")} below. `, all] : null);
}

function wireTable() {
  const region = byId("table");
  region.addEventListener("scroll", () => {
    const isNearEnd = region.scrollTop + 2 * region.clientHeight > region.scrollHeight;
    if (isNearEnd && body.drawn < body.settings.length) drawRows(body.drawn + 1);
  });
}

function drawCommon() {
  const { common } = page.view;
  byId("common").hidden = !common.length;
  fill(byId("common-count"), `Configured the same in all settings: ${plural(common.length, "key")}`);
  fill(byId("common-pairs"), common.map(([key, value]) => [element("dt", {}, key), element("dd", {}, value)]));
}

function drawTable() {
  const { view } = page;
  const shown = visible();
  page.front = new Set(paretoFront(shown, view.higherIsBetter));
  body.columns = columns(view);
  const sorted = body.columns.find((column) => column.id === order.column) ?? body.columns[0];
  const isPinned = (setting) => setting === page.baseline;
  body.settings = [...shown].sort((a, b) => isPinned(b) - isPinned(a) || compare(sorted.value(a), sorted.value(b), order.direction));
  const region = byId("table");
  const { scrollTop } = region;
  const least = page.isOnPaper ? body.settings.length : Math.max(1, body.drawn);
  body.drawn = 0;
  body.node = element("tbody");
  drawRows(least);
  if (!body.settings.length) {
    fill(region, emptyState("No setting passes the filter."));
    return;
  }
  const head = element("thead", {}, element("tr", {}, body.columns.map(headCell)));
  fill(region, element("table", { class: "results" }, head, body.node));
  region.scrollTop = scrollTop;
}
