// A page that is still being written reloads itself, and is then as it was left.

const KEPT = `qbert ${location.pathname}`;
// A page written this many looks ago is no longer written by anybody.
const MOST_LOOKS = 60;
let isPaused = false;

// Storage may be forbidden to a file; then a reload starts from the top.
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function keep() {
  const heights = [...document.querySelectorAll("figure[id]")].map((figure) => [figure.id, figure.offsetHeight]);
  const state = {
    view: page.view && viewLabel(page.view), filter: byId("filter").value, published: byId("published").checked, everything: byId("everything").checked,
    column: order.column, direction: order.direction, open: [...open].map((setting) => setting.name), baseline: page.baseline?.name,
    heights, drawn: body.drawn, tableTop: byId("table").scrollTop, tableLeft: byId("table").scrollLeft, top: scrollY, live: page.data.live ?? kept().live, isPaused,
  };
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(state));
  } catch {
    return;
  }
}

// Before the first drawing: what is looked at; after it, `returnTo` scrolls there.
function recall(state) {
  byId("published").checked = state.published ?? true;
  byId("everything").checked = state.everything ?? false;
  byId("filter").value = state.filter ?? "";
  page.words = wordsOf(byId("filter").value);
  isPaused = state.isPaused ?? false;
  for (const [id, height] of state.heights ?? []) {
    const figure = byId(id);
    if (figure) figure.style.minHeight = `${height}px`;
  }
  return Math.max(0, page.data.views.findIndex((view) => viewLabel(view) === state.view));
}

function returnTo(state) {
  if (state.column === undefined) return;
  if (page.view) {
    Object.assign(order, { column: state.column, direction: state.direction });
    const named = (names) => page.view.settings.filter((setting) => names.includes(setting.name));
    for (const setting of named(state.open)) open.add(setting);
    [page.baseline = null] = named([state.baseline]);
    body.drawn = state.drawn;
    changed();
    byId("table").scrollTo(state.tableLeft, state.tableTop);
  }
  scrollTo({ top: state.top, behavior: "instant" });
}

const isBusy = () =>
  isPaused || document.hidden || page.isOnPaper || String(getSelection()) !== "" || document.activeElement.matches("select, input[type=search]");

function wireLive(state) {
  addEventListener("pagehide", keep);
  // Another program may have written the page meanwhile without meaning to end this.
  const seconds = page.data.live ?? (page.data.counts.running ? state.live : null);
  byId("live").hidden = !seconds;
  if (!seconds) return;
  const age = (Date.now() - Date.parse(page.data.written)) / 1000;
  const isOver = age > Math.max(60, MOST_LOOKS * seconds);
  const tell = () => {
    fill(byId("live-text"), isOver ? "No longer refreshed." : isPaused ? "Live, paused." : `Live: refreshed every ${trimmed(seconds, 1)} s while runs go on.`);
    fill(byId("live-pause"), isPaused ? "Go on" : "Pause");
    byId("live-pause").hidden = isOver;
  };
  tell();
  byId("live-pause").addEventListener("click", () => {
    isPaused = !isPaused;
    tell();
  });
  if (isOver) return;
  const look = () => {
    if (isBusy()) setTimeout(look, 1000);
    else location.reload();
  };
  setTimeout(look, 1000 * seconds);
}
