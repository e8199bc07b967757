"""Corrected comparisons as labelled pairs, in the files of annotation tools or as a dataset, and back.

A labelled pair lies pixel on pixel: where the camera moved, `after` is brought onto `before`, what it does not show
there is not counted, and what was drawn on it moves along. Pages whose rows shifted lie in a frame with the rows of
both, as they were compared; rows of one of them are not counted where nothing is told of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import cv2
import numpy as np

from spotdiff.align.rows import match_rows, spread
from spotdiff.data.annotations.annotation import ADDED, CHANGED, IGNORE, MOVED, REMOVED, Annotation, ImageAnnotations
from spotdiff.data.annotations.from_dataset import AnnotatedSample, write_annotations
from spotdiff.data.annotations.images import ImageFile, encode_colour
from spotdiff.data.annotations.pairs import AnnotatedPair, read_pairs
from spotdiff.data.annotations.to_dataset import write_dataset
from spotdiff.data.dataset import Sample
from spotdiff.data.labels import get_format
from spotdiff.errors import DataError
from spotdiff.image.load import load_picture
from spotdiff.regions.polygons import mask_polygons
from spotdiff.server.problems import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.data.annotations.annotation import AnnotationFormat, Side
    from spotdiff.regions.polygons import Polygon
    from spotdiff.types import Bytes, Mask, Rows

FORMATS = ("pairs", "labelme", "coco", "cvat", "via")
NO_CHANGE = "none"
_SIDES_OF: Mapping[str, tuple[Side, ...]] = {ADDED: ("after",), REMOVED: ("before",), IGNORE: ("before",)}
_BOTH: tuple[Side, ...] = ("before", "after")
_SAME = 1e-6  # by which a matrix may miss the one that moves nothing
_MOST_BYTES = 50_000_000  # of all files of an archive that is brought in
_MOST_FILES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The frame of a labelled pair: that of `before`, or of pages whose rows shifted one with the rows of both.

    Attributes:
        matrix: (3, 3) takes its pixels to those of `after` as it was sent.
        before, after: (H, W, 3) uint8, one on the other.
        unseen: (H, W) bool, what only one of them shows.
        rows: Of pages whose rows shifted each picture's own row for every row of the frame, -1 where it has none.
    """

    matrix: Any
    before: Bytes
    after: Bytes
    unseen: Mask
    rows: Rows | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.before.shape[1], self.before.shape[0]

    def inward(self, side: Side, points: Polygon) -> Polygon:
        """Corners in a picture's own pixels as they lie in the frame."""
        if self.rows is not None:
            return _into_rows(points, self.rows[_BOTH.index(side)])
        return points if side == "before" else _moved(points, np.linalg.inv(self.matrix))

    def outward(self, side: Side, points: Polygon) -> Polygon:
        """Corners in the frame as they lie in a picture's own pixels."""
        if self.rows is not None:
            return _out_of_rows(points, self.rows[_BOTH.index(side)])
        return points if side == "before" else _moved(points, self.matrix)


def read_frame(folder: Path) -> Frame:
    """The frame of the comparison whose files lie in a folder.

    Raises:
        DataError: its pictures cannot lie pixel on pixel.
    """
    view = json.loads((folder / "view.json").read_bytes())
    alignment, common = view["record"]["alignment"], view["common"]
    shifted = any(view["record"][side]["size"] != common for side in _BOTH)  # a page with gaps is larger
    if alignment["matrix"] is None:
        raise DataError("its pictures were not brought onto each other, so that they do not lie pixel on pixel")
    before, after = (load_picture(folder / f"{side}.png").pixels for side in _BOTH)
    if alignment["model"] == "page" and shifted:
        return _page_frame(before, after)
    matrix = np.array(alignment["matrix"], np.float64)
    if before.shape == after.shape and np.abs(matrix - np.eye(3)).max() < _SAME:
        return Frame(np.eye(3), before, after, np.zeros(before.shape[:2], bool))
    size, inverse = (before.shape[1], before.shape[0]), cv2.WARP_INVERSE_MAP
    laid = cv2.warpPerspective(after, matrix, size, flags=cv2.INTER_LINEAR | inverse)
    seen = np.full(after.shape[:2], 255, np.uint8)
    unseen = cv2.warpPerspective(seen, matrix, size, flags=cv2.INTER_NEAREST | inverse) == 0
    return Frame(matrix, before, np.asarray(laid), np.asarray(unseen))


def _page_frame(before: Bytes, after: Bytes) -> Frame:
    """The frame of two pages whose rows shifted, as `align` lays them."""
    rows, width = match_rows(before, after), max(before.shape[1], after.shape[1])
    laid = [spread(page, own, width, fill=0) for page, own in zip((before, after), rows, strict=True)]
    unseen = np.ones(laid[0].shape[:2], bool)
    unseen[(rows[0] >= 0) & (rows[1] >= 0), : min(before.shape[1], after.shape[1])] = False
    return Frame(np.eye(3), laid[0], laid[1], unseen, rows)


def _into_rows(points: Polygon, own: NDArray[np.int64]) -> Polygon:
    """Corners of a page in the frame: an upper one begins its row, a lower one ends that above it."""
    places = np.flatnonzero(own >= 0)
    y = points[:, 1]
    row = np.where(y <= (y.min() + y.max()) / 2, np.floor(y), np.ceil(y) - 1).astype(int).clip(0, len(places) - 1)
    return np.column_stack([points[:, 0], places[row] + (y - row)])


def _out_of_rows(points: Polygon, own: NDArray[np.int64]) -> Polygon:
    """Corners of the frame in a page's own rows; where it has none, at the row that comes next."""
    has = own >= 0
    row = np.floor(points[:, 1]).astype(int).clip(0, len(own) - 1)
    own_row = np.concatenate([[0], np.cumsum(has)])[row]
    return np.column_stack([points[:, 0], own_row + np.where(has[row], points[:, 1] - row, 0.0)])


def annotations_of(folder: Path, document: Mapping[str, Any], frame: Frame) -> dict[Side, tuple[Annotation, ...]]:
    """What is changed in a comparison as a person corrected it, on each picture, in the frame.

    Likely regions count as they were told unless the document says another kind, or none; possible ones only where it
    names a kind.
    """
    drawn: dict[Side, list[Annotation]] = {"before": [], "after": []}
    record = json.loads((folder / "record.json").read_bytes())
    annotations = (*_corrected_regions(record, document, frame), *_drawn_shapes(document, frame))
    for sides, annotation in annotations:
        for side in sides:
            drawn[side].append(annotation)
    unseen = frame.unseen if frame.rows is None else frame.unseen & ~_drawn_mask(drawn, frame)
    drawn["before"] += [Annotation("unseen", IGNORE, (polygon,)) for polygon in mask_polygons(unseen)]
    if not all(any(each.category == MOVED for each in of_side) for of_side in drawn.values()):
        drawn = {side: [_gone_or_new(each, side) for each in of_side] for side, of_side in drawn.items()}
    return {side: tuple(each for each in of_side if _covers(each, frame)) for side, of_side in drawn.items()}


def _drawn_mask(drawn: Mapping[Side, Sequence[Annotation]], frame: Frame) -> Mask:
    """Where something is told of either picture."""
    from spotdiff.regions.polygons import covered_window

    annotated = np.zeros(frame.unseen.shape, bool)
    for each in (each for of_side in drawn.values() for each in of_side):
        (left, top, right, bottom), covered = covered_window(each.polygons, frame.size)
        annotated[top:bottom, left:right] |= covered
    return annotated


def write_archive(
    pairs: Sequence[tuple[str, Path, Mapping[str, Any]]], form: str, target: BinaryIO, *, joined: bool
) -> list[str]:
    """Write labelled pairs as a zip archive.

    Args:
        pairs: Name, folder of the files, and what a person says, of each comparison.
        form: One of `FORMATS`.
        target: Where the archive goes.
        joined: Whether one picture shows both, before on the left and after on the right; not for `pairs`.

    Returns:
        What was left out, one line each.
    """
    left_out: list[str] = []
    with TemporaryDirectory(prefix="spotdiff-labels-") as made:
        out = Path(made) / "out"
        prepared = list(_prepared(pairs, Path(made) / "pictures", left_out))
        if form == "pairs":
            list(write_dataset(prepared, out))
        else:
            samples = [_drawn(pair, joined=joined) for pair in prepared]
            list(write_annotations(get_format(form), samples, out))
        with ZipFile(target, "w", ZIP_DEFLATED) as archive:
            for path in sorted(path for path in out.rglob("*") if path.is_file()):
                archive.write(path, path.relative_to(out).as_posix())
            if left_out:
                archive.writestr("left-out.txt", "".join(f"{line}\n" for line in left_out))
    return left_out


def write_pairs(pairs: Sequence[tuple[str, Path, Mapping[str, Any]]], out: Path) -> list[str]:
    """Write labelled pairs as a dataset.

    Args:
        pairs: Name, folder of the files, and what a person says, of each comparison.
        out: The folder of the dataset.

    Returns:
        What was left out, one line each.
    """
    left_out: list[str] = []
    with TemporaryDirectory(prefix="spotdiff-labels-") as made:
        list(write_dataset(list(_prepared(pairs, Path(made), left_out)), out))
    return left_out


def read_archive(source: BinaryIO, form: str, name: str, folder: Path, *, joined: bool) -> list[dict[str, Any]]:
    """The shapes that the annotation files of an archive draw on the pictures of a comparison.

    Args:
        source: A zip archive as `write_archive` makes it; its pictures are not looked at.
        form: One of `FORMATS` but `pairs`.
        name: Of the pair in the archive.
        folder: Of the comparison's files.
        joined: As it was written.

    Raises:
        Problem: 422, it is no such archive.
        DataError: its annotations cannot be used, or the pictures do not lie pixel on pixel.
    """
    label_format, frame = get_format(form), read_frame(folder)
    with TemporaryDirectory(prefix="spotdiff-labels-") as made:
        root = Path(made)
        _unpack(source, root, label_format.suffix)
        if joined:
            (root / f"{name}.png").write_bytes(encode_colour(np.hstack([frame.before, frame.after])))
        else:
            for side in _BOTH:
                (root / side).mkdir(exist_ok=True)
                (root / side / f"{name}.png").write_bytes(encode_colour(getattr(frame, side)))
        pairs = _read(label_format, root, joined=joined)
    match = next((pair for pair in pairs if pair.name == name), None)
    if match is None:
        raise DataError(f"nothing in it is of {name}")
    return [
        {"kind": each.category, "side": side, "form": "polygon", "points": frame.outward(side, polygon).tolist()}
        for side, drawn in match.annotations.items()
        for each in drawn
        for polygon in each.polygons
    ]


def _read(label_format: AnnotationFormat, root: Path, *, joined: bool) -> tuple[AnnotatedPair, ...]:
    """The pairs of an unpacked archive; what is wrong is told without where it was unpacked."""
    try:
        pairs, troubles = read_pairs(label_format, root, side_by_side=joined)
        if troubles:
            raise DataError(troubles[0])
    except DataError as error:
        raise DataError(str(error).replace(f"{root}/", "").replace(str(root), "the archive")) from None
    return pairs


def _prepared(
    pairs: Sequence[tuple[str, Path, Mapping[str, Any]]], pictures: Path, left_out: list[str]
) -> Iterator[AnnotatedPair]:
    for name, folder, document in pairs:
        try:
            frame = read_frame(folder)
            drawn = annotations_of(folder, document, frame)
        except (DataError, OSError) as error:
            left_out.append(f"{name}: {error if isinstance(error, DataError) else 'its files are gone'}")
            continue
        images = []
        for side in _BOTH:
            path = pictures / side / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_colour(getattr(frame, side)))
            images.append(ImageFile(path, frame.size, ".png"))
        yield AnnotatedPair(name, frame.size, tuple(images), drawn)


def _drawn(pair: AnnotatedPair, *, joined: bool) -> AnnotatedSample:
    """A pair as annotation tools have it: what is drawn on each picture, or on both side by side."""
    before, after = (image.source for image in pair.images)
    assert isinstance(before, Path)
    assert isinstance(after, Path)
    sample, (width, height) = Sample(pair.name, before, after), pair.size
    if not joined:
        named = ((side, f"{side}/{pair.name}.png") for side in _BOTH)
        images = [ImageAnnotations(path, pair.annotations[side], before, pair.size) for side, path in named]
        return AnnotatedSample(sample, tuple(images))
    moved = [_shifted(each, width) for each in pair.annotations["after"]]
    drawn = (*pair.annotations["before"], *moved)
    return AnnotatedSample(sample, (ImageAnnotations(f"{pair.name}.png", drawn, before, (2 * width, height)),))


def _shifted(annotation: Annotation, by: int) -> Annotation:
    polygons = tuple(polygon + np.array([by, 0.0]) for polygon in annotation.polygons)
    return Annotation(annotation.where, annotation.category, polygons)


def _corrected_regions(
    record: Mapping[str, Any], document: Mapping[str, Any], frame: Frame
) -> Iterator[tuple[tuple[Side, ...], Annotation]]:
    """What a person leaves of the regions, each with the pictures on which it is drawn."""
    for number, region in enumerate(record["regions"], start=1):
        kind = document["regions"].get(str(number), region["kind"] if region["likely"] else NO_CHANGE)
        if kind == NO_CHANGE:
            continue
        kind = CHANGED if kind == "replaced" else kind
        for side in _SIDES_OF.get(kind, _BOTH):
            for polygon in _region_polygons(region, side, frame):
                yield (side,), Annotation(f"region {number}", kind, (polygon,))


def _drawn_shapes(document: Mapping[str, Any], frame: Frame) -> Iterator[tuple[tuple[Side, ...], Annotation]]:
    for shape in document["shapes"]:
        for polygon in _shape_polygons(shape, frame):
            yield _SIDES_OF.get(shape["kind"], (shape["side"],)), Annotation("shape", shape["kind"], (polygon,))


def _region_polygons(region: Mapping[str, Any], side: Side, frame: Frame) -> tuple[Polygon, ...]:
    """A region in the frame, from its outlines in that picture, or where it has none from those in the other."""
    own = side if region[f"outline_{side}"] else "after" if side == "before" else "before"
    corners = [np.array(outline, np.float64) + 0.5 for outline in region[f"outline_{own}"]]  # middles of pixels
    return _filled([frame.inward(own, outline) for outline in corners], frame.size)


def _shape_polygons(shape: Mapping[str, Any], frame: Frame) -> tuple[Polygon, ...]:
    points = frame.inward(shape["side"], np.array(shape["points"], np.float64))
    if shape["form"] != "brush":
        return (points,)
    mask = np.zeros(frame.size[::-1], np.uint8)
    path, width = np.round(points - 0.5).astype(np.int32), max(1, round(shape["width"]))
    cv2.polylines(mask, [path.reshape(-1, 1, 2)], isClosed=False, color=1, thickness=width)
    for x, y in path[:: max(1, len(path) - 1)]:
        cv2.circle(mask, (int(x), int(y)), width // 2, 1, -1)
    return mask_polygons(mask > 0)


def _filled(outlines: Sequence[Polygon], size: tuple[int, int]) -> tuple[Polygon, ...]:
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(mask, [np.round(outline - 0.5).astype(np.int32) for outline in outlines], 1)
    return mask_polygons(mask > 0)


def _gone_or_new(annotation: Annotation, side: Side) -> Annotation:
    """What moved, where nobody says from or to where, is gone or new."""
    kind = annotation.category
    known = {"before": REMOVED, "after": ADDED}[side] if kind == MOVED else kind
    return Annotation(annotation.where, known, annotation.polygons)


def _covers(annotation: Annotation, frame: Frame) -> bool:
    """Whether it covers a pixel of the frame."""
    from spotdiff.regions.polygons import covered_window

    return bool(covered_window(annotation.polygons, frame.size)[1].any())


def _moved(points: Polygon, matrix: Any) -> Polygon:  # noqa: ANN401 (an array)
    middles = (points - 0.5).reshape(-1, 1, 2)  # the matrix is of the middles of pixels
    return np.asarray(cv2.perspectiveTransform(middles, matrix).reshape(-1, 2) + 0.5, np.float64)


def _unpack(source: BinaryIO, root: Path, suffix: str) -> None:
    """Write the annotation files of an archive below a folder; nothing of it may lead out of there."""
    try:
        with ZipFile(source) as archive:
            files = [
                member for member in archive.infolist() if member.filename.endswith(suffix) and not member.is_dir()
            ]
            if len(files) > _MOST_FILES or sum(member.file_size for member in files) > _MOST_BYTES:
                raise Problem(422, f"the archive has more than {_MOST_FILES} annotation files or {_MOST_BYTES} bytes")
            for member in files:
                parts = PurePosixPath(member.filename).parts
                if any(part in ("..", "/") or "\\" in part or not part.isprintable() for part in parts):
                    raise Problem(422, "the archive has a file whose name leads out of it")
                path = root.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(member))
    except (BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        raise Problem(422, "it is no zip archive that can be read") from None
