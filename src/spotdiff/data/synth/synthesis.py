"""Pairs made from materials by a recipe: a canvas is set, lit and taken twice, and read back as exact truth."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.example import Example
from spotdiff.data.synth.camera import Camera, camera, unseen
from spotdiff.data.synth.canvas import AFTER, BEFORE, BOTH, PairCanvas
from spotdiff.data.synth.changes import ChangeComposer
from spotdiff.data.synth.drawings import drawing
from spotdiff.data.synth.fixed_cameras import Moments, moments_of
from spotdiff.data.synth.ground_truth import pair_truth
from spotdiff.data.synth.light import lit
from spotdiff.data.synth.materials import Materials
from spotdiff.data.synth.motion import moving
from spotdiff.data.synth.placement import CutoutSampler
from spotdiff.data.synth.recipe import PairRecipe
from spotdiff.data.synth.scenes import scene
from spotdiff.data.synth.sensor import bilevel, taken

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotdiff.types import Bytes

_SCANNED = 0.6  # share of the drawings in two colours that are scanned in black and white, under even light
_DIMMEST = 0.3  # share of the light, where there is little
_CAPTURED = 0.6  # share of the screens that are taken as files, not photographed
_MORE_LIGHT = 0.4  # of made light that is put over real light
_SMALLEST_CUT = 0.3  # side of the part of a photograph that is shown, as a share of its shorter side


@dataclass(frozen=True, slots=True)
class Synthesis:
    """A source of made pairs that never ends; see `spotdiff.data.example.Source`.

    The same recipe, materials, seed and number give the same pair in every process.

    Attributes:
        recipe: What pairs are like.
        materials: What they are made of; nothing for drawn scenes and things.
        seed: Another one gives other pairs.

    Examples:
        >>> pair = Synthesis(PairRecipe(size=64, unchanged=0.0), seed=7)[0]
        >>> pair.before.shape, pair.gone.shape, pair.changed
        ((64, 64, 3), (64, 64), True)
    """

    recipe: PairRecipe = field(default_factory=PairRecipe)
    materials: Materials = field(default_factory=Materials)
    seed: int = 0

    def __getitem__(self, number: int) -> Example:
        """The pair of that number, 0 and above.

        Raises:
            DataError: a photograph or cut-out turns out to be damaged.
        """
        return self.with_mask(number)[0]

    def with_mask(self, number: int) -> tuple[Example, Bytes]:
        """The pair of that number, and what changed in it as one mask in before's pixels; see `PairTruth.mask`."""
        if number < 0:
            raise IndexError(f"pairs are numbered from 0, not {number}")
        rng = np.random.default_rng((self.seed, number))
        seen_by = camera(rng, self.recipe)
        moments = self._moments(rng, seen_by.room)
        scene_drawn, is_screen = (moments.before.copy(), False) if moments else self._scene(rng, seen_by.room)
        recipe = self.recipe
        if is_screen and rng.random() < _CAPTURED:
            recipe = replace(recipe, light=0.0, shadows=0.0, dim=0.0, sensor=0.0, texture_motion=0.0, covered=0.0)
            seen_by = camera(rng, replace(recipe, camera="still"))
        canvas = PairCanvas(scene_drawn)
        scene_alone = canvas.pictures[BEFORE].copy()
        sampler = CutoutSampler(self.recipe, self.materials, rng)
        composer = ChangeComposer(canvas, self.recipe, sampler, parallax=seen_by.parallax, is_screen=is_screen)
        composer.compose()
        cover = unseen(rng, recipe.size) if rng.random() < recipe.covered else None
        restless = moments.restless if moments else None
        truth = pair_truth(canvas, composer.changes, composer.shared, seen_by, cover, restless)
        facts: dict[str, object] = {"number": number, "camera": seen_by.facts, "moments": moments is not None}
        if moments:
            canvas.pictures[AFTER] = moments.lit_as_after(scene_alone, canvas.pictures[AFTER], canvas.pasted)
        facts["texture_motion"] = (
            not moments and rng.random() < recipe.texture_motion and _stir(rng, canvas, scene_alone)
        )
        scanned = not moments and _in_two_colours(scene_alone) and rng.random() < _SCANNED * recipe.sensor
        facts["scanned"] = scanned
        pictures = _taken(rng, canvas, seen_by, recipe, facts, finish=bilevel if scanned else None)
        if cover is not None:
            pictures = _covered(pictures, cover)
        masks = truth.gone, truth.new, truth.counted_before, truth.counted_after
        made = Example(*pictures, *masks, places=truth.places, facts=facts)
        return replace(made, things_gone=truth.things_gone, things_new=truth.things_new), truth.mask

    def _moments(self, rng: np.random.Generator, side: int) -> Moments | None:
        """One place at two times, where there are fixed cameras and it is their turn."""
        if not self.materials.views or rng.random() >= self.recipe.moments:
            return None
        return moments_of(self.materials.views, rng, side)

    def _scene(self, rng: np.random.Generator, side: int) -> tuple[Bytes, bool]:
        """(side, side, 3), a square part of a photograph, sometimes mirrored, or drawn; and whether it is a screen."""
        if not self.materials.photos:
            return scene(rng, side), False
        if rng.random() < self.recipe.drawn:
            return drawing(rng, side, screens=self.recipe.screens, plain=self.recipe.plain)
        photo = self.materials.photo(int(rng.integers(len(self.materials.photos))))
        height, width = photo.shape[:2]
        cut = max(int(min(height, width) * rng.uniform(_SMALLEST_CUT, 1)), 1)
        top, left = int(rng.integers(height - cut + 1)), int(rng.integers(width - cut + 1))
        part = photo[top : top + cut, left : left + cut]
        if rng.random() < 0.5:
            part = cv2.flip(part, 1)
        way = cv2.INTER_AREA if cut > 1.5 * side else cv2.INTER_LINEAR  # by areas is slow
        return np.ascontiguousarray(cv2.resize(part, (side, side), interpolation=way)), False


def _stir(rng: np.random.Generator, canvas: PairCanvas, scene_alone: Bytes) -> bool:
    """Let texture move where the canvas still shows the scene alone; whether there was room for it."""
    free = cv2.bitwise_not(cv2.dilate(canvas.touched, np.ones((5, 5), np.uint8)))
    stirred = moving(rng, scene_alone, free)
    if stirred is None:
        return False
    for side in BOTH:
        cv2.copyTo(stirred[side], free, canvas.pictures[side])
    return True


def _taken(
    rng: np.random.Generator,
    canvas: PairCanvas,
    seen_by: Camera,
    recipe: PairRecipe,
    facts: dict[str, object],
    *,
    finish: Callable[[Bytes], Bytes] | None,
) -> tuple[Bytes, Bytes]:
    pictures = []
    light = recipe.light * rng.uniform(0.1, 1)
    under_light = replace(recipe, light=light)
    if facts["moments"]:  # they bring a light of their own
        under_light = replace(recipe, light=_MORE_LIGHT * light, shadows=_MORE_LIGHT * recipe.shadows, dim=0.0)
    dim = float(rng.uniform(_DIMMEST, 0.8)) if rng.random() < under_light.dim else 1.0
    facts["dim"] = round(dim, 2)
    if finish is not None:
        under_light = replace(under_light, light=0.0, shadows=0.0)
    facts["steady"] = bool(rng.random() < recipe.steady)
    facts["grey"] = bool(rng.random() < recipe.grey)
    before_light = rng.bit_generator.state
    for side, name in ((BEFORE, "before"), (AFTER, "after")):
        view = seen_by.views[side].picture(canvas.pictures[side])
        light_rng = rng
        if facts["steady"] and side == AFTER:
            light_rng = np.random.default_rng()
            light_rng.bit_generator.state = before_light
        under = lit(light_rng, view if dim == 1 else cv2.multiply(view, (dim,) * 4), under_light)
        facts[name] = under.facts
        picture = taken(rng, under, recipe, under.facts)
        if facts["grey"]:
            picture = cv2.merge([cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)] * 3)
        pictures.append(finish(picture) if finish else picture)
    return pictures[0], pictures[1]


def _in_two_colours(scene: Bytes) -> bool:
    return len(np.unique(scene[::5, ::5].reshape(-1, 3), axis=0)) <= 2


def _covered(pictures: tuple[Bytes, Bytes], cover: Bytes) -> tuple[Bytes, Bytes]:
    """Both pictures, in the mean colour of what is seen where nothing is, as networks are shown them."""
    means = [cv2.mean(picture, mask=cv2.bitwise_not(cover))[:3] for picture in pictures]
    colour = np.rint(np.mean(means, axis=0)).astype(np.uint8)
    before, after = (np.where(cover[..., None] > 0, colour, picture) for picture in pictures)
    return before, after
