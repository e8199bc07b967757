/* What the cameras see now, how they do, and the events, on which a person decides. */
import { ask, base, make, statusLine } from "./api.js";
import { byId, listenToKeys } from "./viewer.js";

const PICTURE_MS = 1000;
const EVENTS_MS = 3000;
const say = statusLine(byId("status"));

/* ---- cameras ---- */
const cards = [...byId("cameras").children];
const seconds = (value) => (value < 60 ? `${Math.round(value)} s` : `${Math.round(value / 60)} min`);
function howItDoes(camera) {
  if (camera.method_trouble) return camera.method_trouble;
  if (!camera.size) return camera.trouble || "no picture yet";
  if (!camera.connected) return `no picture for ${seconds(camera.since_frame)}`;
  const open = camera.open.length ? `, ${camera.open.length} open` : "";
  return `${camera.fps.toFixed(1)} pictures a second${open}`;
}
function showPicture(card, name) {
  const image = card.querySelector("img");
  const next = new Image();
  next.addEventListener("load", () => {
    image.src = next.src;
    image.hidden = false;
    card.querySelector(".no-picture").hidden = true;
  });
  next.src = `${base}/watch/cameras/${encodeURIComponent(name)}.jpg?${Date.now()}`;
}
async function showCameras() {
  if (document.hidden) return;
  try {
    const status = await ask(`${base}/watch`);
    const trouble = status.trouble || status.store_trouble;
    byId("trouble").textContent = trouble || (status.running ? "" : "The watch is starting.");
    byId("trouble").classList.toggle("wrong", Boolean(trouble));
    for (const camera of status.cameras) {
      const card = cards.find((one) => one.dataset.camera === camera.name);
      if (!card) continue;
      card.querySelector(".how").textContent = howItDoes(camera);
      card.classList.toggle("in-trouble", !camera.connected || Boolean(camera.method_trouble));
      if (camera.size) showPicture(card, camera.name);
    }
  } catch (error) {
    byId("trouble").textContent = error.message;
  }
}

/* ---- events ---- */
let shown = "";
function eventItem(event) {
  const still = event.files.thumbnail ?? event.files.boxes ?? event.files.after;
  const link = `/watch/events/${encodeURIComponent(event.id)}`;
  const when = event.first_seen.slice(0, 19).replace("T", " ");
  const details = make("div", {},
    make("time", { dateTime: event.first_seen, text: `${when} UTC ` }),
    make("span", { className: "badge", text: event.kind }),
    make("a", { href: link, className: "names", text: ` ${event.id}` }),
    make("p", { text: event.text }));
  const buttons = make("p", { className: "line" });
  if (event.state === "open") buttons.append(decide(event, "acknowledge", "Acknowledge"));
  if (event.state !== "closed") buttons.append(decide(event, "normal", "This is normal now"));
  else buttons.append(make("span", { className: "muted", text: `closed: ${event.outcome}` }));
  details.append(buttons);
  const picture = still ? make("img", { alt: "", loading: "lazy", src: still }) : make("span", { className: "no-picture" });
  return make("li", { className: "panel" }, make("a", { href: link, tabIndex: -1, ariaHidden: "true" }, picture), details);
}
function decide(event, what, text) {
  const button = make("button", { type: "button", className: "button", text, ariaLabel: `${text}: ${event.id}` });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await ask(`${event.url}/${what}`, { method: "POST", json: { who: byId("who").value.trim() } });
      say(`${event.id}: ${text}.`);
      await showEvents();
    } catch (error) {
      say(error.message, true);
      button.disabled = false;
    }
  });
  return button;
}
async function showEvents() {
  if (document.hidden) return;
  const query = new URLSearchParams({ limit: "100" });
  for (const name of ["camera", "state"]) if (byId(name).value) query.set(name, byId(name).value);
  try {
    const events = await ask(`${base}/events?${query}`);
    const state = JSON.stringify(events);
    if (state === shown) return; // nothing is drawn anew under a person's hand
    shown = state;
    byId("events").replaceChildren(...events.map(eventItem));
    byId("none").hidden = events.length > 0;
  } catch (error) {
    say(error.message, true);
  }
}

byId("who").value = localStorage.getItem("who") ?? "";
byId("who").addEventListener("change", () => localStorage.setItem("who", byId("who").value.trim()));
byId("filters").addEventListener("submit", (event) => event.preventDefault());
for (const name of ["camera", "state"]) byId(name).addEventListener("change", showEvents);
listenToKeys({ d: () => byId("theme").click() });
const again = async (show, pause) => {
  await show();
  setTimeout(() => again(show, pause), pause); // the next only after this one has come
};
again(showCameras, PICTURE_MS);
again(showEvents, EVENTS_MS);
