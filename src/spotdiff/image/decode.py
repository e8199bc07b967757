"""Bytes of a picture file to values. 8-bit PNG takes a fast path, BMP is read here; everything else by Pillow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import LoadError, MissingExtra, SpotdiffError
from spotdiff.image import bmp, dicom, geotiff, tiff
from spotdiff.image.page_cache import PageCache
from spotdiff.image.pillow_reader import (
    FORMATS,
    NoSuchPage,
    Page,
    UnknownColours,
    bomb_size,
    opened_tiff,
    orientation_and_time,
    read_deep,
    read_page,
    read_tiff,
    turned,
)
from spotdiff.image.pixel_metadata import PLAIN, PixelMetadata
from spotdiff.image.size_limit import SizeLimit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.image.tiff import Tags

    Values = NDArray[Any]

PNG = b"\x89PNG\r\n\x1a\n"
_ROWS = 64  # of which alpha is taken off at a time
_MEANINGFUL = {b"tRNS", b"eXIf", b"acTL"}  # chunks that change what the pixels mean: Pillow knows how


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Values (H, W, 3) of any type, alpha (H, W) of the same type or None, and what was found on the way.

    `array` marks what was no file or image but the caller's array, so that nothing says what its floats mean;
    `metadata` is what a file says of its values.
    """

    values: Values
    alpha: Values | None
    taken: datetime | None = None
    notes: tuple[str, ...] = ()
    page: int = 1
    pages: int = 1
    array: bool = False
    metadata: PixelMetadata = PLAIN


def decode(
    data: bytes,
    *,
    name: str,
    max_pixels: float,
    page: int = 1,
    bands: Sequence[int] = (),
    cache: PageCache | None = None,
) -> Decoded:
    """One picture of a file.

    Args:
        data: The file's bytes.
        name: What to call it in errors.
        max_pixels: Largest picture accepted, in million pixels; checked before decoding.
        page: Which of its pages or frames, counted from 1.
        bands: Of a TIFF the numbers of one band or of three, from 1 on; without any those that it calls its colours.
        cache: What reading an earlier page of the same bytes has left, which makes reading the next one cheaper.

    Raises:
        LoadError: not a picture of a known format, truncated, damaged, too large, or without that page.
        MissingExtra: the package that reads it is not installed.
    """
    limit = SizeLimit(name, max_pixels)
    with _errors_in_one_line(limit):
        found = _read(data, page, limit, bands, PageCache() if cache is None else cache)
        if page > found.pages:
            raise NoSuchPage(found.pages)
        plain = split_alpha(found.values)
    notes = [f"page {page} of {found.pages}"] if found.pages > 1 else []
    notes += found.metadata.notes
    return Decoded(plain.values, plain.alpha, found.taken, tuple(notes), page, found.pages, metadata=found.metadata)


@contextmanager
def _errors_in_one_line(limit: SizeLimit) -> Iterator[None]:
    """Whatever goes wrong in the block as an error that names the file."""
    from PIL import Image, UnidentifiedImageError

    name = limit.name
    try:
        yield
    except Image.DecompressionBombError as error:
        raise limit.error(bomb_size(error)) from None
    except UnidentifiedImageError:
        raise LoadError(f"{name}: not a picture that spotdiff reads ({', '.join(FORMATS)}, HEIC)") from None
    except MissingExtra as missing:
        raise LoadError(f"{name}: {missing}") from None
    except (SpotdiffError, MemoryError):
        raise
    except NoSuchPage as wrong:
        raise LoadError(f"{name}: {wrong}; choose another page") from None
    except bmp.UnknownKind as kind:
        raise LoadError(f"{name}: this kind of BMP ({kind}) is not read: save it as PNG") from None
    except Exception as error:
        raise LoadError(f"{name}: the picture is truncated or damaged ({_first_line(error)})") from None


def _read(data: bytes, page: int, limit: SizeLimit, bands: Sequence[int], cache: PageCache) -> Page:
    is_dicom = dicom.is_dicom(data)  # some begin as a TIFF does
    if not is_dicom and (form := tiff.form_of(data)) is not None:
        return _read_tiff(data, form, page, limit, bands, cache)
    if bands:
        raise LoadError(f"{limit.name}: --bands chooses bands of a TIFF, and this is none; leave it")
    return dicom.read_frame(data, page, limit) if is_dicom else _read_picture(data, page, limit, cache)


def _read_picture(data: bytes, page: int, limit: SizeLimit, cache: PageCache) -> Page:
    """A page of what is neither TIFF nor DICOM."""
    if data.startswith(PNG) and data[12:16] == b"IHDR":
        limit.check(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    if (header := _plain_png(data)) is not None:
        width, height, mode = header
        return Page(_decode_plain_png(data, width, height, mode), None, 1)
    if (bmp_header := bmp.read_header(data)) is None:
        return read_page(data, page, limit=limit, cache=cache)
    if (inner := bmp.embedded(data, bmp_header)) is not None:
        return _read_picture(inner, page, limit, cache)
    limit.check(bmp_header.width, bmp_header.height)
    return Page(bmp.read_pixels(data, bmp_header), None, 1)


def _plain_png(data: bytes) -> tuple[int, int, str] | None:
    """Width, height and mode of an 8-bit RGB or RGBA PNG that nothing complicates; None for any other."""
    if not data.startswith(PNG) or len(data) < 33 or data[12:16] != b"IHDR":
        return None
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    depth, colour, packing, filtering, interlaced = data[24:29]
    mode = {2: "rgb", 6: "rgba"}.get(colour)
    if mode is None or depth != 8 or packing or filtering or interlaced or not width or not height:
        return None
    return None if _MEANINGFUL.intersection(_png_kinds(data)) else (width, height, mode)


def _png_kinds(data: bytes) -> Iterator[bytes]:
    """The kinds of a PNG's chunks up to its end; they are not looked into."""
    at, kind = 8, b""
    while at + 12 <= len(data) and kind != b"IEND":
        kind = data[at + 4 : at + 8]
        yield kind
        at += 12 + int.from_bytes(data[at : at + 4], "big")


def _decode_plain_png(data: bytes, width: int, height: int, mode: str) -> Values:
    import kornia_rs.io

    if b"IEND" not in _png_kinds(data):
        raise ValueError("it ends too early")
    return np.asarray(kornia_rs.io.decode_image_png_u8(data, (height, width), mode))


def _read_tiff(
    data: bytes, form: tiff.Form, page: int, limit: SizeLimit, bands: Sequence[int], cache: PageCache
) -> Page:
    from PIL import UnidentifiedImageError

    offsets = cache.offsets(data, form)
    if page > len(offsets):
        raise NoSuchPage(len(offsets))
    tags = tiff.tags_of(data, form, offsets[page - 1])
    for size in tiff.sizes(tags):
        limit.check(*size)
    if bands:
        geotiff.require_rasterio("--bands")
    if bands or (tiff.is_georeferenced(tags) and geotiff.is_installed()):
        data = tiff.with_first_page(data, form, offsets[page - 1])
        return geotiff.read_raster(data, limit, bands=bands, pages=len(offsets))
    if not tiff.is_deep(tags):
        with suppress(UnidentifiedImageError):
            return read_tiff(cache.from_page(data, form, offsets[page - 1]), limit=limit, pages=len(offsets))
    try:
        return _read_tiff_by_opencv(cache.from_page(data, form, offsets[page - 1]), tags, len(offsets))
    except UnknownColours:
        kind = tiff.described(tags)
        told = f"a TIFF of {kind} is not read: save it as RGB or grey of 8 or 16 bits, or choose --bands"
        raise LoadError(f"{limit.name}: {told}") from None


def _read_tiff_by_opencv(file: BytesIO, tags: Tags, pages: int) -> Page:
    """A page that Pillow would cut to 8 bits or does not know, of grey, RGB or RGBA."""
    if not tiff.is_grey_or_rgb(tags):
        raise UnknownColours("its channels are unknown")
    with file.getbuffer() as data:
        tiff.check_strips(data, tags)
        values = read_deep(data)
    if values.ndim == 3 and values.shape[2] == 4 and not tiff.has_alpha(tags):
        values = values[..., :3]
    try:
        with opened_tiff(file) as image:
            orientation, taken = orientation_and_time(image)
    except Exception:
        orientation, taken = 1, None
    return Page(turned(values, orientation), taken, pages)


def split_alpha(values: Values) -> Decoded:
    """Values (H, W[, 1|2|3|4]) as colour (H, W, 3) and alpha (H, W), which is None where all is opaque.

    The values are the caller's no more: colour may lie in their memory.

    Raises:
        LoadError: the shape is another one, or a side is empty.
    """
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim not in (2, 3) or values.size == 0 or (values.ndim == 3 and values.shape[2] not in (2, 3, 4)):
        raise LoadError(f"a picture is (height, width[, 1 to 4 channels]) and not empty, not {values.shape}")
    if values.dtype == np.uint8 and values.ndim == 3 and values.shape[2] == 4:
        return _split_rgba(values)
    alpha = values[..., -1] if values.ndim == 3 and values.shape[2] in (2, 4) else None
    colour = values if values.ndim == 2 or alpha is None else values[..., :-1]
    if colour.ndim == 2 or colour.shape[2] == 1:
        colour = np.repeat(colour.reshape(*colour.shape[:2], 1), 3, axis=2)
    if alpha is not None and alpha.dtype == np.uint8 and alpha.min() == 255:
        alpha = None
    return Decoded(np.ascontiguousarray(colour), None if alpha is None else np.ascontiguousarray(alpha))


def _split_rgba(values: Values) -> Decoded:
    """The common case, by OpenCV and in place: fresh memory for a large picture costs more than the work on it."""
    import cv2

    values = np.require(values, requirements=("C", "W"))
    height, width = values.shape[:2]
    colour = values.reshape(-1)[: 3 * height * width].reshape(height, width, 3)
    alpha: Values | None = None
    for top in range(0, height, _ROWS):
        rows = slice(top, top + _ROWS)
        shares = cv2.extractChannel(values[rows], 3)
        if alpha is None and cv2.minMaxLoc(shares)[0] < 255:
            alpha = np.full((height, width), 255, np.uint8)
        if alpha is not None:
            alpha[rows] = shares
        colour[rows] = cv2.cvtColor(values[rows], cv2.COLOR_RGBA2RGB)  # written behind what is still to be read
    return Decoded(colour, alpha)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
