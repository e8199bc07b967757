"""What moves though nothing changed: water, leaves, grass, cloth, and near parts of a scene against far ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.noise import octaves, ripples, smooth

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map


def moving(rng: np.random.Generator, scene: Bytes, free: Bytes) -> tuple[Bytes, Bytes] | None:
    """The scene twice, with one part of it waving, or under small waves; None where too little of it is `free`.

    Args:
        rng: Decides.
        scene: (H, W, 3) uint8.
        free: (H, W) uint8, 255 where it may move.

    Returns:
        The scene of before and that of after; a few pixels around `free` are touched too.
    """
    height, width = scene.shape[:2]
    part_of, make = _MOTIONS[int(rng.choice(len(_MOTIONS), p=_SHARES))]
    part = cv2.bitwise_and(part_of(rng, width, height), free)
    if cv2.countNonZero(part) < 0.02 * part.size:
        return None
    share = cv2.blur(part, (9, 9)).astype(np.float32)[..., None] * np.float32(1 / 255)
    first, second = make(rng, scene)
    return _blended(scene, first, share), _blended(scene, second, share)


def _part(rng: np.random.Generator, width: int, height: int) -> Bytes:
    """A band from the bottom or top, or a cloud: (height, width) uint8."""
    if rng.random() < 0.4:
        mask = np.zeros((height, width), np.uint8)
        edge = int(height * rng.uniform(0.3, 0.75))
        slope = int(height * rng.normal(0, 0.1))
        far = height if rng.random() < 0.7 else 0
        cv2.fillPoly(mask, [np.array([(0, edge), (width, edge + slope), (width, far), (0, far)], np.int32)], 255)
        return mask
    field = octaves(rng, height, width, zoom=rng.uniform(1, 3)) if rng.random() < 0.5 else None
    if field is None:
        field = smooth(rng, (width, height), cells=4)
    level = float(np.quantile(field[::8, ::8], rng.uniform(0.3, 0.8)))
    return np.asarray(cv2.compare(field, level, cv2.CMP_GT))


def _rim(rng: np.random.Generator, width: int, height: int) -> Bytes:
    """A strip along one side, as the frame of a window or the front of a shelf: (height, width) uint8."""
    mask = np.zeros((height, width), np.uint8)
    depth = rng.uniform(0.03, 0.22, 2) * min(height, width)
    if along := bool(rng.random() < 0.5):
        mask = np.ascontiguousarray(mask.T)
    long = mask.shape[1]
    cv2.fillPoly(mask, [np.array([(0, 0), (long, 0), (long, depth[1]), (0, depth[0])]).round().astype(np.int32)], 255)
    if rng.random() < 0.5:
        mask = cv2.flip(mask, 0)
    return np.ascontiguousarray(mask.T) if along else np.asarray(mask)


def _blended(scene: Bytes, other: Bytes, share: Map) -> Bytes:
    return np.asarray(scene + share * (other.astype(np.float32) - scene) + 0.5).astype(np.uint8)


def _swaying(rng: np.random.Generator, scene: Bytes) -> tuple[Bytes, Bytes]:
    """The texture carried to and fro by some pixels, twice with the same reach and fineness."""
    height, width = scene.shape[:2]
    cells = int(rng.integers(6, max(min(height, width) // 7, 8)))
    reach = np.array(rng.uniform(0.3, 1, 2) * rng.uniform(0.2, 0.6) * min(min(height, width) / cells, 14), np.float32)
    base = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    maps = [base + reach * smooth(rng, (width, height), cells=cells, channels=2) for _ in range(2)]
    how = {"interpolation": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REFLECT_101}
    first, second = (np.asarray(cv2.remap(scene, where, None, **how)) for where in maps)
    return first, second


def _waves(rng: np.random.Generator, scene: Bytes) -> tuple[Bytes, Bytes]:
    """The scene's own colour, calmed, under two different sets of small waves."""
    height, width = scene.shape[:2]
    calm = cv2.blur(scene, (15, 5)).astype(np.float32)
    zoom, depth, glints = rng.uniform(0.2, 1.2), rng.uniform(8, 40), rng.random() < 0.3
    make = ripples if rng.random() < 0.7 else octaves

    def water() -> Bytes:
        height_of = make(rng, height, width, zoom=zoom)
        relief = depth * height_of
        if glints:
            relief = relief + 90 * (height_of > 2.2)
        return np.asarray(np.clip(calm + relief[..., None], 0, 255), np.uint8)

    return water(), water()


def _nearer(rng: np.random.Generator, scene: Bytes) -> tuple[Bytes, Bytes]:
    """The scene as it is, and all of it shifted by some pixels, as a near part of it is when the camera moves."""
    height, width = scene.shape[:2]
    shift = rng.uniform(-1, 1, 2) * max(_FARTHEST * min(height, width), 1.0)
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    how = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REFLECT_101}
    return scene, np.asarray(cv2.warpAffine(scene, matrix, (width, height), **how))


_FARTHEST = 0.025  # of the shorter side, that a near part moves
_MOTIONS = ((_part, _swaying), (_part, _waves), (_rim, _nearer))
_SHARES = (0.45, 0.3, 0.25)
