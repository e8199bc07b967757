"""What is put on the stage: things that are in both pictures, and things that changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.patches import patches
from spotdiff.data.synth.shades import shade_of
from spotdiff.data.synth.stage import AFTER, BEFORE, BOTH, At, Shade, Stage
from spotdiff.data.synth.things import Thing, named, recoloured, thing_of, tinted
from spotdiff.data.synth.writing import on_screen, rewritten, words, written

if TYPE_CHECKING:
    from spotdiff.data.synth.props import Props
    from spotdiff.data.synth.recipe import PairRecipe
    from spotdiff.types import Bytes, Kind

_SEEN = 12.0  # least mean difference, of 255, that a change must make where it is
_TRIES = 3  # until a change is seen
_STROKE = 12  # levels by which strokes of two numbers differ
_PAINTED = 0.04  # largest thing that is painted over, as a share of the picture: larger holes fill badly
_GROWN = 3  # pixels around a thing that are painted over with it


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it was put on the stage.

    Attributes:
        kind: added, removed, replaced or moved.
        old, new: Number of the thing in before and in after, 0 for none.
        facts: What is known of it.
    """

    kind: Kind
    old: int
    new: int
    facts: dict[str, str] = field(default_factory=dict)


class Director:
    """Chooses what happens between the two pictures of one pair, and puts it on its stage.

    Attributes:
        stage: The two pictures.
        shared: Numbers of the things that are in both pictures.
        changes: What changed, in the order in which it was put there.
    """

    def __init__(
        self,
        stage: Stage,
        recipe: PairRecipe,
        props: Props,
        *,
        parallax: tuple[float, float],
        is_screen: bool = False,
    ) -> None:
        self.stage, self.recipe, self.props, self.rng = stage, recipe, props, props.rng
        self.is_screen = is_screen
        self.parallax = parallax
        self.shared: list[int] = []
        self.changes: list[Change] = []
        self._last = 0

    def direct(self) -> None:
        """Paint over some places of both pictures, then put in what is shared and what changes, in any order."""
        recipe, rng = self.recipe, self.rng
        if recipe.inpaint and rng.random() < 0.3:
            for _ in range(int(rng.integers(1, 4))):
                thing = self.props.thing(most=_PAINTED)
                self.stage.paint_over(_grown(thing), self.props.place(thing, self.stage), BOTH)
        changes = 0 if rng.random() < recipe.unchanged else int(rng.integers(1, recipe.most_changes + 1))
        acts: list[Callable[[], None]] = [self._change] * changes
        acts += [self._share] * int(rng.integers(0, recipe.distractors + 1))
        for turn in rng.permutation(len(acts)):
            acts[turn]()

    def _number(self) -> int:
        self._last += 1
        return self._last

    def _put(self, thing: Thing, at: At, side: int, shade: Shade | None) -> int:
        number = self._number()
        self.stage.put(thing, at, number, side, shade)
        return number

    def _share(self) -> None:
        """A thing in both pictures; where the camera sees depth, at two places a little apart."""
        thing, at = self._prop()
        shade, near, number = shade_of(thing, self.rng), self.rng.uniform(0.2, 1.0), self._number()
        there = at[0] + round(near * self.parallax[0]), at[1] + round(near * self.parallax[1])
        self.stage.put(thing, at, number, BEFORE, shade)
        self.stage.put(thing, there, number, AFTER, shade)
        self.shared.append(number)

    def _prop(self) -> tuple[Thing, At]:
        """A thing and a place for it, in whose light it stands."""
        thing = self.props.thing()
        at = self.props.place(thing, self.stage)
        return self.props.fitted(thing, at, self.stage), at

    def _change(self) -> None:
        """A change that is seen; after some that are not, none."""
        for _ in range(_TRIES):
            saved = self.stage.copy()
            change = self._chosen()()
            if self._is_seen(change):
                self.changes.append(change)
                return
            self.stage.become(saved)

    def _is_seen(self, change: Change) -> bool:
        numbers = ((change.old, BEFORE), (change.new, AFTER))
        return all(self.stage.shown(number, side) >= _SEEN for number, side in numbers if number)

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
        return self._in_one(*self._prop())

    def _sign(self) -> Change:
        thing = self.props.sized(written(self.rng, words(self.rng)))
        return self._in_one(thing, self.props.place(thing, self.stage))

    def _in_one(self, thing: Thing, at: At, *, shaded: bool = True) -> Change:
        """A thing in one picture only; the other shows the scene, or the thing painted over."""
        side = BEFORE if self.rng.random() < 0.5 else AFTER
        shade = shade_of(thing, self.rng) if shaded else None
        number = self._put(thing, at, side, shade)
        small = cv2.countNonZero(thing.area) <= _PAINTED * self.recipe.size**2
        if small and self.rng.random() < self.recipe.inpaint:
            self.stage.put(thing, at, number, 1 - side, shade)
            self.stage.paint_over(_grown(thing), (at[0] - _GROWN, at[1] - _GROWN), (1 - side,))
        facts = named(thing).facts()
        return Change("removed", number, 0, facts) if side == BEFORE else Change("added", 0, number, facts)

    def _near(self) -> Change:
        """Something that came close to the camera, or was there: a hand, a leaf, a lid; unsharp as near things are."""
        thing = self.props.near()
        return self._in_one(thing, self.props.anywhere(thing, self.stage), shaded=False)

    def _move(self) -> Change:
        thing, at = self._prop()
        shade = shade_of(thing, self.rng)
        old = self._put(thing, at, BEFORE, shade)
        there = max((self.props.place(thing, self.stage) for _ in range(_TRIES)), key=lambda to: math.dist(at, to))
        new = self._put(thing, there, AFTER, shade)
        return Change("moved", old, new, named(thing).facts())

    def _replace(self) -> Change:
        first, at = self._prop()
        area = cv2.countNonZero(first.area) * self.rng.uniform(0.6, 1.6)
        second = self.props.fitted(self.props.thing(area=area), at, self.stage)
        there = at[0] + (first.size[0] - second.size[0]) // 2, at[1] + first.size[1] - second.size[1]
        return self._exchange(first, at, second, there)

    def _patch(self) -> Change:
        """A part of the picture painted with another part of it: a retouched photograph, a fault on a board."""
        shape = self.props.patch()
        at = self.props.place(shape, self.stage)
        first, second = patches(self.rng, self.stage.pictures[BEFORE], shape, at)
        return self._exchange(first, at, second, at, how="patched", shaded=False)

    def _relight(self) -> Change:
        """A thing that is there in both pictures and only got brighter or darker: a lamp, a screen, a faded part."""
        first, at = self._prop()
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
        room = self.stage.touched.shape
        at = int(rng.integers(0, max(room[1] - 3 * size, 1))), int(rng.integers(0, max(room[0] - 2 * size, 1)))
        ground = self.stage.pictures[BEFORE][at[1], at[0]].astype(float)
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
        things = [thing_of(np.dstack([p, opaque]), "number", area=area) for p in filled]
        return self._exchange(things[0], at, things[1], at, how="rewritten", shaded=False)

    def _recolour(self) -> Change:
        first, at = self._prop()
        return self._exchange(first, at, recoloured(first, self.rng), at, how="recoloured")

    def _other_words(self) -> Change:
        text = words(self.rng)
        other = next(word for word in iter(lambda: words(self.rng), "") if word.lower() != text.lower())
        both = rewritten(self.rng, text, other)
        factor = self.props.factor(both[0])
        first, second = (thing.scaled(factor) for thing in both)
        at = self.props.place(first, self.stage)
        return self._exchange(first, at, second, at, how="rewritten")

    def _exchange(
        self, first: Thing, at: At, second: Thing, there: At, *, how: str = "", shaded: bool = True
    ) -> Change:
        """One thing in before and another in after."""
        shade = shade_of(first, self.rng) if shaded else None
        first, second = named(first), named(second)
        facts = second.facts() | {"from": first.phrase(), "to": second.phrase()} | ({"how": how} if how else {})
        facts |= {f"from {name}": value for name, value in first.facts().items()}
        return Change("replaced", self._put(first, at, BEFORE, shade), self._put(second, there, AFTER, shade), facts)


def _grown(thing: Thing) -> Bytes:
    """What a thing covers, wholly or in part, and a little more on all sides."""
    hole = cv2.threshold(thing.alpha, 5, 255, cv2.THRESH_BINARY)[1]
    hole = cv2.copyMakeBorder(hole, _GROWN, _GROWN, _GROWN, _GROWN, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.dilate(hole, np.ones((2 * _GROWN + 1, 2 * _GROWN + 1), np.uint8)))
