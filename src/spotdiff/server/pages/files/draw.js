/* Drawing over a viewer's pictures: boxes, polygons and the brush, with undo, by pointer or by keys. */
import { make } from "./api.js";
import { byId } from "./viewer.js";

const CLOSE_PX = 10; // of the screen, from the first corner, that close a polygon
const LEAST_PX = 3; // of the screen, for the side of a box
const STEP_PX = 12; // of the screen, by which an arrow key moves the cross
const HELP = {
  "": "Click something drawn to choose it; Delete removes it.",
  box: "Drag a box. By keys: arrows move the cross, Enter sets its two corners.",
  polygon: "Click the corners, and the first one again or Enter twice to end. Escape gives up.",
  brush: "Paint over what changed. By keys: Enter begins and ends a stroke.",
};

/**
 * @typedef {object} Shape
 * @property {string} kind
 * @property {"before" | "after"} side
 * @property {"box" | "polygon" | "brush"} form
 * @property {number[][]} points in the picture's own pixels
 * @property {number} [width] of the brush
 */

/**
 * @param {object} viewer of viewer.js
 * @param {object} user
 * @param {Record<string, string>} user.kinds what can be drawn, and the colour of each
 * @param {string[]} user.forms tools that are offered
 * @param {(shapes: Shape[]) => void} user.changed told after every change
 * @param {(kind: string, side: string) => string} [user.sideOf] the picture that something belongs to
 * @param {(side: string, point: number[]) => number[]} [user.toOwn] from the frame that is shown to own pixels
 * @param {(side: string, point: number[]) => number[]} [user.fromOwn] and back
 * @param {(shape: Shape | null) => void} [user.chosen] told what was chosen
 * @param {{ get: () => any, put: (value: any) => void }} [user.beside] what else undo takes back
 */
export function createDrawing(viewer, { kinds, forms, changed, sideOf = (_, side) => side, toOwn = (_, p) => p, fromOwn = (_, p) => p, chosen = () => {}, beside = { get: () => null, put: () => {} } }) {
  const stage = byId("stage");
  const [kindButtons, toolButtons] = ["drawn-kinds", "tools"].map(byId);
  const [undoButton, redoButton, removeButton] = ["undo", "redo", "remove"].map(byId);
  const help = byId("drawing-help");
  let shapes = [];
  let [undone, done] = [[], []];
  let [form, kind, selected] = ["", Object.keys(kinds)[0], -1];
  let current = null; // a shape that is not ended
  let cross = null; // where the keys are, in the frame
  const width = () => Number(byId("width")?.value ?? 12);
  const distance = (side, one, other) => Math.hypot(...[0, 1].map((axis) => one[axis] - other[axis])) * viewer.scaleOf(viewer.panes[side]);

  /* ---- what is there, and how it came ---- */
  const snapshot = () => ({ shapes, besides: beside.get() });
  /** Keep what is there, since it is about to change, for undo. */
  function note() {
    done.push(snapshot());
    undone = [];
    show();
  }
  function set(next) {
    note();
    put(next);
    changed(shapes);
  }
  function put(next) {
    shapes = next;
    selected = -1;
    show();
  }
  function step(from, to) {
    if (!from.length) return;
    to.push(snapshot());
    const { shapes: were, besides } = from.pop();
    beside.put(besides);
    put(were);
    changed(shapes);
  }
  const undo = () => (current ? stop() : step(done, undone));
  const redo = () => step(undone, done);
  function remove() {
    if (selected >= 0) set(shapes.filter((_, index) => index !== selected));
  }
  function select(index) {
    selected = index;
    chosen(shapes[index] ?? null);
    show();
  }

  /* ---- tools ---- */
  function pick(next) {
    form = form === next ? "" : next;
    stop();
  }
  function stop() {
    current = null;
    viewer.tool = form ? tools[form] : chooser;
    show();
  }
  function begin(side, points) {
    const own = viewer.state.view === "side" ? side : sideOf(kind, side);
    current = { kind, side: own, form, points, shownOn: side, ...(form === "brush" ? { width: Math.max(1, width() / viewer.scaleOf(viewer.panes[side])) } : {}) };
  }
  function end() {
    const { shownOn, ...shape } = current;
    current = null;
    const side = sideOf(shape.kind, shape.side);
    const own = shape.points.map((point) => toOwn(side, point).map((value) => Math.round(value * 10) / 10));
    set([...shapes, { ...shape, side, points: own }]);
  }
  const cornersOf = ([left, top], [right, bottom]) => [[left, top], [right, top], [right, bottom], [left, bottom]];
  const box = {
    down: (point, side) => { begin(side, cornersOf(point, point)); viewer.draw(); },
    move: (point) => { if (current) { current.points = cornersOf(current.points[0], point); viewer.draw(); } },
    up: (_, side) => {
      if (!current) return;
      const [a, , c] = current.points;
      const large = [0, 1].every((axis) => Math.abs(a[axis] - c[axis]) * viewer.scaleOf(viewer.panes[side]) >= LEAST_PX);
      if (large) end();
      else stop();
    },
  };
  const polygon = {
    down: (point, side) => {
      if (!current) begin(side, [point]);
      else if (current.points.length > 2 && distance(side, point, current.points[0]) < CLOSE_PX) return end();
      else current.points.push(point);
      show();
    },
    move: () => {},
    up: () => {},
  };
  const brush = {
    down: (point, side) => { begin(side, [point]); viewer.draw(); },
    move: (point, side) => {
      if (!current || distance(side, point, current.points.at(-1)) < LEAST_PX) return;
      current.points.push(point);
      viewer.draw();
    },
    up: () => { if (current) end(); },
  };
  const tools = { box, polygon, brush };
  /* Nothing is drawn: a click chooses what is drawn already, and where nothing is the viewer pans. */
  const chooser = null;
  const inside = (points, [x, y]) => points.reduce((odd, [ax, ay], index) => {
    const [bx, by] = points[(index + 1) % points.length];
    return ay > y !== by > y && x < ax + ((y - ay) * (bx - ax)) / (by - ay) ? !odd : odd;
  }, false);
  function at(point, side) {
    const near = (shape) => shape.points.some((corner) => Math.hypot(corner[0] - point[0], corner[1] - point[1]) <= shape.width / 2 + 2);
    const hit = (shape) => shape.side === side && (shape.form === "brush" ? near(shape) : inside(shape.points, point));
    return shapes.findLastIndex(hit);
  }
  /** Whether a click chose something that is drawn. */
  function click(event) {
    const side = viewer.sideAt(event);
    const index = at(toOwn(side, viewer.toFrame(event, side)), side);
    if (index < 0 && selected < 0) return false;
    select(index === selected ? -1 : index);
    return index >= 0;
  }

  /* ---- keys ---- */
  function moveCross(dx, dy) {
    const side = cross?.side ?? viewer.sides.at(-1);
    const pane = viewer.panes[side];
    const start = cross?.point ?? pane.frame.map((length) => length / 2);
    const moved = [dx, dy].map((by, axis) => start[axis] + (by * STEP_PX) / viewer.scaleOf(pane));
    cross = { side, point: moved.map((value, axis) => Math.min(Math.max(value, 0), pane.frame[axis])) };
    if (form !== "polygon") viewer.tool?.move(cross.point, side);
    viewer.draw();
  }
  function enter() {
    if (!cross) return moveCross(0, 0);
    const { side, point } = cross;
    if (form === "polygon") {
      const again = current && distance(side, point, current.points.at(-1)) < 1;
      if (!again) return polygon.down(point, side);
      return current.points.length > 2 ? end() : stop();
    }
    if (!current) return tools[form].down(point, side);
    tools[form].up(point, side);
  }
  function otherSide() {
    if (viewer.sides.length < 2) return;
    cross = { side: cross?.side === "before" ? "after" : "before", point: cross?.point ?? [0, 0] };
    moveCross(0, 0);
  }
  const keys = {
    ArrowLeft: () => moveCross(-1, 0), ArrowRight: () => moveCross(1, 0), ArrowUp: () => moveCross(0, -1), ArrowDown: () => moveCross(0, 1),
    Enter: enter, Escape: () => (current ? stop() : pick("")), s: otherSide,
  };
  document.addEventListener("keydown", (event) => {
    const at = event.target instanceof Element ? event.target : document.body;
    if (at.closest("input, select, textarea")) return;
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key.toLowerCase() === "z") (event.shiftKey ? redo : undo)();
    else if (!control && event.key === "Delete" && selected >= 0) remove();
    else if (!control && !event.shiftKey && form && keys[event.key] && !(event.key === "Enter" && at.closest("button, a"))) keys[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });

  /* ---- what is shown ---- */
  function path(pen, pane, side, shape) {
    const points = shape === current ? shape.points : shape.points.map((point) => fromOwn(side, point));
    pen.beginPath();
    points.forEach((point, index) => pen[index ? "lineTo" : "moveTo"](...viewer.toScreen(pane, point)));
    return points;
  }
  function paintShape(pen, pane, side, shape, strong) {
    const colour = kinds[shape.kind];
    const points = path(pen, pane, side, shape);
    pen.strokeStyle = colour;
    pen.lineJoin = pen.lineCap = "round";
    if (shape.form === "brush") {
      pen.globalAlpha = strong ? 0.8 : 0.5;
      pen.lineWidth = Math.max(2, shape.width * viewer.scaleOf(pane));
      if (points.length === 1) pen.lineTo(...viewer.toScreen(pane, points[0]).map((value) => value + 0.1));
      pen.stroke();
      pen.globalAlpha = 1;
      return;
    }
    if (shape !== current || shape.form === "box") pen.closePath();
    pen.fillStyle = colour;
    pen.globalAlpha = strong ? 0.35 : 0.18;
    pen.fill();
    pen.globalAlpha = 1;
    pen.lineWidth = strong ? 4 : 2;
    pen.stroke();
    if (shape === current) for (const point of points) {
      const [x, y] = viewer.toScreen(pane, point);
      pen.fillRect(x - 3, y - 3, 6, 6);
    }
  }
  /** Draw over a pane of the viewer. */
  function paint(pen, pane, side) {
    pen.setLineDash([]);
    shapes.forEach((shape, index) => { if (shape.side === side) paintShape(pen, pane, side, shape, index === selected); });
    if (current?.shownOn === side) paintShape(pen, pane, side, current, true);
    if (!form || cross?.side !== side) return;
    const [x, y] = viewer.toScreen(pane, cross.point);
    for (const [colour, wide] of [["#000", 4], ["#fff", 2]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = wide;
      pen.beginPath();
      for (const [dx, dy] of [[10, 0], [0, 10]]) { pen.moveTo(x - dx, y - dy); pen.lineTo(x + dx, y + dy); }
      pen.stroke();
    }
  }
  function show() {
    for (const button of toolButtons.children) button.setAttribute("aria-pressed", String(button.dataset.form === form));
    for (const button of kindButtons.children) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
    undoButton.disabled = !done.length && !current;
    redoButton.disabled = !undone.length;
    removeButton.disabled = selected < 0;
    help.textContent = HELP[form] + (form && viewer.sides.length > 1 ? " The key s goes to the other picture." : "");
    stage.classList.toggle("draws", Boolean(form));
    if (document.getElementById("brush-size")) document.getElementById("brush-size").hidden = form !== "brush";
    viewer.draw();
  }

  kindButtons.replaceChildren(...Object.keys(kinds).map((name) => {
    const button = make("button", { type: "button", className: "button", text: name, dataset: { kind: name } });
    button.addEventListener("click", () => { kind = name; show(); });
    return button;
  }));
  toolButtons.replaceChildren(...forms.map((name) => {
    const button = make("button", { type: "button", className: "button", text: name, dataset: { form: name } });
    button.addEventListener("click", () => { pick(name); if (form) stage.focus(); });
    return button;
  }));
  if (!stage.hasAttribute("tabindex")) stage.tabIndex = -1; // keys belong to it once a tool is chosen
  undoButton.addEventListener("click", undo);
  redoButton.addEventListener("click", redo);
  removeButton.addEventListener("click", remove);
  /** Put other shapes there, with nothing to undo. */
  function load(others) {
    [done, undone] = [[], []];
    put(others);
  }
  return { load, note, paint, click, pick, select, get shapes() { return shapes; }, relabel: (change) => set(shapes.map((shape, index) => (index === selected ? { ...shape, ...change } : shape))) };
}

/** A box of whole pixels, or a polygon, as the options of a comparison have them. */
export function asOption({ form, points }) {
  if (form !== "box") return points;
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => Math.round(point[axis])));
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** What an option says, as it is drawn on `before`. */
export function fromOption(kind, shape) {
  if (Array.isArray(shape[0])) return { kind, side: "before", form: "polygon", points: shape };
  const [left, top, right, bottom] = shape;
  return { kind, side: "before", form: "box", points: [[left, top], [right, top], [right, bottom], [left, bottom]] };
}
