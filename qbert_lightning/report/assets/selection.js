// What is being looked at: one comparison, and the settings that pass the filter.

const page = { data: null, view: null, words: [], listeners: [], isOnPaper: false, baseline: null };

const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

function searchText(view, setting) {
  const shown = view.columns.map((column, i) => `${column.label}=${setting.values[i]}`);
  const all = view.keys.map((key, i) => `${key}=${setting.differences[i]}`);
  const own = [`groups=${setting.groups}`, `activation=${setting.activation}`];
  const status = statusText(setting).map(([name]) => `status=${name}`);
  const bits = setting.bits ? [`bits=${bitsText(setting.bits[0])}`] : [];
  return [setting.name, setting.method, ...shown, ...all, ...own, ...bits, ...status]
    .join("\n").toLowerCase();
}

function passes(setting) {
  return page.words.every((word) =>
    word.length > 1 && word.startsWith("-")
      ? !setting.search.includes(word.slice(1))
      : setting.search.includes(word));
}

const visible = () => page.view.settings.filter(passes);

function changed() {
  for (const listener of page.listeners) listener();
}

const isScored = (setting) => setting.scores[0] != null && Number.isFinite(setting.scores[0][0]);

const isSized = (setting) =>
  isScored(setting) && setting.size != null && Number.isFinite(setting.size[0]);

// The float score to compare with: of the best unquantized setting, or else of the best
// float model that a quantized one began as.
function floatReference(view) {
  const sign = view.higherIsBetter ? 1 : -1;
  const own = view.settings.filter((s) => !s.quantized && isScored(s))
    .map((s) => ({ score: s.scores[0][0], size: s.size?.[0] }));
  const begun = view.settings.filter((s) => Number.isFinite(s.float?.[0]))
    .map((s) => ({ score: s.float[0] }));
  const references = own.length ? own : begun;
  if (!references.length) return null;
  const best = references.reduce((a, b) => (sign * b.score > sign * a.score ? b : a));
  const isOnly = references.every(({ score }) => score === best.score);
  return { ...best, name: isOnly ? "float" : "best float" };
}

// What the size chart shows: the quantized settings, float ones only if there are no others.
function sized(settings) {
  const drawable = settings.filter(isSized);
  const quantized = drawable.filter((s) => s.quantized);
  return quantized.length ? quantized : drawable;
}

// Those that no other one beats in both size and score, smallest first.
function paretoFront(settings, higherIsBetter) {
  const sign = higherIsBetter ? 1 : -1;
  const score = (s) => sign * s.scores[0][0];
  const front = [];
  const drawn = sized(settings)
    .sort((a, b) => a.size[0] - b.size[0] || score(b) - score(a));
  for (const setting of drawn) {
    if (!front.length || score(setting) > score(front.at(-1))) front.push(setting);
  }
  return front;
}
