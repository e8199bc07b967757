/* One place: new pictures, approval, and the options under which its pictures are compared. */
import { ask, jobOf, showValue, standing, statusLine, whoDecides } from "./api.js";
import { asOption, createDrawing, fromOption } from "./draw.js";
import { byId, createViewer, listenToKeys } from "./viewer.js";

const { address } = byId("place").dataset;
const say = statusLine(byId("status"));

/* ---- pictures ---- */
async function send(file) {
  if (!file) return;
  const body = new FormData();
  body.append("picture", file);
  try {
    const job = await jobOf(`${address}/pictures`, body, (now) => say(standing(now)));
    if (job.comparison) location.assign(`/comparisons/${job.id}`);
    else location.reload();
  } catch (error) {
    say(error.message, true);
  }
}
for (const input of byId("new").querySelectorAll("input")) input.addEventListener("change", () => send(input.files[0]));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => { event.preventDefault(); send(event.dataTransfer.files[0]); });
document.addEventListener("paste", (event) => { if (event.clipboardData.files.length) send(event.clipboardData.files[0]); });
byId("approve")?.addEventListener("click", async () => {
  try {
    await ask(`${address}/approve`, { method: "POST", json: { who: whoDecides() } });
    location.reload();
  } catch (error) {
    say(error.message, true);
  }
});

/* ---- who is told ---- */
byId("webhooks")?.addEventListener("change", async (event) => {
  const tell = statusLine(byId("told"));
  const webhooks = [...event.currentTarget.querySelectorAll(":checked")].map((box) => box.value);
  try {
    await ask(address, { method: "PATCH", json: { webhooks } });
    tell("Saved.");
  } catch (error) {
    tell(error.message, true);
  }
});

/* ---- options, saved as they are changed ---- */
const stored = JSON.parse(byId("stored").textContent);
const saying = statusLine(byId("saved"));
const slider = byId("sensitivity");
let saving = Promise.resolve();
function save(options) {
  saying("Saving …");
  saving = saving.then(async () => {
    try {
      await ask(address, { method: "PATCH", json: { options } });
      saying("Saved. It holds from the next picture on.");
    } catch (error) {
      saying(error.message, true);
    }
  });
}
byId("preset").value = stored.preset ?? "";
byId("method").value = stored.method ?? "";
byId("own-sensitivity").checked = stored.sensitivity !== undefined;
if (stored.sensitivity !== undefined) slider.value = stored.sensitivity;
slider.disabled = !byId("own-sensitivity").checked;
showValue(slider, byId("sensitivity-value"));
byId("preset").addEventListener("change", (event) => save({ preset: event.target.value || null }));
byId("method").addEventListener("change", (event) => save({ method: event.target.value || null, settings: null }));
byId("own-sensitivity").addEventListener("change", (event) => {
  slider.disabled = !event.target.checked;
  save({ sensitivity: event.target.checked ? Number(slider.value) : null });
});
slider.addEventListener("change", () => save({ sensitivity: Number(slider.value) }));
byId("options").addEventListener("submit", (event) => event.preventDefault());

/* ---- parts of the baseline ---- */
const image = byId("pane-before")?.querySelector("img");
const kinds = { ignore: "#d55e00", focus: "#56b4e9", area: "#009e73" };
function drawn() {
  const areas = Object.entries(stored.areas ?? {}).map(([name, points]) => ({ kind: "area", side: "before", form: "polygon", points, name }));
  const parts = ["ignore", "focus"].flatMap((kind) => (stored[kind] ?? []).map((shape) => fromOption(kind, shape)));
  return [...parts, ...areas];
}
let drawing = null;
function saveParts(shapes) {
  const options = {};
  for (const kind of ["ignore", "focus"]) {
    const of = shapes.filter((shape) => shape.kind === kind).map(asOption);
    options[kind] = of.length ? of : null;
  }
  const areas = shapes.filter((shape) => shape.kind === "area");
  const unnamed = shapes.findIndex((shape) => shape.kind === "area" && !shape.name);
  const named = Object.fromEntries(areas.filter((shape) => shape.name).map(({ name, points }) => [name, points]));
  options.areas = Object.keys(named).length ? named : null;
  save(options);
  if (unnamed < 0) return;
  drawing.select(unnamed);
  byId("area-name").focus();
  saving.then(() => saying("Give the new area a name; it is not kept without one."));
}
function start() {
  const size = [image.naturalWidth, image.naturalHeight];
  const shown = { sizes: { before: size }, common: size, placed: { before: size, common: size }, heat: false };
  const viewer = createViewer(shown, { paint: (...where) => drawing.paint(...where), click: (event) => drawing.click(event) });
  const chosen = (shape) => {
    const isArea = shape?.kind === "area";
    byId("area-label").hidden = !isArea;
    if (isArea) byId("area-name").value = shape.name ?? "";
  };
  drawing = createDrawing(viewer, { kinds, forms: ["box", "polygon"], changed: saveParts, sideOf: () => "before", chosen });
  byId("area-name").addEventListener("change", (event) => drawing.relabel({ name: event.target.value.trim() }));
  drawing.load(drawn());
  listenToKeys(viewer.keys, viewer.shiftKeys);
  viewer.setView("side");
}
if (image?.complete && image.naturalWidth) start();
else image?.addEventListener("load", start);
