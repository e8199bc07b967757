"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const stage = find("stage");
  const regions = data.record.regions;
  const sides = ["before", "after"];
  const views = ["slider", "blink", "side", "heat"];
  const kinds = [...new Set(regions.map((region) => region.kind))];
  const BLINK_MS = 700;
  const MOST_ZOOM = 24;
  const NARROW = 480; // pixels of the stage under which only the chosen region has a label: a phone shows the picture
  const WORDED = 12; // more regions than this in view and a label is its number alone
  const LABELLED = 60; // more than this and only the chosen region has one
  const HALOED = 400; // more than this and boxes have no dark rim
  const MOST_ABOVE = 0.7; // share of the window that pictures may keep while the list below them is scrolled
  const TALL = 2.2; // height over width from which a picture fills the width and is scrolled
  const BLOCK = 24; // entries of the list that are made together, once they come into view
  const ENTRY_PX = 150; // height of an entry, before anybody has seen it
  const CROP = [132, 88]; // pixels of a small picture in the list
  const CLICK_PX = 5; // a pointer that moved less has clicked

  const state = {
    view: "slider", split: 0.5, show: "after", paused: false, boxes: true, zoom: 1,
    centre: { before: [0.5, 0.5], after: [0.5, 0.5] }, selected: -1, hot: -1,
    possible: false, least: 0, kinds: new Set(kinds), order: "score",
  };
  const panes = {};
  for (const side of sides) {
    const root = find(`pane-${side}`);
    const marks = document.createElement("canvas");
    marks.className = "marks";
    marks.setAttribute("aria-hidden", "true"); // the list says the same
    root.append(marks);
    const own = root.querySelector("img:not(.aligned):not(.heat)");
    panes[side] = { root, canvas: root.querySelector(".canvas"), marks, own, frame: [1, 1], size: [1, 1], fit: 1, offset: [0, 0] };
  }

  /* ---- frames: side by side shows each picture's own pixels, every other view the common frame ---- */
  const sideBySide = () => state.view === "side";
  const frameOf = (side) => (sideBySide() ? data.record[side].size : data.common);
  function boxesOf(index, side) {
    if (!sideBySide()) return data.places[index];
    const box = regions[index][`box_${side}`];
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
      const most = Math.max(240, innerHeight * (stage.clientWidth < NARROW ? 0.55 : 0.8));
      const high = Math.round(Math.min((wide * height) / width, most));
      pane.root.style.height = `${high}px`;
      pane.fit = tall ? wide / width : Math.min(wide / width, high / height);
      pane.size = [wide, high];
      moveCanvas(side);
    }
    viewer.classList.toggle("is-tall", isAbove() && viewer.offsetHeight > MOST_ABOVE * innerHeight);
    showSplit();
  }

  const viewer = stage.closest(".viewer");
  const isAbove = () => viewer.getBoundingClientRect().right > list.getBoundingClientRect().left; // or else beside the list
  const scaleOf = (pane) => pane.fit * state.zoom;

  function moveCanvas(side) {
    const pane = panes[side];
    const scale = scaleOf(pane);
    pane.frame.forEach((length, axis) => {
      const long = length * scale;
      const room = pane.size[axis] - long;
      const wanted = pane.size[axis] / 2 - state.centre[side][axis] * long;
      const offset = room >= 0 ? room / 2 : clamp(wanted, room, 0);
      if (room < 0) state.centre[side][axis] = (pane.size[axis] / 2 - offset) / long;
      pane.offset[axis] = offset;
      pane.canvas.style[axis ? "top" : "left"] = `${offset}px`;
      pane.canvas.style[axis ? "height" : "width"] = `${long}px`;
    });
    pane.canvas.classList.toggle("is-large", scale > 3);
    pane.root.classList.toggle("is-zoomed", canPan());
    draw();
  }

  const canPan = () => sides.some((s) => panes[s].frame.some((n, i) => n * scaleOf(panes[s]) > panes[s].size[i] + 1));

  function moveAll() {
    sides.forEach(moveCanvas);
    find("zoom-fit").textContent = `${Math.round(100 * state.zoom)}\u00a0%`;
    showSplit();
  }

  function zoomBy(factor, side = "after", point = null) {
    const zoom = clamp(state.zoom * factor, 1, MOST_ZOOM);
    const pane = panes[side];
    if (point && zoom !== state.zoom) {
      // What lies under the pointer stays there.
      const shift = pane.frame.map((length, axis) =>
        (point[axis] - pane.size[axis] / 2) * (1 / (length * scaleOf(pane)) - 1 / (length * pane.fit * zoom)));
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
      state.centre[side] = [dx, dy].map((delta, axis) => state.centre[side][axis] - delta / (pane.frame[axis] * scaleOf(pane)));
    }
    moveAll();
  }

  /* ---- which regions are shown, and in which order ---- */
  const middle = (index) => {
    const [left, top, right, bottom] = data.places[index][0] || [0, 0, 0, 0];
    return [(left + right) / 2, (top + bottom) / 2];
  };
  const orders = {
    score: (one, other) => regions[other].score - regions[one].score,
    area: (one, other) => regions[other].area - regions[one].area,
    position: (one, other) => middle(one)[1] - middle(other)[1] || middle(one)[0] - middle(other)[0],
  };
  let shown = []; // numbers of the regions that are shown, as the list has them

  function choose() {
    if (!regions.length) return; // the page says why there are none
    const fits = ({ likely, score, kind }) => (likely || state.possible) && score >= state.least && state.kinds.has(kind);
    shown = regions.map((_, index) => index).filter((index) => fits(regions[index]));
    shown.sort((one, other) => orders[state.order](one, other) || one - other);
    fillList();
    find("shown").textContent = shown.length === regions.length ? "" : `${count(shown.length)} of ${count(regions.length)} shown`;
    draw();
  }
  const possible = regions.filter((region) => !region.likely).length;
  const count = new Intl.NumberFormat("en").format;

  /* ---- marks: what is in view is drawn, on a canvas as large as the pane ---- */
  const style = getComputedStyle(document.documentElement);
  const colours = Object.fromEntries(kinds.map((kind) => [kind, style.getPropertyValue(`--${kind}`).trim()]));
  let drawing = 0;
  function draw() {
    drawing ||= requestAnimationFrame(() => { drawing = 0; sides.forEach(drawMarks); });
  }

  const marked = (index) => index === state.selected || index === state.hot;

  function inView(side) {
    const pane = panes[side];
    const scale = scaleOf(pane);
    const found = [];
    for (const index of shown) {
      const boxes = boxesOf(index, side).map(([left, top, right, bottom]) => {
        const [x, y] = [left * scale + pane.offset[0], top * scale + pane.offset[1]];
        return [x, y, Math.max((right - left) * scale, 4), Math.max((bottom - top) * scale, 4)];
      });
      const seen = boxes.some(([x, y, w, h]) => x < pane.size[0] && y < pane.size[1] && x + w > 0 && y + h > 0);
      if (seen) found.push({ index, boxes });
    }
    // the surest on top, the chosen one above all
    return found.sort((one, other) => marked(one.index) - marked(other.index) || other.index - one.index);
  }

  function drawMarks(side) {
    const pane = panes[side];
    const dense = devicePixelRatio || 1;
    const [width, height] = pane.size;
    Object.assign(pane.marks, { width: Math.round(width * dense), height: Math.round(height * dense) });
    const pen = pane.marks.getContext("2d");
    pen.scale(dense, dense);
    drawEdges(pen, pane);
    if (!state.boxes) return;
    const found = inView(side);
    for (const { index, boxes } of found) {
      boxes.forEach((box, place) => drawBox(pen, index, box, boxes.length === 2 && place === 0, found.length));
    }
    drawLabels(pen, pane, found);
  }

  function drawBox(pen, index, [x, y, w, h], was, crowd) {
    const { kind, likely } = regions[index];
    const strong = marked(index);
    if (index === state.hot && index !== state.selected) {
      pen.globalAlpha = 0.2;
      pen.fillStyle = colours[kind];
      pen.fillRect(x, y, w, h);
    }
    pen.globalAlpha = strong || likely ? 1 : 0.7;
    if (strong || (likely && crowd <= HALOED)) {
      pen.lineWidth = strong ? 7 : 4.5;
      pen.strokeStyle = "rgb(0 0 0 / 0.6)";
      pen.strokeRect(x, y, w, h);
    }
    pen.lineWidth = strong ? 4 : likely && crowd <= HALOED ? 2.5 : 1.25;
    pen.strokeStyle = colours[kind];
    pen.setLineDash(was || !likely ? (strong || likely ? [7, 4] : [4, 4]) : []);
    pen.strokeRect(x, y, w, h);
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  function drawLabels(pen, pane, found) {
    const few = stage.clientWidth >= NARROW && found.length <= LABELLED;
    const worded = few && found.length <= WORDED;
    const taken = [];
    pen.font = "640 12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    for (const { index, boxes } of [...found].reverse()) {
      const { kind, score, likely } = regions[index];
      if (!marked(index) && (!few || !likely)) continue;
      const text = marked(index) || worded ? `${index + 1} ${kind} ${score.toFixed(2)}` : String(index + 1);
      const [wide, high] = [pen.measureText(text).width + 10, 18];
      const [x, y, w, h] = boxes[boxes.length - 1];
      const left = clamp(x - 1, 0, Math.max(pane.size[0] - wide, 0));
      const top = y >= high + 1 ? y - high - 1 : y + h + high + 1 <= pane.size[1] ? y + h + 1 : Math.max(y + 1, 0);
      const apart = ([l, t, r, b]) => left >= r || left + wide <= l || top >= b || top + high <= t;
      if (!marked(index) && !taken.every(apart)) continue;
      taken.push([left, top, left + wide, top + high]);
      pen.fillStyle = colours[kind];
      pen.beginPath();
      pen.roundRect(left, top, wide, high, 4);
      pen.fill();
      pen.fillStyle = "#000";
      pen.fillText(text, left + 5, top + high / 2 + 0.5);
    }
  }

  /* Where only one of two pictures that lie flush goes on. */
  function drawEdges(pen, pane) {
    if (sideBySide() || !data.heat) return;
    const [before, after] = sides.map((side) => data.placed[side]);
    pen.setLineDash([6, 5]);
    pen.lineWidth = 1.5;
    pen.font = "600 12px system-ui, sans-serif";
    pen.textBaseline = "top";
    [0, 1].forEach((axis) => {
      if (before[axis] === after[axis]) return;
      const at = Math.min(before[axis], after[axis]) * scaleOf(pane) + pane.offset[axis];
      const name = `only in ${before[axis] < after[axis] ? "after" : "before"}`;
      pen.strokeStyle = "#fff";
      pen.shadowColor = "#000";
      pen.shadowBlur = 3;
      pen.beginPath();
      const [from, to] = [pane.offset[1 - axis], pane.offset[1 - axis] + pane.frame[1 - axis] * scaleOf(pane)];
      pen.moveTo(axis ? from : at, axis ? at : from);
      pen.lineTo(axis ? to : at, axis ? at : to);
      pen.stroke();
      pen.shadowBlur = 0;
      const [left, top] = axis ? [Math.max(from, 0) + 8, at + 7] : [at + 8, Math.max(from, 0) + 36];
      pen.fillStyle = "rgb(12 13 14 / 0.72)";
      pen.fillRect(left - 4, top - 3, pen.measureText(name).width + 8, 19);
      pen.fillStyle = "#fff";
      pen.fillText(name, left, top);
    });
    pen.setLineDash([]);
  }

  /* ---- the list: entries in blocks, each made when it comes into view ---- */
  const list = find("list");
  const blocks = []; // of the list: its element, and the numbers that belong in it
  const blockWatch = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) fillBlock(target);
  }, { rootMargin: "400px" });
  const cropWatch = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) { cropWatch.unobserve(target); drawCrops(target); }
  }, { rootMargin: "200px" });

  function fillList() {
    blockWatch.disconnect();
    cropWatch.disconnect();
    blocks.length = 0;
    for (let start = 0; start < shown.length; start += BLOCK) {
      const numbers = shown.slice(start, start + BLOCK);
      const element = document.createElement("ol");
      element.style.minHeight = `${ENTRY_PX * numbers.length}px`;
      element.dataset.block = blocks.length;
      element.setAttribute("aria-label", `Regions, from entry ${start + 1} on`);
      blocks.push({ element, numbers });
    }
    const none = make("p", "nothing panel", possible && !state.possible ? "No region is likely." : "No region fits.");
    list.replaceChildren(...(shown.length ? blocks.map(({ element }) => element) : [none]));
    for (const { element } of blocks.slice(0, 1)) fillBlock(element);
    for (const { element } of blocks) blockWatch.observe(element);
    setTabStop();
  }

  function fillBlock(element) {
    if (element.childElementCount) return;
    element.style.minHeight = "";
    element.append(...blocks[Number(element.dataset.block)].numbers.map(entryOf));
  }

  function make(name, className, ...children) {
    const node = document.createElement(name);
    node.className = className;
    node.append(...children);
    return node;
  }

  function entryOf(index) {
    const region = regions[index];
    const link = make("a", "region");
    Object.assign(link, { href: `#${index + 1}`, tabIndex: -1 });
    Object.assign(link.dataset, { region: index, kind: region.kind });
    link.classList.toggle("is-possible", !region.likely);
    if (index === state.selected) link.setAttribute("aria-current", "true");
    const crops = make("span", "crops", ...sides.map((side) => Object.assign(make("canvas", side), { title: side })));
    crops.setAttribute("aria-hidden", "true");
    link.append(
      make("span", "number", `#${index + 1}`),
      make("span", "kind", region.likely ? region.kind : `possibly ${region.kind}`),
      make("span", "score", region.score.toFixed(2)),
      crops,
      make("span", "said", region.text),
      make("span", "where", `${data.where[index]} \u00b7 ${count(region.area)} px changed`),
    );
    cropWatch.observe(crops);
    return make("li", "", link);
  }

  const entry = (index) => list.querySelector(`[data-region="${index}"]`);

  function madeEntry(index) {
    const block = blocks.find(({ numbers }) => numbers.includes(index));
    if (block) fillBlock(block.element);
    return entry(index);
  }

  /* One stop for the tab key: the chosen entry, else the first. */
  function setTabStop() {
    for (const link of list.querySelectorAll('[tabindex="0"]')) link.tabIndex = -1;
    const stop = shown.includes(state.selected) ? madeEntry(state.selected) : list.querySelector(".region");
    if (stop) stop.tabIndex = 0;
  }

  /* The region cut out of both pictures on the page, with what is round it, at one scale. */
  async function drawCrops(crops) {
    const region = regions[Number(crops.closest(".region").dataset.region)];
    const spans = sides.map((side) => region[`box_${side}`]).filter(Boolean).map(([l, t, r, b]) => [r - l, b - t]);
    if (!spans.length) return;
    const wanted = [0, 1].map((axis) => Math.max(...spans.map((span) => span[axis])) * 1.5 + 16);
    const scale = Math.min(CROP[0] / wanted[0], CROP[1] / wanted[1]);
    for (const side of sides) {
      const box = region[`box_${side}`];
      const small = crops.querySelector(`.${side}`);
      small.classList.toggle("is-missing", !box);
      if (box) await drawCrop(small, side, box, scale, colours[region.kind]);
    }
  }

  async function drawCrop(small, side, [left, top, right, bottom], scale, colour) {
    const { own } = panes[side];
    await own.decode().catch(() => {});
    const dense = devicePixelRatio || 1;
    Object.assign(small, { width: CROP[0] * dense, height: CROP[1] * dense });
    const size = data.record[side].size;
    const long = CROP.map((pixels) => pixels / scale);
    const start = [(left + right) / 2, (top + bottom) / 2].map((at, axis) =>
      long[axis] >= size[axis] ? (size[axis] - long[axis]) / 2 : clamp(at - long[axis] / 2, 0, size[axis] - long[axis]));
    const pen = small.getContext("2d");
    pen.scale(dense * scale, dense * scale);
    pen.translate(-start[0], -start[1]);
    pen.imageSmoothingEnabled = scale < 3;
    pen.drawImage(own, 0, 0, size[0], size[1]);
    pen.lineWidth = 1.5 / scale;
    pen.strokeStyle = colour;
    pen.strokeRect(left, top, right - left, bottom - top);
  }

  /* ---- one region ---- */
  function heat(index) {
    if (index === state.hot) return;
    for (const each of [state.hot, index]) entry(each)?.classList.toggle("is-hot", each === index);
    state.hot = index;
    draw();
  }

  function select(index, { focus = false, shows = focus } = {}) {
    entry(state.selected)?.removeAttribute("aria-current");
    state.selected = index;
    remember();
    if (index < 0) { zoomOut(); return setTabStop(); }
    const link = madeEntry(index);
    link.setAttribute("aria-current", "true");
    setTabStop();
    goTo(index);
    const [inner, outer] = [link.getBoundingClientRect(), list.getBoundingClientRect()];
    const [top, bottom] = [Math.max(outer.top, 0), Math.min(outer.bottom, innerHeight)];
    list.scrollTop += Math.min(inner.top - top - 6, 0) + Math.max(inner.bottom - bottom + 6, 0);
    if (shows) show(link);
    if (focus) link.focus({ preventScroll: true });
  }

  /* Scroll the page, too: a picture that stays above the list must not hide the entry. */
  function show(link) {
    const covered = isAbove() && getComputedStyle(viewer).position === "sticky";
    link.style.scrollMarginTop = covered ? `${viewer.offsetHeight + 8}px` : "";
    link.scrollIntoView({ block: "nearest" });
  }

  function remember() {
    try {
      history.replaceState(null, "", state.selected < 0 ? `#${state.view}` : `#${state.selected + 1}`);
    } catch {
      // a page in a frame without an address of its own cannot be linked into
    }
  }

  function goTo(index) {
    const zooms = [];
    for (const side of sides) {
      const boxes = boxesOf(index, side);
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
  }

  function step(direction) {
    if (!shown.length) return;
    const at = shown.indexOf(state.selected);
    const from = at < 0 && direction < 0 ? 0 : at;
    select(shown[(from + direction + shown.length) % shown.length], { focus: true });
  }

  /* Choose the region of a link, though filters hide it. */
  function follow(index) {
    if (!shown.includes(index)) {
      state.kinds.add(regions[index].kind);
      state.least = Math.min(state.least, regions[index].score);
      state.possible ||= !regions[index].likely;
      showFilters();
      choose();
    }
    select(index, { shows: true });
  }

  /* ---- views ---- */
  function openView(view) {
    setView(view);
    remember();
  }

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
    sides.forEach(placeImages);
    layout();
    zoomOut();
    if (state.selected >= 0) goTo(state.selected);
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

  /* Left of the divider is before, right of it after; what only one of them has is shown on both sides. */
  function showSplit() {
    const cut = state.view === "slider";
    const [wide, high] = panes.after.size;
    const at = state.split * wide;
    const ends = (side) => data.placed[side].map((n, axis) => n * scaleOf(panes[side]) + panes[side].offset[axis]);
    const clip = (...corners) => (cut ? `polygon(${corners.map(([x, y]) => `${x}px ${y}px`).join(",")})` : "");
    const [right, bottom] = ends("before");
    const left = Math.min(at, right);
    panes.after.root.style.clipPath = clip([left, 0], [wide, 0], [wide, high], [0, high], [0, bottom], [left, bottom]);
    const [edge, foot] = ends("after");
    const far = Math.max(at, edge);
    panes.before.root.style.clipPath = clip([0, 0], [at, 0], [at, foot], [far, foot], [far, 0], [wide, 0], [wide, high], [0, high]);
    find("divider").style.left = `${100 * state.split}%`;
    find("split").value = 100 * state.split;
    find("split").setAttribute("aria-valuetext", `${Math.round(100 * state.split)} % before`);
  }

  function setSplit(split) {
    state.split = clamp(split, 0, 1);
    showSplit();
  }

  function setBoxes(on) {
    state.boxes = on;
    find("boxes").setAttribute("aria-pressed", String(on));
    draw();
  }

  /* ---- pointer ---- */
  function pointIn(event, side) {
    const area = panes[side].root.getBoundingClientRect();
    return [event.clientX - area.left, event.clientY - area.top];
  }
  const sideAt = (event) => (event.target.closest("#pane-before") ? "before" : "after");

  /* The smallest region under the pointer, or -1. */
  function regionAt(event) {
    if (!state.boxes || !event.target.closest(".pane")) return -1;
    const side = sideAt(event);
    const [px, py] = pointIn(event, side);
    const under = inView(side).flatMap(({ index, boxes }) => boxes
      .filter(([x, y, w, h]) => px >= x - 3 && py >= y - 3 && px <= x + w + 3 && py <= y + h + 3)
      .map(([, , w, h]) => ({ index, area: w * h })));
    return under.reduce((best, each) => (each.area < best.area ? each : best), { index: -1, area: Infinity }).index;
  }

  let drag = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const area = stage.getBoundingClientRect();
    const near = Math.abs(event.clientX - area.left - state.split * area.width) < 28;
    const splits = state.view === "slider" && (near || !canPan());
    drag = { splits, x: event.clientX, y: event.clientY, moved: false, region: regionAt(event) };
    if (!splits && !canPan()) return;
    stage.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag) return heat(regionAt(event));
    drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > CLICK_PX;
    if (!drag.moved) return;
    const area = stage.getBoundingClientRect();
    if (drag.splits) setSplit((event.clientX - area.left) / area.width);
    else if (canPan()) pan(event.clientX - drag.x, event.clientY - drag.y);
    Object.assign(drag, { x: event.clientX, y: event.clientY });
  });
  stage.addEventListener("pointerup", (event) => {
    const clicked = drag && !drag.moved ? drag : null;
    drag = null;
    if (!clicked) return;
    const area = stage.getBoundingClientRect();
    if (clicked.region >= 0) select(clicked.region === state.selected ? -1 : clicked.region);
    else if (clicked.splits) setSplit((event.clientX - area.left) / area.width);
  });
  stage.addEventListener("pointercancel", () => { drag = null; });
  stage.addEventListener("pointerleave", () => heat(-1));
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // the plain wheel scrolls the page
    event.preventDefault();
    const side = sideAt(event);
    zoomBy(Math.exp(-event.deltaY / 240), side, pointIn(event, side));
  }, { passive: false });
  stage.addEventListener("dblclick", (event) => {
    if (regionAt(event) >= 0) return;
    const side = sideAt(event);
    if (state.zoom > 1) zoomOut();
    else zoomBy(3, side, pointIn(event, side));
  });

  const indexOf = (event) => Number(event.target.closest?.("[data-region]")?.dataset.region ?? -1);
  for (const kind of ["pointerover", "focusin"]) list.addEventListener(kind, (event) => heat(indexOf(event)));
  for (const kind of ["pointerleave", "focusout"]) list.addEventListener(kind, () => heat(-1));
  list.addEventListener("click", (event) => {
    const index = indexOf(event);
    if (index < 0 || event.ctrlKey || event.metaKey || event.shiftKey) return; // the browser opens the link elsewhere
    event.preventDefault();
    select(index === state.selected ? -1 : index);
  });

  /* ---- filters ---- */
  for (const kind of kinds) {
    const button = make("button", "button");
    button.type = "button";
    button.dataset.kind = kind;
    button.addEventListener("click", () => {
      if (!state.kinds.delete(kind)) state.kinds.add(kind);
      showFilters();
      choose();
    });
    find("kinds").append(button);
  }
  find("possible").addEventListener("click", () => { state.possible = !state.possible; showFilters(); choose(); });
  find("least").addEventListener("input", (event) => { state.least = Number(event.target.value); showFilters(); choose(); });
  find("order").addEventListener("change", (event) => { state.order = event.target.value; choose(); });

  const heading = find("heading").textContent;
  function showFilters() {
    for (const button of find("kinds").children) {
      const { kind } = button.dataset;
      const of = regions.filter((region) => region.kind === kind && (region.likely || state.possible));
      button.textContent = `${kind} ${count(of.length)}`;
      button.setAttribute("aria-pressed", String(state.kinds.has(kind)));
    }
    const faint = possible && state.possible ? `${count(possible)} possible` : "";
    find("heading").textContent = faint && regions.length > possible ? `${heading} and ${faint}` : faint || heading;
    find("possible").textContent = `${count(possible)} possible: ${state.possible ? "hide" : "show"}`;
    find("possible").setAttribute("aria-expanded", String(state.possible));
    find("least").value = state.least;
    find("least-value").textContent = state.least.toFixed(2);
  }

  /* ---- buttons and keys ---- */
  for (const button of document.querySelectorAll(".button[data-view]")) {
    button.addEventListener("click", () => openView(button.dataset.view));
  }
  find("boxes").addEventListener("click", () => setBoxes(!state.boxes));
  find("pause").addEventListener("click", () => setPaused(!state.paused));
  find("zoom-in").addEventListener("click", () => zoomBy(1.5));
  find("zoom-out").addEventListener("click", () => zoomBy(1 / 1.5));
  find("zoom-fit").addEventListener("click", zoomOut);
  find("split").addEventListener("input", (event) => setSplit(event.target.value / 100));

  function sideways(direction) {
    if (state.view === "slider") return setSplit(state.split + 0.02 * direction);
    if (state.view === "blink" && !canPan()) { setPaused(true); return flipTo(direction < 0 ? "before" : "after"); }
    return pan(-40 * direction, 0);
  }
  function space() {
    if (state.view === "blink") setPaused(!state.paused);
    else if (state.view === "slider") setSplit(state.split > 0.5 ? 0 : 1);
    else openView("blink");
  }
  const keys = {
    1: () => openView(views[0]), 2: () => openView(views[1]), 3: () => openView(views[2]), 4: () => openView(views[3]),
    n: () => step(1), p: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
    ArrowLeft: () => sideways(-1), ArrowRight: () => sideways(1),
    b: () => setBoxes(!state.boxes), d: () => find("theme").click(),
    "+": () => zoomBy(1.5), "=": () => zoomBy(1.5), "-": () => zoomBy(1 / 1.5), 0: zoomOut, " ": space,
    Escape: () => (state.selected < 0 ? zoomOut() : select(-1)),
  };
  const panKeys = {
    ArrowLeft: () => pan(40, 0), ArrowRight: () => pan(-40, 0), ArrowUp: () => pan(0, 40), ArrowDown: () => pan(0, -40),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select") || (event.key === " " && event.target.closest("button"));
    const act = (event.shiftKey && panKeys[event.key]) || keys[event.key];
    const scrolls = !shown.length && (event.key === "ArrowUp" || event.key === "ArrowDown") && !event.shiftKey;
    if (typing || scrolls || event.ctrlKey || event.metaKey || event.altKey || !act) return;
    event.preventDefault();
    act();
  });

  /* ---- start ---- */
  document.documentElement.classList.add("has-script");
  find("toolbar").hidden = find("keys").hidden = false;
  find("filters").hidden = !regions.length;
  find("possible").hidden = !possible;
  document.querySelector('[data-view="heat"].button').disabled = !data.heat;
  state.paused = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let wide = 0;
  new ResizeObserver(() => {
    if (stage.clientWidth === wide) return; // the height is our own doing
    wide = stage.clientWidth;
    requestAnimationFrame(layout);
  }).observe(stage);
  showFilters();
  choose();
  const asked = location.hash.slice(1);
  // Pictures that were never brought together are shown beside each other.
  setView(views.includes(asked) ? asked : data.heat ? "slider" : "side");
  function openLink() {
    const index = Number(location.hash.slice(1)) - 1;
    if (regions[index] && index !== state.selected) follow(index);
  }
  addEventListener("hashchange", openLink);
  openLink();
})();
