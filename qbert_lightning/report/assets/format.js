// Numbers, dates and durations as people read them.

function fixed(value, digits) {
  if (value == null) return "–";
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "−inf";
  return value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
}

const trimmed = (value, digits) =>
  fixed(value, digits).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");

const significant = (value) =>
  Number.isFinite(value) ? String(Number(value.toPrecision(4))).replace("-", "−") : fixed(value, 0);

const bitsText = (value) => trimmed(value, 2);
const sizeText = (value) => fixed(value, value >= 1000 ? 0 : value >= 100 ? 1 : 2);
const timesText = (value) => (value == null ? "–" : `${fixed(value, value < 10 ? 2 : 1)}×`);

// Scores are shown as recorded: four digits for fractions, two for percentages.
const scoreDigits = (settings) => {
  const values = settings.flatMap((s) => s.scores).map((s) => (s ? Math.abs(s[0]) : 0));
  return Math.max(0, ...values.filter(Number.isFinite)) > 1.5 ? 2 : 4;
};

const spread = (summary, text) =>
  summary && summary[1] != null ? ` ± ${text(summary[1])}` : "";

const plural = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

function listed(words) {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

const clock = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium", timeStyle: "short", timeZone: "UTC",
});

function dateText(text) {
  const time = Date.parse(text);
  return Number.isNaN(time) ? text || "–" : `${clock.format(time)} UTC`;
}

function durationText(seconds) {
  if (seconds == null || !Number.isFinite(seconds)) return fixed(seconds, 0);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// Rank with what is not a number last, whichever the direction.
function compare(a, b, direction) {
  const missing = (x) => x == null || x === "" || Number.isNaN(x);
  if (missing(a) || missing(b)) return missing(a) - missing(b);
  if (typeof a === "number" && typeof b === "number") return direction * (a - b);
  return direction * String(a).localeCompare(String(b), "en", { numeric: true });
}
