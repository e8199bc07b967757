"""Decide how the camera moved: cheap guesses first, the simplest model that explains the matches, or a refusal."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.align.features import match
from spotdiff.align.models import MODELS, fit, simplest
from spotdiff.align.refine import even_out, refine_by_ecc, together, track
from spotdiff.align.shift import phase_shift
from spotdiff.align.warp import coverage, move_points, scaling, warp
from spotdiff.errors import Refusal
from spotdiff.image.exact_copies import equal_cells, frame_stands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Map, Matrix

    Points = NDArray[np.float64]

_WORK_SIDE = 800  # pixels; tracking is good to 0.03 px, so 1080p is aligned to 0.1 px at this size
_SMALLEST = 24  # pixels; below this there is nothing to track
_FEWEST, _ENOUGH, _CLEAR = 8, 12, 40  # points that move together: to fit, to believe with a look, to believe at once
_SLACK = 0.05  # pixels that a simpler model may be worse
_STILL = 0.2  # pixels under which a move is not worth resampling the picture
_SAME_PLACE = 0.12  # likeness; unrelated places give up to 0.09
_MARGIN = 0.01  # likeness by which a move must beat standing still
_FLUSH = 0.3  # pixels by which pictures of two sizes may miss to be flush
_FAR = 2.0  # pixels from which on a move shows in the likeness; of smaller ones points tell more
_WIDE = 0.25  # share of the picture that points must span to be the place rather than one thing in it
_TILES, _TILES_ALIKE, _ALIKE = 6, 4, 0.7  # tiles down and across; how many must be how much alike to be one place
_TEXTURED = 1.0  # levels by which a tile must deviate to be alike
_MOST = 0.5  # share of equal cells of pictures of two sizes that lie flush
_FITS, _NOISIEST = 6.0, 40.0  # levels up to which a place is equal, and its single pixels, that carry noise
_FITTING = 0.45  # share of such places
_UNEXPLAINED = 0.4  # share of a picture's deviation there that the other leaves unexplained; of unrelated dark ones 0.5
_PLAIN, _OF_NOISE = 1.2, 0.36  # levels that it leaves at most where both are plain, and of each level of single pixels
_STRONG_NOISE = 12.0  # levels, of a camera at night
_BLURRED = 0.15  # share of the other's detail that is too little
_LEAST_OVERLAP = 0.25
_AS_IT_LIES = 0.98  # share of equal pixels, where a few strokes on a plain page would be all that tells of a motion


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where before's pixels are found in after: model, (3, 3) matrix, median error in pixels (None unknown), why."""

    model: str
    matrix: Matrix
    error_px: float | None
    note: str = ""


def estimate(before: Bytes, after: Bytes, *, model: str = "auto") -> Motion:
    """How the camera moved between two grey pictures (H, W) uint8, which may differ in size.

    Exchanging the pictures inverts the matrix exactly: the estimate is always made in one order,
    which depends on the pixels and not on who came first.

    Args:
        before: The picture whose pixels the matrix starts from.
        after: The picture where it arrives.
        model: shift, similarity, affine or homography allow models up to that one; auto allows all.

    Raises:
        Refusal: the pictures show other places, overlap too little, or one is too blurred to tell.

    Notes:
        Corner error, median over 65 pictures of 200 to 1400 px turned by up to 1.5 degrees, zoomed and
        shifted by up to 2 % and put in other light: 0.01 to 0.04 px.
    """
    if np.array_equal(before, after):
        return Motion("none", np.eye(3), 0.0, "the pictures are identical")
    if before.shape == after.shape and frame_stands(before, after):
        return Motion("none", np.eye(3), 0.0, "a frame stands still to the last pixel")
    if before.shape != after.shape and equal_cells(before, after) > _MOST:
        return Motion("none", np.eye(3), 0.0, "of two sizes, flush at the top left to the last pixel")
    if min(*before.shape, *after.shape) < _SMALLEST:
        if before.shape != after.shape:
            which, (height, width) = min(("before", before.shape), ("after", after.shape), key=lambda one: min(one[1]))
            raise Refusal(f"{which} is {width}x{height}, too small to be laid on a picture of another size")
        return Motion("none", np.eye(3), None, "too small to measure a motion")
    if _order(before) > _order(after):
        motion = estimate_ordered(after, before, model, exchanged=True)
        return Motion(motion.model, np.asarray(np.linalg.inv(motion.matrix), np.float64), motion.error_px, motion.note)
    return estimate_ordered(before, after, model)


def estimate_ordered(before: Bytes, after: Bytes, model: str, *, exchanged: bool = False) -> Motion:
    """`estimate` in the given order, which is not the caller's when `exchanged`."""
    scale_before, small_before = _shrink(before)
    scale_after, small_after = _shrink(after)
    names = ("after", "before") if exchanged else ("before", "after")
    flush = None if before.shape == after.shape else scaling(scale_after) @ np.linalg.inv(scaling(scale_before))
    view = _View(small_before, small_after, even_out(small_before), even_out(small_after), names, flush)
    motion = _best_motion(view, "homography" if model == "auto" else model)
    if motion.model == "none" and before.shape == after.shape:
        return Motion("none", np.eye(3), motion.error_px, motion.note)
    matrix = np.linalg.inv(scaling(scale_after)) @ motion.matrix @ scaling(scale_before)
    error = None if motion.error_px is None else motion.error_px / scale_before
    common = before[: after.shape[0], : after.shape[1]]
    if flush is not None and _displacement(matrix / matrix[2, 2], common) < _FLUSH:
        return Motion("none", np.eye(3), error, "of two sizes, laid flush at the top left")
    return Motion(motion.model, matrix / matrix[2, 2], error, motion.note)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """Both pictures at working size, as they are and evened out; of two sizes, how they lie flush at the top left."""

    before: Bytes
    after: Bytes
    even_before: Bytes
    even_after: Bytes
    names: tuple[str, str]
    flush: Matrix | None

    @property
    def guess(self) -> Matrix:
        return _stretch(self.before, self.after)

    @property
    def still(self) -> Matrix:
        """How the pictures lie where nothing tells of a motion: resized, or flush where their proportions differ."""
        (height, width), (other_height, other_width) = self.before.shape, self.after.shape
        rounding = max(width + height, other_width + other_height) / 2
        resized = abs(width * other_height - height * other_width) <= rounding
        grown = (width == other_width) != (height == other_height)  # on one side alone, be it by a pixel
        return self.guess if self.flush is None or (resized and not grown) else self.flush

    def likeness(self, matrix: Matrix) -> float:
        return likeness(self.before, self.after, matrix)


def _best_motion(view: _View, richest: str) -> Motion:
    points = _follow(view, view.guess)
    if len(points[0]) >= _CLEAR and _spread(points[0], view.before) > _WIDE:
        clear = _choose(points, view, richest)
        if clear.model == "none" or _displacement(clear.matrix, view.before) < _FAR or not _no_better(clear, view):
            return _accepted(clear, view)
    guesses = [points]
    if view.flush is not None:
        guesses.append(_follow(view, view.flush))
    if view.before.shape == view.after.shape:
        guesses.append(_follow(view, phase_shift(view.even_before, view.even_after)))
    matches = match(view.before, view.after)
    if len(matches[0]) >= _FEWEST:
        guesses.append(_follow(view, fit("homography", *matches)))
        guesses.append(matches)
    motions = [_choose(points, view, richest) for points in guesses if len(points[0]) >= _ENOUGH]
    # correlation can be pushed up by fitting it: it only speaks where no points do
    motions = motions or [_by_correlation(view, richest)]
    best = max(motions, key=lambda motion: view.likeness(motion.matrix))
    if best.model != "none" and _no_better(best, view):
        best = Motion("none", view.still, None, "no motion fits better than none")
    return _accepted(best, view)


def _no_better(motion: Motion, view: _View) -> bool:
    """Whether a motion explains the pictures no better than standing still does.

    One without points was found by raising this very likeness, as waves and leaves let it: it must explain half of what
    standing still leaves.
    """
    still = view.likeness(view.still)
    better = still + _MARGIN if motion.error_px is not None else (still + 1) / 2
    return view.likeness(motion.matrix) < better


def _follow(view: _View, guess: Matrix) -> tuple[Points, Points]:
    """Corners tracked from a guess, and once more from what that tells."""
    first = together(*track(view.even_before, view.even_after, guess))
    if len(first[0]) < _FEWEST:
        return first
    return together(*track(view.even_before, view.even_after, fit("homography", *first)))


def _spread(points: Points, picture: Bytes) -> float:
    if len(points) < 3:
        return 0.0
    return float(cv2.contourArea(cv2.convexHull(points.astype(np.float32)))) / picture.size


def _supported(points: Points, picture: Bytes, richest: str) -> str:
    """The richest model that points so spread out can carry: a small patch says nothing of perspective."""
    spread = _spread(points, picture)
    carried = "homography" if spread > 0.3 and len(points) >= _CLEAR else "affine" if spread > 0.1 else "similarity"
    return min(richest, carried, key=MODELS.index)


def _choose(points: tuple[Points, Points], view: _View, richest: str) -> Motion:
    here, there = points
    richest = _supported(here, view.before, richest)
    model, matrix, left = simplest(here, there, slack=_SLACK, richest=richest)
    if view.before.shape == view.after.shape and (model == "none" or _reach(matrix, here) < _STILL):
        error = float(np.median(np.linalg.norm(here - there, axis=1)))
        return Motion("none", view.guess, error, f"{len(here)} points stand still")
    return Motion("similarity" if model == "none" else model, matrix, left, f"{len(here)} points move together")


def _displacement(matrix: Matrix, picture: Bytes) -> float:
    """How far the corner that moves most does, in pixels."""
    height, width = picture.shape
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)], np.float64)
    return float(np.linalg.norm(move_points(corners, matrix) - corners, axis=1).max())


def _reach(matrix: Matrix, points: Points) -> float:
    return float(np.percentile(np.linalg.norm(move_points(points, matrix) - points, axis=1), 95))


def _by_correlation(view: _View, richest: str) -> Motion:
    if view.flush is not None and view.still is view.flush:
        return Motion("none", view.flush, None, "of two proportions, and too few corners to tell of a motion")
    if view.before.shape == view.after.shape and float((view.before == view.after).mean()) >= _AS_IT_LIES:
        return Motion("none", view.still, None, "nearly all of the picture is equal to the level as it lies")
    size = view.before.shape[1], view.before.shape[0]
    start = view.guess
    if view.flush is not None and view.likeness(view.flush) > view.likeness(start):
        start = view.flush
    seen = coverage(start, size, (view.after.shape[1], view.after.shape[0]))
    affine = MODELS.index(richest) >= MODELS.index("affine")
    matrix = refine_by_ecc(_band(view.before), _band(view.after), start, seen, affine=affine)
    return Motion("affine" if affine else "shift", matrix, None, "too few corners; aligned by correlation")


def _accepted(motion: Motion, view: _View) -> Motion:
    """The motion, unless nothing speaks for it."""
    size = view.before.shape[1], view.before.shape[0]
    overlap = float(coverage(motion.matrix, size, (view.after.shape[1], view.after.shape[0])).mean())
    if overlap < _LEAST_OVERLAP:
        raise Refusal(f"{view.names[1]} shows only {overlap:.0%} of {view.names[0]}")
    if view.likeness(motion.matrix) >= _SAME_PLACE or _same_in_parts(view, motion.matrix):
        return motion
    if _fits_as_it_lies(view):
        return Motion("none", view.still, None, "most of the picture is equal as it lies")
    if _is_plain(view.before) and _is_plain(view.after):
        return Motion("none", view.still, None, "too little texture to measure a motion")
    rough_before, rough_after = _roughness(view.before), _roughness(view.after)
    if min(rough_before, rough_after) < _BLURRED * max(rough_before, rough_after):
        which = view.names[0 if rough_before < rough_after else 1]
        raise Refusal(f"{which} is too blurred or too empty to be laid on the other picture")
    raise Refusal("the pictures have nothing in common: another place, or too little overlap")


def _fits_as_it_lies(view: _View) -> bool:
    """Whether nearly half of the place is equal where nothing moved: a plain or dark place has nothing else to tell.

    Dark pictures are all equal to a few levels; so one must tell what the other looks like there, or both be plain.
    """
    size = view.before.shape[1], view.before.shape[0]
    seen = coverage(view.still, size, (view.after.shape[1], view.after.shape[0]))
    if float(seen.mean()) < _LEAST_OVERLAP:
        return False
    here, there = (picture.astype(np.float32) for picture in (view.before, warp(view.after, view.still, size)))
    apart = there - here
    apart -= np.median(apart[seen])
    fits = (np.abs(cv2.GaussianBlur(apart, (0, 0), 1.5)) <= _FITS) & (np.abs(apart) <= _NOISIEST) & seen
    if np.count_nonzero(fits) < _FITTING * np.count_nonzero(seen):
        return False
    fine_here, fine_there = (cv2.GaussianBlur(picture, (0, 0), 1.5) for picture in (here, there))
    deviation = float(fine_there[fits].std())
    alike = min(
        max(_correlation(fine_here[fits], fine_there[fits]), 0.0), 1.0
    )  # turned dark for light it tells nothing
    unexplained = deviation * (1 - alike**2) ** 0.5
    noise = float(np.hypot(_noise(here), _noise(there)))
    return bool(unexplained <= max(_UNEXPLAINED * deviation, _PLAIN + _OF_NOISE * noise))


def _is_plain(picture: Bytes) -> bool:
    """Whether it shows nothing but a camera's noise and slow shading, however dark it is."""
    return float(_band(picture).std()) <= _PLAIN + _OF_NOISE * min(_noise(picture), _STRONG_NOISE)


def _noise(picture: Bytes | Map) -> float:
    """Median of how many levels single pixels stand out of what is round them."""
    single = picture.astype(np.float32)
    return float(np.median(np.abs(single - cv2.GaussianBlur(single, (0, 0), 1.5))))


def _same_in_parts(view: _View, matrix: Matrix) -> bool:
    """Whether enough tiles of the picture are very much alike: a place that something hides shows itself in the rest.

    Of 600 pairs of unrelated photographs none had four such tiles.
    """
    size = view.before.shape[1], view.before.shape[0]
    seen = coverage(matrix, size, (view.after.shape[1], view.after.shape[0]))
    here, there = _band(view.before), _band(warp(view.after, matrix, size))
    alike = 0
    for rows in np.array_split(np.arange(size[1]), _TILES):
        for columns in np.array_split(np.arange(size[0]), _TILES):
            tile = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            if seen[tile].all():
                alike += _correlation(here[tile], there[tile], least=_TEXTURED) >= _ALIKE
    return alike >= _TILES_ALIKE


def likeness(before: Bytes, after: Bytes, matrix: Matrix) -> float:
    """Correlation -1 to 1 of two grey pictures once aligned, with fine noise and slow shading taken out.

    Pictures of 200 pairs of unrelated places gave 0.09 at most.
    """
    size = before.shape[1], before.shape[0]
    seen = coverage(matrix, size, (after.shape[1], after.shape[0]))
    if not seen.any():
        return -1.0
    return _correlation(_band(before)[seen], _band(warp(after, matrix, size))[seen])


def _correlation(here: Map, there: Map, *, least: float = 1e-3) -> float:
    """Of two arrays, -1 to 1; 0 where either deviates by less than `least`."""
    deviations = float(here.std()), float(there.std())
    if min(deviations) < least:
        return 0.0
    return float(((here - here.mean()) * (there - there.mean())).mean()) / (deviations[0] * deviations[1])


def _band(picture: Bytes) -> Map:
    fine = cv2.GaussianBlur(picture, (0, 0), 1.5).astype(np.float32)
    return np.asarray(fine - cv2.GaussianBlur(fine, (0, 0), 20), np.float32)


def _shrink(picture: Bytes) -> tuple[float, Bytes]:
    factor = min(1.0, _WORK_SIDE / max(picture.shape))
    if factor == 1.0:
        return 1.0, picture
    size = max(round(picture.shape[1] * factor), 1), max(round(picture.shape[0] * factor), 1)
    return factor, np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _stretch(before: Bytes, after: Bytes) -> Matrix:
    """The guess that both pictures show the same view: identity, or the change of size."""
    matrix = np.eye(3)
    for axis, (here, there) in enumerate(((before.shape[1], after.shape[1]), (before.shape[0], after.shape[0]))):
        matrix[axis, axis] = there / here
        matrix[axis, 2] = 0.5 * there / here - 0.5
    return matrix


def _roughness(picture: Bytes) -> float:
    """Mean absolute detail, in grey levels."""
    return float(np.abs(picture.astype(np.float32) - cv2.GaussianBlur(picture, (0, 0), 2).astype(np.float32)).mean())


def _order(picture: Bytes) -> tuple[int, int]:
    return picture.size, zlib.crc32(picture.tobytes())
