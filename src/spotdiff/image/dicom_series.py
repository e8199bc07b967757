"""A folder of DICOM slices as one series, and two series laid on each other by the places of their slices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from spotdiff.errors import LoadError, MissingExtra
from spotdiff.image.dicom import is_dicom, read_dataset
from spotdiff.image.source import Coded, open_source, shown

_HEAD = 132  # bytes that tell a DICOM file
_ALONG = 0.9998  # cosine of the largest angle, of one degree, between slices that are matched
_LEAST = 0.01  # millimetres, or numbers, between two slices


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice of a series.

    Attributes:
        path: Its file.
        at: Where it lies along the normal of the slices, in millimetres; its number where the files tell no places.
    """

    path: Path
    at: float


@dataclass(frozen=True, slots=True)
class Series:
    """The slices of a folder in the order of their places.

    Attributes:
        path: The folder.
        slices: None for places of another series that this one lacks.
        normal: Of the slices; None where the files tell no places.
        max_bytes: Largest file accepted, in MB.
        matched: Whether the slices are in one order with those of another series.
    """

    path: str
    slices: tuple[Slice | None, ...]
    normal: tuple[float, float, float] | None
    max_bytes: float
    matched: bool = False

    def coded(self, page: int) -> Coded:
        """The file of a slice, counted from 1.

        Raises:
            LoadError: the series has none there, or it cannot be read.
        """
        count = len(self.slices)
        if page > count:
            raise LoadError(f"{shown(self.path)}: it has {count} slices; choose another page")
        if (found := self.slices[page - 1]) is None:
            told = f"it has no slice where the other series has that of page {page}"
            raise LoadError(f"{shown(self.path)}: {told}; choose another page, or --page all")
        return replace(_read(found.path, self.max_bytes), slice_of=(page, count))


def open_series(folder: str, *, max_bytes: float) -> Series:
    """The series in a folder; files in it that are no DICOM are left alone.

    Raises:
        LoadError: it holds no DICOM file, or those of several series, or slices that do not lie on each other.
        MissingExtra: pydicom is not installed.
    """
    found = [path for path in sorted(Path(folder).iterdir()) if path.is_file() and _is_dicom_file(path)]
    heads = [(path, _head(path, max_bytes)) for path in found]
    heads = [(path, head) for path, head in heads if "Rows" in head]  # a DICOMDIR is no picture
    if not heads:
        raise LoadError(f"{shown(folder)}: a directory without DICOM pictures; give a file, or a folder of one series")
    series = {str(head.get("SeriesInstanceUID", "")) for _, head in heads}
    if len(series) > 1:
        raise LoadError(f"{shown(folder)}: it holds {len(series)} series; put each into a folder of its own")
    several = next((path for path, head in heads if int(head.get("NumberOfFrames") or 1) > 1), None)
    if several is not None:
        raise LoadError(f"{shown(str(several))}: it has several frames; compare it as a file, with --page all")
    return _in_order(folder, heads, max_bytes)


def _is_dicom_file(path: Path) -> bool:
    with path.open("rb") as file:
        return is_dicom(file.read(_HEAD))


def _read(path: Path, max_bytes: float) -> Coded:
    coded = open_source(path, max_bytes=max_bytes)
    if not isinstance(coded, Coded):
        raise TypeError("a path gives bytes")
    return coded


def _head(path: Path, max_bytes: float) -> Any:  # noqa: ANN401 (pydicom's own type)
    name = shown(str(path))
    try:
        return read_dataset(_read(path, max_bytes).data, name=name, pixels=False)
    except MissingExtra as missing:
        raise LoadError(f"{name}: {missing}") from None
    except LoadError:
        raise
    except Exception as error:
        told = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise LoadError(f"{name}: the picture is truncated or damaged ({told})") from None


def _in_order(folder: str, heads: Sequence[tuple[Path, Any]], max_bytes: float) -> Series:
    normals = [_normal(head) for _, head in heads]
    first = normals[0]
    if first is None or None in normals:
        numbered = [Slice(path, float(head.get("InstanceNumber") or 0)) for path, head in heads]
        normal = None
    else:
        if any(_dot(first, other) < _ALONG for other in normals if other is not None):
            raise LoadError(f"{shown(folder)}: its slices lie in several directions; put each into a folder of its own")
        numbered = [Slice(path, _dot(first, [float(v) for v in head.ImagePositionPatient])) for path, head in heads]
        normal = first
    ordered = sorted(numbered, key=lambda one: one.at)
    for one, following in pairwise(ordered):
        if following.at - one.at < _LEAST:
            both = f"{one.path.name} and {following.path.name}"
            raise LoadError(f"{shown(folder)}: {both} lie at one place; put each pass into a folder of its own")
    return Series(folder, tuple(ordered), normal, max_bytes)


def _normal(head: Any) -> tuple[float, float, float] | None:  # noqa: ANN401
    along = head.get("ImageOrientationPatient")
    if along is None or len(along) != 6 or head.get("ImagePositionPatient") is None:
        return None
    a, b, c, d, e, f = (float(value) for value in along)
    normal = b * f - c * e, c * d - a * f, a * e - b * d
    length = math.sqrt(_dot(normal, normal))
    return None if length < 0.5 else (normal[0] / length, normal[1] / length, normal[2] / length)


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def matched(before: Series, after: Series) -> tuple[Series, Series]:
    """Two series with a slice, or None, for every place that either has, in one order.

    Slices are of one place where they are nearest to each other and at most half a slice apart.

    Raises:
        LoadError: the slices of one lie in another direction than those of the other, or none at a place of the other.
    """
    if before.matched and after.matched:
        return before, after
    names = f"{shown(before.path)} and {shown(after.path)}"
    if (before.normal is None) != (after.normal is None):
        raise LoadError(f"{names}: only one tells where its slices lie; compare slices file by file")
    if before.normal is not None and after.normal is not None and _dot(before.normal, after.normal) < _ALONG:
        raise LoadError(f"{names}: their slices lie in two directions; compare series of one direction")
    ones = [one for one in before.slices if one is not None]
    others = [one for one in after.slices if one is not None]
    places = _places(ones, others, reach=min(_step(ones), _step(others)) / 2)
    if not any(one and other for one, other in places):
        span = " and ".join(f"{part[0].at:g} to {part[-1].at:g} mm" for part in (ones, others))
        raise LoadError(f"{names}: no slices lie at one place ({span}); compare slices file by file")
    return (
        replace(before, slices=tuple(one for one, _ in places), matched=True),
        replace(after, slices=tuple(other for _, other in places), matched=True),
    )


def _step(slices: Sequence[Slice]) -> float:
    """The usual distance of neighbours."""
    steps = sorted(following.at - one.at for one, following in pairwise(slices))
    return steps[len(steps) // 2] if steps else math.inf


def _places(
    before: Sequence[Slice], after: Sequence[Slice], *, reach: float
) -> list[tuple[Slice | None, Slice | None]]:
    """Both in one order; of pairs within reach the nearest first, each slice in one pair."""
    near = sorted(
        (abs(one.at - other.at), here, there)
        for here, one in enumerate(before)
        for there, other in enumerate(after)
        if abs(one.at - other.at) <= reach
    )
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for _, here, there in near:
        if here not in partner and there not in taken:
            partner[here] = there
            taken.add(there)
    places: list[tuple[float, Slice | None, Slice | None]] = []
    for here, one in enumerate(before):
        places.append((one.at, one, after[partner[here]] if here in partner else None))
    places += [(other.at, None, other) for there, other in enumerate(after) if there not in taken]
    return [(one, other) for _, one, other in sorted(places, key=lambda place: place[0])]
