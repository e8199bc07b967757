/* The trainings of a place: begun, followed as they run, stopped, gone on with, and used. */
import { ask, base, make, statusLine } from "./api.js";
import { actor, follow, heading, isUnderWay, tableOf } from "./runs.js";
import { byId, listenToKeys } from "./viewer.js";

const FEWEST = 4;
const say = statusLine(byId("status"));
const { place } = byId("learn").dataset;
const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, EDGE] = [420, 120, 8];
let used = null;

/* ---- curves ---- */
function curve(journal, name, label) {
  const points = journal.filter((row) => row[name] !== null && row[name] !== undefined).map((row) => [row.step, row[name]]);
  if (points.length < 2) return null;
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const scale = (value, values, length) => EDGE + ((value - Math.min(...values)) / (Math.max(...values) - Math.min(...values) || 1)) * (length - 2 * EDGE);
  const line = document.createElementNS(SVG, "polyline");
  line.setAttribute("points", points.map(([x, y]) => `${scale(x, xs, WIDTH).toFixed(1)},${(HEIGHT - scale(y, ys, HEIGHT)).toFixed(1)}`).join(" "));
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", `${label}: ${ys[0].toFixed(3)} at step ${xs[0]}, ${ys.at(-1).toFixed(3)} at step ${xs.at(-1)}`);
  drawn.append(line);
  return make("figure", { className: "curve" }, drawn, make("figcaption", { className: "muted", text: `${label}, ${ys.at(-1).toFixed(3)}` }));
}

/* ---- one training ---- */
const minutes = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);
function howFar({ state, progress, problem }) {
  if (problem) return problem;
  if (state !== "running" || !progress) return "";
  const left = progress.seconds_left === null ? "" : `, about ${minutes(progress.seconds_left)} left`;
  return progress.step >= progress.steps ? "It is measured and written." : `Step ${progress.step} of ${progress.steps}${left}.`;
}
function table({ before, after }) {
  const names = Object.keys(after).filter((name) => !["step", "loss", "validation loss", "lr"].includes(name) && after[name] !== null);
  const shown = (value) => (value === null || value === undefined ? "none" : value.toFixed(3));
  const rows = names.map((name) => [name, shown(before[name]), shown(after[name])]);
  return tableOf("On held-out pairs, through the whole comparison", ["figure", "before", "after"], rows);
}
const button = actor(show, say);
const use = (training) => ask(`${place}/weights`, { method: "PUT", json: { training } });
function actions(training) {
  const post = (what) => ask(`${training.url}/${what}`, { method: "POST", json: {} });
  const { state } = training;
  if (isUnderWay(training)) return [button("Stop", () => post("stop"))];
  if (state === "stopped" || state === "failed") return [button("Go on", () => post("continue"))];
  return training.id === used ? [make("b", { text: "used for this place" })] : [button("Use it for this place", () => use(training.id))];
}
function item(training) {
  const parts = [heading(training)];
  const far = howFar(training);
  if (far) parts.push(make("p", { text: far, className: training.problem ? "wrong" : "" }));
  if (training.state === "running" && training.progress) parts.push(make("progress", { max: training.progress.steps, value: training.progress.step, ariaLabel: "Steps done" }));
  if (training.state === "done" && training.result) parts.push(make("p", { text: training.result.text }));
  parts.push(make("p", { className: "line" }, ...actions(training)));
  const curves = [curve(training.journal, "loss", "loss"), curve(training.journal, "score", "score on held-out pairs")].filter(Boolean);
  if (curves.length) parts.push(make("div", { className: "curves" }, ...curves));
  if (training.result) parts.push(table(training.result));
  if (training.samples.length) parts.push(make("figure", {}, make("img", { className: "sample", loading: "lazy", alt: "Held-out pairs: before, after, the truth, what is predicted", src: training.samples.at(-1) }), make("figcaption", { className: "muted", text: "Held-out pairs: before, after, the truth, what is predicted" })));
  return make("li", { className: "panel training" }, ...parts);
}

/* ---- all of them ---- */
let shownState = "";
async function show() {
  const all = await ask(`${place}/trainings`);
  used = all.used;
  const trainings = await Promise.all(all.trainings.map(({ url }) => ask(url)));
  byId("pairs").textContent = `${all.pairs} corrected comparison${all.pairs === 1 ? "" : "s"}.${all.pairs < FEWEST ? ` Learning needs ${FEWEST}; 20 and more are better.` : ""}`;
  byId("start").disabled = all.pairs < FEWEST || trainings.some(isUnderWay);
  byId("used").textContent = used ? "This place is compared with what it has learned." : "This place is compared with the weights that ship.";
  byId("back").hidden = !used;
  const state = JSON.stringify([used, trainings]);
  if (state === shownState) return; // nothing is drawn anew under a person's hand
  shownState = state;
  byId("trainings").replaceChildren(...trainings.map(item));
}
byId("begin").addEventListener("submit", async (event) => {
  event.preventDefault();
  byId("start").disabled = true;
  try {
    const steps = byId("steps").value ? { steps: Number(byId("steps").value) } : {};
    await ask(`${place}/trainings`, { method: "POST", json: steps });
    say("It learns; this may take an hour, and goes on when this page is closed.");
    await show();
  } catch (error) {
    say(error.message, true);
    byId("start").disabled = false;
  }
});
byId("back").addEventListener("click", async () => {
  try {
    await use(null);
    await show();
  } catch (error) {
    say(error.message, true);
  }
});
listenToKeys({ d: () => byId("theme").click() });
follow(show, say);
