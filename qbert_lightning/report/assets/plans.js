// Bit plans as a heat map that is a table: readable, printable, and read aloud.

const MOST_PLANS = 200;

const bitsClass = (bits) => `bits bits-${Math.min(Math.max(bits, 1), 9)}`;

function planRow(plan) {
  const settings = plan.settings.map((i) => page.view.settings[i]);
  const names = settings.map((setting) => setting.name);
  const title = names.length > 12 ? [...names.slice(0, 12), "…"].join("\n") : names.join("\n");
  const label = plan.settings.length === 1 ? settings[0].name : listed(plan.methods);
  return element("tr", { title },
    element("th", { scope: "row" }, label),
    plan.bits.map((bits) => element("td", bits == null ? {} : { class: bitsClass(bits) }, bits == null ? "" : String(bits))),
    element("td", { class: "number" }, trimmed(plan.mean, 2)),
    element("td", { class: "number" }, String(plan.runs)));
}

function drawPlans() {
  const { plans } = page.view;
  const shown = new Set(visible().map((setting) => setting.index));
  const rows = plans.rows.filter((plan) => plan.settings.some((i) => shown.has(i)));
  if (!rows.length) {
    fill(byId("plans"), emptyState("No run shown has quantized its encoder blocks."));
    return;
  }
  const head = element("thead", {}, element("tr", {},
    element("th", { scope: "col" }, "Plan of"),
    plans.labels.map((label, i) => element("th", { scope: "col", class: "block", title: plans.blocks[i] }, label)),
    element("th", { scope: "col", class: "number" }, "Mean"),
    element("th", { scope: "col", class: "number" }, "Runs")));
  const body = element("tbody", {}, rows.slice(0, MOST_PLANS).map(planRow));
  const more = rows.length > MOST_PLANS ? emptyState(`The ${MOST_PLANS} plans with the fewest bits are shown; ${rows.length - MOST_PLANS} more are not. Narrow the filter to see them.`) : null;
  fill(byId("plans"), element("table", { class: "plans" }, head, body), more);
}
