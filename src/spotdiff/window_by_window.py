"""One answer for two pictures that are too large to be held: by an overview, then by windows at full size.

The overview tells how the camera moved and how the light changed, and finds what is larger than a window. Windows
overlap; each pixel is decided by the window in whose middle it lies, and what two windows see of one thing is one
region.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from spotdiff.align import lay_moved
from spotdiff.align.models import errors, simplest
from spotdiff.align.refine import even_out, together, track
from spotdiff.align.warp import coverage, map_box, move_box, move_outlines, move_points, scaling, warp
from spotdiff.image.load import valid_mask
from spotdiff.light import Relighting, find_light
from spotdiff.options import Options
from spotdiff.regions.across_windows import OverviewRegions, WindowRegions, join_windows
from spotdiff.regions.tiled_labels import TiledLabels
from spotdiff.swap_symmetry import exchanged, in_common_frame, judged_turned, turned_region
from spotdiff.types import Detail, Pair, Picture, Region, WindowedAnswer
from spotdiff.verdict import conclude

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.image.large_pair import LargePicture
    from spotdiff.regions.extract import Thresholds
    from spotdiff.types import Alignment, Box, Comparison, Mask, Matrix

    Judge = Callable[[Pair, Options], Comparison]
    Points = NDArray[np.float64]
    Labels = NDArray[np.int32]

_CORE, _MARGIN = 1536, 128  # pixels a side that a window decides, and more that it sees
_LOOKS, _LOOK = 6, 640  # windows across and down, and pixels a side, by which the motion is measured at full size
_FROM_A_LOOK = 60  # points
_ENOUGH = 40  # points
_SLACK = 0.05  # pixels that a simpler motion may be worse
_STILL, _WHOLE = 0.2, 0.1  # pixels under which a motion is none, or is one by whole pixels
_READ_ROUND = 3  # pixels round a window that resampling looks at
_ENDLESS = (1 << 30, 1 << 30)
_DETAILS, _DETAIL = 60, (264, 176)  # regions of which details are kept; width and height of one
_FIELD = 144  # places across and down a window, at which the field of light is taken


def compare_large(
    before: LargePicture, after: LargePicture, options: Options, limits: Thresholds, *, judge: Judge
) -> tuple[Comparison, Comparison]:
    """The answer for two large pictures, and the same in the pixels of their overviews, both without words.

    Args:
        before: The earlier picture.
        after: The later one.
        options: How to compare.
        limits: Which regions are likely.
        judge: Compares a pair that is held, by options.

    Raises:
        LoadError: a picture cannot be read.
    """
    by_overview = _for_overview(options, before.factor)
    pair = Pair(before.overview(), after.overview())
    pair = replace(pair, valid=valid_mask(pair.before, by_overview))
    afar = judge(pair, by_overview)
    is_turned = judged_turned(pair)
    judged = afar.mirror or afar
    first, second = (after, before) if is_turned else (before, after)
    alignment = _enlarged(judged.alignment, before.factor)
    laid = _Laid(first, second, alignment, None, (options, "second" if is_turned else "first"))
    if afar.evidence is None:
        return _answer(afar, laid, (), _WindowResults(TiledLabels(first.size, tile=_CORE)), limits)
    aligned, _ = lay_moved(exchanged(pair) if is_turned else pair, judged.alignment, flow=False)
    relighting = find_light(aligned, model=options.light)[1]
    if options.align != "off":
        laid = replace(laid, alignment=_refined(first, second, alignment))
    laid = replace(laid, relighting=relighting)
    results = _look(laid, judge, _for_window(options))
    regions = join_windows(results.windows, _larger_than_windows(judged, before.factor), results.labels)
    return _answer(afar, laid, regions, results, limits)


def _larger_than_windows(judged: Comparison, factor: int) -> OverviewRegions:
    """The regions of the overview that no window shows whole, in the frame's pixels."""
    to_full = np.asarray(np.linalg.inv(scaling(1 / factor)), np.float64)
    kept = []
    for region in judged.regions:
        common = in_common_frame(region, judged.alignment)
        boxes = [box for box in (common.box_before, common.box_after) if box is not None]
        if any(max(box[2] - box[0], box[3] - box[1]) * factor > _CORE for box in boxes):
            kept.append(replace(_resized(common, to_full), area=region.area * factor**2))
    if judged.labels is None or not kept:
        return OverviewRegions((), np.zeros((1, 1), np.int32), factor)
    shown = np.isin(judged.labels, [region.label for region in kept])
    return OverviewRegions(tuple(kept), np.where(shown, judged.labels, 0), factor)


def _resized(region: Region, matrix: Matrix) -> Region:
    """The region with boxes and outlines taken through one matrix, in both pictures."""

    def box(own: Box | None) -> Box | None:
        return None if own is None else map_box(own, matrix)

    return replace(
        region,
        box_before=box(region.box_before),
        box_after=box(region.box_after),
        outline_before=move_outlines(region.outline_before, matrix, _ENDLESS),
        outline_after=move_outlines(region.outline_after, matrix, _ENDLESS),
    )


def _enlarged(alignment: Alignment, factor: int) -> Alignment:
    """An alignment of overviews as one of the pictures."""
    shrinking = scaling(1 / factor)
    matrix = np.linalg.inv(shrinking) @ alignment.matrix @ shrinking
    error = None if alignment.error_px is None else alignment.error_px * factor
    still = np.array_equal(alignment.matrix, np.eye(3))
    return replace(alignment, matrix=np.eye(3) if still else matrix / matrix[2, 2], error_px=error)


def _for_overview(options: Options, factor: int) -> Options:
    """The options with all that is told in pixels as it is in the overview."""

    def shrunk(boxes: object) -> list[Box]:
        return [(b[0] // factor, b[1] // factor, -(-b[2] // factor), -(-b[3] // factor)) for b in boxes]  # type: ignore[attr-defined]

    return options.changed(
        ignore=shrunk(options.ignore),
        focus=shrunk(options.focus),
        ignore_colour="",
        min_area=-1 if options.min_area < 0 else max(options.min_area // factor**2, 0),
        join=-1 if options.join < 0 else options.join // factor,
        seed_score=options.seed_score / factor,
        page=1,
        bands=(),
        describe="off",
        describe_settings={},
        areas=None,
    )


def _for_window(options: Options) -> Options:
    """The options for two parts that lie on each other in one light, with what does not count told beside them."""
    plain = {"ignore": (), "focus": (), "ignore_colour": "", "page": 1, "bands": (), "areas": None}
    return options.changed(align="off", light="off", describe="off", describe_settings={}, **plain)  # type: ignore[arg-type]


def _answer(
    afar: Comparison, laid: _Laid, regions: tuple[Region, ...], results: _WindowResults, limits: Thresholds
) -> tuple[Comparison, Comparison]:
    """The answer in the pictures' own pixels, and in those of the overviews.

    Args:
        afar: The answer for the overviews.
        laid: The pictures.
        regions: In the frame of the first of them.
        results: What the windows showed.
        limits: Which regions are likely.
    """
    is_turned = laid.counts[1] == "second"
    given = _given(laid)
    alignment = laid.alignment
    if is_turned:
        back = np.asarray(np.linalg.inv(alignment.matrix), np.float64)
        alignment = replace(alignment, matrix=back / back[2, 2], overlap=afar.alignment.overlap)
    shrinking = scaling(1 / laid.first.factor)
    on_overview = shrinking @ alignment.matrix @ np.linalg.inv(shrinking)
    shown_alignment = replace(alignment, matrix=on_overview / on_overview[2, 2])
    own = [_in_own_pixels(region, laid) for region in regions]
    shown = [_in_overview(region, laid) for region in own]
    if is_turned:
        own, shown = [turned_region(region) for region in own], [turned_region(region) for region in shown]
    counted = _changed_pixels(results.labels)
    width, height = laid.first.size
    windows = WindowedAnswer(afar, _LabelsBySide(laid, results.labels), counted, width * height, results.all_equal)
    notes = {} if afar.evidence is None else {**afar.evidence.notes, "windows": results.looked_at}
    evidence = None if afar.evidence is None else replace(afar.evidence, notes=notes)
    labels = None if evidence is None else _labels_on_overview(results.labels, laid, afar, on_overview)
    overview = replace(
        afar,
        mirror=None,
        regions=tuple(shown),
        alignment=shown_alignment,
        labels=labels,
        windows=windows,
        evidence=evidence,
    )
    if evidence is not None:
        overview = conclude(overview, limits)
    full_size = tuple(replace(one, likely=seen.likely) for one, seen in zip(own, overview.regions, strict=True))
    pair = Pair(_full(afar.pair.before, given[0]), _full(afar.pair.after, given[1]))
    windows = replace(windows, overview=overview, details=_details(full_size, given))
    return replace(overview, regions=full_size, alignment=alignment, pair=pair, windows=windows), overview


def _given(laid: _Laid) -> tuple[LargePicture, LargePicture]:
    """Before and after."""
    return (laid.second, laid.first) if laid.counts[1] == "second" else (laid.first, laid.second)


def _details(regions: Sequence[Region], given: Sequence[LargePicture]) -> dict[int, dict[str, Detail]]:
    """What the surest regions show at full size, with as much round them as a page shows of a region."""
    details: dict[int, dict[str, Detail]] = {number: {} for number in range(min(len(regions), _DETAILS))}
    for side, large in zip(("before", "after"), given, strict=True):
        boxes = {
            number: _with_surroundings(box, regions[number], large.windows.size)
            for number in details
            if (box := getattr(regions[number], f"box_{side}")) is not None
        }
        for number, box in sorted(boxes.items(), key=lambda entry: entry[1][1]):  # a file is read from above
            x, y = large.corner
            large.hold_rows(box[1] + y, box[3] + y)
            part = large.part((box[0] + x, box[1] + y, box[2] + x, box[3] + y)).pixels
            factor = max(part.shape[1] / _DETAIL[0], 1.0)
            size = max(round(part.shape[1] / factor), 1), max(round(part.shape[0] / factor), 1)
            details[number][side] = Detail(box, np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA)))
    return {number: details[number] for number in details if details[number]}


def _with_surroundings(box: Box, region: Region, size: tuple[int, int]) -> Box:
    """A box in the proportions of a detail, with half of the region round it, inside of a picture."""
    boxes = [one for one in (region.box_before, region.box_after) if one is not None]
    wanted = [1.5 * max(one[axis + 2] - one[axis] for one in boxes) + 16 for axis in (0, 1)]
    scale = max(wanted[0] / _DETAIL[0], wanted[1] / _DETAIL[1])
    edges: list[tuple[int, int]] = []
    for axis in (0, 1):
        long, middle = scale * _DETAIL[axis], (box[axis] + box[axis + 2]) / 2
        start = min(max(middle - long / 2, 0), max(size[axis] - long, 0))
        edges.append((int(start), min(ceil(start + long), size[axis])))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


def _full(overview: Picture, large: LargePicture) -> Picture:
    """The overview, as what stands for the picture itself."""
    return replace(overview, shrunk_from=large.windows.size, georeference=large.windows.georeference)


def _in_own_pixels(region: Region, laid: _Laid) -> Region:
    """A region of the frame in the own pixels of both pictures, in the order in which they are judged."""
    first, second = (
        _translation(-laid.first.corner[0], -laid.first.corner[1]),
        _translation(-laid.second.corner[0], -laid.second.corner[1]) @ laid.alignment.matrix,
    )
    sizes = laid.first.windows.size, laid.second.windows.size
    before = None if region.box_before is None else move_box(region.box_before, first, sizes[0])
    after = None if region.box_after is None else move_box(region.box_after, second, sizes[1])
    return replace(
        region,
        box_before=before,
        box_after=after,
        outline_before=() if before is None else move_outlines(region.outline_before, first, sizes[0]),
        outline_after=() if after is None else move_outlines(region.outline_after, second, sizes[1]),
    )


def _in_overview(region: Region, laid: _Laid) -> Region:
    """A region in own pixels as it lies in the overviews, in the order in which they are judged."""
    shrinking = scaling(1 / laid.first.factor)
    first, second = (shrinking @ _translation(*large.corner) for large in (laid.first, laid.second))
    before, after = _resized(region, first), _resized(region, second)
    return replace(
        region,
        box_before=before.box_before,
        outline_before=before.outline_before,
        box_after=after.box_after,
        outline_after=after.outline_after,
    )


def _changed_pixels(labels: TiledLabels) -> int:
    return sum(int(np.count_nonzero(labels.read(box) > 0)) for _, _, box in labels.tiles)


def _labels_on_overview(labels: TiledLabels, laid: _Laid, afar: Comparison, matrix: Matrix) -> Labels:
    """The labels in the common frame of the overviews: a square of pixels has the largest number in it."""
    factor = laid.first.factor
    width, height = (side // factor for side in labels.size)
    shown = np.zeros((height, width), np.int32)
    for _, _, (left, top, right, bottom) in labels.tiles:
        x0, y0 = left // factor, top // factor
        x1, y1 = min(right // factor, width), min(bottom // factor, height)
        if x0 < x1 and y0 < y1:
            part = labels.read((x0 * factor, y0 * factor, x1 * factor, y1 * factor))
            shown[y0:y1, x0:x1] = part.reshape(y1 - y0, factor, x1 - x0, factor).max((1, 3)).clip(0)
    size = afar.aligned.before.size
    to_frame = matrix if laid.counts[1] == "second" else np.eye(3)
    if np.array_equal(to_frame, np.eye(3)) and size == (width, height):
        return shown
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    laid_on = cv2.warpPerspective(shown.astype(np.float32), to_frame, size, flags=flags)
    return np.asarray(np.rint(laid_on), np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class _LabelsBySide:
    """`WindowedAnswer.labels` from those in the frame of the picture that is judged first."""

    laid: _Laid
    labels: TiledLabels

    def __call__(self, side: Literal["before", "after"], box: Box) -> Labels:
        laid, (left, top, right, bottom) = self.laid, box
        is_first = (side == "before") == (laid.counts[1] == "first")
        x, y = (laid.first if is_first else laid.second).corner
        framed = left + x, top + y, right + x, bottom + y
        back = np.eye(3) if is_first else np.asarray(np.linalg.inv(laid.alignment.matrix), np.float64)
        if (whole := _whole_shift(back / back[2, 2])) is not None:
            return self._read((framed[0] + whole[0], framed[1] + whole[1], framed[2] + whole[0], framed[3] + whole[1]))
        x0, y0, x1, y1 = map_box(framed, back)
        part = self._read((x0 - 1, y0 - 1, x1 + 1, y1 + 1)).astype(np.float32)
        local = _translation(1 - x0, 1 - y0) @ back @ _translation(framed[0], framed[1])
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        labels = cv2.warpPerspective(part, local, (right - left, bottom - top), flags=flags, borderValue=-1)
        return np.asarray(np.rint(labels), np.int32)

    def _read(self, box: Box) -> Labels:
        """The labels of a box that may reach out of the frame, where nothing was compared."""
        width, height = self.labels.size
        labels = np.full((box[3] - box[1], box[2] - box[0]), -1, np.int32)
        left, top, right, bottom = max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)
        if left < right and top < bottom:
            part = slice(top - box[1], bottom - box[1]), slice(left - box[0], right - box[0])
            labels[part] = self.labels.read((left, top, right, bottom))
        return labels


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """Two large pictures in the order in which they are judged, and how the second lies on the first.

    Attributes:
        first: The picture whose frame is that of labels and windows.
        second: The other.
        alignment: In their pixels.
        relighting: What brings the second to the light of the first; None where that is left as it is.
        counts: Where the answer counts, as the options say it in the pixels of before, and which of the two that is.
    """

    first: LargePicture
    second: LargePicture
    alignment: Alignment
    relighting: Relighting | None
    counts: tuple[Options, Literal["first", "second"]]

    def hold_rows(self, top: int, bottom: int) -> None:
        """Make ready to read windows of these rows."""
        width = self.first.size[0]
        self.first.hold_rows(top, bottom)
        _, low, _, high = map_box((0, top, width, bottom), self.alignment.matrix)
        self.second.hold_rows(low - _READ_ROUND, high + _READ_ROUND)

    def pair(self, window: Box) -> Pair:
        """What both show of a window of the frame, in one light."""
        options, which = self.counts
        here = self.first.part(window)
        valid = _counting(options, self.first, window, here) if which == "first" else None
        there, counted = self._second(window)
        pair = Pair(here, there, valid=valid if which == "first" else counted)
        if self.relighting is None:
            return pair
        field = self.relighting.field
        part = None if field is None else _field_in(field, window, self.first.size)
        return self.relighting.put_on(pair, part)

    def _second(self, window: Box) -> tuple[Picture, Mask | None]:
        """What the second picture shows of a window, and where that counts if it is before."""
        options, which = self.counts
        matrix, size = self.alignment.matrix, (window[2] - window[0], window[3] - window[1])
        if (whole := _whole_shift(matrix)) is not None:
            box = window[0] + whole[0], window[1] + whole[1], window[2] + whole[0], window[3] + whole[1]
            there = self.second.part(box)
            return there, _counting(options, self.second, box, there) if which == "second" else None
        left, top, right, bottom = map_box(window, matrix)
        box = left - _READ_ROUND, top - _READ_ROUND, right + _READ_ROUND, bottom + _READ_ROUND
        part = self.second.part(box)
        local = _translation(-box[0], -box[1]) @ matrix @ _translation(window[0], window[1])
        has_data = coverage(local, size, part.size)
        if part.has_data is not None:
            has_data &= warp(255 * part.has_data.astype(np.uint8), local, size) == 255
        there = Picture(warp(part.pixels, local, size), rounded=part.rounded, has_data=has_data)
        counted = _counting(options, self.second, box, part) if which == "second" else None
        if counted is not None:
            counted = warp(255 * counted.astype(np.uint8), local, size, nearest=True) > 127
        return there, counted


def _counting(options: Options, picture: LargePicture, box: Box, part: Picture) -> Mask | None:
    """(h, w) bool in a part of before, True where the answer counts; None for everywhere."""
    if not (options.ignore or options.focus or options.ignore_colour):
        return None
    left, top = box[0] - picture.corner[0], box[1] - picture.corner[1]
    valid = np.full(part.pixels.shape[:2], not options.focus)
    for boxes, value in ((options.focus, True), (options.ignore, False)):
        for x0, y0, x1, y1 in boxes:
            valid[max(y0 - top, 0) : max(y1 - top, 0), max(x0 - left, 0) : max(x1 - left, 0)] = value
    if options.ignore_colour:
        red, green, blue = bytes.fromhex(options.ignore_colour[1:])
        valid &= (part.pixels != (red, green, blue)).any(axis=2)
    return valid


def _field_in(field: NDArray[np.float32], window: Box, size: tuple[int, int]) -> NDArray[np.float32]:
    """What a field (h, w, 3) that lies over a frame has over a window, at fewer places than pixels."""
    height, width = field.shape[:2]
    step = [
        (window[axis + 2] - window[axis]) / _FIELD * sides / size[axis] for axis, sides in ((0, width), (1, height))
    ]
    first = [window[axis] * sides / size[axis] + step[axis] / 2 - 0.5 for axis, sides in ((0, width), (1, height))]
    to_field = np.array([[step[0], 0, first[0]], [0, step[1], first[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(field, to_field, (_FIELD, _FIELD), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def _translation(right: float, down: float) -> Matrix:
    return np.array([[1, 0, right], [0, 1, down], [0, 0, 1]], np.float64)


def _whole_shift(matrix: Matrix) -> tuple[int, int] | None:
    """By how many pixels right and down a motion shifts, where it does nothing else; None for any other."""
    right, down = round(float(matrix[0, 2])), round(float(matrix[1, 2]))
    return (right, down) if np.array_equal(matrix, _translation(right, down)) else None


def _refined(first: LargePicture, second: LargePicture, rough: Alignment) -> Alignment:
    """The motion measured at full size, from windows all over the picture, where the overview's is not good enough."""
    here, there = [np.zeros((0, 2))], [np.zeros((0, 2))]
    laid = _Laid(first, second, rough, None, (Options(), "first"))
    for window in _looks(first.size, laid):
        pair = laid.pair(window)
        even = [even_out(np.asarray(cv2.cvtColor(one.pixels, cv2.COLOR_RGB2GRAY))) for one in (pair.before, pair.after)]
        points = together(*track(even[0], even[1], np.eye(3)))
        chosen = slice(None, None, max(len(points[0]) // _FROM_A_LOOK, 1))
        here.append(points[0][chosen] + window[:2])
        there.append(move_points(points[1][chosen] + window[:2], rough.matrix))
    points = together(np.concatenate(here), np.concatenate(there))
    if len(points[0]) < _ENOUGH:
        return rough
    left = float(np.median(errors(rough.matrix, *points)))
    if left < _STILL and _whole_shift(rough.matrix) is not None:
        return replace(rough, error_px=left)
    model, matrix, left = simplest(*points, slack=_SLACK)
    matrix = matrix / matrix[2, 2]
    corners = np.array([(x, y) for x in (0, first.size[0]) for y in (0, first.size[1])], np.float64)
    whole = np.rint(np.median(move_points(corners, matrix) - corners, axis=0))
    if np.abs(move_points(corners, matrix) - corners - whole).max() < _WHOLE:
        matrix = _translation(*whole)
        model = "shift" if whole.any() else "none"
    note = f"{rough.note}; {len(points[0])} points at full size"
    return replace(rough, model=model, matrix=matrix, error_px=left, note=note)


def _looks(size: tuple[int, int], laid: _Laid) -> Iterator[Box]:
    """Windows evenly over the picture, row by row, each ready to be read."""
    tops, lefts = (
        sorted({round((side - _LOOK) * (step + 0.5) / _LOOKS) for step in range(_LOOKS)}) if side > _LOOK else [0]
        for side in (size[1], size[0])
    )
    for top in tops:
        bottom = min(top + _LOOK, size[1])
        laid.hold_rows(top, bottom)
        for left in lefts:
            yield left, top, min(left + _LOOK, size[0]), bottom


@dataclass(slots=True, eq=False)
class _WindowResults:
    """What the windows showed.

    Attributes:
        labels: Of the frame; while windows are looked at 0 where something was compared and -1 where nothing was.
        windows: Those in which something was found.
        looked_at: How many were given to the method.
        all_equal: Whether both pictures are equal to the last pixel.
    """

    labels: TiledLabels
    windows: list[WindowRegions] = field(default_factory=list)
    looked_at: int = 0
    all_equal: bool = True


def _look(laid: _Laid, judge: Judge, options: Options) -> _WindowResults:
    """Every window, one after the other; one whose pixels are equal is not given to the method."""
    width, height = laid.first.size
    results = _WindowResults(TiledLabels((width, height), tile=laid.first.factor * max(_CORE // laid.first.factor, 1)))
    row_held = -1
    for row, column, core in results.labels.tiles:
        window = (
            max(core[0] - _MARGIN, 0),
            max(core[1] - _MARGIN, 0),
            min(core[2] + _MARGIN, width),
            min(core[3] + _MARGIN, height),
        )
        if row != row_held:
            laid.hold_rows(window[1], window[3])
            row_held = row
        pair = laid.pair(window)
        there = _compared(pair)
        inner = slice(core[1] - window[1], core[3] - window[1]), slice(core[0] - window[0], core[2] - window[0])
        results.labels.write(row, column, there[inner].astype(np.int32) - 1)
        results.all_equal &= bool(there[inner].all())
        if not there.any() or _is_equal(pair, there):
            continue
        results.all_equal = False
        results.looked_at += 1
        answer = judge(pair, options)
        if answer.regions and answer.labels is not None:
            results.windows.append(WindowRegions.of(row, column, window, core, answer.regions, answer.labels))
    return results


def _compared(pair: Pair) -> Mask:
    """(h, w) bool: where both pictures have data and the answer counts."""
    there = np.ones(pair.before.pixels.shape[:2], bool)
    for mask in (pair.before.has_data, pair.after.has_data, pair.valid):
        if mask is not None:
            there &= mask
    return there


def _is_equal(pair: Pair, there: Mask) -> bool:
    before, after = pair.before.pixels, pair.after.pixels
    return np.array_equal(before, after) or not (before != after).any(2)[there].any()
