"""What a clip shows: its background, the objects left and taken there, and those who pass; chosen and scaled."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.canvas import paste
from spotdiff.data.synth.clips.plan import MARGIN
from spotdiff.data.synth.clips.recipe import ClipRecipe
from spotdiff.data.synth.cutouts import Cutout, cutout_of, posed, tinted
from spotdiff.data.synth.drawn_objects import draw_object
from spotdiff.data.synth.materials import Materials
from spotdiff.data.synth.scenes import scene
from spotdiff.regions.boxes import overlap

if TYPE_CHECKING:
    from spotdiff.data.synth.canvas import Position
    from spotdiff.types import Box, Bytes, Mask

WALKERS = ("person", "dog", "car")
_UPRIGHT = 1.7  # least height of a standing person, in widths
_TRIES, _PLACES = 40, 6  # things, and places for each, that are looked at
_HIGHEST = 0.55  # least depth of the foot of a thing, as a share of the height
_MARGIN, _GAP = 6, 10  # pixels to the edge of the picture and to other things
_SOLID, _THINNEST = 0.35, 0.3  # least share of a thing's box that it fills, and of its longer side that the shorter is
_FAINT = 6.0  # CIELAB: a pixel that differs by less is hardly seen to
_MOST_FAINT = 0.35  # share of a thing that may be so


@dataclass(slots=True)
class AssetSampler:
    """Chooses for one clip, and keeps the names of what it took.

    Attributes:
        recipe: How large things are, and how visible.
        materials: Where photographs and cut-outs come from.
        rng: Decides.
        names: Of the files taken.
    """

    recipe: ClipRecipe
    materials: Materials
    rng: np.random.Generator
    names: list[str] = field(default_factory=list)

    def background(self) -> Bytes:
        """The empty scene, with `MARGIN` around the picture: a part of a photograph, or drawn."""
        rng, photos = self.rng, self.materials.photos
        width, height = self.recipe.width + 2 * MARGIN, self.recipe.height + 2 * MARGIN
        if not photos:
            side = max(width, height)
            top = (side - height) // 2
            return np.ascontiguousarray(scene(rng, side)[top : top + height, :width])
        number = int(rng.integers(len(photos)))
        photo = self.materials.photo(number)
        self.names.append(_short(photos[number].name))
        scale = min(photo.shape[1] / width, photo.shape[0] / height) * rng.uniform(0.75, 1)
        wide, tall = max(int(width * scale), 1), max(int(height * scale), 1)
        left, top = (
            int(rng.integers(room - side + 1)) for room, side in zip(photo.shape[1::-1], (wide, tall), strict=True)
        )
        part = photo[top : top + tall, left : left + wide]
        if rng.random() < 0.5:
            part = cv2.flip(part, 1)
        way = cv2.INTER_AREA if scale > 1.5 else cv2.INTER_CUBIC
        return np.ascontiguousarray(cv2.resize(part, (width, height), interpolation=way))

    def standing(self, canvas: Bytes, taken: list[Box], places: int) -> tuple[Cutout, list[Position]] | None:
        """A thing and so many places for it, none near another or near those taken, where it stands out.

        Args:
            canvas: The empty scene.
            taken: Boxes to keep off; those of the new places are added.
            places: How many, 1 or 2.

        Returns:
            The thing and the left and top of each place, or None where nothing was found.
        """
        for _ in range(_TRIES):
            cutout, name = self._random_cutout()
            positions: list[Position] = []
            boxes = list(taken)
            for _ in range(places * _PLACES):
                at = self._free_position(cutout, boxes)
                if at is not None and self._stands_out_at(canvas, cutout, at):
                    positions.append(at)
                    boxes.append((at[0], at[1], at[0] + cutout.size[0], at[1] + cutout.size[1]))
                if len(positions) == places:
                    taken[:] = boxes
                    self.names.append(name)
                    return cutout, positions
        return None

    def walker(self) -> Cutout:
        """Somebody or something that passes by, as large as its kind is in the picture."""
        rng, stock = self.rng, self._stock()
        kinds = [kind for kind in WALKERS if stock[kind]] or ["person"]
        odds = np.array([{"person": 0.82, "dog": 0.08, "car": 0.1}[kind] for kind in kinds])
        kind = str(rng.choice(kinds, p=odds / odds.sum()))
        low, high = {"person": (0.35, 0.95), "dog": (0.15, 0.3), "car": (0.25, 0.45)}[kind]
        return self.person(rng.uniform(low, high) * self.recipe.height, kind=kind)

    def person(self, height: float, *, wide: float = 0.0, kind: str = "person") -> Cutout:
        """A person (or another kind) of a height in pixels, or more where it has to be so wide."""
        rng, numbers = self.rng, self._stock()[kind]
        longest = max(self.recipe.size)
        cutout = _figure(rng)
        for _ in range(8 if numbers else 0):
            number = int(rng.choice(numbers))
            cutout = self.materials.cutout(number, longest=longest)
            if kind != "person" or cutout.size[1] >= _UPRIGHT * cutout.size[0]:
                self.names.append(_short(self.materials.cutouts[number].name))
                break
        if rng.random() < 0.5:
            pixels, alpha, area = (cv2.flip(plane, 1) for plane in (cutout.pixels, cutout.alpha, cutout.area))
            cutout = Cutout(pixels, alpha, area, cutout.name)
        return cutout.scaled(max(height / cutout.size[1], wide / cutout.size[0]))

    def _random_cutout(self) -> tuple[Cutout, str]:
        rng, numbers = self.rng, self._stock()["thing"]
        recipe, name = self.recipe, "drawn"
        cutout = draw_object(rng)
        if numbers:
            number = int(rng.choice(numbers))
            cutout = self.materials.cutout(number, longest=max(recipe.size) // 2)
            name = _short(self.materials.cutouts[number].name)
        cutout = posed(cutout, rng)
        share = math.exp(rng.uniform(math.log(recipe.smallest), math.log(recipe.largest)))
        factor = math.sqrt(share * recipe.width * recipe.height / max(cv2.countNonZero(cutout.area), 1))
        gains = rng.uniform(0.85, 1.15) * rng.uniform(0.96, 1.04, 3)
        return tinted(cutout.scaled(factor), (float(gains[0]), float(gains[1]), float(gains[2]))), name

    def _free_position(self, cutout: Cutout, taken: list[Box]) -> Position | None:
        """A place in the lower part of the picture and off the boxes taken; None where chance finds none."""
        wide, tall = cutout.size
        rooms = self.recipe.width - wide - 2 * _MARGIN, self.recipe.height - tall - 2 * _MARGIN
        solid = cv2.countNonZero(cutout.area) >= _SOLID * wide * tall
        if min(rooms) < 1 or not solid or min(wide, tall) < _THINNEST * max(wide, tall):
            return None
        left = _MARGIN + int(self.rng.integers(rooms[0]))
        highest = min(max(int(_HIGHEST * self.recipe.height) - tall - _MARGIN, 0), rooms[1] - 1)
        top = _MARGIN + int(self.rng.integers(highest, rooms[1]))
        near = (left - _GAP, top - _GAP, left + wide + _GAP, top + tall + _GAP)
        return None if any(overlap(near, box) for box in taken) else (left, top)

    def _stands_out_at(self, canvas: Bytes, cutout: Cutout, at: Position) -> bool:
        left, top = at[0] + MARGIN, at[1] + MARGIN
        ground = canvas[top : top + cutout.size[1], left : left + cutout.size[0]]
        shown = ground.copy()
        paste(shown, cutout, (0, 0))
        return stands_out(ground, shown, cutout.area > 0, least=self.recipe.contrast)

    def _stock(self) -> dict[str, list[int]]:
        """Numbers of the cut-outs of each kind of walker, and of all that is none, as `thing`."""
        stock: dict[str, list[int]] = {kind: [] for kind in (*WALKERS, "thing")}
        for number, file in enumerate(self.materials.cutouts):
            kind = Path(file.name).parent.name
            stock[kind if kind in WALKERS else "thing"].append(number)
        return stock


def _short(name: str) -> str:
    return "/".join(Path(name).parts[-2:])


def _figure(rng: np.random.Generator) -> Cutout:
    """A person drawn in a few strokes, 60 x 170 px, where there is no cut-out of one."""
    rgba = np.zeros((170, 60, 4), np.uint8)
    coat, legs = ((*rng.integers(20, 230, 3).tolist(), 255) for _ in range(2))
    for foot in (18, 42):
        cv2.line(rgba, (30, 90), (foot, 164), legs, 11, cv2.LINE_AA)
    cv2.ellipse(rgba, (30, 70), (19, 38), 0, 0, 360, coat, -1, cv2.LINE_AA)
    skin = (int(rng.integers(90, 235)), int(rng.integers(70, 190)), int(rng.integers(60, 160)), 255)
    cv2.ellipse(rgba, (30, 19), (13, 17), 0, 0, 360, skin, -1, cv2.LINE_AA)
    return cutout_of(rgba, "person")


def stands_out(before: Bytes, after: Bytes, area: Mask, *, least: float) -> bool:
    """Whether an area of two pictures differs by `least` in CIELAB on average, and most of it visibly.

    Examples:
        >>> grey, red = np.full((4, 4, 3), 90, np.uint8), np.full((4, 4, 3), (160, 40, 40), np.uint8)
        >>> everywhere = np.ones((4, 4), bool)
        >>> stands_out(grey, red, everywhere, least=10), stands_out(grey, grey + 3, everywhere, least=10)
        (True, False)
    """
    far = np.linalg.norm(_lab(before)[area] - _lab(after)[area], axis=-1)
    return bool(far.size) and float(far.mean()) >= least and float((far < _FAINT).mean()) <= _MOST_FAINT


def _lab(pixels: Bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    calm = cv2.blur(pixels, (3, 3))
    return np.asarray(cv2.cvtColor(calm.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))
