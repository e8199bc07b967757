"""The pages of a TIFF and their tags, read from its bytes: no pixel is decoded, and each page is visited once."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from mmap import mmap

WIDTH, HEIGHT, BITS, PHOTOMETRIC, SAMPLES, PLANES, EXTRA_SAMPLES, SAMPLE_FORMAT = 256, 257, 258, 262, 277, 284, 338, 339
SUBFILE, GEO_KEYS = 254, 34735
GREY, RGB, FLOAT, SEPARATE = 1, 2, 3, 2  # values of PHOTOMETRIC, SAMPLE_FORMAT and PLANES
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_PLACES, _LENGTHS = (273, 324), (279, 325)  # of strips and of tiles
_TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}  # of TIFF's types those that are whole numbers without a sign
_ALPHAS = (1, 2)  # values of EXTRA_SAMPLES, which writers of RGBA leave out at times
_SMALLER, _MASK = 1, 4  # bits of SUBFILE
_MOST_VALUES = 1 << 20  # strips or tiles; more than a picture within any limit needs

Tags = Mapping[int, tuple[int, ...]]
Data = bytes | mmap  # of a file, held or not


@dataclass(frozen=True, slots=True)
class Form:
    """How a TIFF writes numbers: byte order, and whether its offsets have 8 bytes (BigTIFF) or 4."""

    order: str
    big: bool

    def number(self, kind: str, data: Data, at: int) -> int:
        """One whole number.

        Raises:
            ValueError: it lies beyond the end of the file.
        """
        try:
            return int(struct.unpack_from(self.order + kind, data, at)[0])
        except struct.error:
            raise ValueError("a part of it lies beyond its end") from None

    @property
    def offset(self) -> str:
        """The type of an offset."""
        return "Q" if self.big else "I"

    @property
    def first(self) -> int:
        """Where the offset of the first page stands."""
        return 8 if self.big else 4

    def entries(self, data: Data, page: int) -> range:
        """Where the entries of the page that begins at `page` stand.

        Raises:
            ValueError: they lie beyond the end of the file.
        """
        count = self.number("Q" if self.big else "H", data, page)
        head, step = (8, 20) if self.big else (2, 12)
        end = page + head + step * count
        self.number(self.offset, data, end)
        return range(page + head, end, step)


def form_of(data: bytes) -> Form | None:
    """How the file writes its numbers; None for what is no TIFF."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 8:
        return None
    version = struct.unpack_from(f"{order}H", data, 2)[0]
    return Form(order, version == 43) if version in (42, 43) else None


def page_offsets(data: Data, form: Form) -> list[int]:
    """Where each page begins; one that lies beyond the end of the file counts, and is the last.

    Raises:
        ValueError: the header ends too early.
    """
    offsets: dict[int, None] = {}
    at = form.number(form.offset, data, form.first)
    while at and at not in offsets:  # some files lead back to a page that was there
        offsets[at] = None
        try:
            at = form.number(form.offset, data, form.entries(data, at).stop)
        except ValueError:
            break
    return list(offsets)


def georeferenced_pages(data: Data, form: Form, offsets: list[int]) -> list[int]:
    """Those of the pages that are none of a georeferenced one made smaller, nor its mask; else all of them.

    Raises:
        ValueError: a tag lies beyond the end of the file.
    """
    if not offsets or not is_georeferenced(tags_of(data, form, offsets[0])):
        return offsets
    rest = [at for at in offsets[1:] if not tags_of(data, form, at).get(SUBFILE, (0,))[0] & (_SMALLER | _MASK)]
    return [offsets[0], *rest]


def is_georeferenced(tags: Tags) -> bool:
    """Whether a page says in which coordinate system it lies."""
    return GEO_KEYS in tags


def with_first_page(data: bytes, form: Form, offset: int) -> bytes:
    """The file with the page at `offset` as its first."""
    if form.number(form.offset, data, form.first) == offset:
        return data
    start = struct.pack(form.order + form.offset, offset)
    return b"".join((data[: form.first], start, memoryview(data)[form.first + len(start) :]))


def tags_of(data: Data, form: Form, page: int) -> Tags:
    """The tags of a page that hold whole numbers.

    Raises:
        ValueError: one lies beyond the end of the file.
    """
    tags: dict[int, tuple[int, ...]] = {}
    for at in form.entries(data, page):
        kind = _TYPES.get(form.number("H", data, at + 2), "")
        count = form.number(form.offset, data, at + 4)
        if not kind or not 0 < count <= _MOST_VALUES:
            continue
        values, room = at + (12 if form.big else 8), 8 if form.big else 4
        packed = f"{form.order}{count}{kind}"
        if struct.calcsize(packed) > room:
            values = form.number(form.offset, data, values)
        try:
            tag, held = form.number("H", data, at), struct.unpack_from(packed, data, values)
        except struct.error:
            raise ValueError("a part of it lies beyond its end") from None
        if tags.setdefault(tag, held) != held:  # some readers take the first, others the last
            raise ValueError(f"it says twice what its tag {tag} is")
    return tags


def sizes(tags: Tags) -> list[tuple[int, int]]:
    """Width and height of the page, and of its tiles where it has some: as much room is made for one.

    Raises:
        ValueError: the page has none.
    """
    if WIDTH not in tags or HEIGHT not in tags:
        raise ValueError("it does not say how large it is")
    tile = tags.get(_TILE_WIDTH, (0,))[0], tags.get(_TILE_HEIGHT, (0,))[0]
    return [(tags[WIDTH][0], tags[HEIGHT][0]), tile]


def size_and_pages(data: Data, form: Form) -> tuple[tuple[int, int], int]:
    """(width, height) of the first page of a file, of which no more is read than says that, and how many it has.

    Raises:
        ValueError: it does not say.
    """
    offsets = georeferenced_pages(data, form, page_offsets(data, form))
    return sizes(tags_of(data, form, offsets[0]))[0], len(offsets)


def check_strips(data: Data | memoryview, tags: Tags) -> None:
    """Raise a ValueError where strips or tiles of a page are missing or lie beyond the end of the file."""
    for place, length in zip(_PLACES, _LENGTHS, strict=True):
        places, lengths = tags.get(place, ()), tags.get(length, ())
        if len(places) != len(lengths):
            raise ValueError("it does not say where all of its pixels are")
        if any(start + size > len(data) for start, size in zip(places, lengths, strict=True)):
            raise ValueError("some of its pixels lie beyond its end")


def is_deep(tags: Tags) -> bool:
    """Whether the page has colours, or grey in floating point, that Pillow cuts to 8 bits or does not know."""
    samples, bits = tags.get(SAMPLES, (1,))[0], max(tags.get(BITS, (1,)))
    if samples == 1:
        return FLOAT in tags.get(SAMPLE_FORMAT, ()) and bits != 32
    return tags.get(PHOTOMETRIC) == (RGB,) and samples in (3, 4) and bits > 8


def is_grey_or_rgb(tags: Tags) -> bool:
    """Whether the page has one channel of light, or three of colour and perhaps a fourth of opacity, side by side."""
    samples = tags.get(SAMPLES, (1,))[0]
    if samples > 1 and tags.get(PLANES) == (SEPARATE,):  # OpenCV takes them for interleaved
        return False
    known = {GREY: (1,), RGB: (3, 4)}
    return samples in known.get(tags.get(PHOTOMETRIC, (RGB,))[0], ())


def has_alpha(tags: Tags) -> bool:
    """Whether the fourth channel of RGB is opacity."""
    return any(kind in _ALPHAS for kind in tags.get(EXTRA_SAMPLES, _ALPHAS))


def described(tags: Tags) -> str:
    """The kind of a page in words, such as `6 channels of 16 bits`."""
    samples, bits = tags.get(SAMPLES, (1,))[0], max(tags.get(BITS, (1,)))
    kind = " floating-point" if FLOAT in tags.get(SAMPLE_FORMAT, ()) else ""
    planes = " in separate planes" if tags.get(PLANES) == (SEPARATE,) else ""
    return f"{samples} channel{'s' if samples > 1 else ''} of {bits}{kind} bits{planes}"
