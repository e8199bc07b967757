/* Takes two pictures, sends them, and shows the report. */
const form = document.getElementById("form");
const status = document.getElementById("status");
const send = form.querySelector("[type=submit]");
const inputs = [...form.querySelectorAll("input[type=file]")];

const say = (text, wrong = false) => {
  status.textContent = text;
  status.classList.toggle("wrong", wrong);
};

const show = (input) => {
  const zone = input.closest(".drop");
  const [file] = input.files;
  const image = zone.querySelector("img");
  URL.revokeObjectURL(image.src);
  image.hidden = !file;
  if (file) image.src = URL.createObjectURL(file);
  zone.querySelector(".hint").textContent = file ? file.name : "Choose a picture, or drop it here";
  send.disabled = inputs.some((one) => !one.files.length);
};

const zoneOf = (event) => event.target.closest?.(".drop");
for (const input of inputs) {
  const zone = input.closest(".drop");
  input.addEventListener("change", () => show(input));
  zone.querySelector("img").addEventListener("error", (event) => (event.target.hidden = true)); // a kind that is not shown
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, () => zone.classList.add("over"));
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"));
  show(input); // a page that was left and come back to has its files
}

document.addEventListener("dragover", (event) => event.preventDefault()); // a picture beside the zones opens no page
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const first = inputs.indexOf(zoneOf(event)?.querySelector("input"));
  if (first < 0) return;
  [...event.dataTransfer.files].slice(0, inputs.length - first).forEach((file, offset) => {
    const one = new DataTransfer();
    one.items.add(file);
    inputs[first + offset].files = one.files;
    show(inputs[first + offset]);
  });
});

const answerOf = async (response) => {
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail);
  if (response.status !== 202) return body.id;
  for (;;) {
    await new Promise((done) => setTimeout(done, 1000));
    const job = await (await fetch(body.url)).json();
    if (job.state === "done") return job.id;
    if (job.state === "failed") throw new Error(job.problem.detail);
    if (job.state === "cancelled") throw new Error("It was cancelled.");
  }
};

const present = (id) => {
  const address = new URL(`/api/v1/comparisons/${id}.html`, location.href).href;
  document.getElementById("share").href = address;
  document.getElementById("report").src = address;
  document.getElementById("answer").hidden = false;
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = new FormData(form);
  send.disabled = true;
  say("Comparing …");
  try {
    present(await answerOf(await fetch("/api/v1/compare", { method: "POST", body })));
    say("");
  } catch (error) {
    say(error.message, true);
  } finally {
    send.disabled = false;
  }
});

document.getElementById("copy").addEventListener("click", async () => {
  const address = document.getElementById("share").href;
  try {
    await navigator.clipboard.writeText(address);
    say("Copied.");
  } catch {
    say(address);
  }
});
