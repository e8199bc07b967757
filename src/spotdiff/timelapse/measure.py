"""How much of each area has changed since the first picture and since the last, picture by picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.cache_key import digest, file_stamp, options_digest
from spotdiff.describe import get_describer
from spotdiff.describe._named_areas import read_areas
from spotdiff.errors import DataError, LoadError, SpotdiffError, error_line
from spotdiff.image.load import load_pair, load_picture, valid_mask
from spotdiff.methods import get_method
from spotdiff.options import Options
from spotdiff.pipeline import compare_pair
from spotdiff.timelapse.areas import area_masks, moved_areas, parts_of
from spotdiff.timelapse.cache import StepCache
from spotdiff.timelapse.page import small_picture
from spotdiff.timelapse.series import moments
from spotdiff.timelapse.step import Change, Step

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.image.capture_time import DatedPicture
    from spotdiff.language.places import Areas
    from spotdiff.timelapse.step import Rows
    from spotdiff.types import Comparison, Mask, Matrix, Method, Picture

    Labels = NDArray[np.int32]

_INVERSE = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A picture of which one knows how it lies: `matrix` takes the first picture's pixels to its own."""

    path: Path
    matrix: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class _Site:
    """Everything that holds for a whole series.

    Attributes:
        first: The file of the first picture, whose pixels are the common frame.
        picture: That picture.
        areas: Corners by name; empty where the whole picture is the one area.
        masks: (H, W) bool, the pixels of each area that count; one for the whole picture where there are no areas.
        valid: (H, W) bool, False where nothing counts; None for everywhere.
        options: How to compare a picture with the first.
        plain: The same without what is said in the first picture's pixels.
        method: The method of both.
        key: Stands for everything that decides an answer besides the pictures.
        keep: Folder for what is measured; None keeps nothing.
    """

    first: Path
    picture: Picture
    areas: Areas
    masks: Mapping[str, Mask]
    valid: Mask | None
    options: Options
    plain: Options
    method: Method
    key: str
    keep: Path | None

    def cache_of(self, path: Path) -> StepCache:
        """What is known of a picture from an earlier run."""
        return StepCache(None if self.keep is None else self.keep / "steps" / path.name)


def measure_progress(
    pictures: Sequence[DatedPicture], *, areas: object = None, options: Options | None = None, keep: Path | None = None
) -> Iterator[Step]:
    """Compare every picture of a series with the first and with the one before it, and count area by area.

    Both comparisons are the usual one: camera and light are taken out first. The picture before is the last one that
    could be read and laid on the first, be it over the pictures between. A residual flow (`align="flow"`) is not
    carried over to the first picture's pixels, only the matrix is.

    Args:
        pictures: In order; see `series`.
        areas: Named polygons in the first picture's pixels, or a file of them; None takes those of the options. Without
            any the whole picture is one area.
        options: How to compare; what they ignore is told in the first picture's pixels. `Options()` when None.
        keep: Folder for what is measured, so that the next run need not compare again; None keeps nothing.

    Returns:
        One step a picture, in order, as they are done; one for which something failed has its `error`.

    Raises:
        DataError: fewer than two pictures.
        LoadError: the first picture cannot be read.
        OptionError: an option has a value it cannot have, or an area reaches outside of the first picture.
        OSError: while iterating, when the folder cannot be written.
    """
    pictures = tuple(pictures)
    return _steps(_site_of(pictures, areas, options or Options(), keep), pictures)


def _site_of(pictures: Sequence[DatedPicture], areas: object, options: Options, keep: Path | None) -> _Site:
    """The site that a series shows; whatever would fail with every picture fails here.

    Raises:
        DataError: fewer than two pictures.
        LoadError: the first picture cannot be read.
        OptionError: an option has a value it cannot have, or an area reaches outside of the first picture.
    """
    if len(pictures) < 2:
        raise DataError(f"progress takes two pictures or more, not {len(pictures)}")
    first = pictures[0].path
    areas = options.areas if areas is None else areas
    corners = {} if areas is None else read_areas(areas)
    options = options.changed(areas=corners or None)
    get_describer(options)
    try:
        picture = load_picture(first, options=options)
    except LoadError as error:
        hint = "every other is compared with the first picture; take it out of the series, or mend it"
        raise LoadError(f"{error}; {hint}") from None
    valid = valid_mask(picture, options)
    return _Site(
        first=first,
        picture=picture,
        areas=corners,
        masks=area_masks(corners, picture.size, valid),
        valid=valid,
        options=options,
        plain=options.changed(ignore=(), focus=(), ignore_mask=None, ignore_colour="", areas=None),
        method=get_method(options.method, options.settings),
        key=options_digest(options),
        keep=keep,
    )


def _steps(site: _Site, pictures: Sequence[DatedPicture]) -> Iterator[Step]:
    names = tuple(site.masks)
    bare = [
        Step(picture.path, picture.taken, picture.source, moment, names)
        for picture, moment in zip(pictures, moments(pictures), strict=True)
    ]
    last = _Placed(site.first, np.eye(3))
    yield replace(bare[0], shown=small_picture(site.picture, site.areas))
    for empty in bare[1:]:
        step = _measured(site, empty, last)
        yield step
        last = _placed(step, last) or last


def _placed(step: Step, last: _Placed) -> _Placed | None:
    """How the step's picture lies: as its comparison with the first says, else by way of the picture before."""
    if step.first is not None and step.first.matrix is not None:
        return _Placed(step.picture, np.array(step.first.matrix))
    if step.last is not None and step.last.matrix is not None:
        return _Placed(step.picture, np.array(step.last.matrix) @ last.matrix)
    return None


def _measured(site: _Site, step: Step, last: _Placed) -> Step:
    """The step with its comparisons, from an earlier run or made now; whatever fails becomes its error."""
    cache = site.cache_of(step.picture)
    files = [site.key, _stamp(site.first), _stamp(step.picture)]
    keys = {"first": digest(files), "last": digest([*files, _stamp(last.path), last.matrix.tolist()])}
    first, recent = (cache.change(side, key) for side, key in keys.items())
    shown = cache.picture(keys["first"])
    if first is not None and recent is not None and shown is not None:
        return replace(step, first=first, last=recent, shown=shown, resumed=True)
    try:
        if first is None or shown is None:
            first, shown = _since_first(site, step.picture)
        if recent is None:
            recent = first if last.path == site.first else _since_last(site, step.picture, last)
    except (SpotdiffError, OSError) as error:
        return _failed(step, error_line(error))
    except MemoryError:
        return _failed(step, "not enough memory; use smaller pictures")
    except Exception as error:  # a fault of ours in one pair must not take the others with it
        return _failed(step, f"a bug in spotdiff: {type(error).__name__}: {error}")
    cache.write((keys["first"], shown), {"first": (keys["first"], first), "last": (keys["last"], recent)})
    return replace(step, first=first, last=recent, shown=shown)


def _stamp(path: Path) -> list[object]:
    """By name alone, so that a series that is moved with what was measured need not be compared again."""
    return [path.name, *file_stamp(path)[1:]]


def _failed(step: Step, error: str) -> Step:
    return replace(step, error=" ".join(error.split()))


def _since_first(site: _Site, path: Path) -> tuple[Change, bytes]:
    """The comparison with the first picture, and the picture made small."""
    pair = load_pair(site.first, path, options=site.options)
    answer = compare_pair(pair, site.method, site.options, name=path.name)
    width, height = site.picture.size
    labels, usable = answer.labels, answer.aligned.usable  # of a larger frame where two sizes are laid flush
    parts = parts_of(
        answer,
        None if labels is None else labels[:height, :width],
        None if usable is None else usable[:height, :width],
        site.masks,
    )
    rows = _rows(answer)
    own = {} if rows is None else moved_areas(site.areas, np.array(rows))
    shown = b"" if labels is None else small_picture(answer.aligned.after, site.areas, labels)
    change = Change(site.first.name, answer.verdict, answer.reason, answer.text, parts, rows, shown)
    return change, small_picture(pair.after, own)


def _since_last(site: _Site, path: Path, last: _Placed) -> Change:
    """The comparison with the picture before, counted in the first picture's pixels."""
    areas_there = moved_areas(site.areas, last.matrix)
    options = site.plain.changed(areas=areas_there or None)
    pair = load_pair(last.path, path, options=options)
    if site.valid is not None:
        pair = replace(pair, valid=mask_from_first(site.valid, last.matrix, pair.before.size))
    answer = compare_pair(pair, site.method, options, name=path.name)
    labels, usable = answer.labels, answer.aligned.usable
    if labels is None:
        parts = parts_of(answer, None, None, site.masks)
        return Change(last.path.name, answer.verdict, answer.reason, answer.text, parts)
    usable = np.ones(labels.shape, bool) if usable is None else usable
    size = site.picture.size
    parts = parts_of(
        answer, labels_in_first(labels, last.matrix, size), mask_in_first(usable, last.matrix, size), site.masks
    )
    shown = small_picture(answer.aligned.after, areas_there, labels)
    return Change(last.path.name, answer.verdict, answer.reason, answer.text, parts, _rows(answer), shown)


def _rows(answer: Comparison) -> Rows | None:
    """The alignment's matrix; None where the answer was refused before one could be trusted."""
    if answer.labels is None:
        return None
    return tuple(tuple(map(float, row)) for row in answer.alignment.matrix)


def labels_in_first(labels: Labels, matrix: Matrix, size: tuple[int, int]) -> Labels:
    """The labels of a comparison as they lie in the first picture.

    Args:
        labels: (h, w) int32 in the pixels of that comparison's `before`; 0 is unchanged.
        matrix: (3, 3), takes the first picture's pixels to those of that `before`: `Alignment.matrix` of its own
            comparison with the first picture.
        size: (width, height) of the first picture.

    Returns:
        (H, W) int32: each pixel has the label of the nearest pixel of `before`, 0 where `before` does not reach.

    Examples:
        >>> labels_in_first(np.array([[0, 0, 7]], np.int32), np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1.0]]), (3, 1))
        array([[0, 7, 0]], dtype=int32)
    """
    # OpenCV warps no int32; float32 holds every whole number up to 2^24 exactly.
    return _warped_back(labels.astype(np.float32), matrix, size).astype(np.int32)


def mask_in_first(mask: Mask, matrix: Matrix, size: tuple[int, int]) -> Mask:
    """(H, W) bool: a mask like `labels_in_first`, False where that comparison's `before` does not reach."""
    return np.asarray(_warped_back(mask.astype(np.uint8), matrix, size) > 0)


def mask_from_first(mask: Mask, matrix: Matrix, size: tuple[int, int]) -> Mask:
    """(h, w) bool: a mask of the first picture as it lies in a later one of `size`, False where the first ends."""
    return np.asarray(cv2.warpPerspective(mask.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST) > 0)


def _warped_back(field: NDArray[Any], matrix: Matrix, size: tuple[int, int]) -> NDArray[Any]:
    return np.asarray(cv2.warpPerspective(field, matrix, size, flags=_INVERSE))
