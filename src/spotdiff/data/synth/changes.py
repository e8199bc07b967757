"""What is put on the canvas: things that are in both pictures, and things that changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.canvas import AFTER, BEFORE, BOTH, PairCanvas, Position, Shadow
from spotdiff.data.synth.clone_patches import patches
from spotdiff.data.synth.cutouts import Cutout, cutout_of, named, recoloured, tinted
from spotdiff.data.synth.lettering import on_screen, rewritten, words, written
from spotdiff.data.synth.shadows import random_shadow

if TYPE_CHECKING:
    from spotdiff.data.synth.placement import CutoutSampler
    from spotdiff.data.synth.recipe import PairRecipe
    from spotdiff.types import Bytes, Kind

_SEEN = 12.0  # least mean difference, of 255, that a change must make where it is
_TRIES = 3  # until a change is seen
_STROKE = 12  # levels by which strokes of two numbers differ
_PAINTED = 0.04  # largest thing that is painted over, as a share of the picture: larger holes fill badly
_GROWN = 3  # pixels around a thing that are painted over with it


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it was put on the canvas.

    Attributes:
        kind: added, removed, replaced or moved.
        old, new: Number of the thing in before and in after, 0 for none.
        facts: What is known of it.
    """

    kind: Kind
    old: int
    new: int
    facts: dict[str, str] = field(default_factory=dict)


class ChangeComposer:
    """Chooses what happens between the two pictures of one pair, and puts it on its canvas.

    Attributes:
        canvas: The two pictures.
        shared: Numbers of the things that are in both pictures.
        changes: What changed, in the order in which it was put there.
    """

    def __init__(
        self,
        canvas: PairCanvas,
        recipe: PairRecipe,
        sampler: CutoutSampler,
        *,
        parallax: tuple[float, float],
        is_screen: bool = False,
    ) -> None:
        self.canvas, self.recipe, self.sampler, self.rng = canvas, recipe, sampler, sampler.rng
        self.is_screen = is_screen
        self.parallax = parallax
        self.shared: list[int] = []
        self.changes: list[Change] = []
        self._last = 0

    def compose(self) -> None:
        """Paint over some places of both pictures, then put in what is shared and what changes, in any order."""
        recipe, rng = self.recipe, self.rng
        if recipe.inpaint and rng.random() < 0.3:
            for _ in range(int(rng.integers(1, 4))):
                cutout = self.sampler.cutout(most=_PAINTED)
                self.canvas.paint_over(_grown(cutout), self.sampler.position(cutout, self.canvas), BOTH)
        changes = 0 if rng.random() < recipe.unchanged else int(rng.integers(1, recipe.most_changes + 1))
        actions: list[Callable[[], None]] = [self._change] * changes
        actions += [self._add_distractor] * int(rng.integers(0, recipe.distractors + 1))
        for turn in rng.permutation(len(actions)):
            actions[turn]()

    def _number(self) -> int:
        self._last += 1
        return self._last

    def _paste(self, cutout: Cutout, at: Position, side: int, shadow: Shadow | None) -> int:
        number = self._number()
        self.canvas.paste(cutout, at, number, side, shadow)
        return number

    def _add_distractor(self) -> None:
        """A thing in both pictures; where the camera sees depth, at two places a little apart."""
        cutout, at = self._placed_cutout()
        shadow, near, number = random_shadow(cutout, self.rng), self.rng.uniform(0.2, 1.0), self._number()
        there = at[0] + round(near * self.parallax[0]), at[1] + round(near * self.parallax[1])
        self.canvas.paste(cutout, at, number, BEFORE, shadow)
        self.canvas.paste(cutout, there, number, AFTER, shadow)
        self.shared.append(number)

    def _placed_cutout(self) -> tuple[Cutout, Position]:
        """A thing and a place for it, in whose light it stands."""
        cutout = self.sampler.cutout()
        at = self.sampler.position(cutout, self.canvas)
        return self.sampler.harmonised(cutout, at, self.canvas), at

    def _change(self) -> None:
        """A change that is seen; after some that are not, none."""
        for _ in range(_TRIES):
            saved = self.canvas.copy()
            change = self._chosen()()
            if self._is_seen(change):
                self.changes.append(change)
                return
            self.canvas.restore(saved)

    def _is_seen(self, change: Change) -> bool:
        numbers = ((change.old, BEFORE), (change.new, AFTER))
        return all(self.canvas.shown(number, side) >= _SEEN for number, side in numbers if number)

    def _chosen(self) -> Callable[[], Change]:
        recipe, draw = self.recipe, self.rng.random()
        if self.is_screen and self.rng.random() < recipe.digits:
            return self._other_digits
        if recipe.relit and self.rng.random() < recipe.relit:
            return self._relight
        if recipe.near and self.rng.random() < recipe.near:
            return self._near
        if self.rng.random() < recipe.text:
            return self._other_words if self.rng.random() < 0.5 else self._sign
        if self.rng.random() < recipe.patched:
            return self._patch
        if draw < recipe.moved:
            return self._move
        if draw < recipe.moved + recipe.replaced:
            return self._recolour if self.rng.random() < 0.3 else self._replace
        return self._come_or_go

    def _come_or_go(self) -> Change:
        return self._in_one(*self._placed_cutout())

    def _sign(self) -> Change:
        cutout = self.sampler.sized(written(self.rng, words(self.rng)))
        return self._in_one(cutout, self.sampler.position(cutout, self.canvas))

    def _in_one(self, cutout: Cutout, at: Position, *, with_shadow: bool = True) -> Change:
        """A thing in one picture only; the other shows the scene, or the thing painted over."""
        side = BEFORE if self.rng.random() < 0.5 else AFTER
        shadow = random_shadow(cutout, self.rng) if with_shadow else None
        number = self._paste(cutout, at, side, shadow)
        small = cv2.countNonZero(cutout.area) <= _PAINTED * self.recipe.size**2
        if small and self.rng.random() < self.recipe.inpaint:
            self.canvas.paste(cutout, at, number, 1 - side, shadow)
            self.canvas.paint_over(_grown(cutout), (at[0] - _GROWN, at[1] - _GROWN), (1 - side,))
        facts = named(cutout).facts()
        return Change("removed", number, 0, facts) if side == BEFORE else Change("added", 0, number, facts)

    def _near(self) -> Change:
        """Something that came close to the camera, or was there: a hand, a leaf, a lid; unsharp as near things are."""
        cutout = self.sampler.near()
        return self._in_one(cutout, self.sampler.anywhere(cutout, self.canvas), with_shadow=False)

    def _move(self) -> Change:
        cutout, at = self._placed_cutout()
        shadow = random_shadow(cutout, self.rng)
        old = self._paste(cutout, at, BEFORE, shadow)
        there = max(
            (self.sampler.position(cutout, self.canvas) for _ in range(_TRIES)), key=lambda to: math.dist(at, to)
        )
        new = self._paste(cutout, there, AFTER, shadow)
        return Change("moved", old, new, named(cutout).facts())

    def _replace(self) -> Change:
        first, at = self._placed_cutout()
        area = cv2.countNonZero(first.area) * self.rng.uniform(0.6, 1.6)
        second = self.sampler.harmonised(self.sampler.cutout(area=area), at, self.canvas)
        there = at[0] + (first.size[0] - second.size[0]) // 2, at[1] + first.size[1] - second.size[1]
        return self._exchange(first, at, second, there)

    def _patch(self) -> Change:
        """A part of the picture painted with another part of it: a retouched photograph, a fault on a board."""
        shape = self.sampler.patch()
        at = self.sampler.position(shape, self.canvas)
        first, second = patches(self.rng, self.canvas.pictures[BEFORE], shape, at)
        return self._exchange(first, at, second, at, how="patched", with_shadow=False)

    def _relight(self) -> Change:
        """A thing that is there in both pictures and only got brighter or darker: a lamp, a screen, a faded part."""
        first, at = self._placed_cutout()
        gain = float(np.exp(self.rng.uniform(np.log(1.35), np.log(3.0))))
        warm = np.exp(self.rng.normal(0, 0.1, 3))
        lamp, other = first, tinted(first, tuple(gain * warm))
        if self.rng.random() < 0.5:
            lamp, other = other, lamp
        return self._exchange(lamp, at, other, at, how="relit")

    def _other_digits(self) -> Change:
        """A number on a screen that became another one, to the pixel; only the strokes that differ count."""
        rng = self.rng
        size = int(rng.integers(8, 20))
        digits = [str(rng.integers(10)) for _ in range(int(rng.integers(1, 6)))]
        others = list(digits)
        for place in rng.choice(len(digits), int(rng.integers(1, len(digits) + 1)), replace=False).tolist():
            others[place] = str((int(digits[place]) + int(rng.integers(1, 10))) % 10)
        room = self.canvas.touched.shape
        at = int(rng.integers(0, max(room[1] - 3 * size, 1))), int(rng.integers(0, max(room[0] - 2 * size, 1)))
        ground = self.canvas.pictures[BEFORE][at[1], at[0]].astype(float)
        ink = np.full(3, 255.0) if ground.mean() < 128 else np.zeros(3)
        ink = ground + (ink - ground) * rng.uniform(0.5, 1.0)
        state = rng.bit_generator.state
        pieces = []
        for text in ("".join(digits), "".join(others)):
            rng.bit_generator.state = state  # both in the same kind of edges
            pieces.append(on_screen(rng, text, size, ink, ground))
        height, width = (max(piece.shape[axis] for piece in pieces) for axis in (0, 1))
        filled = [
            cv2.copyMakeBorder(
                p, 0, height - p.shape[0], 0, width - p.shape[1], cv2.BORDER_CONSTANT, value=ground.tolist()
            )
            for p in pieces
        ]
        apart = (cv2.absdiff(*filled).max(2) > _STROKE).astype(np.uint8)
        area = 255 * cv2.morphologyEx(apart, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        opaque = np.full((height, width), 255, np.uint8)
        cutouts = [cutout_of(np.dstack([p, opaque]), "number", area=area) for p in filled]
        return self._exchange(cutouts[0], at, cutouts[1], at, how="rewritten", with_shadow=False)

    def _recolour(self) -> Change:
        first, at = self._placed_cutout()
        return self._exchange(first, at, recoloured(first, self.rng), at, how="recoloured")

    def _other_words(self) -> Change:
        text = words(self.rng)
        other = next(word for word in iter(lambda: words(self.rng), "") if word.lower() != text.lower())
        both = rewritten(self.rng, text, other)
        factor = self.sampler.factor(both[0])
        first, second = (cutout.scaled(factor) for cutout in both)
        at = self.sampler.position(first, self.canvas)
        return self._exchange(first, at, second, at, how="rewritten")

    def _exchange(
        self, first: Cutout, at: Position, second: Cutout, there: Position, *, how: str = "", with_shadow: bool = True
    ) -> Change:
        """One thing in before and another in after."""
        shadow = random_shadow(first, self.rng) if with_shadow else None
        first, second = named(first), named(second)
        facts = second.facts() | {"from": first.phrase(), "to": second.phrase()} | ({"how": how} if how else {})
        facts |= {f"from {name}": value for name, value in first.facts().items()}
        return Change(
            "replaced", self._paste(first, at, BEFORE, shadow), self._paste(second, there, AFTER, shadow), facts
        )


def _grown(cutout: Cutout) -> Bytes:
    """What a thing covers, wholly or in part, and a little more on all sides."""
    hole = cv2.threshold(cutout.alpha, 5, 255, cv2.THRESH_BINARY)[1]
    hole = cv2.copyMakeBorder(hole, _GROWN, _GROWN, _GROWN, _GROWN, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.dilate(hole, np.ones((2 * _GROWN + 1, 2 * _GROWN + 1), np.uint8)))
