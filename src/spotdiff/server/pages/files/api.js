/* Asking the server, and telling what it says. */

export const base = "/api/v1";

/**
 * What an address answers; an error of the server is thrown with its own words.
 *
 * @param {string} address
 * @param {{ method?: string, json?: unknown, body?: BodyInit, headers?: Record<string, string> }} [request]
 * @returns {Promise<any>} what JSON says, else a Blob
 */
export async function ask(address, { method = "GET", json, body, headers = {} } = {}) {
  const sent = json === undefined ? { body, headers } : { body: JSON.stringify(json), headers: { "Content-Type": "application/json", ...headers } };
  const response = await fetch(address, { method, ...sent });
  const kind = response.headers.get("Content-Type") ?? "";
  const answer = kind.includes("json") ? await response.json() : await response.blob();
  if (!response.ok) throw new Error(answer.detail ?? `the server says ${response.status}`);
  return answer;
}

const POLL_MS = 300;

/**
 * Send a form that makes a job, wait for its end, and give the job.
 *
 * @param {string} address
 * @param {FormData} form
 * @param {(job: any) => void} [stands] is told how it stands meanwhile
 */
export async function jobOf(address, form, stands = () => {}) {
  let job = await ask(address, { method: "POST", body: form, headers: { Prefer: "respond-async" } });
  while (job.state === "queued" || job.state === "running") {
    stands(job);
    await new Promise((done) => setTimeout(done, POLL_MS));
    job = await ask(job.url);
  }
  if (job.state === "failed") throw new Error(job.problem.detail);
  if (job.state === "cancelled") throw new Error("It was cancelled.");
  return job;
}

const NAME = "spotdiff-name";

/** The name that a person decides under, as this browser remembers it; the server takes its own word before this. */
export function whoDecides() {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return ""; // a browser may not be allowed to remember
  }
}

/** Let a person say the name in a field. */
export function askWho(field) {
  field.value = whoDecides();
  field.addEventListener("change", () => localStorage.setItem(NAME, field.value.trim()));
}

/** How a job stands, in words. */
export const standing = ({ state, step }) => (state === "queued" ? "Waiting …" : `Comparing: ${step ?? "load"} …`);

/** Where a page tells how things stand. */
export function statusLine(element) {
  return (text, wrong = false) => {
    element.textContent = text;
    element.classList.toggle("wrong", wrong);
  };
}

/**
 * An element with its properties and children.
 *
 * @param {string} name
 * @param {Record<string, any>} [given] properties, with `text` and `dataset`
 * @param {(Node | string)[]} children
 * @returns {any}
 */
export function make(name, { text, ...properties } = {}, ...children) {
  const { dataset = {}, ...others } = properties;
  const node = Object.assign(document.createElement(name), others);
  Object.assign(node.dataset, dataset);
  if (text !== undefined) node.textContent = text;
  node.append(...children);
  return node;
}

/** Show the value of a slider beside it; what comes back shows it again. */
export function showValue(slider, output) {
  const show = () => (output.textContent = Number(slider.value).toFixed(2));
  slider.addEventListener("input", show);
  show();
  return show;
}
