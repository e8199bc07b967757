/* The report of one comparison: its regions, over the pictures and in a list. */
import { byId, clamp, createViewer, listenToKeys, SIDES, VIEWS } from "./viewer.js";

const data = JSON.parse(byId("data").textContent);
const regions = data.record.regions;
const kinds = [...new Set(regions.map((region) => region.kind))];
const WORDED = 12; // more regions than this in view and a label is its number alone
const LABELLED = 60; // more than this and only the chosen region has one
const HALOED = 400; // more than this and boxes have no dark rim
const BLOCK = 24; // entries of the list that are made together, once they come into view
const ENTRY_PX = 150; // height of an entry, before anybody has seen it
const MOST_ABOVE = 0.7; // share of the window that pictures may keep while the list below them is scrolled
const CROP = [132, 88]; // pixels of a small picture in the list

const state = {
  boxes: true, selected: -1, hot: -1, possible: false, least: 0, kinds: new Set(kinds), order: "score",
};
/** For a page that does more with the report: what it draws over pictures, which clicks are its, what is chosen, finer pixels. */
/**
 * @typedef {object} Page
 * @property {any} data
 * @property {any} state
 * @property {any} [viewer]
 * @property {(pen: CanvasRenderingContext2D, pane: object, side: string) => void} over
 * @property {(event?: any) => any} pick
 * @property {(index: number) => void} chosen
 * @property {(pen: CanvasRenderingContext2D, image: HTMLImageElement, part: number[], scale: number) => Promise<void>} detail
 * @property {() => void} refresh
 */
/** @type {Page} */
export const report = { data, state, over: () => {}, pick: () => false, chosen: () => {}, detail: async () => {}, refresh: () => { showFilters(); choose(); } };
const own = Object.fromEntries(SIDES.map((side) => [side, byId(`pane-${side}`).querySelector("img.own")]));
const sizes = Object.fromEntries(SIDES.map((side) => [side, data.record[side].size]));
const viewer = createViewer({ sizes, common: data.common, placed: data.placed, heat: data.heat }, {
  paint: drawMarks,
  hover: (event) => heat(event.type === "pointerleave" ? -1 : regionAt(event)),
  click: clicked,
  drawn: (event) => regionAt(event) >= 0,
  viewed: () => { if (state.selected >= 0) goTo(state.selected); },
  opened: remember,
});
report.viewer = viewer;
const { panes } = viewer;

function boxesOf(index, side) {
  if (!viewer.sideBySide()) return data.places[index];
  const box = regions[index][`box_${side}`];
  return box ? [box] : [];
}

/* ---- which regions are shown, and in which order ---- */
const middle = (index) => {
  const [left, top, right, bottom] = data.places[index][0] || [0, 0, 0, 0];
  return [(left + right) / 2, (top + bottom) / 2];
};
const orders = {
  score: (one, other) => regions[other].score - regions[one].score,
  area: (one, other) => regions[other].area - regions[one].area,
  position: (one, other) => middle(one)[1] - middle(other)[1] || middle(one)[0] - middle(other)[0],
};
let shown = []; // numbers of the regions that are shown, as the list has them

function choose() {
  if (!regions.length) return; // the page says why there are none
  const fits = ({ likely, score, kind, told = true }) => told && (likely || state.possible) && score >= state.least && state.kinds.has(kind);
  shown = regions.map((_, index) => index).filter((index) => fits(regions[index]));
  shown.sort((one, other) => orders[state.order](one, other) || one - other);
  fillList();
  byId("shown").textContent = shown.length === regions.length ? "" : `${count(shown.length)} of ${count(regions.length)} shown`;
  viewer.draw();
}
const possible = () => regions.filter(({ likely, told = true }) => told && !likely).length;
const count = new Intl.NumberFormat("en").format;

/* ---- marks: what is in view is drawn ---- */
const style = getComputedStyle(document.documentElement);
const colours = Object.fromEntries(kinds.map((kind) => [kind, style.getPropertyValue(`--${kind}`).trim()]));
const marked = (index) => index === state.selected || index === state.hot;

function inView(side) {
  const pane = panes[side];
  const scale = viewer.scaleOf(pane);
  const found = [];
  for (const index of shown) {
    const boxes = boxesOf(index, side).map(([left, top, right, bottom]) => {
      const [x, y] = [left * scale + pane.offset[0], top * scale + pane.offset[1]];
      return [x, y, Math.max((right - left) * scale, 4), Math.max((bottom - top) * scale, 4)];
    });
    const seen = boxes.some(([x, y, w, h]) => x < pane.size[0] && y < pane.size[1] && x + w > 0 && y + h > 0);
    if (seen) found.push({ index, boxes });
  }
  // the surest on top, the chosen one above all
  return found.sort((one, other) => Number(marked(one.index)) - Number(marked(other.index)) || other.index - one.index);
}

function drawMarks(pen, pane, side) {
  if (state.boxes) {
    const found = inView(side);
    for (const { index, boxes } of found) {
      boxes.forEach((box, place) => drawBox(pen, index, box, boxes.length === 2 && place === 0, found.length));
    }
    drawLabels(pen, pane, found);
  }
  report.over(pen, pane, side);
}

function drawBox(pen, index, [x, y, w, h], was, crowd) {
  const { kind, likely } = regions[index];
  const strong = marked(index);
  if (index === state.hot && index !== state.selected) {
    pen.globalAlpha = 0.2;
    pen.fillStyle = colours[kind];
    pen.fillRect(x, y, w, h);
  }
  pen.globalAlpha = strong || likely ? 1 : 0.7;
  if (strong || (likely && crowd <= HALOED)) {
    pen.lineWidth = strong ? 7 : 4.5;
    pen.strokeStyle = "rgb(0 0 0 / 0.6)";
    pen.strokeRect(x, y, w, h);
  }
  pen.lineWidth = strong ? 4 : likely && crowd <= HALOED ? 2.5 : 1.25;
  pen.strokeStyle = colours[kind];
  pen.setLineDash(was || !likely ? (strong || likely ? [7, 4] : [4, 4]) : []);
  pen.strokeRect(x, y, w, h);
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

function drawLabels(pen, pane, found) {
  const few = !viewer.isNarrow() && found.length <= LABELLED;
  const worded = few && found.length <= WORDED;
  const taken = [];
  pen.font = "640 12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  for (const { index, boxes } of [...found].reverse()) {
    const { kind, score, likely } = regions[index];
    if (!marked(index) && (!few || !likely)) continue;
    const text = marked(index) || worded ? `${index + 1} ${kind} ${score.toFixed(2)}` : String(index + 1);
    const [wide, high] = [pen.measureText(text).width + 10, 18];
    const [x, y, w, h] = boxes[boxes.length - 1];
    const left = clamp(x - 1, 0, Math.max(pane.size[0] - wide, 0));
    const top = y >= high + 1 ? y - high - 1 : y + h + high + 1 <= pane.size[1] ? y + h + 1 : Math.max(y + 1, 0);
    const apart = ([l, t, r, b]) => left >= r || left + wide <= l || top >= b || top + high <= t;
    if (!marked(index) && !taken.every(apart)) continue;
    taken.push([left, top, left + wide, top + high]);
    pen.fillStyle = colours[kind];
    pen.beginPath();
    pen.roundRect(left, top, wide, high, 4);
    pen.fill();
    pen.fillStyle = "#000";
    pen.fillText(text, left + 5, top + high / 2 + 0.5);
  }
}

/* ---- the pictures beside the list, or above it, where they stay while it is scrolled ---- */
const frame = byId("stage").closest(".viewer");
const isAbove = () => frame.getBoundingClientRect().right > byId("list").getBoundingClientRect().left;
new ResizeObserver(() => {
  frame.classList.toggle("is-tall", isAbove() && frame.offsetHeight > MOST_ABOVE * innerHeight);
}).observe(frame);

/* ---- the list: entries in blocks, each made when it comes into view ---- */
const list = byId("list");
const blocks = []; // of the list: its element, and the numbers that belong in it
const blockWatch = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) if (isIntersecting) fillBlock(target);
}, { rootMargin: "400px" });
const cropWatch = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) if (isIntersecting) { cropWatch.unobserve(target); drawCrops(target); }
}, { rootMargin: "200px" });

function fillList() {
  blockWatch.disconnect();
  cropWatch.disconnect();
  blocks.length = 0;
  for (let start = 0; start < shown.length; start += BLOCK) {
    const numbers = shown.slice(start, start + BLOCK);
    const element = document.createElement("ol");
    element.style.minHeight = `${ENTRY_PX * numbers.length}px`;
    element.dataset.block = String(blocks.length);
    element.setAttribute("aria-label", `Regions, from entry ${start + 1} on`);
    blocks.push({ element, numbers });
  }
  const none = make("p", "nothing panel", possible() && !state.possible ? "No region is likely." : "No region fits.");
  list.replaceChildren(...(shown.length ? blocks.map(({ element }) => element) : [none]));
  for (const { element } of blocks.slice(0, 1)) fillBlock(element);
  for (const { element } of blocks) blockWatch.observe(element);
  setTabStop();
}

function fillBlock(element) {
  if (element.childElementCount) return;
  element.style.minHeight = "";
  element.append(...blocks[Number(element.dataset.block)].numbers.map(entryOf));
}

function make(name, className, ...children) {
  const node = document.createElement(name);
  node.className = className;
  node.append(...children);
  return node;
}

function entryOf(index) {
  const region = regions[index];
  const link = make("a", "region");
  Object.assign(link, { href: `#${index + 1}`, tabIndex: -1 });
  Object.assign(link.dataset, { region: index, kind: region.kind });
  link.classList.toggle("is-possible", !region.likely);
  if (index === state.selected) link.setAttribute("aria-current", "true");
  const crops = make("span", "crops", ...SIDES.map((side) => Object.assign(make("canvas", side), { title: side })));
  crops.setAttribute("aria-hidden", "true");
  link.append(
    make("span", "number", `#${index + 1}`),
    make("span", "kind", region.likely ? region.kind : `possibly ${region.kind}`),
    make("span", "score", region.score.toFixed(2)),
    crops,
    make("span", "said", region.text),
    make("span", "where", `${data.where[index]} \u00b7 ${count(region.area)} px changed`),
  );
  cropWatch.observe(crops);
  return make("li", "", link);
}

const entry = (index) => list.querySelector(`[data-region="${index}"]`);

function madeEntry(index) {
  const block = blocks.find(({ numbers }) => numbers.includes(index));
  if (block) fillBlock(block.element);
  return entry(index);
}

/* One stop for the tab key: the chosen entry, else the first. */
function setTabStop() {
  for (const link of list.querySelectorAll('[tabindex="0"]')) link.tabIndex = -1;
  const stop = shown.includes(state.selected) ? madeEntry(state.selected) : list.querySelector(".region");
  if (stop) stop.tabIndex = 0;
}

/* The region cut out of both pictures on the page, with what is round it, at one scale. */
async function drawCrops(crops) {
  const region = regions[Number(crops.closest(".region").dataset.region)];
  const spans = SIDES.map((side) => region[`box_${side}`]).filter(Boolean).map(([l, t, r, b]) => [r - l, b - t]);
  if (!spans.length) return;
  const wanted = [0, 1].map((axis) => Math.max(...spans.map((span) => span[axis])) * 1.5 + 16);
  const scale = Math.min(CROP[0] / wanted[0], CROP[1] / wanted[1]);
  for (const side of SIDES) {
    const box = region[`box_${side}`];
    const small = crops.querySelector(`.${side}`);
    small.classList.toggle("is-missing", !box);
    if (box) await drawCrop(small, side, box, scale, colours[region.kind], data.details[regions.indexOf(region)]?.[side]);
  }
}

async function drawCrop(small, side, [left, top, right, bottom], scale, colour, finer) {
  const image = own[side];
  await image.decode().catch(() => {});
  const dense = devicePixelRatio || 1;
  Object.assign(small, { width: CROP[0] * dense, height: CROP[1] * dense });
  const size = data.record[side].size;
  const long = CROP.map((pixels) => pixels / scale);
  const start = [(left + right) / 2, (top + bottom) / 2].map((at, axis) =>
    long[axis] >= size[axis] ? (size[axis] - long[axis]) / 2 : clamp(at - long[axis] / 2, 0, size[axis] - long[axis]));
  const pen = small.getContext("2d");
  pen.scale(dense * scale, dense * scale);
  pen.translate(-start[0], -start[1]);
  pen.imageSmoothingEnabled = scale < 3;
  pen.drawImage(image, 0, 0, size[0], size[1]);
  if (finer) {
    const part = Object.assign(new Image(), { src: finer.source });
    await part.decode().catch(() => {});
    const [x, y, end, below] = finer.box;
    pen.drawImage(part, x, y, end - x, below - y);
  }
  await report.detail(pen, image, [...start, start[0] + long[0], start[1] + long[1]], dense * scale);
  pen.lineWidth = 1.5 / scale;
  pen.strokeStyle = colour;
  pen.strokeRect(left, top, right - left, bottom - top);
}

/* ---- one region ---- */
function heat(index) {
  if (index === state.hot) return;
  for (const each of [state.hot, index]) entry(each)?.classList.toggle("is-hot", each === index);
  state.hot = index;
  viewer.draw();
}

function select(index, { focus = false, shows = focus } = {}) {
  entry(state.selected)?.removeAttribute("aria-current");
  state.selected = index;
  report.chosen(index);
  remember();
  if (index < 0) { viewer.zoomOut(); return setTabStop(); }
  const link = madeEntry(index);
  link.setAttribute("aria-current", "true");
  setTabStop();
  goTo(index);
  const [inner, outer] = [link.getBoundingClientRect(), list.getBoundingClientRect()];
  const [top, bottom] = [Math.max(outer.top, 0), Math.min(outer.bottom, innerHeight)];
  list.scrollTop += Math.min(inner.top - top - 6, 0) + Math.max(inner.bottom - bottom + 6, 0);
  if (shows) showEntry(link);
  if (focus) link.focus({ preventScroll: true });
}

/* Scroll the page, too: a picture that stays above the list must not hide the entry. */
function showEntry(link) {
  const covered = isAbove() && getComputedStyle(frame).position === "sticky";
  link.style.scrollMarginTop = covered ? `${frame.offsetHeight + 8}px` : "";
  link.scrollIntoView({ block: "nearest" });
}

function remember() {
  try {
    history.replaceState(null, "", state.selected < 0 ? `#${viewer.state.view}` : `#${state.selected + 1}`);
  } catch {
    // a page in a frame without an address of its own cannot be linked into
  }
}

const goTo = (index) => viewer.goTo((side) => boxesOf(index, side));

function step(direction) {
  if (!shown.length) return;
  const at = shown.indexOf(state.selected);
  const from = at < 0 && direction < 0 ? 0 : at;
  select(shown[(from + direction + shown.length) % shown.length], { focus: true });
}

/* Choose the region of a link, though filters hide it. */
function follow(index) {
  if (!shown.includes(index)) {
    state.kinds.add(regions[index].kind);
    state.least = Math.min(state.least, regions[index].score);
    state.possible ||= !regions[index].likely;
    showFilters();
    choose();
  }
  select(index, { shows: true });
}

function setBoxes(on) {
  state.boxes = on;
  byId("boxes").setAttribute("aria-pressed", String(on));
  viewer.draw();
}

/* ---- pointer ---- */
/* The smallest region under the pointer, or -1. */
function regionAt(event) {
  if (!state.boxes || !event.target.closest(".pane")) return -1;
  const side = viewer.sideAt(event);
  const [px, py] = viewer.pointIn(event, side);
  const under = inView(side).flatMap(({ index, boxes }) => boxes
    .filter(([x, y, w, h]) => px >= x - 3 && py >= y - 3 && px <= x + w + 3 && py <= y + h + 3)
    .map(([, , w, h]) => ({ index, area: w * h })));
  return under.reduce((best, each) => (each.area < best.area ? each : best), { index: -1, area: Infinity }).index;
}

function clicked(event) {
  if (report.pick(event)) return true;
  const index = regionAt(event);
  if (index < 0) return false;
  select(index === state.selected ? -1 : index);
  return true;
}

const indexOf = (event) => Number(event.target.closest?.("[data-region]")?.dataset.region ?? -1);
for (const kind of ["pointerover", "focusin"]) list.addEventListener(kind, (event) => heat(indexOf(event)));
for (const kind of ["pointerleave", "focusout"]) list.addEventListener(kind, () => heat(-1));
list.addEventListener("click", (event) => {
  const index = indexOf(event);
  if (index < 0 || event.ctrlKey || event.metaKey || event.shiftKey) return; // the browser opens the link elsewhere
  event.preventDefault();
  select(index === state.selected ? -1 : index);
});

/* ---- filters ---- */
for (const kind of kinds) {
  const button = make("button", "button");
  button.type = "button";
  button.dataset.kind = kind;
  button.addEventListener("click", () => {
    if (!state.kinds.delete(kind)) state.kinds.add(kind);
    showFilters();
    choose();
  });
  byId("kinds").append(button);
}
byId("possible").addEventListener("click", () => { state.possible = !state.possible; showFilters(); choose(); });
byId("least").addEventListener("input", (event) => { state.least = Number(event.target.value); showFilters(); choose(); });
byId("order").addEventListener("change", (event) => { state.order = event.target.value; choose(); });

const heading = byId("heading").textContent;
function showFilters() {
  for (const button of byId("kinds").children) {
    const { kind } = button.dataset;
    const of = regions.filter((region) => region.kind === kind && (region.likely || state.possible));
    button.textContent = `${kind} ${count(of.length)}`;
    button.setAttribute("aria-pressed", String(state.kinds.has(kind)));
  }
  const faint = possible() && state.possible ? `${count(possible())} possible` : "";
  byId("heading").textContent = faint && regions.length > possible() ? `${heading} and ${faint}` : faint || heading;
  byId("possible").textContent = `${count(possible())} possible: ${state.possible ? "hide" : "show"}`;
  byId("possible").setAttribute("aria-expanded", String(state.possible));
  byId("least").value = state.least;
  byId("least-value").textContent = state.least.toFixed(2);
}

/* ---- buttons and keys ---- */
byId("boxes").addEventListener("click", () => setBoxes(!state.boxes));
const upDown = (direction) => () => (shown.length ? step(direction) : false); // else they scroll
Object.assign(viewer.keys, {
  n: () => step(1), p: () => step(-1), ArrowDown: upDown(1), ArrowUp: upDown(-1), b: () => setBoxes(!state.boxes),
  Escape: () => (state.selected < 0 ? viewer.zoomOut() : select(-1)),
});
listenToKeys(viewer.keys, viewer.shiftKeys);

/* ---- start ---- */
byId("toolbar").hidden = byId("keys").hidden = false;
byId("filters").hidden = !regions.length;
byId("possible").hidden = !possible();
showFilters();
choose();
const asked = location.hash.slice(1);
// Pictures that were never brought together are shown beside each other.
viewer.setView(VIEWS.includes(asked) ? asked : data.heat ? "slider" : "side");
function openLink() {
  const index = Number(location.hash.slice(1)) - 1;
  if (regions[index] && index !== state.selected) follow(index);
}
addEventListener("hashchange", openLink);
openLink();
