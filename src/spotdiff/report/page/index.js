"use strict";
(() => {
  /** @type {(id: string) => any} an element of the page, of the kind that it has there */
  const find = (id) => document.getElementById(id);
  const body = find("rows");
  const rows = [...body.rows].map((node) => ({
    node,
    at: Number(node.dataset.at),
    name: node.dataset.name,
    verdict: node.dataset.verdict,
    score: Number(node.dataset.score),
    regions: Number(node.dataset.regions),
    seconds: Number(node.dataset.seconds),
    words: node.querySelector(".name").textContent.toLowerCase(),
  }));
  /** @type {(selector: string) => HTMLElement[]} */
  const all = (selector) => [...document.querySelectorAll(selector)].filter((each) => each instanceof HTMLElement);
  const counts = all(".count");
  const heads = all(".sort");
  const value = ({ target }) => target.value;
  const state = { verdict: "all", words: "", key: "at", down: false };
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function filter() {
    const wanted = state.words.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = (state.verdict === "all" || row.verdict === state.verdict) && wanted.every((word) => row.words.includes(word));
      row.node.hidden = !fits;
      shown += Number(fits);
    }
    find("shown").textContent = shown === rows.length ? "" : `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
    find("none").hidden = shown > 0;
    find("table").hidden = shown === 0;
  }

  function sort() {
    const { key, down } = state;
    const order = (one, other) => (key === "name" ? names.compare(one.name, other.name) : one[key] - other[key]);
    rows.sort((one, other) => (down ? order(other, one) : order(one, other)) || one.at - other.at);
    body.append(...rows.map((row) => row.node));
    find("order").value = key;
    for (const head of heads) {
      const mine = head.dataset.key === key;
      head.closest("th").setAttribute("aria-sort", mine ? (down ? "descending" : "ascending") : "none");
    }
  }

  function sortBy(key) {
    // Names begin at A, numbers at the largest; a second press turns the order round.
    state.down = state.key === key ? !state.down : key !== "name" && key !== "at";
    state.key = key;
    sort();
  }

  function showOnly(verdict) {
    state.verdict = state.verdict === verdict ? "all" : verdict;
    for (const count of counts) count.setAttribute("aria-pressed", String(count.dataset.verdict === state.verdict));
    filter();
  }

  for (const count of counts) count.addEventListener("click", () => showOnly(count.dataset.verdict));
  for (const head of heads) head.addEventListener("click", () => sortBy(head.dataset.key));
  find("order").addEventListener("change", (event) => { state.key = ""; sortBy(value(event)); });
  find("search").addEventListener("input", (event) => { state.words = value(event); filter(); });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, select");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    find("search").focus();
  });
  find("tools").hidden = false;
  find("none").hidden = rows.length > 0;
})();
