/* One event, on which a person decides. */
import { ask, statusLine } from "./api.js";
import { byId, listenToKeys } from "./viewer.js";

const say = statusLine(byId("status"));
const { url } = byId("event").dataset;
const who = byId("who");
if (who) {
  who.value = localStorage.getItem("who") ?? "";
  byId("remark").addEventListener("submit", (event) => event.preventDefault());
}
for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-decision]"))) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    localStorage.setItem("who", who.value.trim());
    try {
      await ask(`${url}/${button.dataset.decision}`, { method: "POST", json: { who: who.value.trim(), note: byId("note").value.trim() } });
      location.reload();
    } catch (error) {
      say(error.message, true);
      button.disabled = false;
    }
  });
}
listenToKeys({ d: () => byId("theme").click() });
