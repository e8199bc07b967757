"""Pictures by Pillow: one page of a file as values, its size looked at before a pixel is decoded."""

from __future__ import annotations

import logging
import math
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import LoadError, MissingExtra
from spotdiff.image.pixel_metadata import PLAIN, PixelMetadata
from spotdiff.image.size_limit import SizeLimit
from spotdiff.quick_identity import png_chunks, png_size

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from spotdiff.image.page_cache import PageCache

    Values = NDArray[Any]

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000", "GIF", "PPM")
_PIXELS = re.compile(r"\d+ pixels")
_HEIC = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"))  # brands of its box ftyp
_HEIF = frozenset((b"mif1", b"msf1"))  # of HEIC and of AVIF
_ORIENTATION, _EXIF_IFD, _TAKEN, _CHANGED = 0x0112, 0x8769, 0x9003, 0x0132  # EXIF tags

logging.getLogger("PIL").addHandler(logging.NullHandler())  # else Python writes its errors to standard error


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page of a file: its values, upright, when the camera says they were taken, and how many pages there are.

    `metadata` is what the file says of the values.
    """

    values: Values
    taken: datetime | None
    pages: int
    metadata: PixelMetadata = PLAIN


class NoSuchPage(Exception):
    """The file has fewer pages, as many as `pages` says."""

    def __init__(self, pages: int) -> None:
        super().__init__(f"it has {pages} pages" if pages > 1 else "it has one page")


class UnknownColours(ValueError):
    """OpenCV does not read the picture."""


class _Quiet:
    """Settings of the whole process while Pillow reads: no warnings, and our limit of sizes in place of its own.

    The first of several threads changes them and the last puts them back, so that they can decode side by side; the
    largest limit of those that read holds for all.
    """

    def __init__(self) -> None:
        self._lock, self._limits, self._undo = threading.Lock(), list[float](), ExitStack()

    def enter(self, limit: float) -> None:
        from PIL import Image

        with self._lock:
            if not self._limits:
                self._undo.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
                self._undo.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
            self._limits.append(limit)
            self._apply()

    def leave(self, limit: float) -> None:
        with self._lock:
            self._limits.remove(limit)
            if self._limits:
                self._apply()
            else:
                self._undo.close()

    def _apply(self) -> None:
        from PIL import Image

        most = max(self._limits)
        Image.MAX_IMAGE_PIXELS = None if most == math.inf else int(most / 2)  # Pillow refuses twice as many


_QUIET = _Quiet()


@contextmanager
def quiet(*, max_pixels: float = math.inf) -> Iterator[None]:
    """Nothing is warned of within the block, in whatever thread, and no picture of more million pixels is opened."""
    _QUIET.enter(limit := max_pixels * 1e6)
    try:
        yield
    finally:
        _QUIET.leave(limit)


@contextmanager
def opened(data: bytes, *, max_pixels: float = math.inf) -> Iterator[Image.Image]:
    """A picture file with its header read and its pixels not yet; nothing is warned of within the block.

    Args:
        data: The file's bytes.
        max_pixels: How many million pixels it may have: opening a GIF makes room for its first frame.

    Raises:
        PIL.Image.DecompressionBombError: it has more.
        PIL.UnidentifiedImageError: it is none that Pillow reads.
        MissingExtra: the package that reads it is not installed.
    """
    with _opened(data, max_pixels) as image, image:
        yield image


@contextmanager
def _opened(data: bytes, max_pixels: float) -> Iterator[Image.Image]:
    """The same, and it stays open after the block."""
    from PIL import Image

    formats = (*FORMATS, _heic_reader()) if _is_heic(data) else FORMATS
    with quiet(max_pixels=max_pixels):
        yield Image.open(BytesIO(data), formats=formats)


def checked_header(data: bytes, limit: SizeLimit) -> bool:
    """Whether Pillow reads the header of a picture, which is none too large.

    Raises:
        LoadError: it is too large.
    """
    from PIL import Image

    try:
        with opened(data, max_pixels=limit.max_pixels) as image:
            limit.check(*image.size)
            return True
    except Image.DecompressionBombError as error:
        raise limit.error(bomb_size(error)) from None
    except LoadError:
        raise
    except Exception:  # a broken header breaks in many ways
        return False


def bomb_size(error: Exception) -> str:
    """How many pixels Pillow's error tells of, in words."""
    return next(iter(_PIXELS.findall(str(error))), "it")


def _is_heic(data: bytes) -> bool:
    if data[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(data[:4], "big"), 256)
    brands = [data[at : at + 4] for at in (8, *range(16, end, 4))]
    return brands[0] in _HEIC or (brands[0] in _HEIF and not _HEIC.isdisjoint(brands))


def _heic_reader() -> str:
    try:
        import pillow_heif
    except ImportError:
        raise MissingExtra("pillow-heif, for HEIC", extra="heic") from None
    pillow_heif.register_heif_opener()
    return "HEIF"


@contextmanager
def opened_tiff(file: BytesIO, *, max_pixels: float = math.inf) -> Iterator[Image.Image]:
    """A TIFF as `opened` gives it; the file stays open."""
    from PIL import Image

    with quiet(max_pixels=max_pixels), Image.open(file, formats=("TIFF",)) as image:
        yield image


def read_tiff(file: BytesIO, *, limit: SizeLimit, pages: int) -> Page:
    """The first page of a TIFF, which is said to have so many.

    Raises:
        PIL.UnidentifiedImageError: it is of a kind that Pillow does not read.
    """
    with opened_tiff(file, max_pixels=limit.max_pixels) as image:
        limit.check(*image.size)
        values = np.asarray(plain_mode(image))
        orientation, taken = orientation_and_time(image)
        return Page(turned(values, orientation), taken, pages)


def read_page(data: bytes, page: int, *, limit: SizeLimit, cache: PageCache) -> Page:
    """A page of a file.

    Args:
        data: The file's bytes.
        page: Which one, counted from 1.
        limit: How large it may be; looked at before anything is decoded.
        cache: Of this file; a frame is made of those before it, so that the next one goes on from the last one read.

    Raises:
        NoSuchPage: there are fewer.
        PIL.UnidentifiedImageError: the file is none that Pillow reads.
        MissingExtra: the package that reads it is not installed.
    """
    with _frames(data, page, limit, cache) as image:
        limit.check(*image.size)
        pages = cache.count = cache.count or getattr(image, "n_frames", 1)
        if page > pages:
            raise NoSuchPage(pages)
        if page > 1:
            image.seek(page - 1)
            limit.check(*image.size)
        if image.format == "PNG" and png_size(data) is None:
            raise ValueError("a checksum is wrong")  # Pillow overlooks some
        values = _values(data, image, page)
        orientation, taken = orientation_and_time(image)
        return Page(turned(values, orientation), taken, pages)


@contextmanager
def _frames(data: bytes, page: int, limit: SizeLimit, cache: PageCache) -> Iterator[Image.Image]:
    """The file, opened anew or where an earlier frame was read; it stays open for the next one, if there is one."""
    if cache.frames is not None and cache.frames.tell() < page:
        image, cache.frames = cache.frames, None
        with quiet(max_pixels=limit.max_pixels):
            yield image
    else:
        with _opened(data, limit.max_pixels) as image:
            yield image
    if page < cache.count:
        cache.frames = image
    else:
        image.close()


def _values(data: bytes, image: Image.Image, page: int) -> Values:
    """All of a picture's values: 16 bits stay 16 bits."""
    if image.format == "PNG" and data[24] == 16 and data[25] != 0 and page == 1:
        image.load()  # Pillow would cut 16-bit colour to 8 bits, but it tells damage in one line
        return read_deep(data)
    return np.asarray(plain_mode(image))


def read_deep(data: bytes | memoryview) -> Values:
    """The first picture of a file as OpenCV reads it, (H, W) or R, G, B and perhaps alpha (H, W, 3 or 4).

    Raises:
        UnknownColours: it cannot be read.
    """
    import cv2

    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise UnknownColours("its colours cannot be read")
    order = [2, 1, 0, 3][: values.shape[2]] if values.ndim == 3 else None
    return np.ascontiguousarray(values if order is None else values[..., order])


def plain_mode(image: Any) -> Any:  # noqa: ANN401 (Pillow's image or a subclass of it)
    """A Pillow image in a mode whose array is what one expects: L, LA, RGB, RGBA, or deep grey."""
    if image.mode in ("L", "RGB", "RGBA", "LA", "I;16", "I", "F"):
        return image
    if image.mode.startswith("I;16"):
        return image.convert("I")
    if image.mode == "1":
        return image.convert("L")
    transparent = "transparency" in image.info or image.mode in ("PA", "La", "RGBa")
    return image.convert("RGBA" if transparent else "RGB")


def upright(values: Values, image: Any) -> Values:  # noqa: ANN401 (Pillow's image or a subclass of it)
    """Values turned and mirrored as the image's EXIF asks."""
    return turned(values, orientation_and_time(image)[0])


def turned(values: Values, orientation: int) -> Values:
    """Values turned and mirrored as an EXIF orientation 1 to 8 asks."""
    turns = {3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}.get(orientation, 0)
    values = np.rot90(values, turns) if turns else values
    return values[:, ::-1] if orientation in (2, 4, 5, 7) else values


def exif_of_png(data: bytes) -> bytes:
    """The EXIF of a PNG as Pillow takes it, also from behind its pixels; empty where it has none."""
    return next((b"Exif\0\0" + data[start:end] for kind, start, end in png_chunks(data) if kind == b"eXIf"), b"")


def orientation_and_time(image: Image.Image) -> tuple[int, datetime | None]:
    """Orientation, and when it was taken, by the EXIF; broken ones are as none. A PNG is decoded to find them."""
    try:
        exif = image.getexif()
        orientation = exif.get(_ORIENTATION, 1)
        written = exif.get_ifd(_EXIF_IFD).get(_TAKEN) or exif.get(_CHANGED)
    except Exception:  # it breaks in many ways, none of which concerns the pixels
        return 1, None
    try:
        return orientation, datetime.strptime(str(written), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return orientation, None
