"""PNG files with few colours or grey levels, written faster than a general encoder can.

One filter for the whole picture (`up`) and one pass of zlib level 1 whose strategy is chosen from a sample of rows.
A 3840x2160 picture of 24 greys and a few colours costs 35 ms CPU where it is smooth and 53 where it is
noisy; OpenCV takes 97 and 155 for the same picture in colour.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Mask

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _INDEXED = 0, 3
_UP = 2
_RUNS = 0.74  # share of bytes equal to the one before, from which runs pay


def encode_grey(pixels: Bytes | Mask) -> bytes:
    r"""A grey PNG file: 8 bits a pixel from (H, W) uint8, 1 bit a pixel from (H, W) bool.

    Raises:
        ValueError: the pixels are neither, or there are none.

    Examples:
        >>> import numpy as np
        >>> file = encode_grey(np.zeros((2160, 3840), np.bool_))
        >>> file[:8], len(file) < 6000
        (b'\x89PNG\r\n\x1a\n', True)
    """
    _check(pixels, (np.dtype(np.uint8), np.dtype(np.bool_)))
    one_bit = pixels.dtype == np.bool_
    rows = np.packbits(pixels, axis=1) if one_bit else np.asarray(pixels, np.uint8)
    return _file(pixels.shape, 1 if one_bit else 8, _GREY, _deflate(rows))


def encode_indexed(indices: Bytes, palette: Bytes) -> bytes:
    """An indexed PNG file.

    Args:
        indices: (H, W) uint8, rows of the palette.
        palette: (N, 3) or, with opacity, (N, 4) uint8, N at most 256.

    Raises:
        ValueError: the indices are not (H, W) uint8, or the palette has another shape.
    """
    _check(indices, (np.dtype(np.uint8),))
    if palette.ndim != 2 or palette.shape[1] not in (3, 4) or not 1 <= len(palette) <= 256:
        raise ValueError(f"a palette is (1..256, 3 or 4), not {palette.shape}")
    chunks = _chunk(b"PLTE", palette[:, :3].tobytes())
    if palette.shape[1] == 4:
        chunks += _chunk(b"tRNS", palette[:, 3].tobytes())
    return _file(indices.shape, 8, _INDEXED, _deflate(indices), extra=chunks)


def _check(pixels: Bytes | Mask, dtypes: tuple[np.dtype[np.generic], ...]) -> None:
    if pixels.ndim != 2 or pixels.dtype not in dtypes or pixels.size == 0:
        raise ValueError(f"pixels are (H, W) {' or '.join(map(str, dtypes))}, not {pixels.shape} {pixels.dtype}")


def _deflate(rows: Bytes) -> bytes:
    lines = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    lines[:, 0] = _UP
    lines[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
    packer = zlib.compressobj(1, zlib.DEFLATED, 15, 7, _strategy(lines))
    return packer.compress(lines.data) + packer.flush()


def _strategy(lines: Bytes) -> int:
    # Runs are what makes RLE quick and small; on noise it searches in vain and Huffman alone costs a third less.
    sample = lines[:: max(1, len(lines) // 64)]
    equal = np.count_nonzero(sample[:, 1:] == sample[:, :-1])
    return zlib.Z_RLE if equal > _RUNS * sample.size else zlib.Z_HUFFMAN_ONLY


def _file(shape: tuple[int, ...], bits: int, colour: int, data: bytes, *, extra: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", shape[1], shape[0], bits, colour, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))
