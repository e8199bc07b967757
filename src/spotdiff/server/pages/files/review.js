/* The queue of comparisons on which nobody has decided, by pointer or keys. */
import { ask, askWho, base, make, statusLine, whoDecides } from "./api.js";
import { showTiles } from "./tiles.js";
import { byId, createViewer, listenToKeys, SIDES } from "./viewer.js";

const say = statusLine(byId("status"));
const filters = ["place", "batch", "verdict", "decision"];
const nothing = { sizes: { before: [4, 3], after: [4, 3] }, common: [4, 3], placed: { before: [4, 3], after: [4, 3], common: [4, 3] }, heat: false };
let queue = [];
let at = -1;
let view = null; // what the viewer shows
const undone = []; // sets of ids that were decided on here, the last one last

/* ---- the viewer ---- */
const style = getComputedStyle(document.documentElement);
function paint(pen, pane, side) {
  if (!view) return;
  view.record.regions.forEach((region, index) => {
    if (!region.likely) return;
    const own = region[`box_${side}`];
    const boxes = viewer.sideBySide() ? (own ? [own] : []) : view.places[index];
    for (const [left, top, right, bottom] of boxes) {
      const [x, y] = viewer.toScreen(pane, [left, top]);
      const scale = viewer.scaleOf(pane);
      pen.strokeStyle = style.getPropertyValue(`--${region.kind}`);
      pen.lineWidth = 2.5;
      pen.strokeRect(x, y, Math.max((right - left) * scale, 4), Math.max((bottom - top) * scale, 4));
    }
  });
}
const viewer = createViewer(nothing, { paint });
showTiles(viewer);

function fillPane(side) {
  const canvas = viewer.panes[side].canvas;
  const aligned = view?.pictures[`aligned-${side}`];
  canvas.className = `canvas${aligned ? " two" : ""}`;
  function image(name, className) {
    const tiles = view.tiles?.[name]; // answers of earlier servers have none
    const full = tiles ? undefined : view.full[name];
    const dataset = { size: side, ...(tiles && { tiles }), ...(full && { full }) };
    return make("img", { className, alt: `The picture ${side}`, src: view.pictures[name], dataset });
  }
  const own = view && image(side, "own");
  canvas.replaceChildren(...(view ? [...(aligned ? [image(`aligned-${side}`, "aligned")] : []), own] : []));
}

async function open(index) {
  at = index;
  const one = queue[at];
  for (const item of byId("queue").children) {
    const chosen = Number(item.dataset.index) === at;
    item.firstChild.setAttribute("aria-current", String(chosen));
    if (chosen) item.scrollIntoView({ block: "nearest" });
  }
  for (const id of ["approve", "reject", "next"]) byId(id).disabled = !one;
  const found = one ? await ask(`${one.url}/view.json`) : null;
  if (queue[at] !== one) return; // another was opened meanwhile
  view = found;
  SIDES.forEach(fillPane);
  viewer.show(view ? { sizes: Object.fromEntries(SIDES.map((side) => [side, view.record[side].size])), common: view.common, placed: view.placed, heat: view.heat } : nothing);
  if (view) viewer.setView(view.heat ? (viewer.state.view === "blink" ? "blink" : "slider") : "side");
  byId("answer-text").textContent = one ? one.text : "Nothing waits here.";
}

/* ---- the queue ---- */
const asked = () => new URLSearchParams(filters.map((name) => [name, byId(name).value]).filter(([, value]) => value));

function card(one, index) {
  const thumbs = SIDES.map((side) => make("img", { alt: "", loading: "lazy", src: `${one.url}/thumb/${side}.jpg` }));
  const names = `${one.before_name || "before"} and ${one.after_name || "after"}`;
  const button = make("button", { type: "button", className: "queue-card" },
    make("span", { className: "thumbs" }, ...thumbs),
    make("span", { className: `badge verdict-${one.verdict}`, text: one.verdict }),
    make("span", { className: "names", text: [one.place, one.batch, names].filter(Boolean).join(" · ") }),
    make("span", { className: "muted", text: one.decision ?? "" }));
  button.addEventListener("click", () => attempt(() => open(index)));
  return make("li", { dataset: { index } }, button);
}

function fillChoice(name, names) {
  const select = byId(name);
  const wanted = select.value || new URLSearchParams(location.search).get(name) || "";
  select.replaceChildren(make("option", { value: "", text: "any" }), ...[...new Set([...names, ...(wanted ? [wanted] : [])])].map((each) => make("option", { value: each, text: each })));
  select.value = wanted;
}

async function load(keep = "") {
  history.replaceState(null, "", `?${asked()}`);
  const [found, trail] = await Promise.all([ask(`${base}/review?${asked()}`), ask(`${base}/review/decisions?limit=20`)]);
  queue = found.comparisons;
  fillChoice("batch", found.batches);
  fillChoice("place", found.places);
  const { open: waiting, changed, unsure, approved, rejected } = found.counts;
  byId("counts").textContent = `${waiting} ${waiting === 1 ? "waits" : "wait"} (${changed} changed, ${unsure} unsure), ${approved} approved, ${rejected} rejected.`;
  const whole = byId("batch").value || byId("place").value;
  for (const [id, verb] of [["approve-all", "Approve"], ["reject-all", "Reject"]]) {
    byId(id).hidden = !whole || !queue.length || byId("decision").value !== "open";
    byId(id).textContent = `${verb} all of ${whole}`;
  }
  byId("queue").replaceChildren(...queue.map(card));
  byId("trail").replaceChildren(...trail.map(({ who, decision, at: when, before_name, after_name, place, comparison }) => make("li", {},
    `${when.slice(0, 16).replace("T", " ")} UTC ${who}: ${decision} `,
    make("a", { href: `/comparisons/${comparison}`, text: `${before_name || "before"} and ${after_name || "after"}${place ? ` of ${place}` : ""}` }))));
  const again = queue.findIndex((one) => one.id === keep);
  await open(queue.length ? (again >= 0 ? again : Math.min(Math.max(at, 0), queue.length - 1)) : -1);
}

/* ---- deciding ---- */
let busy = Promise.resolve();
/* One thing after the other: keys may be quicker than the server. */
function attempt(act) {
  busy = busy.then(act).catch((error) => say(error.message, true));
  return busy;
}
function decide(decision) {
  return attempt(async () => {
    const one = queue[at];
    if (!one) return;
    const { decided } = await ask(`${base}/review`, { method: "POST", json: { decision, comparisons: [one.id], who: whoDecides() } });
    await settled(decided, `${decision}: ${one.after_name || one.id}`);
  });
}
function decideAll(decision) {
  return attempt(async () => {
    const [batch, place, verdict] = ["batch", "place", "verdict"].map((name) => byId(name).value);
    const { decided } = await ask(`${base}/review`, { method: "POST", json: { decision, batch, place, verdict, who: whoDecides() } });
    await settled(decided, `${decided.length} ${decision}.`);
  });
}
async function settled(decided, message) {
  undone.push(decided);
  byId("undo").disabled = false;
  await load();
  say(message);
}
function undo() {
  return attempt(async () => {
    const last = undone.at(-1);
    if (!last) return;
    await ask(`${base}/review`, { method: "POST", json: { decision: "undone", comparisons: last, who: whoDecides() } });
    undone.pop();
    byId("undo").disabled = !undone.length;
    await load(last[0]);
    say("Taken back.");
  });
}
const step = (by) => attempt(() => (queue.length ? open((at + by + queue.length) % queue.length) : undefined));

const acts = {
  a: () => decide("approved"), r: () => decide("rejected"), n: () => step(1), p: () => step(-1), u: undo,
  o: () => { if (queue[at]) location.assign(`/comparisons/${queue[at].id}`); }, ArrowDown: () => step(1), ArrowUp: () => step(-1),
};
byId("approve").addEventListener("click", acts.a);
byId("reject").addEventListener("click", acts.r);
byId("next").addEventListener("click", acts.n);
byId("undo").addEventListener("click", undo);
byId("approve-all").addEventListener("click", () => decideAll("approved"));
byId("reject-all").addEventListener("click", () => decideAll("rejected"));
for (const name of filters) byId(name).addEventListener("change", () => { at = 0; attempt(load); });
byId("filters-form").addEventListener("submit", (event) => event.preventDefault());
listenToKeys({ ...viewer.keys, ...acts }, viewer.shiftKeys);

askWho(byId("who"));
const given = new URLSearchParams(location.search);
for (const name of filters) {
  if (!given.get(name)) continue;
  if (![...byId(name).options].some(({ value }) => value === given.get(name))) byId(name).append(make("option", { value: given.get(name), text: given.get(name) }));
  byId(name).value = given.get(name);
}
attempt(load);
