"""BMP files of the kinds that Windows and OS/2 wrote: palettes, masks, runs, every header.

Pillow reads the usual ones only and calls the others damaged.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes

    Values = NDArray[Any]

_FILE_HEADER = 14
_CORE, _WINDOWS, _MASKS, _ALPHA = (
    12,
    40,
    52,
    56,
)  # sizes of headers; from the last two on they hold the masks themselves
_LARGEST_HEADER = 200
_OS2 = (16, 24, 32, 36, 48, 60, 64)  # sizes of headers that OS/2 wrote, cut where the rest is zero
_PLAIN, _RLE8, _RLE4, _BITFIELDS, _JPEG, _PNG, _ALPHA_BITFIELDS, _HUFFMAN, _RLE24 = range(9)
_NAMES = {_HUFFMAN: "Huffman 1D", _JPEG: "JPEG", _PNG: "PNG"}
_DEPTHS = {
    _PLAIN: (1, 2, 4, 8, 16, 24, 32),
    _RLE8: (8,),
    _RLE4: (4,),
    _RLE24: (24,),
    _BITFIELDS: (16, 32),
    _ALPHA_BITFIELDS: (16, 32),
}
_MASKS_OF = {16: (0x7C00, 0x3E0, 0x1F), 32: (0xFF0000, 0xFF00, 0xFF)}  # where the file names none


class UnknownKind(ValueError):
    """A BMP of a kind that is not read; the message names the kind."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the pixels.

    Attributes:
        width, height: In pixels.
        top_down: Whether the first row is the topmost.
        bits: Of a pixel.
        packing: One of the numbers above; those of OS/2 are made our own.
        pixels: Where they begin.
        length: Their bytes as the header has it; 0 where it does not say.
        masks: Of red, green, blue and alpha, where the pixels are wide.
        palette: Where it begins.
        colours: How many it has, as the header says; 0 for all that a pixel can name.
        entry: Bytes of each.
    """

    width: int
    height: int
    top_down: bool
    bits: int
    packing: int
    pixels: int
    length: int
    masks: tuple[int, int, int, int]
    palette: int
    colours: int
    entry: int


def read_header(data: bytes) -> Header | None:
    """The header; None for what is no BMP.

    Raises:
        ValueError: it ends too early, or says what cannot be.
    """
    if data[:2] != b"BM" or len(data) < _FILE_HEADER + 4:
        return None
    pixels, size = struct.unpack_from("<II", data, 10)
    if not _CORE <= size <= _LARGEST_HEADER:
        return None
    if len(data) < _FILE_HEADER + size:
        raise ValueError("it ends in its header")
    sides = "<HHHH" if size == _CORE else "<iiHH"
    width, height, planes, bits = struct.unpack_from(sides, data, _FILE_HEADER + 4)
    if planes != 1 or width < 1 or not height:
        raise ValueError("its header says what cannot be")
    rest = data[_FILE_HEADER + 16 : _FILE_HEADER + size].ljust(_WINDOWS, b"\0")
    packing, length, colours = struct.unpack_from("<II8xI", rest)
    if size in _OS2:
        packing = {_BITFIELDS: _HUFFMAN, _JPEG: _RLE24}.get(packing, packing)
    elif packing > _ALPHA_BITFIELDS:
        raise UnknownKind(f"compression {packing}")
    masks, beyond = _masks(data, size, packing, bits)
    palette = _FILE_HEADER + size + beyond
    entry = 3 if size == _CORE else 4
    return Header(width, abs(height), height < 0, bits, packing, pixels, length, masks, palette, colours, entry)


def _masks(data: bytes, size: int, packing: int, bits: int) -> tuple[tuple[int, int, int, int], int]:
    """The masks, and how many bytes of them stand behind the header."""
    if packing not in (_BITFIELDS, _ALPHA_BITFIELDS):
        return (*_MASKS_OF.get(bits, (0, 0, 0)), 0), 0
    count = 4 if packing == _ALPHA_BITFIELDS or size >= _ALPHA else 3
    at = _FILE_HEADER + _WINDOWS
    if len(data) < at + 4 * count:
        raise ValueError("it ends in its header")
    red, green, blue, alpha = (*struct.unpack_from(f"<{count}I", data, at), 0)[:4]
    return (red, green, blue, alpha), max(4 * count - (size - _WINDOWS), 0)


def embedded(data: bytes, header: Header) -> bytes | None:
    """The JPEG or PNG file that stands in the place of pixels; None for a BMP with pixels of its own.

    Raises:
        ValueError: something else stands there.
    """
    if header.packing not in (_JPEG, _PNG):
        return None
    end = header.pixels + header.length if header.length else len(data)
    inner = data[header.pixels : end]
    if not inner.startswith((b"\xff\xd8", b"\x89PNG")):  # a BMP could lead to itself
        raise ValueError("its header says what cannot be")
    return inner


def read_pixels(data: bytes, header: Header) -> Values:
    """The picture, (H, W, 3 or 4) uint8.

    Raises:
        UnknownKind: it is of a kind that is not read.
        ValueError: it is damaged.
    """
    if header.bits not in _DEPTHS.get(header.packing, ()):
        named = _NAMES.get(header.packing, f"compression {header.packing}")
        raise UnknownKind(named if header.packing == _HUFFMAN else f"{header.bits} bits a pixel, {named}")
    values = _runs(data, header) if header.packing in (_RLE4, _RLE8, _RLE24) else _rows(data, header)
    if header.bits <= 8:
        values = _palette(data, header)[values]
    elif header.bits in _MASKS_OF:
        values = _by_masks(values, header.masks)
    elif header.packing == _PLAIN:
        values = values[..., ::-1]
    return np.ascontiguousarray(values if header.top_down else values[::-1])


def _palette(data: bytes, header: Header) -> Bytes:
    """256 colours (256, 3); those that the file does not have are black."""
    count = min(header.colours or 256, 1 << header.bits)
    room = header.pixels if header.pixels > header.palette else len(data)
    count = min(count, max(min(room, len(data)) - header.palette, 0) // header.entry)
    colours = np.zeros((256, 3), np.uint8)
    written = np.frombuffer(data, np.uint8, count * header.entry, header.palette)
    colours[:count] = written.reshape(count, header.entry)[:, 2::-1]
    return colours


def _rows(data: bytes, header: Header) -> Values:
    """Rows that are not packed: indices (H, W), numbers (H, W) of 16 and 32 bits, or B, G, R (H, W, 3)."""
    used = (header.width * header.bits + 7) // 8
    stride = (used + 3) // 4 * 4
    needed = stride * (header.height - 1) + used
    if header.pixels < _FILE_HEADER or header.pixels + needed > len(data):
        raise ValueError("it ends before its pixels do")
    end = header.pixels + stride * header.height
    rows = np.frombuffer(data[header.pixels : end].ljust(stride * header.height, b"\0"), np.uint8)
    rows = rows.reshape(header.height, stride)[:, :used]
    if header.bits < 8:
        places = np.arange(8 - header.bits, -1, -header.bits, dtype=np.uint8)
        parts = rows[..., None] >> places & ((1 << header.bits) - 1)
        return parts.reshape(header.height, -1)[:, : header.width]
    if header.bits == 24:
        return rows.reshape(header.height, header.width, 3)
    return rows if header.bits == 8 else np.ascontiguousarray(rows).view(f"<u{header.bits // 8}")


def _by_masks(values: Values, masks: tuple[int, int, int, int]) -> Bytes:
    """Red, green, blue and, where it has a mask and is anywhere set, alpha of numbers (H, W), each in 0..255."""
    if not any(masks[:3]):
        raise ValueError("its header says what cannot be")
    planes = [_by_mask(values, mask) for mask in masks]
    opaque = not masks[3] or not planes[3].any()  # many programs leave the alpha that they announce at zero
    return np.stack(planes[:3] if opaque else planes, axis=-1)


def _by_mask(values: Values, mask: int) -> Bytes:
    if not mask:
        return np.zeros(values.shape, np.uint8)
    shift = (mask & -mask).bit_length() - 1
    highest = mask >> shift
    if highest & (highest + 1):
        raise ValueError("a mask in its header has holes")
    channel = values >> shift & highest
    if highest == 255:
        return channel.astype(np.uint8)
    return np.rint(channel.astype(np.float64) * (255 / highest)).astype(np.uint8)


def _runs(data: bytes, header: Header) -> Values:
    """Rows packed as runs: indices (H, W), or R, G, B (H, W, 3); what is left out is the first colour, or black."""
    canvas = _Canvas(header)
    at, ends = header.pixels, False
    while not ends and at + 1 < len(data):
        count, code = data[at], data[at + 1]
        if count:
            canvas.put(canvas.unpacked(_part(data, at + 1, canvas.bytes_of_run), count))
            at += 1 + canvas.bytes_of_run
        elif code > 2:
            length = canvas.bytes_of(code)
            canvas.put(canvas.unpacked(_part(data, at + 2, length), code))
            at += 2 + length + length % 2
        else:
            ends = canvas.moved(code, data[at + 2 : at + 4])
            at += 4 if code == 2 else 2
    if not ends and not canvas.full:
        raise ValueError("it ends before its pixels do")
    return canvas.values


def _part(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise ValueError("it ends before its pixels do")
    return data[at : at + length]


class _Canvas:
    """The picture while its runs are laid on it, from the first row and pixel on."""

    def __init__(self, header: Header) -> None:
        colour = (3,) if header.packing == _RLE24 else ()
        self.values: Values = np.zeros((header.height, header.width, *colour), np.uint8)
        self.bytes_of_run = 3 if colour else 1
        self._four_bits = header.packing == _RLE4
        self._x = self._y = 0

    def bytes_of(self, count: int) -> int:
        """How many bytes `count` pixels take where they stand one by one."""
        return (count + 1) // 2 if self._four_bits else count * self.bytes_of_run

    def unpacked(self, data: bytes, count: int) -> Values:
        """`count` pixels, from the bytes of all of them or of those that are repeated."""
        units = np.frombuffer(data, np.uint8)
        if self._four_bits:
            units = np.stack([units >> 4, units & 15], axis=-1).reshape(-1)
        elif self.bytes_of_run == 3:
            units = units.reshape(-1, 3)[:, ::-1]
        return units if len(units) == count else np.resize(units, (count, *units.shape[1:]))

    def put(self, pixels: Values) -> None:
        """Lay pixels from where the last ended; what leads beyond the row is cut off.

        Raises:
            ValueError: all rows are full.
        """
        height, width = self.values.shape[:2]
        if self._y >= height:
            raise ValueError("it has more pixels than its header says")
        end = min(self._x + len(pixels), width)
        self.values[self._y, self._x : end] = pixels[: max(end - self._x, 0)]
        self._x = self._x + len(pixels)

    def moved(self, code: int, step: bytes) -> bool:
        """Go to the next row (0), or by a step (2); True at the end of the picture (1)."""
        if code == 0:
            self._x, self._y = 0, self._y + 1
        elif code == 2 and len(step) == 2:
            self._x, self._y = self._x + step[0], self._y + step[1]
        return code == 1

    @property
    def full(self) -> bool:
        """Whether the last pixel has been reached."""
        height, width = self.values.shape[:2]
        return bool(self._y >= height or (self._y == height - 1 and self._x >= width))
