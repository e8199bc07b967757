"""Are two files one and the same, whole picture? Read from their bytes, without decoding and almost without imports.

`spotdiff compare` asks this before it loads anything else, so a pair of identical files costs what starting Python
costs. Checksums and structure are looked at, not pixels: whatever is not plainly whole is left to the decoder.
"""

from __future__ import annotations

import os
import zlib
from io import FileIO
from mmap import ACCESS_READ, mmap

_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNK = 1 << 16  # small enough for memory that was used a moment ago: fresh memory costs three times the reading
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}  # PNG: by colour type
_FRAMES = frozenset((0xC0, 0xC1, 0xC2))  # JPEG: baseline, extended, progressive


def identical_pictures(before: str, after: str, *, max_pixels: float) -> bool:
    """Do both files hold the same bytes, and are these plainly a whole PNG or JPEG of `max_pixels` million at most?

    False means "not known from the bytes alone", also for files that cannot be read.
    """
    try:
        with _open(before) as before_file, _open(after) as after_file:
            if not _same_bytes(before_file, after_file):
                return False
            with mmap(before_file.fileno(), 0, access=ACCESS_READ) as data:
                size = png_size(data) or jpeg_size(data)
    except (OSError, ValueError):  # ValueError: a path with a null character
        return False
    return size is not None and 0 < size[0] * size[1] <= max_pixels * 1e6


def png_size(data: bytes | mmap) -> tuple[int, int] | None:
    """Width and height of a PNG whose chunks are all whole, with right checksums, to the end; None for any other."""
    if data[:8] != _PNG:
        return None
    at, kinds = len(_PNG), set()
    with memoryview(data) as view:
        while at + 12 <= len(data):
            end = at + 12 + int.from_bytes(view[at : at + 4], "big")
            if end > len(data) or zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
                return None
            kinds.add(bytes(view[at + 4 : at + 8]))
            at = end
    whole = at == len(data) and data[-8:-4] == b"IEND" and b"IDAT" in kinds
    return _png_header(data, kinds) if whole else None


def _png_header(data: bytes | mmap, kinds: set[bytes]) -> tuple[int, int] | None:
    depth, colour, packing, filtering, interlaced = data[24:29]
    known = depth in _DEPTHS.get(colour, ()) and (colour != 3 or b"PLTE" in kinds)
    if data[8:16] != b"\0\0\0\rIHDR" or not known or packing or filtering or interlaced > 1:
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def jpeg_size(data: bytes | mmap) -> tuple[int, int] | None:
    """Width and height of a JPEG whose segments are whole up to its first scan and which ends with its end mark."""
    if data[:3] != b"\xff\xd8\xff" or data[-2:] != b"\xff\xd9":
        return None
    at, size = 2, None
    while at + 4 <= len(data) and data[at] == 0xFF:
        mark, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if mark in _FRAMES and length >= 11:
            size = int.from_bytes(data[at + 7 : at + 9], "big"), int.from_bytes(data[at + 5 : at + 7], "big")
        if mark == 0xDA:
            return size
        at += 2 + length
    return None


def _open(path: str) -> FileIO:
    return open(path, "rb", buffering=0)  # noqa: PTH123 (pathlib would cost a third of the start)


def _same_bytes(before: FileIO, after: FileIO) -> bool:
    """Do two plain files hold the same bytes, and any?"""
    size = os.fstat(before.fileno()).st_size  # 0 for a pipe
    if not size or size != os.fstat(after.fileno()).st_size:
        return False
    while part := before.read(_CHUNK):
        if part != after.read(_CHUNK):
            return False
    return True
