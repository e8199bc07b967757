"""Change map to labelled regions: hysteresis, joining, and what is too small to count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.regions.density_clusters import density_labels
from spotdiff.types import Extraction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Map, Mask

    Labels = NDArray[np.int32]


_CORE_GROW, _CORE_SEED, _CORE_LEAST = 0.4, 0.6, 6  # of a core: evidence from which it grows, that it needs; pixels
_SMALLEST_PART = 0.05  # share of a region that a part must have to be a thing of its own
_REACH = 8  # pixels between cores of one cluster where nothing is to be joined
_STRIP = 256  # rows looked at together


_LADDER = (0.625, 0.75, 0.875, 1.0)  # sensitivities from which on fainter evidence makes regions of its own


@dataclass(frozen=True, slots=True)
class Thresholds(Extraction):
    """What decides which pixels become regions: the method's wishes after the user's.

    Attributes:
        cluster: components or density.
        seed_score: Smallest `pixels + 2 x height + width` kept; 0 keeps all.
    """

    cluster: str = "components"
    seed_score: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds that a method and its user ask for.

    What a region is, and its score, comes from `usual` alone, whatever the sensitivity; `asked` says which regions are
    told, and `fainter` how faint the evidence may be that makes further ones. So a region that is told at one
    sensitivity is told at every higher one, with the same score.

    Attributes:
        usual: At sensitivity 0.5.
        asked: At the user's sensitivity.
        fainter: Thresholds on evidence, descending, under `usual.grow`.
    """

    usual: Thresholds
    asked: Thresholds
    fainter: tuple[float, ...] = ()


def limits_of(extraction: Extraction, *, sensitivity: float, min_area: int, join: int, **more: object) -> Limits:
    """The limits of a method under a user's wishes; `more` goes into the thresholds as it is.

    Examples:
        >>> from spotdiff.types import Extraction
        >>> [round(level, 2) for level in limits_of(Extraction(), sensitivity=0.8, min_area=-1, join=-1).fainter]
        [0.38, 0.27]
    """

    def at(sensitivity: float) -> Thresholds:
        moved = thresholds(extraction, sensitivity=sensitivity, min_area=min_area, join=join)
        return replace(moved, **more)  # type: ignore[arg-type]

    return Limits(at(0.5), at(sensitivity), tuple(at(step).grow for step in _LADDER if step <= sensitivity))


def thresholds(extraction: Extraction, *, sensitivity: float, min_area: int, join: int) -> Thresholds:
    """The method's own thresholds moved by the sensitivity; -1 leaves `min_area` and `join` to the method.

    At 0.5 nothing moves. At 0 a pixel needs evidence of 0.88 where 0.5 was enough and a region four
    times the area; at 1 evidence of 0.12 and a quarter of the area will do.

    Examples:
        >>> from spotdiff.types import Extraction
        >>> round(thresholds(Extraction(), sensitivity=1.0, min_area=-1, join=-1).grow, 2)
        0.12
    """
    push = 4.0 * (0.5 - sensitivity)
    area = max(1, round(extraction.min_area * 4.0 ** (2 * (0.5 - sensitivity)))) if min_area < 0 else min_area
    moved = {field.name: getattr(extraction, field.name) for field in fields(Extraction)}
    moved |= {name: _pushed(moved[name], push) for name in ("grow", "seed", "sure", "least")}
    moved |= {"min_area": area, "weight": extraction.weight * float(np.exp(push / 2))}
    if join >= 0:
        moved["join"] = join
    return Thresholds(**moved)


def _pushed(threshold: float, push: float) -> float:
    if push == 0 or threshold in (0, 1):
        return threshold
    odds = threshold / (1 - threshold) * float(np.exp(push))
    return odds / (1 + odds)


def label_regions(change: Map, limits: Thresholds, *, core: Map | None = None) -> Labels:
    """(H, W) int32 labels of the regions of a change map (H, W) float32: 0 unchanged, then 1 and up without gaps.

    Args:
        change: Evidence.
        limits: What makes a region.
        core: (H, W) float32, high in the inner part of every thing: a region with several such parts is divided.
    """
    labels = _labelled(change, limits.grow, limits)
    if core is not None:
        labels = split_by_cores(labels, core, least=limits.min_area)
    return keep(labels, _worth(change, labels, limits))


def fainter_labels(change: Map, limits: Limits, taken: Labels) -> Labels:
    """Labels of what is told besides, because the sensitivity asks for it: smaller or fainter than what is usual.

    Args:
        change: Evidence.
        limits: With thresholds under the usual one.
        taken: (H, W) int32, above 0 where the usual regions are.
    """
    found = np.zeros(change.shape, np.int32)
    count, over = 0, float("inf")
    for level in (limits.usual.grow, *limits.fainter):
        labels = _labelled(change, level, limits.asked)
        peaks, touching = _peaks(change, labels), np.zeros(int(labels.max()) + 1, bool)
        touching[np.unique(labels[taken > 0])] = True
        worth = _worth(change, labels, replace(limits.asked, grow=level, seed=min(limits.asked.seed, over)))
        labels = keep(labels, worth & (peaks < over) & ~touching)
        found = np.where(labels > 0, labels + count, found)
        count += int(labels.max())
        over = level
    return found


def _peaks(change: Map, labels: Labels) -> NDArray[np.float64]:
    """(labels + 1,): the highest evidence in each."""
    peaks = np.zeros(int(labels.max()) + 1)
    for rows in strips(labels.shape[0]):
        on = labels[rows] > 0
        np.maximum.at(peaks, labels[rows][on], change[rows][on])
    return peaks


def _labelled(change: Map, level: float, limits: Thresholds) -> Labels:
    mask = np.greater_equal(change, level).view(np.uint8)
    if not mask.any():
        return np.zeros(change.shape, np.int32)
    if limits.cluster == "density":
        return density_labels(mask, reach=limits.join or _REACH)
    return _joined(mask, limits.join)


def split_by_cores(labels: Labels, core: Map, *, least: int) -> Labels:
    """Labels with a number for each thing, where a region has the cores of several; places go to the nearest core.

    Args:
        labels: (H, W) int32; it is written to.
        core: (h, w) float32 in [0, 1], as large or coarser.
        least: Pixels that each part must have at least.
    """
    small = labels
    if core.shape != labels.shape:
        small = cv2.resize(labels.view(np.float32), core.shape[::-1], interpolation=cv2.INTER_NEAREST).view(np.int32)
    seeds = np.asarray(((core >= _CORE_GROW) & (small > 0)).astype(np.uint8))
    count, cores, stats, _ = cv2.connectedComponentsWithStats(seeds, connectivity=8, ltype=cv2.CV_32S)
    if count <= 2:
        return labels
    good = (_peaks(core, cores) >= _CORE_SEED) & (stats[:, cv2.CC_STAT_AREA] >= _CORE_LEAST)
    owners: dict[int, list[int]] = {}
    for number in (np.flatnonzero(good[1:]) + 1).tolist():
        left, top, width, height = stats[number, :4]
        box = slice(top, top + height), slice(left, left + width)
        owners.setdefault(int(small[box][cores[box] == number][0]), []).append(number)
    several = {owner: numbers for owner, numbers in owners.items() if len(numbers) > 1}
    edges = spans(labels) if several else ()
    fresh = int(labels.max())
    for owner, numbers in several.items():
        left, top, right, bottom = (int(edge[owner]) for edge in edges)
        box = slice(top, bottom), slice(left, right)
        inside = labels[box] == owner
        parts = _parts(cores, numbers, (left, top, right, bottom), inside, labels.shape)
        enough = max(least, _SMALLEST_PART * int(inside.sum()))
        large = [number for number, part in zip(numbers, parts, strict=True) if part.sum() >= enough]
        if len(large) < 2:
            continue
        if large != numbers:
            parts = _parts(cores, large, (left, top, right, bottom), inside, labels.shape)
        for part in parts[1:]:
            fresh += 1
            labels[box][part] = fresh
    return labels


def _parts(
    cores: Labels, numbers: Sequence[int], box: tuple[int, int, int, int], inside: Mask, shape: tuple[int, ...]
) -> list[Mask]:
    """For each of some cores, which places of a region that fills a box of the full picture are nearest to it."""
    across, down = cores.shape[1] / shape[1], cores.shape[0] / shape[0]
    left, top = int(box[0] * across), int(box[1] * down)
    right, bottom = math.ceil(box[2] * across), math.ceil(box[3] * down)
    window = cores[top:bottom, left:right]
    away = [cv2.distanceTransform((window != number).astype(np.uint8), cv2.DIST_L2, 5) for number in numbers]
    nearest = np.asarray(np.argmin(away, axis=0), np.uint8)
    nearest = cv2.resize(nearest, (box[2] - box[0], box[3] - box[1]), interpolation=cv2.INTER_NEAREST)
    return [np.asarray(inside & (nearest == place)) for place in range(len(numbers))]


def _joined(mask: Bytes, join: int) -> Labels:
    """Components of a mask, those nearer than `join` sharing a label; the mask itself does not grow."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (join + 1, join + 1)) if join else None
    labels = np.zeros(mask.shape, np.int32)
    count = 0
    for window in _bands(mask, apart=join):
        part = mask[window]
        wide = part if kernel is None else cv2.dilate(part, kernel)
        found, own = cv2.connectedComponents(wide, connectivity=8, ltype=cv2.CV_32S)
        np.copyto(labels[window], own + count, where=part > 0)
        count += found - 1
    return labels


def _bands(mask: Bytes, *, apart: int) -> list[tuple[slice, slice]]:
    """Windows of a mask that hold all of it, parted by more than `apart` empty rows: most pictures are empty mostly."""
    rows = np.flatnonzero(mask.view(bool).any(axis=1))
    bands = []
    for band in np.split(rows, np.flatnonzero(np.diff(rows) > apart + 1) + 1):
        top, bottom = int(band[0]), int(band[-1]) + 1
        columns = np.flatnonzero(mask[top:bottom].view(bool).any(axis=0))
        bands.append((slice(top, bottom), slice(int(columns[0]), int(columns[-1]) + 1)))
    return bands


def _worth(change: Map, labels: Labels, limits: Thresholds) -> NDArray[np.bool_]:
    """(labels + 1,) bool: which labels are large and sure enough."""
    count = int(labels.max()) + 1
    area, seeds, total = np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count)
    for rows in strips(labels.shape[0]):
        on = labels[rows] > 0
        found, values = labels[rows][on], change[rows][on]
        area += np.bincount(found, minlength=count)
        seeds += np.bincount(found[values >= limits.seed], minlength=count)
        total += np.bincount(found, weights=values, minlength=count)
    worth = (area >= max(limits.min_area, 1)) & (seeds > 0)
    worth &= (total / np.maximum(area, 1) - limits.grow) * np.sqrt(area) >= limits.weight
    if limits.seed_score > 0:
        left, top, right, bottom = spans(labels)
        worth &= area + 2 * (bottom - top) + (right - left) >= limits.seed_score
    worth[0] = False
    return np.asarray(worth, bool)


def strips(height: int) -> list[slice]:
    """Slices of rows, so that a picture of 40 million pixels needs no copies of its size."""
    return [slice(top, min(top + _STRIP, height)) for top in range(0, height, _STRIP)]


def spans(labels: Labels) -> tuple[NDArray[np.int64], ...]:
    """Left, top, right and bottom of every label's half-open box, each (labels + 1,)."""
    count = int(labels.max()) + 1
    left, top = np.full(count, labels.shape[1]), np.full(count, labels.shape[0])
    right, bottom = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for rows in strips(labels.shape[0]):
        place = np.flatnonzero(labels[rows].ravel() > 0)  # much faster than nonzero of whole numbers
        y, x = np.divmod(place, labels.shape[1])
        found = labels[rows].ravel()[place]
        np.minimum.at(left, found, x)
        np.minimum.at(top, found, y + rows.start)
        np.maximum.at(right, found, x + 1)
        np.maximum.at(bottom, found, y + rows.start + 1)
    return left, top, right, bottom


def keep(labels: Labels, wanted: NDArray[np.bool_]) -> Labels:
    """`labels` itself, with the unwanted set to 0 and the others numbered from 1 without gaps."""
    return renumber(labels, np.where(wanted, np.cumsum(wanted), 0).astype(np.int32))


def renumber(labels: Labels, numbers: NDArray[np.int32]) -> Labels:
    """`labels` itself, each label exchanged for `numbers[label]`."""
    if not np.array_equal(numbers, np.arange(len(numbers))):
        for rows in strips(labels.shape[0]):
            strip = labels[rows].reshape(-1)
            place = np.flatnonzero(strip > 0)
            strip[place] = numbers[strip[place]]
    return labels
