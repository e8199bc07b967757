/* What the pages of long runs share: a list that follows them, and buttons that act on one. */
import { make } from "./api.js";

const POLL_MS = 2000;

/** Call `show` now and again and again; what it throws is told. */
export async function follow(show, say) {
  if (!document.hidden) {
    try {
      await show();
    } catch (error) {
      say(error.message, true);
    }
  }
  setTimeout(() => follow(show, say), POLL_MS); // the next only after this one has come
}

/** A button that acts on a run and then shows how things stand. */
export function actor(show, say) {
  return (text, act) => {
    const node = make("button", { type: "button", className: "button", text });
    node.addEventListener("click", async () => {
      node.disabled = true;
      try {
        await act();
        say("");
        await show();
      } catch (error) {
        say(error.message, true);
        node.disabled = false;
      }
    });
    return node;
  };
}

/** The line that heads a run: its state, when it was asked for, on how many pairs, by whom. */
export function heading({ state, created, pairs, who }) {
  const when = created.slice(0, 16).replace("T", " ");
  return make("p", {}, make("b", { text: state }), ` ${when} UTC, ${pairs} pair${pairs === 1 ? "" : "s"}${who ? `, ${who}` : ""}`);
}

/** Whether a run is neither ended nor stopped. */
export const isUnderWay = ({ state }) => state === "queued" || state === "running";

/** A table with a caption, from its heads and rows of words. */
export function tableOf(caption, heads, rows) {
  const row = ([name, ...cells]) => make("tr", {}, make("th", { scope: "row", text: name }), ...cells.map((text) => make("td", { text })));
  return make("table", { className: "figures" },
    make("caption", { text: caption }),
    make("thead", {}, make("tr", {}, ...heads.map((text) => make("th", { scope: "col", text })))),
    make("tbody", {}, ...rows.map(row)));
}
