// What the pictures of the float models' curvature share.

const picks = {};

// The entry chosen from a list, which is hidden while there is no choice.
function picked(name, entries, label, redrawn, first = 0) {
  picks[name] = Math.min(picks[name] ?? first, entries.length - 1);
  byId(`${name}-field`).hidden = entries.length < 2;
  options(byId(name), entries.map(label), picks[name]);
  byId(name).onchange = (event) => {
    picks[name] = Number(event.target.value);
    redrawn();
  };
  return entries[picks[name]];
}

const ofRuns = ({ name, runs }) => `of ${name}${runs > 1 ? ` and ${plural(runs - 1, "other run")}` : ""}`;

const leftOutText = (n, one, many) =>
  n ? `Left out, to keep this page small: ${plural(n, `other ${one}`, `other ${many}`)}.` : null;

// From the input up: light to dark, the same wherever a block is drawn.
function depthColor(i, n) {
  return styleValue(`--scale-${n < 2 ? 5 : Math.round((i * 6) / (n - 1))}`);
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const powerOfTen = (power) => {
  if (power === 0) return "1";
  const digits = [...String(Math.abs(power))].map((digit) => SUPERSCRIPTS[digit]);
  return `10${power < 0 ? "⁻" : ""}${digits.join("")}`;
};

const cells = (texts) => texts.map((text, i) => (i ? element("td", { class: "number" }, text) : element("th", { scope: "row" }, text)));

function plainTable(heads, rows) {
  const head = heads.map((text, i) => element("th", { scope: "col", class: i ? "number" : null }, text));
  return element("table", {}, element("thead", {}, element("tr", {}, head)), element("tbody", {}, rows.map((row) => element("tr", {}, cells(row)))));
}
