"""What a server takes for two large pictures, and what its page loads of them.

python benchmarks/server_tiles.py --megapixels 200

Prints memory of the worker, size of the answer, and bytes that a browser has loaded: for the first view, for a region
seen from near, and after twenty steps to the side. Linux, with Chromium.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

sys.path[0] = str(Path(__file__).parents[1] / "tests")  # in the place of this folder, which has a server.py
from browser import Browser, Tab  # noqa: E402
from server.conftest import Server  # noqa: E402

_OPTIONS = {"method": "pixel", "align": "off", "light": "off", "sensitivity": 0.3}
_LOADED = """(() => { const all = ["resource", "navigation"].flatMap((kind) => performance.getEntriesByType(kind));
    const tiles = all.filter(({ name }) => name.includes("_files/"));
    const mb = (some) => some.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) / 1e6;
    return { mb: mb(all), tiles: tiles.length, tiles_mb: mb(tiles) }; })()"""
_SHARP = "document.querySelector('#pane-after img').style.opacity === '0'"


def pair(megapixels: float) -> tuple[bytes, bytes]:
    """JPEG files of a detailed picture, and of it with something red in it."""
    chance = np.random.default_rng(1)
    height = int((megapixels * 1e6 / 1.02) ** 0.5)
    rough = cv2.GaussianBlur(chance.integers(0, 256, (1200, 1600, 3), np.uint8), (0, 0), 2)
    part = cv2.resize(rough, (4000, 3500), interpolation=cv2.INTER_CUBIC).astype(np.int16)
    part = np.clip(part + chance.integers(-6, 7, part.shape), 0, 255).astype(np.uint8)
    width = int(megapixels * 1e6 / height)
    before = np.tile(part, (-(-height // 3500), -(-width // 4000), 1))[:height, :width]
    after = before.copy()
    y, x = height * 2 // 3, width // 3
    after[y : y + 60, x : x + 60] = (20, 40, 220)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 85]
    return cv2.imencode(".jpg", before, quality)[1].tobytes(), cv2.imencode(".jpg", after, quality)[1].tobytes()


def peak(parent: int) -> int:
    """Most memory in MB that a process or one of its children has taken."""
    tasks = Path(f"/proc/{parent}/task").glob("*/children")  # workers are begun by threads
    children = [each for task in tasks for each in task.read_text().split()]
    lines = [line for each in children for line in Path(f"/proc/{each}/status").read_text().splitlines()]
    return max((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), default=0)


def looked_at(page: Tab) -> dict[str, dict[str, float]]:
    """What the browser has loaded, step by step."""
    page.until("document.querySelector('.has-script') && document.querySelector('#pane-after img').naturalWidth > 0")
    time.sleep(3)
    told = {"first view": page.run(_LOADED)}
    page.press("ArrowDown", *"++++")
    page.until(_SHARP)
    told["from near"] = page.run(_LOADED)
    for _ in range(20):
        for kind in ("keyDown", "keyUp"):
            page.ask("Input.dispatchKeyEvent", type=kind, key="ArrowRight", windowsVirtualKeyCode=39, modifiers=8)
    page.until(_SHARP)
    told["after 20 steps"] = page.run(_LOADED)
    return told


def main() -> None:
    """Compare a pair on a server and look at it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=200)
    asked = parser.parse_args()
    before, after = pair(asked.megapixels)
    with tempfile.TemporaryDirectory() as folder:
        most = str(asked.megapixels + 1)
        server = Server(Path(folder) / "data", ("--workers", "1", "--megapixels", most)).start()
        browser = Browser(Path(folder) / "profile")
        try:
            parts = {"before": ("a.jpg", before), "after": ("b.jpg", after), "options": json.dumps(_OPTIONS)}
            job = server.send("/api/v1/compare", {"Prefer": "respond-async"}, **parts).json
            memory = 0
            while job["state"] in ("queued", "running"):
                time.sleep(0.5)
                memory = max(memory, peak(server.process.pid))
                job = server.get(job["url"]).json
            answer = next((server.data / "answers").glob("*/*"))
            sizes = {path.name: path.stat().st_size / 1e6 for path in answer.iterdir()}
            page = browser.tab(f"http://127.0.0.1:{server.port}/comparisons/{job['id']}#side")
            found = {"worker_mb": memory, "answer_mb": sum(sizes.values()), "tiles_mb": sizes.get("tiles.db", 0.0)}
            print(json.dumps({**found, "loaded": looked_at(page)}, indent=2))
        finally:
            browser.close()
            server.end()


if __name__ == "__main__":
    main()
