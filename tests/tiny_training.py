"""A tiny source and a tiny net that learn in seconds."""

from __future__ import annotations

import cv2
import numpy as np

from spotdiff.data.example import Example, Place
from spotdiff.nets.spot import Spot

SIDE = 48
SMALL = Spot(backbone="small", widths=(6, 8), radii=(1, 1), keys=4, width=8)


class Squares:
    """Squares that come and go on a chequered floor, in other light."""

    def __getitem__(self, number):
        rng = np.random.default_rng([5, number])
        before = np.kron(rng.integers(60, 200, (6, 6, 3)), np.ones((8, 8, 1))).astype(np.uint8)
        after, gone, new = before.copy(), np.zeros((SIDE, SIDE), bool), np.zeros((SIDE, SIDE), bool)
        places = ()
        if number % 3:
            left, top = map(int, rng.integers(2, SIDE - 20, 2))
            picture, mask, kind = ((before, gone, "removed"), (after, new, "added"))[number % 2]
            picture[top : top + 16, left : left + 16] = rng.integers(0, 255, 3)
            mask[top : top + 16, left : left + 16] = True
            box = (left, top, left + 16, top + 16)
            places = (Place(kind, box, box),)
        after = np.clip(after * rng.uniform(0.8, 1.2), 0, 255).astype(np.uint8)
        every = np.ones((SIDE, SIDE), bool)
        return Example(before, after, gone, new, every, every, places=places)


def write_squares(root, count, *, start=0):
    """A dataset of squares in a folder, laid out as the project lays them out."""
    for number in range(start, start + count):
        example = Squares()[number]
        pictures = {"before": example.before, "after": example.after}
        masks = {"gone": example.gone, "new": example.new, "mask": example.gone | example.new}
        for kind, pixels in {**pictures, **{k: m.astype(np.uint8) * 255 for k, m in masks.items()}}.items():
            folder = root / kind
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / f"{number:03d}.png"), pixels[..., ::-1] if pixels.ndim == 3 else pixels)
    return root
