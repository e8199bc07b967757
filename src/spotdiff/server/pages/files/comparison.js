/* One comparison: decided on, decided anew at another sensitivity, corrected. */
import { ask, base, jobOf, showValue, standing, statusLine, whoDecides } from "./api.js";
import { createDrawing } from "./draw.js";
import { report } from "./report.js";
import { showTiles } from "./tiles.js";
import { byId } from "./viewer.js";

const { id, comparedAt, decision } = byId("actions").dataset;
const address = `${base}/comparisons/${id}`;
const say = statusLine(byId("status"));
const { data, viewer } = report;
report.detail = showTiles(viewer);
const attempt = (act) => async (...given) => {
  try {
    say("");
    await act(...given);
  } catch (error) {
    say(error.message, true);
  }
};

/* ---- the decision ---- */
function showDecision(now) {
  byId("approve").hidden = byId("reject").hidden = Boolean(now);
  byId("undecide").hidden = !now;
  byId("decided").textContent = now;
}
const decide = attempt(async (made) => {
  await ask(`${base}/review`, { method: "POST", json: { decision: made, comparisons: [id], who: whoDecides() } });
  showDecision(made === "undone" ? "" : made);
});
const acts = { a: ["approve", "approved"], r: ["reject", "rejected"], u: ["undecide", "undone"] };
for (const [key, [name, made]] of Object.entries(acts)) {
  byId(name).addEventListener("click", () => decide(made));
  viewer.keys[key] = () => (byId(name).hidden ? false : decide(made));
}
showDecision(decision);

/* ---- the link ---- */
byId("copy").addEventListener("click", async () => {
  const link = location.href.replace(/#.*/, "");
  try {
    await navigator.clipboard.writeText(link);
    say("Copied.");
  } catch {
    say(link);
  }
});

/* ---- another sensitivity: decided anew from what is stored ---- */
const slider = byId("sensitivity");
const { training, ...options } = JSON.parse(byId("asked").textContent); // a client cannot choose what was learned
const told = data.record.regions.map((region) => region.likely);
let asked = 0; // the last question; answers to earlier ones are too late
const judge = attempt(async () => {
  const wanted = Number(slider.value);
  byId("again").hidden = wanted <= Number(comparedAt);
  byId("again").textContent = `Compare again at ${wanted.toFixed(2)}${training ? ", with the weights that ship" : ""}`;
  if (wanted > Number(comparedAt)) return say(`Fainter regions than those at ${Number(comparedAt).toFixed(2)} were not kept.`);
  const number = (asked += 1);
  const record = wanted === Number(comparedAt) ? data.record : await ask(`${address}?sensitivity=${wanted}`);
  if (number === asked) showRecord(record, wanted === Number(comparedAt));
});
const boxesOf = (region) => JSON.stringify([region.box_before, region.box_after]);
/* Regions that do not count are in the record no more; those of the page stay as they are, but are not shown. */
function showRecord(record, same) {
  const counted = new Map(record.regions.map((region) => [boxesOf(region), region.likely]));
  data.record.regions.forEach((region, index) => {
    const likely = same ? told[index] : counted.get(boxesOf(region));
    Object.assign(region, { told: likely !== undefined, likely: Boolean(likely) });
  });
  const heading = document.querySelector(".top h1");
  heading.className = `badge verdict-${record.verdict}`;
  heading.textContent = record.verdict[0].toUpperCase() + record.verdict.slice(1);
  document.querySelector(".top .text").textContent = record.text || record.reason;
  if (record.text) document.querySelector(".top .text + .muted").textContent = record.reason;
  const counts = { regions: data.record.regions.filter((region) => region.likely).length, possible: data.record.regions.filter((region) => region.told && !region.likely).length };
  for (const fact of document.querySelectorAll(".facts div")) {
    const [name, value] = fact.children;
    if (name.textContent in counts) value.textContent = counts[name.textContent];
    if (name.textContent === "changed") value.textContent = `${Number((100 * record.changed_fraction).toPrecision(2))} %`;
  }
  document.querySelector(".regions h2").textContent = counts.regions === 1 ? "One region" : `${counts.regions || ""} regions`.trim();
  byId("possible").hidden = !data.record.regions.some((region) => region.told && !region.likely);
  report.refresh();
}
slider.addEventListener("input", judge);
showValue(slider, byId("sensitivity-value"));

byId("again").addEventListener("click", attempt(async () => {
  const body = new FormData();
  for (const side of ["before", "after"]) {
    const name = data.record[side].path.replace(/\.\w+$/, "") || side;
    body.append(side, await ask(`${address}/${side}.png`), `${name}.png`);
  }
  body.append("options", JSON.stringify({ ...options, sensitivity: Number(slider.value) }));
  const job = await jobOf(`${base}/compare`, body, (now) => say(standing(now)));
  location.assign(`/comparisons/${job.id}`);
}));

/* ---- corrections ---- */
const { matrix, model } = data.record.alignment;
const inverse = matrix && inverted(matrix);
function inverted([[a, b, c], [d, e, f], [g, h, i]]) {
  const cofactors = [[e * i - f * h, c * h - b * i, b * f - c * e], [f * g - d * i, a * i - c * g, c * d - a * f], [d * h - e * g, b * g - a * h, a * e - b * d]];
  const determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0];
  return cofactors.map((row) => row.map((value) => value / determinant));
}
/** @type {(by: number[][], point: number[]) => number[]} */
function moved(by, [x, y]) {
  const [u, v, w] = by.map(([p, q, r]) => p * (x - 0.5) + q * (y - 0.5) + r); // a matrix is of the middles of pixels
  return [u / w + 0.5, v / w + 0.5];
}
const apart = (side) => side === "after" && !viewer.sideBySide() && matrix && model !== "page";
const style = getComputedStyle(document.documentElement);
const colour = (kind) => style.getPropertyValue(`--${kind}`).trim();
const kinds = { ...Object.fromEntries(["added", "removed", "changed", "moved"].map((kind) => [kind, colour(kind)])), ignore: "#888888" };
const belongs = { added: "after", removed: "before", ignore: "before" };
let corrected = null; // of regions, by their numbers
let revision = 0;

const drawing = createDrawing(viewer, {
  kinds,
  forms: ["box", "polygon", "brush"],
  changed: save,
  sideOf: (kind, side) => (viewer.sideBySide() ? side : belongs[kind] ?? side),
  toOwn: (side, point) => (apart(side) ? moved(matrix, point) : point),
  fromOwn: (side, point) => (apart(side) ? moved(inverse, point) : point),
  beside: { get: () => corrected, put: (kinds) => { corrected = kinds; showRegion(); markList(); } },
});
report.over = (...where) => { if (corrected) drawing.paint(...where); };
report.pick = (event) => corrected && drawing.click(event);
report.chosen = showRegion;

const saying = statusLine(byId("saved"));
let saving = Promise.resolve();
let waiting = 0;
function save() {
  clearTimeout(waiting);
  saying("Saving …");
  waiting = setTimeout(() => (saving = saving.then(store)), 400);
}
async function store() {
  const shapes = drawing.shapes.map(({ kind, side, form, points, width }) => ({ kind, side, form, points, ...(width ? { width } : {}) }));
  try {
    ({ revision } = await ask(`${address}/annotations`, { method: "PUT", json: { regions: corrected, shapes, revision, who: whoDecides() } }));
    saying("Saved.");
  } catch (error) {
    saying(error.message, true);
  }
}
addEventListener("beforeunload", (event) => { if (byId("saved").textContent === "Saving …") event.preventDefault(); });

async function load() {
  const correction = await ask(`${address}/annotations`);
  corrected = correction.regions;
  revision = correction.revision;
  drawing.load(correction.shapes);
  saying(revision ? `Saved${correction.who ? ` by ${correction.who}` : ""}.` : "What you draw is saved as you go.");
  showRegion();
  markList();
}

function showRegion() {
  const index = report.state.selected;
  byId("region-kind").disabled = byId("no-change").disabled = index < 0;
  byId("region-kind").value = index < 0 ? "" : corrected?.[index + 1] ?? "";
}
function sayOfRegion(kind) {
  const index = report.state.selected;
  if (index < 0) return;
  drawing.note();
  const { [index + 1]: _, ...others } = corrected;
  corrected = kind ? { ...others, [index + 1]: kind } : others;
  showRegion();
  markList();
  save();
}
/* The list says which regions were corrected. */
function markList() {
  for (const link of document.querySelectorAll("#list .region")) {
    const kind = corrected?.[Number(link.getAttribute("data-region")) + 1];
    link.classList.toggle("is-refuted", kind === "none");
    link.querySelector(".corrected")?.remove();
    if (!kind) continue;
    const note = document.createElement("span");
    note.className = "corrected";
    note.textContent = kind === "none" ? "corrected: no change" : `corrected: ${kind}`;
    link.append(note);
  }
}
new MutationObserver(() => { if (corrected) markList(); }).observe(byId("list"), { childList: true });

byId("region-kind").addEventListener("change", (event) => sayOfRegion(event.target.value));
byId("no-change").addEventListener("click", () => sayOfRegion("none"));
byId("correct").addEventListener("click", attempt(async () => {
  const open = byId("correcting").hidden;
  byId("correcting").hidden = !open;
  byId("correct").setAttribute("aria-expanded", String(open));
  if (open) {
    await load();
    if (model === "page" || !data.heat) viewer.setView("side");
  } else drawing.pick("");
  if (!open) corrected = null;
  viewer.draw();
}));
viewer.keys.e = () => byId("correct").click();
viewer.keys.x = () => (corrected && report.state.selected >= 0 ? sayOfRegion("none") : false);

const archive = () => new URLSearchParams({ format: byId("format").value, joined: String(byId("joined").checked && byId("format").value !== "pairs") });
byId("export").addEventListener("click", attempt(async () => {
  clearTimeout(waiting);
  await (saving = saving.then(store));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await ask(`${address}/annotations.zip?${archive()}`));
  link.download = `${id}-${byId("format").value}.zip`;
  link.click();
}));
byId("import").addEventListener("change", attempt(async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  event.target.value = "";
  if (byId("format").value === "pairs") throw new Error("Choose labelme, coco, cvat or via: what the file is.");
  await ask(`${address}/annotations/import?${archive()}`, { method: "POST", body: file, headers: { "Content-Type": "application/zip" } });
  await load();
}));
