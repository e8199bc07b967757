/* Methods measured side by side, on what people corrected at a place or on a labelled set. */
import { ask, base, make, statusLine } from "./api.js";
import { actor, follow, heading, isUnderWay, tableOf } from "./runs.js";
import { byId, listenToKeys } from "./viewer.js";

const say = statusLine(byId("status"));
const { on, counted } = byId("measure").dataset;
const FIGURES = ["any F1", "any IoU", "any AP", "boxes recall", "boxes precision", "boxes kind right", "pictures caught", "pictures false alarms", "cost s/pair"];
const MAPS = { any: "any change", added: "added", new: "added or new", removed: "removed", gone: "removed or gone", changed: "changed", unchanged: "unchanged" };
const button = actor(show, say);
let shownState = "";

function figures(table) {
  const names = FIGURES.filter((name) => table.some((row) => row[name] !== null && row[name] !== undefined));
  const cell = (value) => (value === null || value === undefined ? "none" : value.toFixed(3));
  return tableOf("Figures", ["method", ...names], table.map((row) => [row.method, ...names.map((name) => cell(row[name]))]));
}
function chart(url) {
  const map = url.replace(/.*precision_recall_(.*)\.svg/, "$1");
  const text = `Precision against recall: ${MAPS[map] ?? map}`;
  return make("figure", { className: "chart" }, make("img", { loading: "lazy", alt: text, src: url }), make("figcaption", { className: "muted", text }));
}
function item(measurement) {
  const post = (what) => ask(`${measurement.url}/${what}`, { method: "POST", json: {} });
  const parts = [heading(measurement)];
  if (measurement.problem) parts.push(make("p", { className: "wrong", text: measurement.problem }));
  if (isUnderWay(measurement)) parts.push(make("p", { className: "line" }, button("Stop", () => post("stop"))));
  if (measurement.state === "stopped" || measurement.state === "failed") parts.push(make("p", { className: "line" }, button("Go on", () => post("continue"))));
  if (measurement.table.length) parts.push(make("div", { className: "scrolled", tabIndex: 0, role: "region", ariaLabel: "Figures" }, figures(measurement.table)));
  if (measurement.charts.length) parts.push(make("div", { className: "curves" }, ...measurement.charts.map(chart)));
  return make("li", { className: "panel training" }, ...parts);
}
async function showTrainings() {
  if (!on.startsWith(`${base}/places/`)) return; // the page of a set lists what all places have learned
  const { trainings } = await ask(`${on}/trainings`);
  for (const { id, state, created } of trainings) {
    if (state !== "done" || byId("methods").querySelector(`[value="${id}"]`)) continue;
    const box = make("input", { type: "checkbox", name: "training", value: id });
    byId("methods").append(make("label", {}, box, ` learned ${created.slice(0, 16).replace("T", " ")}`));
  }
}
async function show() {
  const all = await ask(`${on}/measurements`);
  const measurements = await Promise.all(all.measurements.map(({ url }) => ask(url)));
  byId("pairs").textContent = `${all.pairs} ${counted}${all.pairs === 1 ? "" : "s"}.`;
  byId("start").disabled = !all.pairs || measurements.some(isUnderWay);
  const state = JSON.stringify(measurements);
  if (state === shownState) return; // nothing is drawn anew under a person's hand
  shownState = state;
  byId("measurements").replaceChildren(...measurements.map(item));
}
byId("begin").addEventListener("submit", async (event) => {
  event.preventDefault();
  const chosen = (name) => [...byId("methods").querySelectorAll(`[name=${name}]:checked`)].map((box) => box.value);
  try {
    await ask(`${on}/measurements`, { method: "POST", json: { methods: chosen("method"), trainings: chosen("training") } });
    say("It is measured; this goes on when this page is closed.");
    await show();
  } catch (error) {
    say(error.message, true);
  }
});
listenToKeys({ d: () => byId("theme").click() });
follow(show, say);
showTrainings().catch((error) => say(error.message, true));
