"""Bytes of a picture file to values. 8-bit PNG takes a fast path; everything else goes through Pillow."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.errors import LoadError
from spotdiff.quick_identity import png_size

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    Values = NDArray[Any]

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000", "GIF", "PPM")
PNG = b"\x89PNG\r\n\x1a\n"
_MEANINGFUL = {b"tRNS", b"eXIf", b"acTL"}  # chunks that change what the pixels mean: Pillow knows how
_ORIENTATION, _EXIF_IFD, _TAKEN, _CHANGED = 0x0112, 0x8769, 0x9003, 0x0132  # EXIF tags
_PILLOW = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """Values (H, W, 3) of any type, alpha (H, W) of the same type or None, and what was found on the way."""

    values: Values
    alpha: Values | None
    taken: datetime | None = None
    notes: tuple[str, ...] = ()


def decode(data: bytes, *, name: str, max_pixels: float) -> Decoded:
    """The first picture of a file.

    Args:
        data: The file's bytes.
        name: What to call it in errors.
        max_pixels: Largest picture accepted, in million pixels; checked before decoding.

    Raises:
        LoadError: not a picture of a known format, truncated, damaged or too large.
    """
    if data.startswith(PNG):
        header = _plain_png(data)
        if header is not None:
            width, height, mode = header
            check_size(width, height, name=name, max_pixels=max_pixels)
            return _decode_plain_png(data, width, height, mode, name)
    return _decode_with_pillow(data, name=name, max_pixels=max_pixels)


def check_size(width: int, height: int, *, name: str, max_pixels: float) -> None:
    """Raise a LoadError that names the option when a picture is larger than `max_pixels` million pixels."""
    if width * height > max_pixels * 1e6:
        raise LoadError(
            f"{name}: {width}x{height} is more than {max_pixels:g} million pixels; --max-pixels raises the limit"
        )


def _plain_png(data: bytes) -> tuple[int, int, str] | None:
    """Width, height and mode of an 8-bit RGB or RGBA PNG that nothing complicates; None for any other."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        return None
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    depth, colour, packing, filtering, interlaced = data[24:29]
    mode = {2: "rgb", 6: "rgba"}.get(colour)
    if mode is None or depth != 8 or packing or filtering or interlaced or not width or not height:
        return None
    at = 33
    while at + 8 <= len(data):
        if data[at + 4 : at + 8] in _MEANINGFUL:  # they may stand behind the pixels too
            return None
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return width, height, mode


def _decode_plain_png(data: bytes, width: int, height: int, mode: str, name: str) -> Decoded:
    import kornia_rs.io

    if not _has_end(data):
        raise LoadError(f"{name}: the PNG is truncated or damaged")
    try:
        values = kornia_rs.io.decode_image_png_u8(data, (height, width), mode)
    except Exception as error:
        raise LoadError(f"{name}: the PNG is truncated or damaged ({_first_line(error)})") from None
    return split_alpha(np.asarray(values))


def _has_end(data: bytes) -> bool:
    return b"IEND\xaeB`\x82" in data[-4096:]


def _decode_with_pillow(data: bytes, *, name: str, max_pixels: float) -> Decoded:
    from PIL import UnidentifiedImageError

    try:
        with _opened(data) as (image, notes, taken):
            check_size(*image.size, name=name, max_pixels=max_pixels)
            if image.format == "PNG" and png_size(data[: data.rfind(b"IEND") + 8]) is None:
                raise ValueError("a checksum is wrong")  # Pillow overlooks some
            values = upright(_values(data, image), image)
    except UnidentifiedImageError:
        raise LoadError(f"{name}: not a picture that spotdiff reads ({', '.join(FORMATS)})") from None
    except (LoadError, MemoryError):
        raise
    except Exception as error:
        raise LoadError(f"{name}: the picture is truncated or damaged ({_first_line(error)})") from None
    plain = split_alpha(values)
    return Decoded(plain.values, plain.alpha, taken, notes)


@contextmanager
def _opened(data: bytes) -> Iterator[tuple[Image.Image, tuple[str, ...], datetime | None]]:
    """The picture, its header read but its pixels not yet, with notes on its pages and when it was taken.

    Pillow's own size limit is off while it reads the header, for ours stands, and so are its warnings, which
    nobody asked for: both are settings of the whole process, so one thread at a time changes them.
    """
    from PIL import Image

    with _PILLOW, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            image = Image.open(BytesIO(data), formats=FORMATS)
            known = image, _page_notes(image), _taken(image)
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    with image:
        yield known


def _values(data: bytes, image: Image.Image) -> Values:
    """All of a picture's values: 16 bits stay 16 bits."""
    if _is_deep_colour(data, image):
        import cv2

        image.load()  # Pillow would cut 16-bit colour to 8 bits, but it tells damage in one line
        values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if values is None:
            raise ValueError("16-bit colour of an unknown kind")
        order = [2, 1, 0, 3][: values.shape[2]] if values.ndim == 3 else None
        return np.ascontiguousarray(values if order is None else values[..., order])
    return np.asarray(plain_mode(image))


def _is_deep_colour(data: bytes, image: Image.Image) -> bool:
    if image.format == "PNG":
        return data[24] == 16 and data[25] != 0
    if image.format == "TIFF":
        bits = image.tag_v2.get(258, (8,))  # type: ignore[attr-defined]
        return len(bits) >= 3 and max(bits) == 16
    return False


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


def split_alpha(values: Values) -> Decoded:
    """Values (H, W[, 1|2|3|4]) as colour (H, W, 3) and alpha (H, W), which is None where all is opaque.

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
    """The common case, by OpenCV: ten times faster than striding."""
    import cv2

    alpha = cv2.extractChannel(values, 3)
    opaque = cv2.minMaxLoc(alpha)[0] == 255
    return Decoded(cv2.cvtColor(values, cv2.COLOR_RGBA2RGB), None if opaque else alpha)


def upright(values: Values, image: Any) -> Values:  # noqa: ANN401 (Pillow's image or a subclass of it)
    """Values turned and mirrored as the image's EXIF orientation 1 to 8 asks."""
    orientation = image.getexif().get(_ORIENTATION, 1)
    turns = {3: 2, 4: 2, 5: 3, 6: 3, 7: 1, 8: 1}.get(orientation, 0)
    turned = np.rot90(values, turns) if turns else values
    return turned[:, ::-1] if orientation in (2, 4, 5, 7) else turned


def _page_notes(image: Image.Image) -> tuple[str, ...]:
    pages = getattr(image, "n_frames", 1)
    return (f"the first of {pages} pages or frames",) if pages > 1 else ()


def _taken(image: Image.Image) -> datetime | None:
    exif = image.getexif()
    written = exif.get_ifd(_EXIF_IFD).get(_TAKEN) or exif.get(_CHANGED)
    try:
        return datetime.strptime(str(written), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
