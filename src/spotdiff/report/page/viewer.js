/* Two pictures of one place: slider, blink, side by side, heat map, zoom and pan. What is drawn over them is its user's. */

/**
 * @typedef {"before" | "after"} Side
 * @typedef {[number, number]} Point
 * @typedef {object} Shown what is shown, in pixels
 * @property {Record<string, number[]>} sizes of each picture
 * @property {number[]} common of the frame that both are laid in
 * @property {Record<string, number[]>} placed of each picture as it lies in that frame, and of the frame
 * @property {boolean} heat whether there is a heat map
 */

export const SIDES = ["before", "after"];
export const VIEWS = ["slider", "blink", "side", "heat"];
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
/** @type {(id: string) => any} an element of the page, of the kind that it has there */
export const byId = (id) => document.getElementById(id);

const BLINK_MS = 700;
const MOST_ZOOM = 24;
const MOST_PX = 16; // of the screen for a pixel of a picture
const NARROW = 480; // pixels of the stage under which it is that of a phone
const TALL = 2.2; // height over width from which a picture fills the width and is scrolled
const CLICK_PX = 5; // a pointer that moved less has clicked

/**
 * The viewer of the page's stage; it has the panes that are there, one or two.
 *
 * @param {Shown} shown
 * @param {object} user
 * @param {(pen: CanvasRenderingContext2D, pane: object, side: Side) => void} user.paint draws over a pane
 * @param {(event: PointerEvent) => void} [user.hover] the pointer moves and nothing is dragged
 * @param {(event: PointerEvent) => boolean} [user.click] whether a click was meant for something that is drawn
 * @param {(event: PointerEvent) => boolean} [user.drawn] whether something that is drawn lies under the pointer
 * @param {() => void} [user.viewed] a view stands
 * @param {() => void} [user.opened] the person chose a view
 */
export function createViewer(shown, user) {
  const none = () => false;
  const { paint, hover = none, click = none, drawn = none, viewed = none, opened = none } = user;
  const stage = byId("stage");
  const sides = SIDES.filter((side) => byId(`pane-${side}`));
  const state = {
    view: "side", split: 0.5, show: "after", paused: matchMedia("(prefers-reduced-motion: reduce)").matches, zoom: 1,
    centre: { before: [0.5, 0.5], after: [0.5, 0.5] },
  };
  const panes = {};
  for (const side of sides) {
    const root = byId(`pane-${side}`);
    const marks = document.createElement("canvas");
    marks.className = "marks";
    marks.setAttribute("aria-hidden", "true"); // the list says the same
    root.append(marks);
    panes[side] = { root, canvas: root.querySelector(".canvas"), marks, frame: [1, 1], size: [1, 1], fit: 1, offset: [0, 0] };
  }
  /** @type {(pen: CanvasRenderingContext2D, pane: any, side: string) => void} what is drawn under the marks */
  const under = () => {};
  const viewer = { state, panes, sides, tool: null, under };

  /* ---- frames: side by side shows each picture's own pixels, every other view the common frame ---- */
  const sideBySide = () => state.view === "side";
  const frameOf = (side) => (sideBySide() ? shown.sizes[side] : shown.common);

  /** How large an image of a pane is in its frame. */
  const sizeOf = (image, side) => (sideBySide() ? shown.sizes[side] : shown.placed[image.dataset.size]);

  function placeImages(side) {
    const [width, height] = frameOf(side);
    for (const image of panes[side].canvas.querySelectorAll("img")) {
      const own = sizeOf(image, side);
      image.style.width = `${(100 * own[0]) / width}%`;
      image.style.height = `${(100 * own[1]) / height}%`;
    }
  }

  /* ---- layout ---- */
  function layout() {
    for (const side of sides) {
      const pane = panes[side];
      const [width, height] = (pane.frame = frameOf(side));
      const wide = pane.root.clientWidth;
      const tall = height > TALL * width;
      const most = Math.max(240, innerHeight * (isNarrow() ? 0.55 : 0.8));
      const high = Math.round(Math.min((wide * height) / width, most));
      pane.root.style.height = `${high}px`;
      pane.fit = tall ? wide / width : Math.min(wide / width, high / height);
      pane.size = [wide, high];
      moveCanvas(side);
    }
    showSplit();
  }

  const isNarrow = () => stage.clientWidth < NARROW;
  const scaleOf = (pane) => pane.fit * state.zoom;
  const mostZoom = () => Math.max(MOST_ZOOM, ...sides.map((side) => MOST_PX / panes[side].fit));

  function moveCanvas(side) {
    const pane = panes[side];
    const scale = scaleOf(pane);
    pane.frame.forEach((length, axis) => {
      const long = length * scale;
      const room = pane.size[axis] - long;
      const wanted = pane.size[axis] / 2 - state.centre[side][axis] * long;
      const offset = room >= 0 ? room / 2 : clamp(wanted, room, 0);
      if (room < 0) state.centre[side][axis] = (pane.size[axis] / 2 - offset) / long;
      pane.offset[axis] = offset;
      pane.canvas.style[axis ? "top" : "left"] = `${offset}px`;
      pane.canvas.style[axis ? "height" : "width"] = `${long}px`;
    });
    pane.canvas.classList.toggle("is-large", scale > 3);
    pane.root.classList.toggle("is-zoomed", canPan());
    sharpen(pane, scale);
    draw();
  }

  /* A picture that is shown small at first comes with all its pixels once they are looked at. */
  function sharpen(pane, scale) {
    for (const image of pane.canvas.querySelectorAll("img[data-full]")) {
      if (!image.naturalWidth || scale * (devicePixelRatio || 1) <= image.naturalWidth / pane.frame[0]) continue;
      image.src = image.dataset.full;
      delete image.dataset.full;
    }
  }

  const canPan = () => sides.some((s) => panes[s].frame.some((n, i) => n * scaleOf(panes[s]) > panes[s].size[i] + 1));

  function moveAll() {
    sides.forEach(moveCanvas);
    byId("zoom-fit").textContent = `${Math.round(100 * state.zoom)}\u00a0%`;
    showSplit();
  }

  function zoomBy(factor, side = sides.at(-1), point = null) {
    const zoom = clamp(state.zoom * factor, 1, mostZoom());
    const pane = panes[side];
    if (point && zoom !== state.zoom) {
      // What lies under the pointer stays there.
      const shift = pane.frame.map((length, axis) =>
        (point[axis] - pane.size[axis] / 2) * (1 / (length * scaleOf(pane)) - 1 / (length * pane.fit * zoom)));
      for (const each of sides) state.centre[each] = state.centre[each].map((value, axis) => value + shift[axis]);
    }
    state.zoom = zoom;
    moveAll();
  }

  function zoomOut() {
    state.zoom = 1;
    for (const side of sides) state.centre[side] = [0.5, panes[side].frame[1] > TALL * panes[side].frame[0] ? 0 : 0.5];
    moveAll();
  }

  function pan(dx, dy) {
    for (const side of sides) {
      const pane = panes[side];
      state.centre[side] = [dx, dy].map((delta, axis) => state.centre[side][axis] - delta / (pane.frame[axis] * scaleOf(pane)));
    }
    moveAll();
  }

  /* Show some boxes of each side, in its frame, large and in the middle. */
  function goTo(boxesOf) {
    const zooms = [];
    for (const side of sides) {
      const boxes = boxesOf(side);
      if (!boxes.length) continue;
      const edge = (axis, pick) => pick(...boxes.map((box) => box[axis]));
      const low = [edge(0, Math.min), edge(1, Math.min)];
      const high = [edge(2, Math.max), edge(3, Math.max)];
      const pane = panes[side];
      state.centre[side] = low.map((value, axis) => (value + high[axis]) / 2 / pane.frame[axis]);
      zooms.push(...low.map((value, axis) => (0.35 * pane.size[axis]) / (Math.max(1, high[axis] - value) * pane.fit)));
    }
    state.zoom = zooms.length ? clamp(Math.min(...zooms), 1, 8) : 1;
    if (state.view === "slider") state.split = 0.5;
    moveAll();
  }

  /* ---- marks: what is in view is drawn, on a canvas as large as the pane ---- */
  let drawing = 0;
  function draw() {
    drawing ||= requestAnimationFrame(() => { drawing = 0; sides.forEach(drawMarks); });
  }

  function drawMarks(side) {
    const pane = panes[side];
    const dense = devicePixelRatio || 1;
    const [width, height] = pane.size;
    Object.assign(pane.marks, { width: Math.round(width * dense), height: Math.round(height * dense) });
    const pen = pane.marks.getContext("2d");
    pen.scale(dense, dense);
    viewer.under(pen, pane, side);
    if (!sideBySide() && shown.heat) drawEdges(pen, pane);
    paint(pen, pane, side);
  }

  /* Where only one of two pictures that lie flush goes on. */
  function drawEdges(pen, pane) {
    const [before, after] = SIDES.map((side) => shown.placed[side]);
    pen.setLineDash([6, 5]);
    pen.lineWidth = 1.5;
    pen.font = "600 12px system-ui, sans-serif";
    pen.textBaseline = "top";
    [0, 1].forEach((axis) => {
      if (before[axis] === after[axis]) return;
      const at = Math.min(before[axis], after[axis]) * scaleOf(pane) + pane.offset[axis];
      const name = `only in ${before[axis] < after[axis] ? "after" : "before"}`;
      pen.strokeStyle = "#fff";
      pen.shadowColor = "#000";
      pen.shadowBlur = 3;
      pen.beginPath();
      const [from, to] = [pane.offset[1 - axis], pane.offset[1 - axis] + pane.frame[1 - axis] * scaleOf(pane)];
      pen.moveTo(axis ? from : at, axis ? at : from);
      pen.lineTo(axis ? to : at, axis ? at : to);
      pen.stroke();
      pen.shadowBlur = 0;
      const [left, top] = axis ? [Math.max(from, 0) + 8, at + 7] : [at + 8, Math.max(from, 0) + 36];
      pen.fillStyle = "rgb(12 13 14 / 0.72)";
      pen.fillRect(left - 4, top - 3, pen.measureText(name).width + 8, 19);
      pen.fillStyle = "#fff";
      pen.fillText(name, left, top);
    });
    pen.setLineDash([]);
  }

  /** A point of a pane's frame on the screen, in pixels of the pane. */
  const toScreen = (pane, [x, y]) => [x * scaleOf(pane) + pane.offset[0], y * scaleOf(pane) + pane.offset[1]];
  /** Where in its frame the pointer is. */
  function toFrame(event, side) {
    const pane = panes[side];
    return pointIn(event, side).map((value, axis) => (value - pane.offset[axis]) / scaleOf(pane));
  }

  /* ---- views ---- */
  /** @type {(view: string) => HTMLButtonElement | null} */
  const viewButton = (view) => document.querySelector(`[data-view="${view}"].button`);
  let timer = 0;
  function setView(view) {
    const button = viewButton(view);
    if (button ? button.disabled : view !== "side") return;
    state.view = view;
    stage.dataset.view = view;
    for (const each of document.querySelectorAll(".button[data-view]")) {
      each.setAttribute("aria-pressed", String(each.getAttribute("data-view") === view));
    }
    const parts = [["divider", "slider"], ["legend", "heat"], ["pause", "blink"]];
    for (const [id, of] of parts) if (byId(id)) byId(id).hidden = view !== of;
    state.zoom = 1;
    sides.forEach(placeImages);
    layout();
    zoomOut();
    viewed();
    restartBlink();
  }

  function openView(view) {
    setView(view);
    opened();
  }

  function restartBlink() {
    clearInterval(timer);
    stage.dataset.show = state.show;
    if (byId("pause")) byId("pause").textContent = state.paused ? "Play" : "Pause";
    if (state.view !== "blink" || state.paused) return;
    timer = setInterval(() => flipTo(state.show === "after" ? "before" : "after"), BLINK_MS);
  }

  function flipTo(side) {
    state.show = side;
    stage.dataset.show = side;
  }

  function setPaused(paused) {
    state.paused = paused;
    restartBlink();
  }

  /* Left of the divider is before, right of it after; what only one of them has is shown on both sides. */
  function showSplit() {
    if (sides.length < 2) return;
    const cut = state.view === "slider";
    const [wide, high] = panes.after.size;
    const at = state.split * wide;
    const ends = (side) => shown.placed[side].map((n, axis) => n * scaleOf(panes[side]) + panes[side].offset[axis]);
    const clip = (...corners) => (cut ? `polygon(${corners.map(([x, y]) => `${x}px ${y}px`).join(",")})` : "");
    const [right, bottom] = ends("before");
    const left = Math.min(at, right);
    panes.after.root.style.clipPath = clip([left, 0], [wide, 0], [wide, high], [0, high], [0, bottom], [left, bottom]);
    const [edge, foot] = ends("after");
    const far = Math.max(at, edge);
    panes.before.root.style.clipPath = clip([0, 0], [at, 0], [at, foot], [far, foot], [far, 0], [wide, 0], [wide, high], [0, high]);
    byId("divider").style.left = `${100 * state.split}%`;
    byId("split").value = 100 * state.split;
    byId("split").setAttribute("aria-valuetext", `${Math.round(100 * state.split)} % before`);
  }

  function setSplit(split) {
    state.split = clamp(split, 0, 1);
    showSplit();
  }

  /* ---- pointer ---- */
  function pointIn(event, side) {
    const area = panes[side].root.getBoundingClientRect();
    return [event.clientX - area.left, event.clientY - area.top];
  }
  /* The picture under the pointer: of two that lie on each other the one that is seen there. */
  function sideAt(event) {
    if (sides.length < 2 || sideBySide()) return event.target.closest?.("#pane-before") ? "before" : sides.at(-1);
    if (state.view === "blink") return state.show;
    const area = stage.getBoundingClientRect();
    return state.view === "slider" && event.clientX - area.left < state.split * area.width ? "before" : "after";
  }

  let drag = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || !event.target.closest(".pane")) return;
    if (viewer.tool) {
      drag = { side: sideAt(event) };
      stage.setPointerCapture(event.pointerId);
      event.preventDefault();
      return viewer.tool.down(toFrame(event, drag.side), drag.side, event);
    }
    const area = stage.getBoundingClientRect();
    const near = Math.abs(event.clientX - area.left - state.split * area.width) < 28;
    const splits = state.view === "slider" && (near || !canPan());
    drag = { splits, x: event.clientX, y: event.clientY, moved: false };
    if (!splits && !canPan()) return;
    stage.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    if (drag?.side) return viewer.tool?.move(toFrame(event, drag.side), drag.side, event);
    if (!drag) return hover(event);
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > CLICK_PX;
    if (!drag.moved) return;
    const area = stage.getBoundingClientRect();
    if (drag.splits) setSplit((event.clientX - area.left) / area.width);
    else if (canPan()) pan(event.clientX - drag.x, event.clientY - drag.y);
    Object.assign(drag, { x: event.clientX, y: event.clientY });
  });
  stage.addEventListener("pointerup", (event) => {
    const ended = drag;
    drag = null;
    if (ended?.side) return viewer.tool?.up(toFrame(event, ended.side), ended.side, event);
    if (!ended || ended.moved || click(event) || !ended.splits) return;
    const area = stage.getBoundingClientRect();
    setSplit((event.clientX - area.left) / area.width);
  });
  stage.addEventListener("pointercancel", () => { drag = null; viewer.tool?.cancel?.(); });
  stage.addEventListener("pointerleave", hover);
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the plain wheel scrolls the page
    event.preventDefault();
    const side = sideAt(event);
    zoomBy(Math.exp(-event.deltaY / 240), side, pointIn(event, side));
  }, { passive: false });
  stage.addEventListener("dblclick", (event) => {
    if (viewer.tool || drawn(event)) return;
    const side = sideAt(event);
    if (state.zoom > 1) zoomOut();
    else zoomBy(3, side, pointIn(event, side));
  });

  /* ---- buttons and keys ---- */
  for (const button of document.querySelectorAll(".button[data-view]")) {
    button.addEventListener("click", () => openView(button.getAttribute("data-view")));
  }
  byId("pause")?.addEventListener("click", () => setPaused(!state.paused));
  byId("zoom-in").addEventListener("click", () => zoomBy(1.5));
  byId("zoom-out").addEventListener("click", () => zoomBy(1 / 1.5));
  byId("zoom-fit").addEventListener("click", zoomOut);
  byId("split")?.addEventListener("input", (event) => setSplit(event.target.value / 100));

  function sideways(direction) {
    if (state.view === "slider") return setSplit(state.split + 0.02 * direction);
    if (state.view === "blink" && !canPan()) { setPaused(true); return flipTo(direction < 0 ? "before" : "after"); }
    return pan(-40 * direction, 0);
  }
  function space() {
    if (state.view === "blink") setPaused(!state.paused);
    else if (state.view === "slider") setSplit(state.split > 0.5 ? 0 : 1);
    else openView("blink");
  }
  const keys = {
    "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: zoomOut, " ": space,
    ArrowLeft: () => sideways(-1), ArrowRight: () => sideways(1), d: () => byId("theme").click(),
  };
  if (sides.length === 2) VIEWS.forEach((view, index) => { keys[index + 1] = () => openView(view); });
  const shiftKeys = {
    ArrowLeft: () => pan(40, 0), ArrowRight: () => pan(-40, 0), ArrowUp: () => pan(0, 40), ArrowDown: () => pan(0, -40),
  };

  /** Show other pictures: their sizes, once their images stand in the panes. */
  function show(others) {
    shown = others;
    if (viewButton("heat")) viewButton("heat").disabled = !shown.heat;
    setView(state.view);
  }

  let wide = 0;
  new ResizeObserver(() => {
    if (stage.clientWidth === wide) return; // the height is our own doing
    wide = stage.clientWidth;
    requestAnimationFrame(layout);
  }).observe(stage);
  document.documentElement.classList.add("has-script");
  if (viewButton("heat")) viewButton("heat").disabled = !shown.heat;
  return Object.assign(viewer, {
    keys, shiftKeys, isNarrow, sideBySide, sizeOf, scaleOf, canPan, zoomBy, zoomOut, goTo, draw, toScreen, toFrame, pointIn,
    sideAt, setView, show,
  });
}

/** Act on keys, but for those that are typed; an action that gives false leaves its key to the browser. */
export function listenToKeys(keys, shiftKeys = {}) {
  document.addEventListener("keydown", (event) => {
    const at = event.target instanceof Element ? event.target : document.body;
    const typing = at.closest("input, select, textarea") || (event.key === " " && at.closest("button, a"));
    const act = (event.shiftKey && shiftKeys[event.key]) || keys[event.key];
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !act || event.defaultPrevented) return;
    if (act() !== false) event.preventDefault();
  });
}
