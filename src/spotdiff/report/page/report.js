"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const stage = find("stage");
  const regions = data.record.regions;
  const sides = ["before", "after"];
  const views = ["slider", "blink", "side", "heat"];
  const BLINK_MS = 700;
  const MOST_ZOOM = 24;
  const CROWD = 12; // more regions than this and a tag shows its number alone
  const TALL = 2.2; // height over width from which a picture fills the width and is scrolled

  const state = {
    view: "slider", split: 0.5, show: "after", paused: false, boxes: true,
    zoom: 1, centre: { before: [0.5, 0.5], after: [0.5, 0.5] }, selected: -1,
  };
  const panes = {};
  for (const side of sides) {
    const root = find(`pane-${side}`);
    const canvas = root.querySelector(".canvas");
    const marks = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    marks.classList.add("marks");
    marks.setAttribute("aria-hidden", "true");
    const chips = document.createElement("div");
    chips.className = "chips";
    canvas.append(marks, chips);
    panes[side] = { root, canvas, marks, chips, frame: [1, 1], size: [1, 1], fit: 1 };
  }

  /* ---- frames: side by side shows each picture's own pixels, every other view the common frame ---- */
  const sideBySide = () => state.view === "side";
  const frameOf = (side) => (sideBySide() ? data.record[side].size : data.common);
  function boxesOf(region, side) {
    if (!sideBySide()) return data.places[regions.indexOf(region)];
    const box = region[`box_${side}`];
    return box ? [box] : [];
  }

  function placeImages(side) {
    const [width, height] = frameOf(side);
    for (const image of panes[side].canvas.querySelectorAll("img")) {
      const own = sideBySide() ? data.record[side].size : data.placed[image.dataset.size];
      image.style.width = `${(100 * own[0]) / width}%`;
      image.style.height = `${(100 * own[1]) / height}%`;
    }
  }

  /* ---- layout ---- */
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  function layout() {
    for (const side of sides) {
      const pane = panes[side];
      const [width, height] = (pane.frame = frameOf(side));
      const wide = pane.root.clientWidth;
      const tall = height > TALL * width;
      const most = Math.max(240, innerHeight * 0.8);
      const high = Math.round(Math.min((wide * height) / width, most));
      pane.root.style.height = `${high}px`;
      pane.fit = tall ? wide / width : Math.min(wide / width, high / height);
      pane.size = [wide, high];
      moveCanvas(side);
    }
    stage.classList.toggle("is-crowded", regions.length > CROWD || stage.clientWidth < 480);
    showSplit();
  }

  function moveCanvas(side) {
    const pane = panes[side];
    const scale = pane.fit * state.zoom;
    pane.frame.forEach((length, axis) => {
      const long = length * scale;
      const room = pane.size[axis] - long;
      const wanted = pane.size[axis] / 2 - state.centre[side][axis] * long;
      const offset = room >= 0 ? room / 2 : clamp(wanted, room, 0);
      if (room < 0) state.centre[side][axis] = (pane.size[axis] / 2 - offset) / long;
      pane.canvas.style[axis ? "top" : "left"] = `${offset}px`;
      pane.canvas.style[axis ? "height" : "width"] = `${long}px`;
    });
    pane.canvas.classList.toggle("is-large", scale > 3);
    pane.root.classList.toggle("is-zoomed", canPan());
  }

  const canPan = () => sides.some((s) => panes[s].frame.some((n, i) => n * panes[s].fit * state.zoom > panes[s].size[i] + 1));

  function moveAll() {
    sides.forEach(moveCanvas);
    find("zoom-fit").textContent = `${Math.round(100 * state.zoom)}\u00a0%`;
  }

  function zoomBy(factor, side = "after", point = null) {
    const zoom = clamp(state.zoom * factor, 1, MOST_ZOOM);
    const pane = panes[side];
    if (point && zoom !== state.zoom) {
      // What lies under the pointer stays there.
      const shift = pane.frame.map((length, axis) =>
        (point[axis] - pane.size[axis] / 2) * (1 / (length * pane.fit * state.zoom) - 1 / (length * pane.fit * zoom)));
      for (const each of sides) state.centre[each] = state.centre[each].map((value, axis) => value + shift[axis]);
    }
    state.zoom = zoom;
    moveAll();
  }

  function zoomOut() {
    state.zoom = 1;
    for (const side of sides) state.centre[side] = [0.5, panes[side].frame[1] > TALL * panes[side].frame[0] ? 0 : 0.5];
    moveAll();
  }

  function pan(dx, dy) {
    for (const side of sides) {
      const pane = panes[side];
      const scale = pane.fit * state.zoom;
      state.centre[side] = [dx, dy].map((delta, axis) => state.centre[side][axis] - delta / (pane.frame[axis] * scale));
    }
    sides.forEach(moveCanvas);
  }

  /* ---- marks ---- */
  function svg(name, attributes, parent) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    parent.append(node);
    return node;
  }

  function drawMarks(side) {
    const pane = panes[side];
    const [width, height] = frameOf(side);
    pane.marks.replaceChildren();
    pane.chips.replaceChildren();
    pane.marks.setAttribute("viewBox", `0 0 ${width} ${height}`);
    pane.marks.setAttribute("preserveAspectRatio", "none");
    regions.forEach((region, index) => {
      const boxes = boxesOf(region, side);
      boxes.forEach((box, place) => drawBox(pane, region, index, box, boxes.length === 2 && place === 0));
      if (boxes.length) drawChip(pane, region, index, boxes[boxes.length - 1], [width, height]);
    });
  }

  function drawBox(pane, region, index, [left, top, right, bottom], was) {
    const group = svg("g", { "data-region": index, "data-kind": region.kind, class: was ? "was" : "" }, pane.marks);
    const shape = { x: left, y: top, width: right - left, height: bottom - top };
    svg("rect", { ...shape, class: "shape" }, group);
    svg("rect", { ...shape, class: "halo" }, group);
    svg("rect", { ...shape, class: "line" }, group);
  }

  function drawChip(pane, region, index, box, [width, height]) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "chip";
    chip.dataset.region = index;
    chip.dataset.kind = region.kind;
    chip.tabIndex = -1; // the list has the same buttons for the keyboard
    chip.setAttribute("aria-label", `Region ${index + 1}, ${region.kind}, score ${region.score.toFixed(2)}`);
    const more = document.createElement("span");
    more.className = "more";
    more.textContent = ` ${region.kind} ${region.score.toFixed(2)}`;
    chip.append(String(index + 1), more);
    const fromRight = box[0] > 0.8 * width;
    chip.style.left = `${(100 * (fromRight ? Math.min(box[2], width) : Math.max(box[0], 0))) / width}%`;
    chip.style.top = `${(100 * Math.max(box[1], 0)) / height}%`;
    chip.classList.toggle("is-left", fromRight);
    chip.classList.toggle("is-inside", box[1] < 0.06 * height);
    pane.chips.append(chip);
  }

  const marked = (index) => document.querySelectorAll(`[data-region="${index}"]`);

  function heat(index, hot) {
    for (const node of marked(index)) node.classList.toggle("is-hot", hot || index === state.selected);
  }

  function select(index) {
    const former = state.selected;
    state.selected = index === former ? -1 : index;
    if (former >= 0) heat(former, false);
    for (const item of document.querySelectorAll(".region")) {
      item.setAttribute("aria-pressed", String(Number(item.dataset.region) === state.selected));
    }
    if (state.selected < 0) return zoomOut();
    heat(index, true);
    goTo(regions[index]);
    document.querySelector(`.region[data-region="${index}"]`)?.scrollIntoView({ block: "nearest" });
    for (const node of marked(index)) {
      if (node.classList.contains("region")) continue;
      node.classList.remove("flash");
      void node.getBoundingClientRect(); // starts the animation anew
      node.classList.add("flash");
    }
  }

  function goTo(region) {
    const zooms = [];
    for (const side of sides) {
      const boxes = boxesOf(region, side);
      if (!boxes.length) continue;
      const edge = (axis, pick) => pick(...boxes.map((box) => box[axis]));
      const low = [edge(0, Math.min), edge(1, Math.min)];
      const high = [edge(2, Math.max), edge(3, Math.max)];
      const pane = panes[side];
      state.centre[side] = low.map((value, axis) => (value + high[axis]) / 2 / pane.frame[axis]);
      zooms.push(...low.map((value, axis) => (0.35 * pane.size[axis]) / (Math.max(1, high[axis] - value) * pane.fit)));
    }
    state.zoom = zooms.length ? clamp(Math.min(...zooms), 1, 8) : 1;
    if (state.view === "slider") state.split = 0.5;
    moveAll();
    showSplit();
  }

  function step(direction) {
    if (!regions.length) return;
    const from = state.selected < 0 && direction < 0 ? 0 : state.selected;
    const next = (from + direction + regions.length) % regions.length;
    if (next !== state.selected) select(next);
  }

  /* ---- views ---- */
  let timer = 0;
  function setView(view) {
    if (document.querySelector(`[data-view="${view}"].button`).disabled) return;
    state.view = view;
    stage.dataset.view = view;
    for (const button of document.querySelectorAll(".button[data-view]")) {
      button.setAttribute("aria-pressed", String(button.dataset.view === view));
    }
    find("divider").hidden = view !== "slider";
    find("legend").hidden = view !== "heat";
    find("pause").hidden = view !== "blink";
    state.zoom = 1;
    for (const side of sides) { placeImages(side); drawMarks(side); }
    layout();
    zoomOut();
    if (state.selected >= 0) { heat(state.selected, true); goTo(regions[state.selected]); }
    restartBlink();
  }

  function restartBlink() {
    clearInterval(timer);
    stage.dataset.show = state.show;
    find("pause").textContent = state.paused ? "Play" : "Pause";
    if (state.view !== "blink" || state.paused) return;
    timer = setInterval(() => flipTo(state.show === "after" ? "before" : "after"), BLINK_MS);
  }

  function flipTo(side) {
    state.show = side;
    stage.dataset.show = side;
  }

  function setPaused(paused) {
    state.paused = paused;
    restartBlink();
  }

  function showSplit() {
    const percent = 100 * state.split;
    const cut = state.view === "slider";
    panes.before.root.style.clipPath = cut ? `inset(0 ${100 - percent}% 0 0)` : "";
    panes.after.root.style.clipPath = cut ? `inset(0 0 0 ${percent}%)` : "";
    find("divider").style.left = `${percent}%`;
    find("split").value = percent;
    find("split").setAttribute("aria-valuetext", `${Math.round(percent)} % before`);
  }

  function setSplit(split) {
    state.split = clamp(split, 0, 1);
    showSplit();
  }

  function setBoxes(on) {
    state.boxes = on;
    stage.classList.toggle("is-plain", !on);
    find("boxes").setAttribute("aria-pressed", String(on));
  }

  /* ---- pointer ---- */
  function pointIn(event, side) {
    const area = panes[side].root.getBoundingClientRect();
    return [event.clientX - area.left, event.clientY - area.top];
  }
  const sideAt = (event) => (event.target.closest("#pane-before") ? "before" : "after");

  let drag = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest(".chip")) return;
    const area = stage.getBoundingClientRect();
    const near = Math.abs(event.clientX - area.left - state.split * area.width) < 28;
    const splits = state.view === "slider" && (near || !canPan());
    if (!splits && !canPan()) return;
    drag = { splits, x: event.clientX, y: event.clientY };
    stage.setPointerCapture(event.pointerId);
    if (splits) setSplit((event.clientX - area.left) / area.width);
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const area = stage.getBoundingClientRect();
    if (drag.splits) setSplit((event.clientX - area.left) / area.width);
    else pan(event.clientX - drag.x, event.clientY - drag.y);
    Object.assign(drag, { x: event.clientX, y: event.clientY });
  });
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { drag = null; });
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the plain wheel scrolls the page
    event.preventDefault();
    const side = sideAt(event);
    zoomBy(Math.exp(-event.deltaY / 240), side, pointIn(event, side));
  }, { passive: false });
  stage.addEventListener("dblclick", (event) => {
    const side = sideAt(event);
    if (state.zoom > 1) zoomOut();
    else zoomBy(3, side, pointIn(event, side));
  });

  for (const area of [stage, document.querySelector(".regions")]) {
    const indexOf = (event) => event.target.closest?.("[data-region]")?.dataset.region;
    for (const [kind, hot] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
      area.addEventListener(kind, (event) => { const at = indexOf(event); if (at !== undefined) heat(Number(at), hot); });
    }
    area.addEventListener("click", (event) => { const at = indexOf(event); if (at !== undefined) select(Number(at)); });
  }

  /* ---- buttons and keys ---- */
  for (const button of document.querySelectorAll(".button[data-view]")) {
    button.addEventListener("click", () => setView(button.dataset.view));
  }
  find("boxes").addEventListener("click", () => setBoxes(!state.boxes));
  find("pause").addEventListener("click", () => setPaused(!state.paused));
  find("zoom-in").addEventListener("click", () => zoomBy(1.5));
  find("zoom-out").addEventListener("click", () => zoomBy(1 / 1.5));
  find("zoom-fit").addEventListener("click", zoomOut);
  find("split").addEventListener("input", (event) => setSplit(event.target.value / 100));

  function arrow(dx, dy) {
    if (state.view === "slider" && dx) return setSplit(state.split + 0.02 * dx);
    if (state.view === "blink" && dx && !canPan()) { setPaused(true); return flipTo(dx < 0 ? "before" : "after"); }
    return pan(-40 * dx, -40 * dy);
  }
  function space() {
    if (state.view === "blink") setPaused(!state.paused);
    else if (state.view === "slider") setSplit(state.split > 0.5 ? 0 : 1);
    else setView("blink");
  }
  const keys = {
    1: () => setView(views[0]), 2: () => setView(views[1]), 3: () => setView(views[2]), 4: () => setView(views[3]),
    n: () => step(1), p: () => step(-1), b: () => setBoxes(!state.boxes), d: () => find("theme").click(),
    "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: zoomOut, " ": space,
    Escape: () => (state.selected < 0 ? zoomOut() : select(state.selected)),
    ArrowLeft: () => arrow(-1, 0), ArrowRight: () => arrow(1, 0), ArrowUp: () => arrow(0, -1), ArrowDown: () => arrow(0, 1),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input") || (event.key === " " && event.target.closest("button"));
    const scrolls = (event.key === "ArrowUp" || event.key === "ArrowDown") && !canPan();
    if (typing || scrolls || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  /* ---- start ---- */
  document.documentElement.classList.add("has-script");
  find("toolbar").hidden = find("keys").hidden = false;
  document.querySelector('[data-view="heat"].button').disabled = !data.heat;
  state.paused = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let wide = 0;
  new ResizeObserver(() => {
    if (stage.clientWidth === wide) return; // the height is our own doing
    wide = stage.clientWidth;
    requestAnimationFrame(layout);
  }).observe(stage);
  const asked = location.hash.slice(1);
  // Pictures that were never brought together are shown beside each other.
  setView(views.includes(asked) ? asked : data.heat ? "slider" : "side");
})();
