"""How true `spotdiff progress` is: drawn sites with a wall that is filled in known steps, and an area that stays.

    python benchmarks/progress.py [--series 20] [--method spot]
    python benchmarks/progress.py --draw site

The camera moves by up to 8 px and turns by up to 1 degree between pictures, the light changes by up to a third, every
picture is a JPEG file. Printed: how far the shares are from the truth, since the first picture and since the last.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from spotdiff.options import Options
from spotdiff.timelapse import measure_progress, series

SIZE, MARGIN, PICTURES = (640, 480), 60, 6
WALL, YARD = (80, 120, 400, 320), (440, 100, 600, 400)  # left, top, right, bottom in the first picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=20)
    parser.add_argument("--method", default="spot")
    parser.add_argument("--draw", type=Path, metavar="DIR", help="only write the first series there, and areas.toml")
    asked = parser.parse_args()
    if asked.draw:
        asked.draw.mkdir(parents=True, exist_ok=True)
        draw(asked.draw, 0)
        (asked.draw / "areas.toml").write_text(
            "".join(f"{name} = {[list(corner) for corner in corners]}\n" for name, corners in areas().items())
        )
        return
    rows, start = [], time.process_time()
    for seed in range(asked.series):
        with tempfile.TemporaryDirectory() as folder:
            truth = draw(Path(folder), seed)
            steps = measure_progress(series(folder), areas=areas(), options=Options(method=asked.method))
            rows += [(seed, true, step) for true, step in zip(truth, steps, strict=True)]
    seconds = time.process_time() - start
    print(f"{asked.method}: {asked.series} series of {PICTURES} pictures, {seconds / len(rows):.2f} s of CPU a picture")
    print(f"{'':<16}{'numbers':>8}{'unsure':>8}{'mean error':>12}{'largest':>9}{'untouched':>11}")
    for name in ("since_first", "since_last"):
        report(name, [(true[name], getattr(step, name)) for _, true, step in rows if not step.starts])


def report(name: str, pairs: list[tuple[float, dict[str, float | None]]]) -> None:
    known = [(true, found) for true, found in pairs if found["wall"] is not None]
    errors = [abs(true - found["wall"]) for true, found in known]
    stayed = max(found["yard"] or 0.0 for _, found in known)
    figures = f"{np.mean(errors):>12.3f}{max(errors):>9.3f}{stayed:>11.3f}"
    print(f"{name:<16}{len(known):>8}{len(pairs) - len(known):>8}{figures}")


def areas() -> dict[str, list[tuple[int, int]]]:
    return {name: [(a, b), (c, b), (c, d), (a, d)] for name, (a, b, c, d) in (("wall", WALL), ("yard", YARD))}


def draw(folder: Path, seed: int) -> list[dict[str, float]]:
    """Write a series and say how much of the wall is filled in each picture, and since the last."""
    rng = np.random.default_rng(seed)
    filled = np.concatenate([[0], np.sort(rng.choice(np.arange(1, 21), PICTURES - 1)) / 20])
    world = texture(rng, SIZE[0] + 2 * MARGIN, SIZE[1] + 2 * MARGIN)
    wall = texture(rng, WALL[2] - WALL[0], WALL[3] - WALL[1])
    if seed % 2:  # every other wall is rendered over in one colour
        wall = np.clip(wall * 0.06 + rng.integers(30, 225, 3), 0, 255).astype(np.uint8)
    left, top = WALL[0] + MARGIN, WALL[1] + MARGIN
    for number, share in enumerate(filled):
        columns = round(share * wall.shape[1])
        world[top : top + wall.shape[0], left : left + columns] = wall[:, :columns]
        still = number == 0
        turn = cv2.getRotationMatrix2D(
            (SIZE[0] / 2 + MARGIN, SIZE[1] / 2 + MARGIN), 0 if still else rng.uniform(-1, 1), 1
        )
        turn[:, 2] -= MARGIN if still else MARGIN + rng.uniform(-8, 8, 2)
        light = 1 if still else rng.uniform(0.67, 1.33) * rng.uniform(0.95, 1.05, 3)
        seen = np.clip(cv2.warpAffine(world, turn, SIZE) * light + rng.normal(0, 2, (*SIZE[::-1], 3)), 0, 255)
        pixels = seen[..., ::-1].astype(np.uint8)
        cv2.imwrite(str(folder / f"2024-{number + 1:02d}-01.jpg"), pixels, [cv2.IMWRITE_JPEG_QUALITY, 90])
    last = np.diff(filled, prepend=0)
    return [{"since_first": float(a), "since_last": float(b)} for a, b in zip(filled, last, strict=True)]


def texture(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """(H, W, 3) uint8 with detail of every size, no place like another."""
    picture = np.full((height, width, 3), 120.0)
    for sigma, strength in ((3, 26), (9, 30), (36, 40)):
        layer = cv2.GaussianBlur(rng.normal(size=(height, width, 3)), (0, 0), sigma)
        layer = 0.7 * layer.mean(2, keepdims=True) * 3**0.5 + 0.3 * layer
        picture += strength * layer / layer.std()
    return np.clip(picture, 8, 247).astype(np.uint8)


if __name__ == "__main__":
    main()
