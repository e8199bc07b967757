/* Takes two pictures and how to compare them, and opens the answer. */
import { ask, base, jobOf, showValue, standing, statusLine } from "./api.js";
import { asOption, createDrawing } from "./draw.js";
import { byId, createViewer, listenToKeys } from "./viewer.js";

const form = byId("form");
const send = form.querySelector("[type=submit]");
const inputs = ["before", "after"].map(byId);
const say = statusLine(byId("status"));
const hint = "Choose a picture, or drop or paste it here";

/* ---- the two pictures ---- */
function show(input) {
  const zone = input.closest(".drop");
  const [file] = input.files;
  const image = zone.querySelector("img");
  URL.revokeObjectURL(image.src);
  image.hidden = !file;
  if (file) image.src = URL.createObjectURL(file);
  zone.querySelector(".hint").textContent = file ? file.name : hint;
  send.disabled = inputs.some((one) => !one.files.length);
  if (input.name === "before") drawOn(file);
}

function give(input, file) {
  const one = new DataTransfer();
  one.items.add(file);
  input.files = one.files;
  show(input);
}

/* Several at once fill both, from the one that is meant on. */
function giveAll(files, first) {
  [...files].slice(0, inputs.length - first).forEach((file, offset) => give(inputs[first + offset], file));
}

const inputOf = (target) => inputs.indexOf(target.closest?.(".drop")?.querySelector("input"));
for (const input of inputs) {
  const zone = input.closest(".drop");
  input.addEventListener("change", () => show(input));
  zone.querySelector("img").addEventListener("error", (event) => (event.target.hidden = true)); // a kind that is not shown
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, () => zone.classList.add("over"));
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
}
for (const camera of form.querySelectorAll("[data-takes]")) {
  camera.addEventListener("change", () => { if (camera.files.length) give(byId(camera.dataset.takes), camera.files[0]); });
}
document.addEventListener("dragover", (event) => event.preventDefault()); // a picture beside the zones opens no page
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const first = inputOf(event.target);
  if (first >= 0) giveAll(event.dataTransfer.files, first);
});
document.addEventListener("paste", (event) => {
  const files = event.clipboardData.files;
  if (!files.length) return;
  event.preventDefault();
  const free = inputs.findIndex((input) => !input.files.length);
  const meant = inputOf(document.activeElement);
  giveAll(files, meant >= 0 ? meant : Math.max(free, 0));
});

/* ---- parts of it ---- */
const picture = byId("pane-before").querySelector("img");
let drawing = null;
let viewer = null;
function drawOn(file) {
  URL.revokeObjectURL(picture.src);
  byId("no-parts").hidden = Boolean(file);
  byId("parts-drawing").hidden = !file;
  drawing?.load([]);
  if (file) picture.src = URL.createObjectURL(file);
}
function showParts() {
  if (!byId("parts").open || !picture.naturalWidth) return;
  const size = [picture.naturalWidth, picture.naturalHeight];
  const shown = { sizes: { before: size }, common: size, placed: { before: size, common: size }, heat: false };
  if (viewer) return viewer.show(shown);
  viewer = createViewer(shown, { paint: (...where) => drawing.paint(...where), click: (event) => drawing.click(event) });
  drawing = createDrawing(viewer, { kinds: { ignore: "#d55e00", focus: "#56b4e9" }, forms: ["box", "polygon"], changed: () => {}, sideOf: () => "before" });
  drawing.load([]);
  listenToKeys(viewer.keys, viewer.shiftKeys);
  viewer.show(shown);
}
picture.addEventListener("load", showParts);
picture.addEventListener("error", () => {
  byId("parts-drawing").hidden = true;
  Object.assign(byId("no-parts"), { hidden: false, textContent: "The browser does not show this kind of picture, so that nothing can be drawn on it." });
});
byId("parts").addEventListener("toggle", showParts);

/* ---- sending ---- */
function options() {
  const asked = {};
  if (byId("preset").value) asked.preset = byId("preset").value;
  if (touched || !asked.preset) asked.sensitivity = Number(byId("sensitivity").value);
  for (const kind of ["ignore", "focus"]) {
    const drawn = (drawing?.shapes ?? []).filter((shape) => shape.kind === kind).map(asOption);
    if (drawn.length) asked[kind] = drawn;
  }
  return asked;
}
let touched = false; // a preset has a sensitivity of its own until the person says another
const slider = byId("sensitivity");
slider.addEventListener("input", () => (touched = true));
const showSensitivity = showValue(slider, byId("sensitivity-value"));
byId("preset").addEventListener("change", ({ target }) => {
  slider.value = target.selectedOptions[0].dataset.sensitivity || 0.5;
  touched = false;
  showSensitivity();
});

let running = "";
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = new FormData();
  for (const input of inputs) body.append(input.name, input.files[0]);
  body.append("options", JSON.stringify(options()));
  send.disabled = true;
  byId("cancel").hidden = false;
  say("Comparing …");
  try {
    const job = await jobOf(`${base}/compare`, body, (now) => { running = now.url; say(standing(now)); });
    location.assign(`/comparisons/${job.id}`);
  } catch (error) {
    say(error.message, true);
  } finally {
    running = "";
    byId("cancel").hidden = true;
    send.disabled = false;
  }
});
byId("cancel").addEventListener("click", () => { if (running) ask(running, { method: "DELETE" }).catch(() => {}); });
inputs.forEach(show); // a page that was left and come back to has its files
