"""Models of a place's usual look: each learns frames one by one and judges a frame without learning from it.

A model is a small value with state, apart from any method, so that one picture pair and an endless film can
use the same one. `judge` says 0 for the usual look and 0.5 where a frame is as far from it as its limit.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotdiff.types import Bytes, Map, Mask

ROWS = 128  # rows of all remembered frames worked on at once, which bounds memory
TO_DEVIATION = np.float32(1.4826)  # median absolute deviation to standard deviation, for normal noise
MAJORITY = 0.7  # a colour is usual to MOG2 until more common ones make up this share; its own 0.9 keeps passers-by
LADDER = (0.25, 0.5, 1.0, 2.0, 4.0)  # multiples of its limit that MOG2, which says only yes or no, is asked at


class Model(Protocol):
    """What a place usually looks like."""

    def learn(self, frame: Bytes) -> None:
        """Take in a frame, (H, W, 3) uint8, all of one size."""
        ...

    def judge(self, frame: Bytes) -> Map:
        """(H, W) float32 in [0, 1): how far the frame is from the usual look; 0.5 is the model's limit."""
        ...

    def usual(self) -> Bytes:
        """(H, W, 3) uint8: the usual look as a picture."""
        ...


class Median:
    """Median of the latest frames per pixel and channel; distance in multiples of the usual spread.

    The spread is 1.4826 times the median absolute deviation, added in squares to `noise`, since a few frames
    may agree by chance. Something that stands in fewer than half of the frames leaves no trace.
    """

    def __init__(self, *, capacity: int, noise: float, threshold: float) -> None:
        self._frames: deque[Bytes] = deque(maxlen=capacity)
        self._noise, self._threshold = np.float32(noise), np.float32(threshold)

    def learn(self, frame: Bytes) -> None:
        """Remember a frame; beyond the capacity the oldest is forgotten."""
        self._frames.append(frame.copy())

    def usual(self) -> Bytes:
        """The median picture."""
        return np.concatenate([np.rint(median).astype(np.uint8) for median, _ in self._strips()])

    def judge(self, frame: Bytes) -> Map:
        """The largest channel's distance from the median, as z / (z + threshold)."""
        parts, top = [], 0
        for median, spread in self._strips():
            apart = np.abs(frame[top : top + ROWS] - median) / np.sqrt(spread**2 + self._noise**2)
            parts.append(_largest_channel(apart))
            top += ROWS
        return graded(np.concatenate(parts), limit=self._threshold)

    def _strips(self) -> Iterable[tuple[Map, Map]]:
        """Median and spread of a strip of rows, from the top down."""
        for top in range(0, len(self._frames[0]), ROWS):
            frames = [frame[top : top + ROWS].astype(np.float32) for frame in self._frames]
            median = middle(frames)
            yield median, TO_DEVIATION * middle([np.abs(frame - median) for frame in frames])


class Knn:
    """Distance to the k-th nearest of the latest frames, pixel by pixel in RGB.

    A colour is usual where `min_matches` frames (at most half of them) had it within `radius`. OpenCV's model
    of this name is not used: it learns from the frame it judges, and draws from a generator that the whole
    process shares.

    References:
        Zivkovic, van der Heijden (2006), Efficient adaptive density estimation per image pixel for the task of
        background subtraction, Pattern Recognition Letters 27(7), section 3; frames are remembered in
        order here, not drawn. https://doi.org/10.1016/j.patrec.2005.11.005
    """

    def __init__(self, *, capacity: int, min_matches: int, radius: float) -> None:
        self._frames: deque[Bytes] = deque(maxlen=capacity)
        self._min_matches, self._radius = min_matches, np.float32(radius)

    def learn(self, frame: Bytes) -> None:
        """Remember a frame; beyond the capacity the oldest is forgotten."""
        self._frames.append(frame.copy())

    def usual(self) -> Bytes:
        """The median of the remembered frames."""
        return np.rint(middle(list(self._frames))).astype(np.uint8)

    def judge(self, frame: Bytes) -> Map:
        """The distance d to the k-th nearest frame, as d / (d + radius)."""
        rank = max(1, min(self._min_matches, len(self._frames) // 2))
        return graded(nearest(frame, self._frames, rank=rank), limit=self._radius)


class Vibe:
    """Samples per pixel, replaced at random where the frame agrees with them, and in the neighbour's as well.

    A colour is usual where `min_matches` samples lie within `radius`. Something that stands in the first
    frame is taken for usual, and what it hid counts as new until the neighbours' samples have spread there.
    So that a frame is never far from itself, the first `min_matches` samples are the pixel's own and only
    the others are drawn from its neighbourhood.

    References:
        Barnich, Van Droogenbroeck (2011), ViBe: a universal background subtraction algorithm for video
        sequences, IEEE TIP 20(6), section III. https://doi.org/10.1109/TIP.2010.2101613
    """

    def __init__(self, *, samples: int, min_matches: int, radius: float, subsampling: int, seed: int) -> None:
        self._count, self._min_matches = samples, min(min_matches, samples)
        self._radius, self._subsampling = np.float32(radius), subsampling
        self._rng = np.random.default_rng(seed)
        self._samples: Bytes | None = None  # (samples, H, W, 3)

    def learn(self, frame: Bytes) -> None:
        """Fill the samples from the first frame; later replace one in `subsampling` where the frame agrees."""
        if self._samples is None:
            self._samples = self._fill(frame)
            return
        agrees = self.judge(frame) < 0.5
        for reach in (0, 1):
            self._replace(self._samples, frame, agrees, reach=reach)

    def usual(self) -> Bytes:
        """The median of the samples."""
        return np.rint(middle(list(self._learned))).astype(np.uint8)

    def judge(self, frame: Bytes) -> Map:
        """The distance d to the `min_matches`-th nearest sample, as d / (d + radius)."""
        return graded(nearest(frame, self._learned, rank=self._min_matches), limit=self._radius)

    @property
    def _learned(self) -> Bytes:
        if self._samples is None:
            raise ValueError("a model judges after it has learned a frame")
        return self._samples

    def _fill(self, frame: Bytes) -> Bytes:
        height, width = frame.shape[:2]
        samples = np.repeat(frame[None], self._count, axis=0)
        rows, columns = np.indices((height, width))
        for sample in samples[self._min_matches :]:
            down, right = self._rng.integers(-1, 2, (2, height, width))
            sample[:] = frame[np.clip(rows + down, 0, height - 1), np.clip(columns + right, 0, width - 1)]
        return samples

    def _replace(self, samples: Bytes, frame: Bytes, agrees: Mask, *, reach: int) -> None:
        """Put the frame's pixel in place of a random sample, its own or that of a neighbour within reach."""
        height, width = agrees.shape
        rows, columns = np.nonzero(agrees & (self._rng.random((height, width), np.float32) * self._subsampling < 1))
        slots = self._rng.integers(self._count, size=len(rows))
        down, right = self._rng.integers(-reach, reach + 1, (2, len(rows)))
        place = np.clip(rows + down, 0, height - 1), np.clip(columns + right, 0, width - 1)
        samples[slots, *place] = frame[rows, columns]


class Mog2:
    """A mixture of Gaussians per pixel with a number of components of its own, by OpenCV.

    Every frame weighs the same until `capacity` of them are learned: the n-th is learned at the rate 1 / n.
    OpenCV's own choice for a young model, 1 / 2n, leaves half of the weight with the first frame.

    References:
        Zivkovic (2004), Improved adaptive Gaussian mixture model for background subtraction, ICPR.
        https://doi.org/10.1109/ICPR.2004.1333992
    """

    def __init__(self, *, capacity: int, noise: float, threshold: float) -> None:
        self._capacity, self._threshold, self._learned = capacity, threshold, 0
        self._model = cv2.createBackgroundSubtractorMOG2(history=capacity, detectShadows=False)
        self._model.setBackgroundRatio(MAJORITY)
        self._model.setVarMin(noise**2)
        self._model.setVarInit(2 * noise**2)
        self._model.setVarMax(25 * noise**2)

    def learn(self, frame: Bytes) -> None:
        """Learn a frame at the rate 1 / n, and never slower than 1 / capacity."""
        self._learned += 1
        self._model.setVarThreshold(self._threshold**2)
        self._model.apply(frame, learningRate=1 / min(self._learned, self._capacity))

    def usual(self) -> Bytes:
        """The mean of the components that count as background, by weight."""
        return np.asarray(self._model.getBackgroundImage(), dtype=np.uint8)

    def judge(self, frame: Bytes) -> Map:
        """Steps of z / (z + threshold): the model is asked at a ladder of thresholds."""
        verdict = np.zeros(frame.shape[:2], np.float32)
        for share in LADDER:
            self._model.setVarThreshold((share * self._threshold) ** 2)
            outside = self._model.apply(frame, learningRate=0) > 0
            verdict[outside] = np.maximum(verdict[outside], np.float32(share / (1 + share)))
        return verdict


def graded(distance: Map, *, limit: np.float32) -> Map:
    """A distance as d / (d + limit): 0 for 0, 0.5 at the limit, towards 1 beyond."""
    return np.asarray(distance / (distance + limit), dtype=np.float32)


def middle(planes: Sequence[Map] | Sequence[Bytes]) -> Map:
    """Median of equal arrays, element by element, float32; the mean of the two middle ones of an even number.

    A sorting network of whole-plane minima and maxima is many times faster than sorting each pixel.
    """
    ordered: list[Any] = list(planes)
    count = len(ordered)
    for turn in range(count):
        for low in range(turn % 2, count - 1, 2):
            first, second = ordered[low], ordered[low + 1]
            ordered[low], ordered[low + 1] = cv2.min(first, second), cv2.max(first, second)
    lower, upper = ordered[(count - 1) // 2], ordered[count // 2]
    return np.asarray((lower.astype(np.float32) + upper) / np.float32(2))


def nearest(frame: Bytes, samples: Iterable[Bytes], *, rank: int) -> Map:
    """(H, W) float32: Euclidean distance in RGB to the `rank`-th nearest sample of each pixel."""
    smallest: list[Any] = [np.full(frame.shape[:2], np.inf, np.float32) for _ in range(rank)]
    for sample in samples:
        apart = cv2.absdiff(frame, sample)
        square = cv2.transform(cv2.multiply(apart, apart, dtype=cv2.CV_32F), np.ones((1, 3)))
        for place, held in enumerate(smallest):
            smallest[place], square = cv2.min(held, square), cv2.max(held, square)
    return np.asarray(np.sqrt(smallest[-1]), dtype=np.float32)


def shadow(frame: Bytes, usual: Bytes, *, darkest: float = 0.5, off: float = 12.0) -> Mask:
    """(H, W) bool: where the frame is the usual look times one factor from `darkest` to 1, within `off` grey levels.

    References:
        Prati, Mikic, Trivedi, Cucchiara (2003), Detecting moving shadows, IEEE TPAMI 25(7); the test is that of
        Horprasert, Harwood, Davis (1999), brightness and chromaticity distortion.
        https://doi.org/10.1109/TPAMI.2003.1206520
    """
    seen, known = frame.astype(np.float32), usual.astype(np.float32)
    channels = np.ones((1, 3))
    share = cv2.transform(seen * known, channels) / np.maximum(cv2.transform(known * known, channels), 1)
    left = seen - share[..., None] * known
    hue = cv2.transform(left * left, channels)
    return np.asarray((share >= darkest) & (share < 1) & (hue < off**2))


def _largest_channel(planes: Map) -> Map:
    first, second, third = cv2.split(planes)
    return np.asarray(cv2.max(cv2.max(first, second), third), dtype=np.float32)
