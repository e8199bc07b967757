"""Things for a pair: chosen, made as large as the recipe says, given a place and the light of that place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from spotdiff.data.synth.canvas import PairCanvas, Position
from spotdiff.data.synth.cutouts import Cutout, blurred, edged, posed, tinted
from spotdiff.data.synth.drawn_objects import draw_object
from spotdiff.data.synth.materials import Materials
from spotdiff.data.synth.recipe import PairRecipe

_MOST_COVERED = 0.35  # share of a thing's box that may lie outside or on other things
_LARGEST_PATCH = 0.05  # share of the picture
_NEAR, _NEAREST = (0.1, 0.9), 1.6  # share of the picture that near things cover; their longer side, of the picture's
_TRIES = 6  # places looked at, of which the least covered is taken


@dataclass(frozen=True, slots=True)
class CutoutSampler:
    """What can be put into a pair.

    Attributes:
        recipe: Says how large things are.
        materials: Where cut-outs come from.
        rng: Decides.
    """

    recipe: PairRecipe
    materials: Materials
    rng: np.random.Generator

    def cutout(self, *, area: float = 0.0, most: float = 1.0) -> Cutout:
        """A cut-out, or something drawn, that covers `area` pixels or as many as the recipe says.

        Where the recipe says, `most` is the largest share of the picture it covers.
        """
        cutout = self._chosen(longest=max(self.recipe.size // 2, 96))
        return edged(posed(self.sized(cutout, area=area, most=most), self.rng), self.rng)

    def _chosen(self, *, longest: int) -> Cutout:
        stock = self.materials.cutouts
        if not stock or self.rng.random() < self.recipe.blobs:
            return draw_object(self.rng)
        return self.materials.cutout(int(self.rng.integers(len(stock))), longest=longest)

    def near(self) -> Cutout:
        """Something close to the camera: it covers up to most of the picture, larger than it or not, out of focus."""
        side = self.recipe.size
        cutout = self._chosen(longest=side)
        covered = max(cv2.countNonZero(cutout.area), 1)
        area = self.rng.uniform(*_NEAR) * side**2
        factor = min((area / covered) ** 0.5, _NEAREST * side / max(cutout.size))
        unsharp = side * float(self.rng.choice((0.0, self.rng.uniform(0.005, 0.05))))
        return blurred(posed(cutout.scaled(factor), self.rng, turn=90), sigma=unsharp)

    def patch(self) -> Cutout:
        """A shape for a place that is painted over, as large as the recipe says, up to a twentieth of the picture."""
        return self.sized(posed(draw_object(self.rng), self.rng, turn=90), most=_LARGEST_PATCH)

    def sized(self, cutout: Cutout, *, area: float = 0.0, most: float = 1.0) -> Cutout:
        """The thing as large as asked for; see `cutout`."""
        return cutout.scaled(self.factor(cutout, area=area, most=most))

    def factor(self, cutout: Cutout, *, area: float = 0.0, most: float = 1.0) -> float:
        """What makes the thing as large as asked for; no side exceeds the picture's."""
        recipe = self.recipe
        if not area:
            low, high = np.log(recipe.smallest), np.log(max(min(recipe.largest, most), recipe.smallest))
            area = float(np.exp(self.rng.uniform(low, high))) * recipe.size**2
        covered = max(cv2.countNonZero(cutout.area), 1)
        return float(min((area / covered) ** 0.5, recipe.size / max(cutout.size)))

    def position(self, cutout: Cutout, canvas: PairCanvas) -> Position:
        """Where to put it: mostly inside the part of the canvas that both pictures show, mostly on nothing else."""
        height, width = canvas.touched.shape
        best, least = (0, 0), np.inf
        for _ in range(_TRIES):
            at = self._anywhere(width, cutout.size[0]), self._anywhere(height, cutout.size[1])
            covered = canvas.covered(cutout, at)
            if covered < _MOST_COVERED:
                return at
            if covered < least:
                best, least = at, covered
        return best

    def anywhere(self, cutout: Cutout, canvas: PairCanvas) -> Position:
        """Where to put it, wherever that is: its middle lies somewhere in the picture."""
        height, width = canvas.touched.shape
        middle = self.rng.uniform(-0.5, 0.5, 2) * self.recipe.size
        left, top = (np.array([width, height]) - cutout.size) / 2 + middle
        return round(left), round(top)

    def _anywhere(self, room: int, side: int) -> int:
        """Where a side starts: mostly within the picture, which is the middle of the room."""
        margin = (room - self.recipe.size) / 2
        free = self.recipe.size - 0.7 * side
        return round(margin - 0.15 * side + self.rng.uniform(0, 1) * max(free, 0))

    def harmonised(self, cutout: Cutout, at: Position, canvas: PairCanvas) -> Cutout:
        """The thing in the light of its place: part of the way, as pasted things are never quite right."""
        height, width = canvas.touched.shape
        left, top = (int(np.clip(a, 0, room - 2)) for a, room in zip(at, (width, height), strict=True))
        around = canvas.pictures[0][top : top + max(cutout.size[1], 2), left : left + max(cutout.size[0], 2)]
        share = max(cv2.mean(cutout.alpha)[0], 1.0) / 255
        ground = [level + 8 for level in cv2.mean(around)[:3]]
        own = [level / share + 8 for level in cv2.mean(cutout.pixels)[:3]]
        towards, cast, luck = self.rng.uniform(0, 0.5), self.rng.uniform(0, 0.2), math.exp(self.rng.normal(0, 0.1))
        ratio = sum(ground) / sum(own)
        red, green, blue = (
            min(max(luck * ratio**towards * (there / here / ratio) ** cast, 0.5), 1.8)
            for there, here in zip(ground, own, strict=True)
        )
        return tinted(cutout, (red, green, blue))
