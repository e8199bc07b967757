/* The zones of a camera, drawn on what it sees; what each asks for stands in the list. */
import { ask, base, make, statusLine } from "./api.js";
import { createDrawing } from "./draw.js";
import { byId, createViewer, listenToKeys } from "./viewer.js";

const say = statusLine(byId("status"));
const { camera } = byId("zones").dataset;
const { zones, size, kinds } = JSON.parse(byId("stored").textContent);
const COLOURS = ["#d55e00", "#56b4e9", "#009e73", "#cc79a7", "#e69f00", "#0072b2"];
const isHere = (zone) => !zone.cameras.length || zone.cameras.includes(camera);
let list = zones; // in the order of the file; a zone that is drawn on here has its shape's polygon

/* ---- the list ---- */
function field(zone, name, label, properties) {
  const input = make("input", { className: "text", value: zone[name], ...properties });
  input.addEventListener("change", () => {
    zone[name] = input.type === "number" ? Number(input.value) : input.value.trim();
    changed();
  });
  return make("label", { text: `${label} ` }, input);
}
function kindBoxes(zone) {
  const group = make("span", { className: "line", role: "group", ariaLabel: `What ${zone.name || "the zone"} tells` });
  for (const kind of kinds) {
    const box = make("input", { type: "checkbox", checked: zone.what.includes(kind) });
    box.addEventListener("change", () => {
      zone.what = kinds.filter((one) => (one === kind ? box.checked : zone.what.includes(one)));
      changed();
    });
    group.append(make("label", {}, box, ` ${kind}`));
  }
  return group;
}
function item(zone, index) {
  const remove = make("button", { type: "button", className: "button", text: "Remove", ariaLabel: `Remove ${zone.name || "the zone"}` });
  remove.addEventListener("click", () => {
    list = list.filter((one) => one !== zone);
    redraw();
    changed();
  });
  const where = zone.polygon.length ? `${zone.polygon.length} corners` : "the whole picture";
  const swatch = make("span", { className: "swatch" });
  swatch.style.background = COLOURS[index % COLOURS.length];
  return make("li", { className: "panel zone" }, swatch, make("div", {},
    make("p", { className: "line" }, field(zone, "name", "Name", { maxLength: 100 }), make("span", { className: "muted", text: where }), remove),
    kindBoxes(zone),
    make("p", { className: "line" },
      field(zone, "dwell", "Stays for at least, s", { type: "number", min: 0, step: "any" }),
      field(zone, "min_area", "Smallest thing, px", { type: "number", min: 0 }),
      field(zone, "sensitivity", "Sensitivity", { type: "number", min: 0, max: 1, step: 0.05 }),
      field(zone, "days", "Days", { placeholder: "mon-fri" }),
      field(zone, "hours", "Hours", { placeholder: "20:00-06:00" }))));
}
const here = () => list.filter(isHere);
function showList() {
  byId("list").replaceChildren(...here().map(item));
}
function changed() {
  byId("save").disabled = false;
  say("Not saved yet.");
}

/* ---- drawing ---- */
let drawing = null;
const pointsOf = ({ points }) => points.map(([x, y]) => [Math.round(x), Math.round(y)]);
function fresh(shape) {
  const names = new Set(list.map((zone) => zone.name));
  const number = [...Array(names.size + 1).keys()].find((one) => !names.has(`zone ${one + 1}`)) + 1;
  return { name: `zone ${number}`, polygon: pointsOf(shape), cameras: [camera], what: ["left", "taken", "moved", "changed"], min_area: 0, dwell: 10, days: "", hours: "", sensitivity: 0.5, tell: [] };
}
const shapeOf = (zone) => ({ kind: "zone", side: "before", form: "polygon", points: zone.polygon, zone });
function redraw() {
  drawing?.load(here().filter((zone) => zone.polygon.length).map(shapeOf));
  showList();
}
/** What was drawn, taken away or brought back: each shape is a zone. */
function drawn(shapes) {
  const kept = shapes.map((shape) => (shape.zone ??= fresh(shape)));
  const others = list.filter((zone) => !isHere(zone) || !zone.polygon.length || kept.includes(zone));
  list = [...others, ...kept.filter((zone) => !others.includes(zone))];
  showList();
  changed();
}
function start(image) {
  const frame = [image.naturalWidth, image.naturalHeight];
  const shown = { sizes: { before: frame }, common: frame, placed: { before: frame, common: frame }, heat: false };
  const scale = [0, 1].map((axis) => size[axis] / frame[axis]);
  const viewer = createViewer(shown, { paint: (...where) => drawing.paint(...where), click: (event) => drawing.click(event) });
  drawing = createDrawing(viewer, {
    kinds: { zone: COLOURS[0] }, forms: ["polygon", "box"], changed: drawn, sideOf: () => "before",
    toOwn: (_, point) => point.map((value, axis) => value * scale[axis]),
    fromOwn: (_, point) => point.map((value, axis) => value / scale[axis]),
  });
  redraw();
  listenToKeys({ ...viewer.keys, d: () => byId("theme").click() }, viewer.shiftKeys);
  viewer.setView("side");
}
const image = byId("pane-before")?.querySelector("img");
if (image?.complete && image.naturalWidth) start(image);
else image?.addEventListener("load", () => start(image), { once: true });

byId("save").addEventListener("click", async () => {
  byId("save").disabled = true;
  try {
    await ask(`${base}/watch/zones`, { method: "PUT", json: { zones: list } });
    say("Saved. The watch goes on by these zones.");
  } catch (error) {
    say(error.message, true);
    byId("save").disabled = false;
  }
});
showList();
