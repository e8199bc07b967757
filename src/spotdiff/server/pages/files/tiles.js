/* Large pictures in tiles, as DeepZoom has them: those in view are fetched, at the level that the screen can show. */

const MOST_KEPT = 400; // tiles of a picture: decoded they take 100 MB
const MOST_PICTURES = 4; // whose tiles are kept
const AGAIN_MS = 2000; // after which a tile that did not come is asked for again
const MOST_TRIES = 5;
const PIXELATED = 3; // screen pixels for one of the picture from which its pixels are shown as such

/**
 * @typedef {object} About what is known of a picture's tiles
 * @property {number} width
 * @property {number} height
 * @property {number} size of a tile without what it shows of its neighbours
 * @property {number} overlap
 * @property {string} form
 * @property {number} top level that has all pixels
 */

/** The tiles of one picture, by the address of what describes them. */
class Pyramid {
  /** @type {About | null} */
  about = null;
  /** @type {Map<string, { image: HTMLImageElement, there: boolean, tries: number }>} the one used last at the end */
  tiles = new Map();

  /**
   * @param {string} address
   * @param {() => void} came something that was asked for is there
   */
  constructor(address, came) {
    this.folder = address.replace(/\.dzi$/, "_files");
    this.came = came;
    this.ready = this.describe(address);
  }

  async describe(address) {
    const response = await fetch(address);
    if (!response.ok) return; // the picture stays as it is shown whole
    const root = new DOMParser().parseFromString(await response.text(), "text/xml").documentElement;
    const number = (name, element = /** @type {Element} */ (root)) => Number(element.getAttribute(name));
    const [width, height] = ["Width", "Height"].map((name) => number(name, root.firstElementChild ?? root));
    const top = Math.ceil(Math.log2(Math.max(width, height)));
    this.about = { width, height, size: number("TileSize"), overlap: number("Overlap"), form: root.getAttribute("Format") ?? "jpg", top };
    this.came();
  }

  /**
   * Where the tiles of a part of the picture lie, in its pixels, and their addresses.
   *
   * @param {number[]} part left, top, right, bottom
   * @param {number} scale pixels of the screen for one of the picture
   */
  over([left, top, right, bottom], scale) {
    const { width, height, size, overlap, form, top: most } = /** @type {About} */ (this.about);
    const level = Math.min(Math.max(most + Math.ceil(Math.log2(scale)), 0), most);
    const wide = Math.ceil(width / 2 ** (most - level));
    const high = Math.ceil(height / 2 ** (most - level));
    const [across, down] = [width / wide, height / high]; // pixels of the picture for one of the level
    const from = (at, step) => Math.max(Math.floor(at / step / size), 0);
    const to = (at, step, long) => Math.min(Math.ceil(at / step / size), Math.ceil(long / size));
    const found = [];
    for (let row = from(top, down); row < to(bottom, down, high); row += 1) {
      for (let col = from(left, across); col < to(right, across, wide); col += 1) {
        const start = [Math.max(col * size - overlap, 0), Math.max(row * size - overlap, 0)];
        const end = [Math.min((col + 1) * size + overlap, wide), Math.min((row + 1) * size + overlap, high)];
        found.push({
          address: `${this.folder}/${level}/${col}_${row}.${form}`,
          place: [start[0] * across, start[1] * down, (end[0] - start[0]) * across, (end[1] - start[1]) * down],
        });
      }
    }
    return found;
  }

  /** A tile, which is asked for where it is not there. */
  take(address) {
    const tile = this.tiles.get(address) ?? this.asked(address, 1);
    this.tiles.delete(address);
    this.tiles.set(address, tile);
    return tile;
  }

  asked(address, tries) {
    const tile = { image: new Image(), there: false, tries };
    tile.image.onload = () => { tile.there = true; this.came(); };
    tile.image.onerror = () => {
      if (tries < MOST_TRIES) setTimeout(() => { if (this.tiles.get(address) === tile) { this.tiles.set(address, this.asked(address, tries + 1)); } }, AGAIN_MS);
    };
    tile.image.src = address;
    return tile;
  }

  /** Let go of what is on its way and no longer wanted, and of what was not used for long. */
  forget(wanted) {
    for (const [address, { image, there }] of this.tiles) {
      if (wanted.has(address) || (there && this.tiles.size <= MOST_KEPT)) continue;
      image.onerror = image.onload = null;
      if (!there) image.removeAttribute("src");
      this.tiles.delete(address);
    }
  }
}

/** @type {(pen: CanvasRenderingContext2D, tile: any, place: number[]) => boolean} whether it was there to be drawn */
function drawn(pen, tile, [left, top, wide, high]) {
  if (tile.there) pen.drawImage(tile.image, left, top, wide, high);
  return tile.there;
}

/**
 * Have a viewer show images with `data-tiles` in tiles, once what stands there is too small.
 *
 * @param {ReturnType<typeof import("./viewer.js").createViewer>} viewer
 * @returns what draws a part of an image in its tiles: by a pen that draws in pixels of the picture, the part as left,
 *   top, right and bottom, and how many pixels of the screen one of the picture has
 */
export function showTiles(viewer) {
  /** @type {Map<string, Pyramid>} */
  const pyramids = new Map();
  function pyramidOf(address) {
    const known = pyramids.get(address) ?? new Pyramid(address, viewer.draw);
    pyramids.delete(address);
    pyramids.set(address, known);
    if (pyramids.size > MOST_PICTURES) pyramids.delete(pyramids.keys().next().value);
    return known;
  }
  const isSharp = (image, width, scale) => !image.naturalWidth || scale <= image.naturalWidth / width;

  /* Whether the part that is in view is there in tiles. */
  function paint(pen, pane, image, size) {
    const dense = devicePixelRatio || 1;
    const scale = viewer.scaleOf(pane);
    if (isSharp(image, size[0], scale * dense)) return false;
    const pyramid = pyramidOf(image.dataset.tiles);
    if (!pyramid.about) return false;
    const { width, height } = pyramid.about;
    const own = [(scale * size[0]) / width, (scale * size[1]) / height];
    const [left, top] = pane.offset.map((offset, axis) => -offset / own[axis]);
    const tiles = pyramid.over([left, top, left + pane.size[0] / own[0], top + pane.size[1] / own[1]], own[0] * dense);
    pen.save();
    pen.translate(...pane.offset);
    pen.scale(...own);
    pen.imageSmoothingEnabled = scale <= PIXELATED;
    const there = tiles.map(({ address, place }) => drawn(pen, pyramid.take(address), place));
    pen.restore();
    pyramid.forget(new Set(tiles.map(({ address }) => address)));
    return there.every(Boolean);
  }

  viewer.under = (pen, pane, side) => {
    for (const image of pane.canvas.querySelectorAll("img[data-tiles]")) {
      if (!image.naturalWidth) image.addEventListener("load", viewer.draw, { once: true });
      const seen = image.offsetWidth > 0 && viewer.state.view !== "heat"; // the heat map lies over the picture itself
      image.style.opacity = seen && paint(pen, pane, image, viewer.sizeOf(image, side)) ? "0" : "";
    }
  };
  viewer.draw();

  return async function drawPart(pen, image, part, scale) {
    if (!image.dataset.tiles) return;
    const pyramid = pyramidOf(image.dataset.tiles);
    await pyramid.ready;
    if (!pyramid.about || isSharp(image, pyramid.about.width, scale)) return;
    await Promise.all(pyramid.over(part, scale).map(async ({ address, place: [left, top, wide, high] }) => {
      const tile = Object.assign(new Image(), { src: address });
      await tile.decode().then(() => pen.drawImage(tile, left, top, wide, high), () => {}); // else it stays as it was
    }));
  };
}
