"""Fixed cameras: pictures of one place at many times, two of which are the two moments of a made pair.

Nothing that is drawn differs as a place does between two hours or two seasons. What is put into both moments, or into
one, is known; the light is real; and what came or went by itself between the moments is found by its absence from all
of the camera's other pictures, and not counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.decode_array import decode_array
from spotdiff.data.file_names import is_hidden
from spotdiff.errors import DataError, why_no_folder
from spotdiff.image.resize import shrink_within
from spotdiff.input_files import read_bytes

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Map

_SIDE = 256  # pixels of the longer side at which pictures of one camera are held against each other
_MOST = 12  # other pictures that one is held against
_FEWEST = 8  # pictures of a camera, from which on what only one of them shows is known to have come by itself
_WINDOW = 7  # pixels, of the structure that is compared
_PLAIN = 36.0  # variance of grey levels under which a place has no structure
_LIKE = 0.5  # structure in common, of 1, from which on two pictures show the same
_FILL, _THIN = 7, 5  # pixels: parts nearer than this are one thing; thinner ones are none
_LARGEST = 0.015  # share of a picture that a passer-by or a car covers; what is larger is weather, and no change
_ENOUGH = 40  # pictures of a camera
_SMALLEST_CUT = 0.45  # side of the part that is shown, as a share of the picture's shorter side
_SOFT = 0.06  # deviation of the blur under which light is the same, as a share of the side
_LEAST, _MOST_LIGHT = 0.3, 2.5  # factors by which a thing is darkened or brightened with its place


@dataclass(frozen=True, slots=True, eq=False)
class FixedCamera:
    """What one fixed camera took.

    Attributes:
        name: Of the camera.
        pictures: Its files, each (name, bytes).
    """

    name: str
    pictures: tuple[tuple[str, bytes], ...]
    _alone: dict[int, Bytes] = field(default_factory=dict, repr=False)

    def picture(self, number: int, *, how: int = cv2.IMREAD_COLOR_RGB) -> Bytes:
        """(H, W, 3) uint8 RGB of one moment, or what else `how` makes of it.

        Raises:
            DataError: the file turns out to be damaged.
        """
        name, data = self.pictures[number]
        pixels = decode_array(data, how, name=name)
        if pixels is None:
            raise DataError(f"{name} cannot be decoded; mend or remove it")
        return np.asarray(pixels)

    def alone(self, number: int) -> Bytes:
        """(h, w) uint8, small: 255 where a picture shows what none of the camera's others does; kept once it is found.

        Shadows that lie there at the same hour of another day are not alone, and thin lines, such as the edges of
        others, are left out, and so is what is too large for a passer-by or a car: clouds, fog, snow. All 0 where the
        camera took too few pictures to know.
        """
        if number not in self._alone:
            self._alone[number] = self._find_alone(number)
        return self._alone[number]

    def _find_alone(self, number: int) -> Bytes:
        own = self._small(number)
        count = len(self.pictures)
        if count < _FEWEST:
            return np.zeros_like(own)
        others = [other for other in range(count) if other != number]
        chosen = np.linspace(0, len(others) - 1, min(_MOST, len(others))).round().astype(int)
        best = np.zeros(own.shape, np.float32)
        for place in chosen.tolist():
            other = self._small(others[place])
            if other.shape != own.shape:
                other = np.asarray(cv2.resize(other, own.shape[::-1], interpolation=cv2.INTER_AREA))
            np.maximum(best, structure_shared(own, other), out=best)
        odd = (best < _LIKE).astype(np.uint8)
        odd = cv2.morphologyEx(odd, cv2.MORPH_CLOSE, np.ones((_FILL, _FILL), np.uint8))
        odd = cv2.morphologyEx(odd, cv2.MORPH_OPEN, np.ones((_THIN, _THIN), np.uint8))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(odd, connectivity=8)
        kept = stats[:, cv2.CC_STAT_AREA] <= _LARGEST * odd.size
        kept[0] = False
        odd = kept[labels].astype(np.uint8)
        return np.asarray(255 * cv2.dilate(odd, np.ones((_THIN, _THIN), np.uint8)))

    def _small(self, number: int) -> Bytes:
        return shrink_within(self.picture(number, how=cv2.IMREAD_REDUCED_GRAYSCALE_2), _SIDE)


def structure_shared(one: Bytes, other: Bytes) -> Map:
    """(H, W) float32 up to 1: covariance over variance of two grey pictures in small windows; 1 where both are plain.

    It is the contrast and structure of SSIM (Wang et al. 2004, eq. 9 and 10) with one constant for both.
    """
    size = (_WINDOW, _WINDOW)
    first, second = one.astype(np.float32), other.astype(np.float32)
    mean_one, mean_other = cv2.blur(first, size), cv2.blur(second, size)
    variances = cv2.blur(first * first, size) - mean_one**2 + cv2.blur(second * second, size) - mean_other**2
    both = cv2.blur(first * second, size) - mean_one * mean_other
    return np.asarray((2 * both + _PLAIN) / (variances + _PLAIN), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """One part of a place at two times.

    Attributes:
        before, after: (S, S, 3) uint8.
        restless: (S, S) uint8, 255 where something came or went by itself.
    """

    before: Bytes
    after: Bytes
    restless: Bytes

    def lit_as_after(self, scene: Bytes, staged: Bytes, pasted: Bytes) -> Bytes:
        """What was put on the scene of before, as it looks at the time of after: (S, S, 3).

        Args:
            scene: The scene of before.
            staged: The same with things on it, and their shadows.
            pasted: (S, S) uint8, above 0 where more was done to it than a shadow.
        """
        sigma = _SOFT * len(scene)
        light = _blurred(self.after, sigma) / np.maximum(_blurred(self.before, sigma), 1)
        cutouts = staged * np.clip(light, _LEAST, _MOST_LIGHT)
        shadow = self.after * (staged.astype(np.float32) / np.maximum(scene, 1))
        put = np.where(pasted[..., None] > 0, cutouts, np.where(scene == staged, self.after, shadow))
        return np.asarray(np.clip(put, 0, 255), np.uint8)


def _blurred(picture: Bytes, sigma: float) -> Map:
    return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), sigma))


def open_fixed_cameras(folder: str | Path, *, suffixes: frozenset[str] | set[str]) -> tuple[FixedCamera, ...]:
    """The cameras of a folder: each folder in it holds the pictures of one, two or more, sorted by name.

    Raises:
        DataError: the folder is missing, holds no camera, a camera has fewer than two pictures, or one cannot be read.
    """
    root = Path(folder)
    cameras = (
        sorted(path for path in root.iterdir() if path.is_dir() and not is_hidden(path, root)) if root.is_dir() else []
    )
    if not root.is_dir():
        raise DataError(f"{root}: {why_no_folder(root)}")
    if not cameras:
        raise DataError(f"{root} holds no cameras: it needs a folder of pictures for each")
    views = []
    for camera in cameras:
        files = sorted(
            path for path in camera.iterdir() if path.suffix.lower() in suffixes and not is_hidden(path, root)
        )
        if len(files) < 2:
            raise DataError(f"{camera} holds {len(files)} pictures; a camera needs two or more")
        views.append(FixedCamera(camera.name, tuple((str(path), read_bytes(path)) for path in files)))
    return tuple(views)


def moments_of(views: tuple[FixedCamera, ...], rng: np.random.Generator, side: int) -> Moments:
    """A square part of one place at two of its times, in either order, sometimes mirrored.

    A view is drawn as often as the root of the number of its pairs says, up to 40 pictures: more show little new.

    Raises:
        DataError: a file turns out to be damaged.
    """
    counts = np.minimum([len(view.pictures) for view in views], _ENOUGH)
    roots = np.sqrt(counts * (counts - 1))
    view = views[int(rng.choice(len(views), p=roots / roots.sum()))]
    numbers = rng.choice(len(view.pictures), 2, replace=False).tolist()
    pictures = [view.picture(number) for number in numbers]
    height, width = pictures[0].shape[:2]
    cut = max(int(min(height, width) * rng.uniform(_SMALLEST_CUT, 1)), 1)
    top, left = int(rng.integers(height - cut + 1)), int(rng.integers(width - cut + 1))
    alone = cv2.max(*(_of_size(view.alone(number), (width, height)) for number in numbers))
    flipped = bool(rng.random() < 0.5)

    def part(pixels: Bytes) -> Bytes:
        piece = _of_size(pixels, (width, height))[top : top + cut, left : left + cut]
        way = cv2.INTER_AREA if cut > 1.5 * side else cv2.INTER_LINEAR  # by areas is slow
        piece = cv2.resize(piece, (side, side), interpolation=way)
        return np.ascontiguousarray(piece[:, ::-1] if flipped else piece)

    before, after = (part(picture) for picture in pictures)
    return Moments(before, after, np.where(part(np.asarray(alone)) > 0, 255, 0).astype(np.uint8))


def _of_size(pixels: Bytes, size: tuple[int, int]) -> Bytes:
    if pixels.shape[1::-1] == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR))
