"""The words of the project as values. Everything that flows from one step to the next is one of these.

Two frames of coordinates matter. Each picture has *its own pixels*. The *common frame* is that of
`before` (of a page whose rows shifted, that with the rows of both): alignment brings `after` into it, methods and
regions work in it, and `Alignment.matrix` (before's pixels to after's) carries boxes and outlines back into `after`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Mask = NDArray[np.bool_]
    Map = NDArray[np.float32]
    Matrix = NDArray[np.float64]
    Rows = tuple[NDArray[np.int64], NDArray[np.int64]]  # of before and of after: own row of each row of a frame, or -1

Kind = Literal["added", "removed", "replaced", "moved", "changed"]
Verdict = Literal["same", "changed", "unsure"]
Box = tuple[int, int, int, int]  # left, top, right, bottom; half-open
Outline = tuple[tuple[int, int], ...]  # corners (x, y), closed from last to first

STEPS = ("load", "align", "light", "score", "regions", "describe")  # of the flow, each timed
_ROWS = 128  # of a picture mixed with white at a time
KINDS: tuple[Kind, ...] = ("added", "removed", "replaced", "moved", "changed")


@dataclass(frozen=True, slots=True)
class Georeference:
    """Where the pixels of a picture lie on Earth.

    Attributes:
        crs: The coordinate system, as WKT.
        transform: (a, b, c, d, e, f): the corner (x, y) between pixels, (0, 0) being that at the top left, lies at
            (a x + b y + c, d x + e y + f).
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Scan:
    """What a DICOM file says of its pixels.

    Attributes:
        spacing: Millimetres from one pixel to the next, across and down; None where it does not say.
        header: The file without its pixels, for what refers to it.
        frame: Which of its frames, from 1 on.
    """

    spacing: tuple[float, float] | None
    header: bytes = field(repr=False)
    frame: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Pixels, and where they came from.

    Attributes:
        pixels: (H, W, 3) uint8, sRGB.
        alpha: (H, W) uint8, 255 opaque; None for a picture without transparency.
        path: The file, URL or "" for pixels from memory.
        taken: When the camera says it was taken, or None.
        notes: What had to be decided while reading, such as how 16 bits were windowed.
        page, pages: Which page of its file it is, from 1 on, and how many that has.
        rounded: Whether the file has more than 8 bits a channel, so that the pixels may be equal and the file not.
        has_data: (H, W) bool, False where the file says that there is nothing, which counts nowhere; None without
            such places.
        georeference: Where on Earth the pixels are; None for a picture that does not say.
        scan: Of a DICOM file what it says of them; None for any other.
        shrunk_from: (width, height) of the picture in its file, where that is too large to be held and the pixels are
            an overview of it; None where they are all of it.
        lossy: Whether its file has a form that does not keep every colour, such as JPEG or a full palette.
    """

    pixels: Bytes
    alpha: Bytes | None = None
    path: str = ""
    taken: datetime | None = None
    notes: tuple[str, ...] = ()
    page: int = 1
    pages: int = 1
    rounded: bool = False
    has_data: Mask | None = None
    georeference: Georeference | None = None
    scan: Scan | None = None
    shrunk_from: tuple[int, int] | None = None
    lossy: bool = False
    _opaque: Bytes | None = field(default=None, init=False)  # once somebody asked: every step of the flow does

    def __repr__(self) -> str:
        return f"<Picture {self.size[0]}x{self.size[1]}{' ' + self.path if self.path else ''}>"

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def full_size(self) -> tuple[int, int]:
        """(width, height) in its file's own pixels, in which regions are told."""
        return self.shrunk_from or self.size

    @property
    def opaque(self) -> Bytes:
        """(H, W, 3) uint8: what a person sees of it, the pixels laid on white where they are transparent."""
        if self.alpha is None:
            return self.pixels
        if self._opaque is None:
            object.__setattr__(self, "_opaque", _laid_on_white(self.pixels, self.alpha))
        return cast("Bytes", self._opaque)

    @property
    def visible(self) -> Bytes:
        """(H, W, 3) uint8: the pixels, black where they are fully transparent and nobody sees their colour."""
        if self.alpha is None or self.alpha.min() > 0:
            return self.pixels
        seen = self.pixels.copy()
        seen[self.alpha == 0] = 0
        return seen

    @property
    def on_white(self) -> Picture:
        """The picture without transparency, as `opaque` shows it."""
        return self if self.alpha is None else replace(self, pixels=self.opaque, alpha=None)


def _laid_on_white(pixels: Bytes, alpha: Bytes) -> Bytes:
    """The pixels (H, W, 3), mixed with white as alpha (H, W) says; only those that are transparent cost anything."""
    import numpy as np

    laid = pixels.copy()
    for top in range(0, len(alpha), _ROWS):
        strip, shares = laid[top : top + _ROWS].reshape(-1, 3), alpha[top : top + _ROWS].reshape(-1)
        clear = np.flatnonzero(shares < 255)
        share = shares[clear, None].astype(np.float32) / 255
        strip[clear] = np.rint(255 + share * (strip[clear].astype(np.float32) - 255)).astype(np.uint8)
    return laid


@dataclass(frozen=True, slots=True, eq=False)
class UnpairedPage:
    """A page that only one of two files has, or a slice of a place that only one of two series covers.

    Attributes:
        picture: What it shows.
        side: Which has it.
        is_slice: Whether it is a slice, of which nobody knows whether anything changed.
    """

    picture: Picture
    side: Literal["before", "after"]
    is_slice: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two pictures of one place.

    Attributes:
        before: The earlier picture.
        after: The later picture; once aligned, as it would look from where `before` was taken.
        valid: (H, W) bool in before's pixels, True where the answer counts; None for everywhere.
        seen: (H, W) bool, True where both pictures have pixels; None for everywhere.
        history: Earlier pictures of the same place in which nothing changed, oldest first.
        relit: Whether `after` was in another light, to which it has been brought; a camera's gain that drifted a little
            is none.
    """

    before: Picture
    after: Picture
    valid: Mask | None = None
    seen: Mask | None = None
    history: tuple[Picture, ...] = ()
    relit: bool = False

    def __repr__(self) -> str:
        return f"<Pair {self.before!r}, {self.after!r}>"

    @property
    def usable(self) -> Mask | None:
        """(H, W) bool, True where both pictures have pixels and the answer counts; None for everywhere."""
        if self.valid is None or self.seen is None:
            return self.seen if self.valid is None else self.valid
        usable: Mask = self.valid & self.seen
        return usable

    def swapped(self) -> Pair:
        """The same pair with the two pictures exchanged."""
        return replace(self, before=self.after, after=self.before)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a method says of a pair, pixel by pixel.

    Attributes:
        gone: (H, W) float32 in [0, 1]: in before, without counterpart in after. 0.5 and above counts as changed.
        new: (H, W) float32 in [0, 1]: in after, without counterpart in before.
        directed: False when the method cannot tell the two apart; both are then the same map.
        notes: What the method found worth saying, such as a mean SSIM.
        layers: Further maps to look at, by name, each (H, W) float32 in [0, 1]; nothing is decided by them.
        weights: Digest of the weights that said so, or "".
        anything: How sure the method is, having seen the whole pair, that anything changed at all, in [0, 1]; None from
            one that does not say.
        seen_at: How large the pair was when that was asked, as a share of its size: what is tiny then had no say.
        cores: The inner parts of the things gone and of those new, two maps (h, w) float32 in [0, 1], as large as the
            others or coarser, by which things that touch are told apart; None from a method that does not say.
    """

    gone: Map
    new: Map
    directed: bool
    notes: Mapping[str, object] = field(default_factory=dict)
    layers: Mapping[str, Map] = field(default_factory=dict)
    weights: str = ""
    anything: float | None = None
    seen_at: float = 1.0
    cores: tuple[Map, Map] | None = None

    def __repr__(self) -> str:
        height, width = self.gone.shape[:2]
        return f"<Evidence {width}x{height}, {'directed' if self.directed else 'undirected'}>"

    @property
    def change(self) -> Map:
        """(H, W) float32: the larger of the two maps."""
        if self.gone is self.new:
            return self.gone
        import numpy as np

        larger: Map = np.maximum(self.gone, self.new)
        return larger

    @classmethod
    def undirected(cls, change: Map, notes: Mapping[str, object] | None = None) -> Evidence:
        """Evidence of a method that cannot tell gone from new."""
        return cls(change, change, directed=False, notes=notes or {})


@dataclass(frozen=True, slots=True)
class Calibration:
    """What counts for how much in the log-odds of a region's score, which then is the chance that it truly changed.

    Attributes:
        evidence: The log-odds of the region's evidence.
        area: The logarithm of its area over 100 pixels.
        whole: The log-odds that anything changed at all (`Evidence.anything`).
        faint: The logarithm of one more than the number of faint regions among 100,000 pixels of the pair: where
            much is suspected, each suspicion is worth less.
        constant: One.
    """

    evidence: float
    area: float
    whole: float
    faint: float
    constant: float


@dataclass(frozen=True, slots=True)
class Extraction:
    """How a method's evidence becomes regions, where the user leaves it to the method.

    Attributes:
        grow: Pixels at or above this belong to a region that holds a seed.
        seed: A region needs a pixel at or above this.
        min_area: Smallest region kept, in pixels.
        weight: Smallest (mean evidence - grow) x square root of the area: what is small must be surer.
        join: Regions nearer than this become one, in pixels.
        sure: Some region must be at least this sure for the verdict `changed`; less is `unsure`.
        calibration: How the score of a region follows from what is known of it; None leaves its evidence.
        least: Regions of a smaller score are left out.
        doubt: Share of the picture where the evidence is neither high nor low, from which on the verdict is `unsure`:
            the pair is none of those that the method knows.
    """

    grow: float = 0.5
    seed: float = 0.5
    min_area: int = 1
    weight: float = 0.0
    join: int = 0
    sure: float = 0.0
    calibration: Calibration | None = None
    least: float = 0.0
    doubt: float = 1.0


class Method(Protocol):
    """A way to score a pair: a frozen dataclass whose fields are its parameters.

    One that does not forgive light and noise has `overlooks`: "threshold" where what differs by less is the same to it,
    "" where nothing is. One that learns from `Pair.history` by itself has `learns_history`.
    """

    extraction: ClassVar[Extraction]

    def score(self, pair: Pair) -> Evidence:
        """Evidence for an aligned pair of equal size."""
        ...


class Describer(Protocol):
    """A way to put regions into words: a frozen dataclass whose fields are its parameters."""

    def describe(self, pair: Pair, regions: Sequence[Region]) -> tuple[Region, ...]:
        """The same regions in the same order, each with its `text`."""
        ...


@runtime_checkable
class Noting(Protocol):
    """A `Describer` that has something to say of the whole pair, too."""

    def with_note(self, pair: Pair, regions: Sequence[Region]) -> tuple[tuple[Region, ...], str]:
        """What `describe` gives, and a sentence or more on the whole; "" for nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Region:
    """One thing that changed.

    Attributes:
        kind: added, removed, replaced, moved, or changed when the method cannot tell.
        score: How sure, 0 to 1.
        area: Changed pixels in the common frame.
        box_before, outline_before: Where it is, in before's own pixels; None when outside that picture.
        box_after, outline_after: The same in after's own pixels. A moved region stands in two places.
        label: Its number in `Comparison.labels`; ground that two regions share bears the number of one of them.
        text: The region in words; empty until described.
        page: Of files with several pages, the one it is on.
        likely: Whether it is as sure as its method asks for, in an answer that is not unsure; else it is only possible.
    """

    kind: Kind
    score: float
    area: int
    box_before: Box | None
    box_after: Box | None
    outline_before: tuple[Outline, ...] = ()
    outline_after: tuple[Outline, ...] = ()
    label: int = 0
    text: str = ""
    page: int = 1
    likely: bool = True

    @property
    def place(self) -> tuple[Literal["before", "after"], Box | None]:
        """The picture that it is told in and its box there: before for what was removed or moved, else after.

        Where it is outside of that picture it is told in the other one.
        """
        if self.box_after is None or (self.kind in ("removed", "moved") and self.box_before is not None):
            return "before", self.box_before
        return "after", self.box_after


@dataclass(frozen=True, slots=True, eq=False)
class Pane:
    """Part of a page in which rows shifted.

    Attributes:
        box: In the pixels of both pictures, which lie flush.
        rows: Each picture's own row, of the page, for every row of the pane's frame, which holds those of both; or -1.
    """

    box: Box
    rows: Rows

    def exchanged(self) -> Pane:
        """The pane of the exchanged pictures."""
        return Pane(self.box, self.rows[::-1])

    @property
    def shared(self) -> Mask:
        """(N,) which rows of its frame both pictures have."""
        shared: Mask = (self.rows[0] >= 0) & (self.rows[1] >= 0)
        return shared

    @property
    def shifted(self) -> Mask:
        """(N,) which rows of its frame both have, at two places."""
        shifted: Mask = self.shared & (self.rows[0] != self.rows[1])
        return shifted


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """How `after` lies on `before`.

    Attributes:
        model: none, shift, similarity, affine, homography, page, or off when nobody looked.
        matrix: (3, 3) float64, takes before's pixel (x, y, 1) to after's.
        error_px: Median distance that is left between matched points, in before's pixels; None when off.
        overlap: Share of before that after sees, 0 to 1.
        flow: (H, W, 2) float32 residual shift that was taken out after the matrix, or None.
        rows: For pages whose rows shifted, each picture's own row for every row of the common frame, which then holds
            the rows of both; -1 where that picture has none. The matrix is no motion then.
        panes: Parts of pages that lie flush, whose own rows shifted beside what stayed.
        note: Why this model.
    """

    model: str
    matrix: Matrix
    error_px: float | None
    overlap: float
    flow: Map | None = None
    rows: Rows | None = None
    panes: tuple[Pane, ...] = ()
    note: str = ""

    def __repr__(self) -> str:
        return f"<Alignment {self.model}, overlap {self.overlap:.2f}>"


@dataclass(frozen=True, slots=True)
class Light:
    """How the light of `after` was brought to that of `before`.

    Attributes:
        model: off, none, gain, gamma, histogram or local.
        gain: Factor per channel (R, G, B) put on after.
        gamma: Exponent per channel put on after.
        field: Smallest and largest factor of the smooth local field, (1, 1) without one.
        note: Why this model.
    """

    model: str
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: tuple[float, float, float] = (1.0, 1.0, 1.0)
    field: tuple[float, float] = (1.0, 1.0)
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class PageAnswer:
    """The answer for one page of files that have several, see `Comparison`.

    Attributes:
        page: Which one, from 1 on.
        changed_pixels, pixels: Of its common frame.
        scans: What before's and after's files say of a page of DICOM that was compared; None for any other.
        kinds: (H, W) uint8 in the own pixels of such a page of after: the kind of each pixel by its number in `KINDS`,
            from 1 on, and 0 for unchanged.
    """

    page: int
    verdict: Verdict
    reason: str
    score: float
    changed_pixels: int
    pixels: int
    text: str
    scans: tuple[Scan | None, Scan] | None = None
    kinds: Bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class WindowedAnswer:
    """What is known of pictures that were compared window by window, beside `Comparison`.

    Attributes:
        overview: The same answer with all of it in the pixels of the overviews, for whoever shows it.
        labels: Of a region, by a box in the own pixels of a side: (h, w) int32, 0 for unchanged, -1 where nothing was
            compared.
        changed_pixels, pixels: Of the frame in which they were judged.
        equal: Whether all windows are equal to the last pixel.
        details: Of the surest regions, by their place in `Comparison.regions`, what is there at full size.
    """

    overview: Comparison
    labels: Callable[[Literal["before", "after"], Box], NDArray[np.int32]]
    changed_pixels: int
    pixels: int
    equal: bool
    details: Mapping[int, Mapping[str, Detail]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Detail:
    """A part of a large picture: its box in the picture's own pixels, and (h, w, 3) uint8 of it, maybe shrunk."""

    box: Box
    pixels: Bytes


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The answer, and everything needed to repeat it.

    Attributes:
        verdict: same, changed or unsure.
        reason: Why, in one line.
        score: How sure that something changed, 0 to 1.
        regions: What changed, the surest first.
        pair: The pictures as they were given.
        aligned: The pictures as they were compared, in the common frame.
        evidence: What the method said, in the common frame; None when refused before scoring.
        labels: (H, W) int32 in the common frame: a region's label, 0 for unchanged; None like `evidence`.
        alignment, light: What those steps did.
        method: Name of the method.
        parameters: Its parameters.
        seconds: Wall time per step and in total.
        name: The pair's name.
        text: The answer in words.
        weights: Digest of the weights the method used, or "".
        mirror: The answer to the exchanged pair, where that is what was judged; see `spotdiff.swap_symmetry`.
        pages: The answers page by page, where all pages were asked for. `pair`, `aligned`, `alignment` and `light` are
            then of the first page with the worst verdict, and `evidence` and `labels` are None.
        windows: Of pictures too large to be held, see `WindowedAnswer`. `pair`, `aligned`, `evidence` and `labels` are
            then of their overviews, while regions and alignment are in the pictures' own pixels.
    """

    verdict: Verdict
    reason: str
    score: float
    regions: tuple[Region, ...]
    pair: Pair
    aligned: Pair
    evidence: Evidence | None
    labels: NDArray[np.int32] | None
    alignment: Alignment
    light: Light
    method: str
    parameters: Mapping[str, object]
    seconds: Mapping[str, float]
    name: str = ""
    text: str = ""
    weights: str = ""
    mirror: Comparison | None = None
    pages: tuple[PageAnswer, ...] = ()
    windows: WindowedAnswer | None = None

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        return f"<Comparison{name} {self.verdict} {self.score:.2f}: {self.reason}>"

    def to_dict(self) -> dict[str, Any]:
        """The record `spotdiff/comparison/1`, as the command writes it."""
        record: dict[str, Any] = _reporting().as_dict(self)
        return record

    def to_pandas(self) -> Any:  # noqa: ANN401 (pandas is imported only when asked for)
        """A pandas DataFrame with a row a region: kind, score, area, text, and the edges of both boxes.

        Raises:
            SpotdiffError: pandas is not installed.
        """
        return _reporting().as_frame(self)

    def mask(self, side: str) -> Mask:
        """(H, W) bool in the own pixels of "before" or "after": what the answer calls changed.

        Raises:
            OptionError: there is no such side, or the answer is over several pages.
        """
        mask: Mask = _reporting().mask_of(self, side)
        return mask

    def save(
        self,
        *,
        report: str | Path | None = None,
        overlay: str | Path | None = None,
        json: str | Path | None = None,
        maps: str | Path | None = None,
        cutouts: str | Path | None = None,
        possible: bool = False,
        geojson: str | Path | None = None,
        crs: str = "wgs84",
        mask_tif: str | Path | None = None,
        dicom_seg: str | Path | None = None,
    ) -> Comparison:
        """Write the answer as the command does, and return it; folders are made when missing.

        Args:
            report: HTML file of the page.
            overlay: PNG file of after, dimmed, with what changed drawn on it.
            json: File of the record.
            maps: Folder of the probability maps, `before.png` and `after.png`, and of the method's further ones.
            cutouts: Folder of what changed, cut out of both.
            possible: Whether the overlay shows what is only possible, too.
            geojson: File of the regions as GeoJSON, where a picture is georeferenced.
            crs: Of the GeoJSON: wgs84, or keep for the raster's own coordinate system.
            mask_tif: GeoTIFF file of what changed, where a picture is georeferenced.
            dicom_seg: File of a DICOM segmentation, where after is a DICOM file.

        Raises:
            OptionError: a file would be written over a picture or twice, shows one page of an answer over several, or
                an overlay's name does not end in .png; or the pictures do not say what a file needs to know.
            MissingExtra: the package that writes a file is not installed.
            OSError: a file cannot be written.
        """
        asked = {"geojson": geojson, "crs": crs, "mask_tif": mask_tif, "dicom_seg": dicom_seg}
        files = _reporting("save").AnswerFiles(json, report, overlay, maps, cutouts, possible, **asked)
        files.write(self)
        return self

    def show(self) -> Path:
        """Open the page in a browser; the path of its file, which lies among the temporary ones."""
        path: Path = _reporting().show(self)
        return path

    def _repr_html_(self) -> str:
        html: str = _reporting().notebook_html(self)
        return html

    def showing(self, overview: Comparison) -> Comparison:
        """The answer over large pictures with another overview, see `WindowedAnswer`."""
        if self.windows is None:
            raise ValueError("only an answer by windows has an overview")
        return replace(self, windows=replace(self.windows, overview=overview))

    @property
    def shown(self) -> Comparison:
        """The answer in pixels that are held: itself, or the overview where the pictures are too large."""
        return self if self.windows is None else self.windows.overview

    @property
    def likely(self) -> tuple[Region, ...]:
        """The regions that the answer stands for, the surest first; the others are only possible."""
        return tuple(region for region in self.regions if region.likely)

    @property
    def changed_pixels(self) -> int:
        """How many pixels of the frame in which it was judged, or of all pages, the answer calls changed."""
        if self.pages:
            return sum(page.changed_pixels for page in self.pages)
        if self.windows is not None:
            return self.windows.changed_pixels
        if self.mirror is not None:  # exchanged pictures have one share, which is also that of the reason
            return self.mirror.changed_pixels
        if self.labels is None:
            return 0
        import numpy as np

        return int(np.count_nonzero(self.labels))

    @property
    def changed_fraction(self) -> float:
        """`changed_pixels` as a share of that frame, or of all pages, 0 to 1."""
        if self.pages:
            return self.changed_pixels / max(sum(page.pixels for page in self.pages), 1)
        if self.windows is not None:
            return self.windows.changed_pixels / self.windows.pixels
        if self.mirror is not None:
            return self.mirror.changed_fraction
        return 0.0 if self.labels is None else self.changed_pixels / max(self.labels.size, 1)


def _reporting(module: str = "in_python") -> Any:  # noqa: ANN401 (a module)
    """A module that shows answers; it stands above the values, and is loaded when it is asked for."""
    from importlib import import_module

    return import_module(f"spotdiff.report.{module}")
