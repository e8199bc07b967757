"""Where the two pictures were taken from: one place, nearly one, or two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.noise import smooth

if TYPE_CHECKING:
    from spotdiff.data.synth.recipe import PairRecipe
    from spotdiff.types import Bytes, Map, Matrix

_MOTIONS = ("still", "residual", "depth", "moved")
_MIXTURES = {"mixed": (0.15, 0.5, 0.15, 0.2), "aligned": (0.15, 0.65, 0.2, 0.0)}  # shares of the motions
_ROOM = 1.25  # side of the canvas where the camera moves freely, in sides of the picture
_TURN, _SHIFT, _SCALE = 30.0, 0.2, (0.8, 1.5)  # degrees, share of the side, factors: those of CYWS
_SLANT = 0.08  # share of the side by which corners move in perspective
_UNSEEN = 0.12  # share of the side, the widest edge that only one picture shows
_LENS = 0.25  # share of the residuals that are a lens'
_DEPTH = 0.05  # longest way of the nearest thing, as a share of the side


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """How one picture shows the canvas.

    Attributes:
        size: Side of the picture.
        matrix: Canvas's pixels to the picture's, where it is more than a cut from the middle; else None.
        flow: (size, size, 2) float32, from each of the picture's pixels to where on the canvas it looks; or None.
    """

    size: int
    matrix: Matrix | None = None
    flow: Map | None = None

    def picture(self, canvas: Bytes) -> Bytes:
        """(size, size, 3): what it shows of a picture; beyond the canvas it is mirrored."""
        square = self.size, self.size
        if self.matrix is not None:
            how = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REFLECT_101}
            return np.asarray(cv2.warpPerspective(canvas, self.matrix, square, **how))
        if self.flow is not None:
            return np.asarray(cv2.remap(canvas, self.flow, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101))
        return np.ascontiguousarray(canvas[self._middle(canvas)])

    def numbers(self, canvas: Bytes, *, beyond: tuple[int, int, int, int]) -> Bytes:
        """(size, size, 4): what it shows of four maps of whole numbers, of which those `beyond` lie outside."""
        square = self.size, self.size
        if self.matrix is not None:
            how = {"flags": cv2.INTER_NEAREST, "borderMode": cv2.BORDER_CONSTANT, "borderValue": beyond}
            return np.asarray(cv2.warpPerspective(canvas, self.matrix, square, **how))
        if self.flow is not None:
            return np.asarray(cv2.remap(canvas, self.flow, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE))
        return np.ascontiguousarray(canvas[self._middle(canvas)])

    def footprint(self, shape: tuple[int, ...]) -> Bytes:
        """(H, W) uint8 of the canvas: 255 where it looks."""
        seen = np.zeros(shape[:2], np.uint8)
        if self.matrix is None:
            seen[self._middle(seen)] = 255
            return seen
        corners = np.array([[(0, 0), (self.size, 0), (self.size, self.size), (0, self.size)]], np.float64)
        on_stage = cv2.perspectiveTransform(corners, np.linalg.inv(self.matrix))[0]
        return np.asarray(cv2.fillConvexPoly(seen, np.round(on_stage).astype(np.int32), 255))

    def _middle(self, canvas: Bytes) -> tuple[slice, slice]:
        top, left = ((room - self.size) // 2 for room in canvas.shape[:2])
        return slice(top, top + self.size), slice(left, left + self.size)


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """How a pair is taken.

    Attributes:
        motion: still, residual, depth or moved.
        room: Side of the canvas that is needed.
        views: How before and after show it.
        parallax: How far the nearest thing moves from before to after, in pixels.
        facts: What was chosen, in numbers.
    """

    motion: str
    room: int
    views: tuple[View, View]
    parallax: tuple[float, float] = (0.0, 0.0)
    facts: dict[str, object] = field(default_factory=dict)


def camera(rng: np.random.Generator, recipe: PairRecipe) -> Camera:
    """A camera of the kind that the recipe asks for."""
    motion = recipe.camera
    if motion in _MIXTURES:
        motion = str(rng.choice(_MOTIONS, p=_MIXTURES[motion]))
    size, plain = recipe.size, View(recipe.size)
    if motion == "still":
        return Camera(motion, size, (plain, plain), facts={"motion": motion})
    if motion == "moved":
        room = round(size * _ROOM)
        view, facts = _moved(rng, size, room)
        return Camera(motion, room, _either(rng, view, plain), facts={"motion": motion} | facts)
    view, facts = _residual(rng, recipe)
    views = _either(rng, view, plain)
    if motion == "residual":
        return Camera(motion, size, views, facts={"motion": motion} | facts)
    angle, way = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1) * _DEPTH * size
    parallax = float(way * np.cos(angle)), float(0.4 * way * np.sin(angle))
    facts = {"motion": motion, "parallax": [round(each, 2) for each in parallax]} | facts
    return Camera(motion, size, views, parallax, facts)


def _either(rng: np.random.Generator, view: View, plain: View) -> tuple[View, View]:
    return (plain, view) if rng.random() < 0.5 else (view, plain)


def _residual(rng: np.random.Generator, recipe: PairRecipe) -> tuple[View, dict[str, object]]:
    """What aligning leaves, up to some pixels long: a smooth warp, of a few numbers or of many, or another lens."""
    size = recipe.size
    longest = float(recipe.camera_px * size / 256 * rng.uniform(0.1, 1))
    cells = int(rng.integers(2, 9))
    lens = rng.random() < _LENS
    warp = _lens(rng, size) if lens else smooth(rng, (size, size), cells=cells, channels=2)
    peak = float(np.sqrt((warp[::8, ::8] ** 2).sum(-1).max()))
    flow = warp * np.float32(longest / max(peak, 1e-6))
    across = np.arange(size, dtype=np.float32)
    flow[..., 0] += across
    flow[..., 1] += across[:, None]
    facts: dict[str, object] = {"px": round(longest, 2), "lens": lens, "cells": 0 if lens else cells}
    return View(size, flow=flow), facts


def _lens(rng: np.random.Generator, size: int) -> Map:
    """(size, size, 2): barrel or pincushion, less the scale that an aligner takes out of it."""
    across = np.linspace(-1, 1, size, dtype=np.float32)
    from_middle = np.stack(np.meshgrid(across, across), -1)
    radial = from_middle * ((from_middle**2).sum(-1, keepdims=True) - 1)
    warp: Map = radial * np.float32(rng.choice((-1, 1)))
    return warp


def _moved(rng: np.random.Generator, size: int, room: int) -> tuple[View, dict[str, object]]:
    """Turned, shifted, scaled and a little slanted, about the middle of the canvas."""
    degrees, scale = float(rng.uniform(-_TURN, _TURN)), float(np.exp(rng.uniform(*np.log(_SCALE))))
    shift = rng.uniform(-_SHIFT, _SHIFT, 2) * size
    matrix = np.vstack([cv2.getRotationMatrix2D((room / 2, room / 2), degrees, scale), (0, 0, 1)])
    matrix[:2, 2] += shift + (size - room) / 2
    square = np.array([(0, 0), (size, 0), (size, size), (0, size)], np.float32)
    slanted = (square + rng.uniform(-_SLANT, _SLANT, (4, 2)) * size).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(square, slanted) @ matrix
    facts = {"degrees": round(degrees, 1), "scale": round(scale, 3), "shift": [round(float(s), 1) for s in shift]}
    return View(size, matrix=np.asarray(matrix)), dict(facts)


def unseen(rng: np.random.Generator, size: int) -> Bytes:
    """(size, size) uint8: 255 along one or two edges, a little aslant, as what the other picture does not show."""
    mask = np.zeros((size, size), np.uint8)
    for turn in rng.choice(4, int(rng.integers(1, 3)), replace=False):
        left_depth, right_depth = (_UNSEEN * size * rng.uniform(0, 1, 2)).tolist()
        corners = np.array([(0, 0), (size, 0), (size, right_depth), (0, left_depth)]).round().astype(np.int32)
        mask |= np.rot90(cv2.fillPoly(np.zeros_like(mask), [corners], 255), int(turn))
    return mask
