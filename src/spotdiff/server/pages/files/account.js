/* Who is logged in, and the way out. */
import { ask, base } from "./api.js";

const { name, by } = await ask(`${base}/me`);
const form = document.getElementById("account");
if (by === "session") {
  form.querySelector("span").textContent = name;
  form.hidden = false;
}
