"""Pairs with weak labels from films of a camera that does not move, to learn from.

The median of a film is its empty place; what differs from it in a frame stands there. Places where that cannot be said
(shadows, soft edges, what never leaves) are marked as not counted (170).

    python tools/clip_pairs.py --out pairs --count 40 film1.mp4 film2.mp4
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

SIDE = 512  # longer side of the pairs
FRAMES = 120  # that the median is taken over
SURE, DOUBTFUL = 30.0, 10.0  # grey levels over what the place itself shows
SPREAD = 3.0  # times the place's own deviation
RESTLESS = 14.0  # median deviation from which nobody knows what belongs to a place
SMALLEST = 60  # pixels of a thing
SAME = 14.0  # two frames that differ less where both show a thing show one and the same


def main() -> None:
    arguments = _arguments()
    rng = np.random.default_rng(arguments.seed)
    for film in arguments.films:
        frames = list(read(film))
        chosen = frames[:: max(len(frames) // FRAMES, 1)]
        empty, deviation = empty_place(np.stack(chosen))
        seen = [standing(frame, empty, deviation) for frame in chosen]
        for number in range(arguments.count):
            first, second = rng.choice(len(chosen), 2, replace=False)
            write(
                arguments.out, f"{film.stem}_{number:04}", (chosen[first], chosen[second]), (seen[first], seen[second])
            )
        print(film, len(frames), "frames")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=40, help="pairs a film")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def read(film: Path) -> Iterator[np.ndarray]:
    """Every frame of a film, at most SIDE large, BGR."""
    reader = cv2.VideoCapture(str(film))
    while (got := reader.read())[0]:
        height, width = got[1].shape[:2]
        factor = min(SIDE / max(height, width), 1)
        yield cv2.resize(got[1], (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)


def empty_place(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The median of (N, H, W, 3) frames, and how far a frame is from it half of the time, (H, W)."""
    empty = np.median(frames, 0).astype(np.uint8)
    return empty, np.median(np.abs(frames.astype(np.int16) - empty).max(-1), 0).astype(np.float32)


def standing(frame: np.ndarray, empty: np.ndarray, deviation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where something surely stands, and where nobody can say: (H, W) bool each."""
    away = cv2.GaussianBlur(cv2.absdiff(frame, empty).max(-1), (0, 0), 1.0).astype(np.float32) - SPREAD * deviation
    shade = shadowed(frame, empty)
    sure = ((away > SURE) & ~shade).astype(np.uint8)
    sure = cv2.morphologyEx(sure, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    things = np.zeros_like(sure)
    outlines, _ = cv2.findContours(sure, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = [outline for outline in outlines if cv2.contourArea(outline) >= SMALLEST]
    cv2.drawContours(things, whole, -1, 1, -1)
    rim = cv2.dilate(things, np.ones((5, 5), np.uint8)) - cv2.erode(things, np.ones((3, 3), np.uint8))
    doubt = cv2.dilate((away > DOUBTFUL).astype(np.uint8), np.ones((7, 7), np.uint8)) & (1 - things)
    return things > 0, (doubt > 0) | (rim > 0) | (deviation > RESTLESS)


def shadowed(frame: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """Where the frame may be the empty place in the shade: darker by one factor in all channels."""
    ratio = (cv2.GaussianBlur(frame, (5, 5), 0).astype(np.float32) + 4) / (cv2.GaussianBlur(empty, (5, 5), 0) + 4.0)
    return (ratio.max(-1) < 0.97) & (ratio.min(-1) > 0.4) & (ratio.max(-1) - ratio.min(-1) < 0.12)


def write(
    out: Path, name: str, frames: tuple[np.ndarray, np.ndarray], seen: tuple[tuple[np.ndarray, np.ndarray], ...]
) -> None:
    """One pair with its masks."""
    (first, doubt), (second, other_doubt) = seen
    near = cv2.GaussianBlur(cv2.absdiff(*frames).max(-1), (0, 0), 1.0) < SAME
    unknown = doubt | other_doubt | (first & second & near)
    for side, frame, mask in (("before", frames[0], first), ("after", frames[1], second)):
        label = np.where(unknown, 170, np.where(mask, 255, 0)).astype(np.uint8)
        for folder, picture in ((side, frame), ("gone" if side == "before" else "new", label)):
            (out / folder).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(out / folder / f"{name}.png"), picture)


if __name__ == "__main__":
    main()
