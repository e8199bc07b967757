/* Makes a place and opens it. */
import { ask, base, statusLine } from "./api.js";
import { byId, listenToKeys } from "./viewer.js";

const say = statusLine(byId("status"));
byId("new").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const { name } = await ask(`${base}/places`, { method: "POST", json: { name: byId("name").value.trim() } });
    location.assign(`/places/${encodeURIComponent(name)}`);
  } catch (error) {
    say(error.message, true);
  }
});
listenToKeys({ d: () => byId("theme").click() });
