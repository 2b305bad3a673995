// One setting that all others are compared with: on top of the table, deltas beside it.

function signed(value, text) {
  const shown = text(value);
  return value > 0 && /[1-9]/.test(shown) ? `+${shown}` : shown;
}

function deltaOf(setting, field, text) {
  const { baseline } = page;
  if (!baseline || setting === baseline) return null;
  const [own, base] = [field(setting)?.[0], field(baseline)?.[0]];
  if (!Number.isFinite(own) || !Number.isFinite(base)) return null;
  return element("span", { class: "delta", title: `compared with ${baseline.name}` }, signed(own - base, text));
}

function pinBaseline(setting) {
  page.baseline = page.baseline === setting ? null : setting;
  changed();
  setting.row.querySelector(".row-name").focus();
}

const baselineButton = (setting) =>
  element("button", { type: "button", class: "quiet pin", onclick: () => pinBaseline(setting) },
    page.baseline === setting ? "No longer the baseline" : "Compare all others with this one");
