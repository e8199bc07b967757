"""How much of each area has changed since the first picture and since the last, picture by picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.errors import SpotdiffError
from spotdiff.image.load import load_pair
from spotdiff.options import Options
from spotdiff.pipeline import compare_pair
from spotdiff.timelapse.areas import moved_areas
from spotdiff.timelapse.count import parts_of
from spotdiff.timelapse.frames import labels_in_first, mask_from_first, mask_in_first
from spotdiff.timelapse.kept import Kept, digest, stamp
from spotdiff.timelapse.series import moments
from spotdiff.timelapse.site import Site, site_of
from spotdiff.timelapse.small import small_picture
from spotdiff.timelapse.step import Change, Step

if TYPE_CHECKING:
    from spotdiff.timelapse.dates import Dated
    from spotdiff.timelapse.step import Rows
    from spotdiff.types import Comparison, Matrix


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A picture of which one knows how it lies: `matrix` takes the first picture's pixels to its own."""

    path: Path
    matrix: Matrix


def measure_progress(
    pictures: Sequence[Dated], *, areas: object = None, options: Options | None = None, keep: Path | None = None
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
    return _steps(site_of(pictures, areas, options or Options(), keep), pictures)


def _steps(site: Site, pictures: Sequence[Dated]) -> Iterator[Step]:
    names = tuple(site.masks)
    bare = [
        Step(one.path, one.taken, one.source, moment, names)
        for one, moment in zip(pictures, moments(pictures), strict=True)
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


def _measured(site: Site, step: Step, last: _Placed) -> Step:
    """The step with its comparisons, from an earlier run or made now; whatever fails becomes its error."""
    kept = Kept(site.folder_of(step.picture))
    files = [site.key, stamp(site.first), stamp(step.picture)]
    keys = {"first": digest(files), "last": digest([*files, stamp(last.path), last.matrix.tolist()])}
    first, recent = (kept.change(side, key) for side, key in keys.items())
    shown = kept.picture(keys["first"])
    if first is not None and recent is not None and shown is not None:
        return replace(step, first=first, last=recent, shown=shown, resumed=True)
    try:
        if first is None or shown is None:
            first, shown = _since_first(site, step.picture)
        if recent is None:
            recent = first if last.path == site.first else _since_last(site, step.picture, last)
    except (SpotdiffError, OSError) as error:
        return _failed(step, str(error))
    except MemoryError:
        return _failed(step, "not enough memory; use smaller pictures")
    except Exception as error:  # a fault of ours in one pair must not take the others with it
        return _failed(step, f"a bug in spotdiff: {type(error).__name__}: {error}")
    kept.write((keys["first"], shown), {"first": (keys["first"], first), "last": (keys["last"], recent)})
    return replace(step, first=first, last=recent, shown=shown)


def _failed(step: Step, error: str) -> Step:
    return replace(step, error=" ".join(error.split()))


def _since_first(site: Site, path: Path) -> tuple[Change, bytes]:
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


def _since_last(site: Site, path: Path, last: _Placed) -> Change:
    """The comparison with the picture before, counted in the first picture's pixels."""
    there = moved_areas(site.areas, last.matrix)
    options = site.plain.changed(areas=there or None)
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
    shown = small_picture(answer.aligned.after, there, labels)
    return Change(last.path.name, answer.verdict, answer.reason, answer.text, parts, _rows(answer), shown)


def _rows(answer: Comparison) -> Rows | None:
    """The alignment's matrix; None where the answer was refused before one could be trusted."""
    if answer.labels is None:
        return None
    return tuple(tuple(map(float, row)) for row in answer.alignment.matrix)
