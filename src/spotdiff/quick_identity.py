"""Are two files one and the same, sound picture? Told from their bytes, almost without imports.

`spotdiff compare` asks this before it loads anything else, so a pair of identical files costs what starting Python and
reading one of them to its last pixel costs. A damaged file was not looked at, whatever it is compared with: what is not
plainly sound is left to the decoder, and so is a file of several pages.
"""

from __future__ import annotations

import os
import zlib
from io import FileIO
from mmap import ACCESS_READ, mmap
from stat import S_ISREG

TYPE_CHECKING = False  # importing typing costs half of the start
if TYPE_CHECKING:
    from collections.abc import Iterator

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_CHUNK = 1 << 16  # small enough for memory that was used a moment ago: fresh memory costs three times the reading
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # PNG: by colour type
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_HIGHEST_FILTER = 4
_HARMLESS = frozenset((b"bKGD", b"cHRM", b"gAMA", b"pHYs", b"sBIT", b"sRGB", b"tEXt", b"tIME"))  # to every decoder
_FRAMES = frozenset((0xC0, 0xC1, 0xC2))  # JPEG: baseline, extended, progressive


def identical_pictures(before: str, after: str, *, max_pixels: float) -> bool:
    """Do both files hold the same bytes, and are these plainly a sound PNG or JPEG of `max_pixels` million at most?

    False means "not known in this way", also for files that cannot be read.
    """
    try:
        with _open(before) as before_file, _open(after) as after_file:
            if not _same_bytes(before_file, after_file):
                return False
            with mmap(before_file.fileno(), 0, access=ACCESS_READ) as data:
                size = png_size(data) or jpeg_size(data)
                if size is None or not 0 < size[0] * size[1] <= max_pixels * 1e6:
                    return False
                return sound_png(data) if data[:8] == _PNG else _sound_jpeg(before_file)
    except (OSError, ValueError):  # ValueError: a path with a null character
        return False


def png_size(data: bytes | mmap) -> tuple[int, int] | None:
    """Width and height of a PNG whose chunks are all whole, with right checksums, to its end; None for any other.

    What stands behind its end is not looked at.
    """
    kinds = {kind for kind, _, _ in png_chunks(data)}
    return _png_header(data, kinds) if {b"IDAT", b"IEND"} <= kinds else None


def png_chunks(data: bytes | mmap) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the body of each chunk of a PNG, up to its end or to the first that is damaged."""
    at, kind = len(_PNG), b""
    with memoryview(data) as view:
        while at + 12 <= len(data) and kind != b"IEND" and view[: len(_PNG)] == _PNG:
            end = at + 12 + int.from_bytes(view[at : at + 4], "big")
            if end > len(data) or zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
                return
            kind = bytes(view[at + 4 : at + 8])
            yield kind, at + 8, end - 4
            at = end


def _png_header(data: bytes | mmap, kinds: set[bytes]) -> tuple[int, int] | None:
    depth, colour, packing, filtering, interlaced = data[24:29]
    known = depth in _DEPTHS.get(colour, ()) and (colour != 3 or b"PLTE" in kinds)
    if data[8:16] != b"\0\0\0\rIHDR" or not known or packing or filtering or interlaced > 1:
        return None
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def sound_png(data: bytes | mmap) -> bool:
    """Can every decoder read all pixels of the PNG? Only for one that has a `png_size` and nothing unusual in it."""
    chunks = list(png_chunks(data))
    kinds = [kind for kind, _, _ in chunks]
    pieces = [(start, end) for kind, start, end in chunks if kind == b"IDAT"]
    rest = [kind for kind in kinds if kind not in _HARMLESS]
    palette = [b"PLTE"] if data[25] == 3 else []
    in_order = rest == [b"IHDR", *palette, *[b"IDAT"] * len(pieces), b"IEND"]
    together = kinds.index(b"IDAT") + len(pieces) == len(kinds) - kinds[::-1].index(b"IDAT")
    whole_palette = all((end - start) % 3 == 0 < end - start <= 768 for kind, start, end in chunks if kind == b"PLTE")
    return in_order and together and whole_palette and not data[28] and _inflates(data, pieces)


def _inflates(data: bytes | mmap, pieces: list[tuple[int, int]]) -> bool:
    """Does the packed data give just the rows that the header promises, each with a filter that there is?"""
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    row = 1 + (width * data[24] * _CHANNELS[data[25]] + 7) // 8
    inflater, done = zlib.decompressobj(), 0
    try:
        for start, end in pieces:
            for at in range(start, end, _CHUNK):
                inflated = inflater.decompress(data[at : min(at + _CHUNK, end)])
                if max(inflated[-done % row :: row], default=0) > _HIGHEST_FILTER:
                    return False
                done += len(inflated)
    except zlib.error:
        return False
    return done == row * height and inflater.eof and not inflater.unused_data


def jpeg_size(data: bytes | mmap) -> tuple[int, int] | None:
    """Width and height of a JPEG whose segments are whole up to its first scan and which ends with its end mark."""
    if data[:3] != _JPEG or data[-2:] != b"\xff\xd9":
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


def _sound_jpeg(file: FileIO) -> bool:
    """Can Pillow, which the flow reads a JPEG with too, read all pixels of the one picture in the file?"""
    from PIL import Image

    file.seek(0)
    try:
        with Image.open(file, formats=("JPEG",)) as image:
            if getattr(image, "n_frames", 1) > 1 or image.width * image.height > (Image.MAX_IMAGE_PIXELS or 0):
                return False
            image.load()
    except Exception:  # a damaged file breaks in many ways; the normal way will tell
        return False
    return True


def _open(path: str) -> FileIO:
    """The file; a pipe is not opened, for what is read from it, and its writer, would be lost.

    Raises:
        OSError: it cannot be opened, or is none.
    """
    if not S_ISREG(os.stat(path).st_mode):  # noqa: PTH116
        raise OSError
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
