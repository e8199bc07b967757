"""Picture files, whole and broken, made from one small scene."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from io import BytesIO
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image

SIZE = (44, 36)  # wide, high: large enough to be aligned, small enough to be compared in milliseconds
PNG = b"\x89PNG\r\n\x1a\n"


def scene(seed: int = 0, size: tuple[int, int] = SIZE) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(40, 210, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)


def saved(image: Image.Image | np.ndarray, form: str, **how: object) -> bytes:
    file = BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(file, form, **how)
    return file.getvalue()


@cache
def whole() -> dict[str, bytes]:
    """A sound file of every format and of the kinds that are decoded in ways of their own, by its name."""
    rgb, deep = Image.fromarray(scene()), cv2.cvtColor(scene(), cv2.COLOR_RGB2GRAY).astype(np.uint16) * 257
    later = Image.fromarray(scene(1))
    return {
        "rgb.png": saved(rgb, "PNG"),
        "rgba.png": saved(rgb.convert("RGBA"), "PNG"),
        "palette.png": saved(rgb.quantize(32), "PNG"),
        "grey16.png": saved(Image.fromarray(deep), "PNG"),
        "rgb16.png": bytes(cv2.imencode(".png", scene()[..., ::-1].astype(np.uint16) * 257)[1]),
        "interlaced.png": interlaced(scene()),
        "base.jpg": saved(rgb, "JPEG", quality=90),
        "progressive.jpg": saved(rgb, "JPEG", quality=90, progressive=True),
        "cmyk.jpg": saved(rgb.convert("CMYK"), "JPEG"),
        "lossy.webp": saved(rgb, "WEBP"),
        "lossless.webp": saved(rgb, "WEBP", lossless=True),
        "raw.tif": saved(rgb, "TIFF"),
        "lzw.tif": saved(rgb, "TIFF", compression="tiff_lzw"),
        "deflate.tif": saved(rgb, "TIFF", compression="tiff_adobe_deflate"),
        "rgb16.tif": bytes(cv2.imencode(".tif", scene()[..., ::-1].astype(np.uint16) * 257)[1]),
        "pages.tif": saved(rgb, "TIFF", save_all=True, append_images=[later]),
        "rgb.bmp": saved(rgb, "BMP"),
        "rgb.avif": saved(rgb, "AVIF"),
        "rgb.jp2": saved(rgb, "JPEG2000"),
        "still.gif": saved(rgb.quantize(64), "GIF"),
        "film.gif": saved(rgb.quantize(64), "GIF", save_all=True, append_images=[later.quantize(64)]),
        "film.webp": saved(rgb, "WEBP", save_all=True, append_images=[later], lossless=True),
        "film.png": saved(rgb, "PNG", save_all=True, append_images=[later]),
        "rgb.ppm": saved(rgb, "PPM"),
    }


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, data: bytes = b"", interlace: int = 0) -> bytes:
    """A PNG whose header says what it is told to and whose data is what it is given."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def interlaced(pixels: np.ndarray) -> bytes:
    """An Adam7 PNG, which Pillow reads but does not write."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = b""
    for left, top, across, down in passes:
        part = pixels[top::down, left::across]
        rows += b"".join(b"\0" + row.tobytes() for row in part) if part.size else b""
    return png(pixels.shape[1], pixels.shape[0], data=rows, interlace=1)


def with_chunk(data: bytes, kind: bytes, body: bytes, *, late: bool = False) -> bytes:
    """A PNG with one more chunk, before its pixels or after them."""
    at = data.index(b"IEND" if late else b"IDAT") - 4
    return data[:at] + chunk(kind, body) + data[at:]


@cache
def truncated() -> dict[str, bytes]:
    shares = (0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97)
    return {
        f"{name} cut at {share:.0%}": data[: int(len(data) * share)]
        for name, data in whole().items()
        for share in shares
    }


@cache
def flipped() -> dict[str, bytes]:
    """Files with a few bytes changed: in the header, anywhere, at the end."""
    cases = {}
    for number, (name, data) in enumerate(whole().items()):
        for turn, (low, high) in enumerate(
            ((0, 40), (8, 200), (0, len(data)), (0, len(data)), (len(data) - 40, len(data)))
        ):
            rng = np.random.default_rng([number, turn])
            broken = bytearray(data)
            for at in rng.integers(low, min(high, len(data)), 1 + turn):
                broken[at] ^= int(rng.integers(1, 256))
            cases[f"{name} with bytes changed {turn}"] = bytes(broken)
    return cases


@cache
def bombs() -> dict[str, bytes]:
    """Files of a few bytes that claim to be huge."""
    jpeg, bmp, gif = bytearray(whole()["base.jpg"]), bytearray(whole()["rgb.bmp"]), bytearray(whole()["still.gif"])
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    bmp[18:26] = struct.pack("<ii", 60_000, 60_000)
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    jp2 = bytearray(whole()["rgb.jp2"])
    at, codes = jp2.index(b"ihdr") + 4, jp2.index(b"\xff\x51") + 6
    jp2[at : at + 8] = struct.pack(">II", 90_000, 90_000)
    jp2[codes : codes + 8] = struct.pack(">II", 90_000, 90_000)
    webp = bytearray(whole()["lossless.webp"])
    body = webp.index(b"VP8L") + 8
    webp[body + 1 : body + 5] = struct.pack("<I", 16_382 | 16_382 << 14)
    tif = bytearray(whole()["raw.tif"])
    for tag in (256, 257):
        entry = _tag(tif, tag)
        tif[entry + 2 : entry + 4], tif[entry + 8 : entry + 12] = struct.pack("<H", 4), struct.pack("<I", 70_000)
    return {
        "png of 2^31 a side": png(2**31 - 1, 2**31 - 1),
        "png beyond 2^31": png(2**32 - 1, 2**32 - 1),
        "png of 4 billion by 1": png(2**32 - 1, 1),
        "png grey": png(50_000, 50_000, colour=0),
        "png palette": png(50_000, 50_000, colour=3),
        "png rgba": png(50_000, 50_000, colour=6),
        "png interlaced": png(50_000, 50_000, interlace=1),
        "png that fills itself": png(15_000, 15_000, data=bytes(15_001 * 40)),
        "jpeg": bytes(jpeg),
        "bmp": bytes(bmp),
        "gif": bytes(gif),
        "jp2": bytes(jp2),
        "webp": bytes(webp),
        "tiff": bytes(tif),
        "ppm": b"P6 90000 90000 255\n" + bytes(30),
        "png with a text of 80 MB": with_chunk(
            whole()["rgb.png"], b"zTXt", b"t\0\0" + zlib.compress(bytes(80_000_000))
        ),
        "grey png with a text of 80 MB": with_chunk(
            whole()["grey16.png"], b"zTXt", b"t\0\0" + zlib.compress(bytes(80_000_000))
        ),
    }


def _tag(tif: bytearray, tag: int) -> int:
    start = int.from_bytes(tif[4:8], "little")
    count = int.from_bytes(tif[start : start + 2], "little")
    entries = [start + 2 + 12 * i for i in range(count)]
    return next(entry for entry in entries if int.from_bytes(tif[entry : entry + 2], "little") == tag)


@cache
def impostors() -> dict[str, bytes]:
    """Things that are no picture, or no picture that can be read."""
    rgb = whole()["rgb.png"]
    zero = {f"png of {w}x{h}": png(w, h) for w, h in ((0, 0), (0, 5), (5, 0))}
    kinds = {
        f"png of depth {depth} and colour {colour}": png(4, 4, depth=depth, colour=colour, data=bytes(200))
        for depth, colour in ((8, 1), (8, 5), (3, 2), (0, 0), (32, 2), (8, 255), (16, 3), (8, 3))
    }
    swapped = bytearray(rgb)
    swapped[24:26] = b"\x10\x06"
    return (
        zero
        | kinds
        | {
            "nothing": b"",
            "one byte": b"\x89",
            "text": b"not a picture\n" * 20,
            "zeros": bytes(1000),
            "noise": np.random.default_rng(0).bytes(5000),
            "svg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
            "pdf": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF",
            "html": b"<!doctype html><title>404</title>",
            "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
            "zip": b"PK\x03\x04" + bytes(60),
            "gzip": b"\x1f\x8b\x08\0" + bytes(60),
            "only the png signature": PNG,
            "png without pixels": PNG
            + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0))
            + chunk(b"IEND", b""),
            "png with too few pixels": png(9, 9, data=bytes(20)),
            "png with no data": png(9, 9),
            "png of unknown filter": png(4, 4, data=b"\x09" * 52),
            "png whose data is no zlib": PNG
            + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", b"nonsense")
            + chunk(b"IEND", b""),
            "png whose header lies of its type": bytes(swapped),
            "png whose header is said to be longer": rgb[:8] + b"\0\0\0\xff" + rgb[12:],
            "png whose chunk is said to be 4 GB": rgb[:33] + b"\xff\xff\xff\xff" + rgb[37:],
            "png with a wrong checksum of its pixels": _spoiled_checksum(rgb, b"IDAT"),
            "png with a wrong checksum of its header": _spoiled_checksum(rgb, b"IHDR"),
            "only jpeg marks": b"\xff\xd8\xff\xd9",
            "jpeg start and noise": b"\xff\xd8\xff\xe0" + np.random.default_rng(1).bytes(400),
            "gif without frames": b"GIF89a" + struct.pack("<HH", 4, 4) + b"\0\0\0;",
            "tiff without pages": b"II*\0\x08\0\0\0\0\0\0\0\0\0",
            "tiff whose first page is nowhere": b"II*\0\xff\xff\xff\x7f",
            "big tiff cut": b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0",
            "riff that is no webp": b"RIFF\x10\0\0\0WAVEfmt " + bytes(40),
            "webp of nothing": b"RIFF\x04\0\0\0WEBP",
            "avif box of nothing": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(40),
            "bmp header only": whole()["rgb.bmp"][:54],
            "ppm of minus one": b"P6 -1 5 255\n" + bytes(30),
            "ppm of zero": b"P6 0 0 255\n",
            "ppm of words": b"P6 wide high 255\n",
            "pfm of nan": b"Pf 4 4 -1.0\n" + np.full(16, np.nan, np.float32).tobytes(),
        }
    )


def _spoiled_checksum(data: bytes, kind: bytes) -> bytes:
    at = data.index(kind)
    end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    return data[:end] + bytes([data[end] ^ 1]) + data[end + 1 :]


@cache
def odd() -> dict[str, bytes]:
    """Files that are strange but whole: each must be read."""
    rgb = Image.fromarray(scene())
    grey = rgb.convert("L")
    shapes = {
        f"png of {w}x{h}": saved(scene(size=(w, h)), "PNG") for w, h in ((1, 1), (1, 90), (90, 1), (2, 3), (7, 61))
    }
    exif = Image.Exif()
    exif[0x0112] = 9  # an orientation that there is not
    strange = Image.Exif()
    strange[0x0132], strange[0x9003] = "yesterday", "2024:99:99 99:99:99"
    clear = Image.new("RGBA", SIZE, (10, 200, 30, 0))
    palette = rgb.quantize(16)
    loop = bytearray(whole()["pages.tif"])
    return (
        shapes
        | {name: data for name, data in whole().items()}
        | {
            "one bit": saved(rgb.convert("1"), "PNG"),
            "one bit tiff": saved(rgb.convert("1"), "TIFF", compression="group4"),
            "grey": saved(grey, "PNG"),
            "grey with alpha": saved(rgb.convert("LA"), "PNG"),
            "grey jpeg": saved(grey, "JPEG"),
            "palette with a clear colour": saved(palette, "PNG", transparency=3),
            "palette with clear colours": saved(palette, "PNG", transparency=bytes(range(0, 160, 10))),
            "rgb with a clear colour": saved(rgb, "PNG", transparency=(1, 2, 3)),
            "gif with a clear colour": saved(palette, "GIF", transparency=3),
            "all clear": saved(clear, "PNG"),
            "all clear webp": saved(clear, "WEBP"),
            "float tiff": saved(Image.fromarray(np.asarray(grey, np.float32) / 255), "TIFF"),
            "32-bit tiff": saved(Image.fromarray(np.asarray(grey, np.int32) * 1000), "TIFF"),
            "cmyk tiff": saved(rgb.convert("CMYK"), "TIFF"),
            "lab tiff": saved(rgb.convert("LAB"), "TIFF"),
            "ycbcr tiff": saved(rgb.convert("YCbCr"), "TIFF"),
            "jpeg with an orientation of 9": saved(rgb, "JPEG", exif=exif),
            "jpeg with strange dates": saved(rgb, "JPEG", exif=strange),
            "jpeg with exif of noise": saved(rgb, "JPEG", exif=b"Exif\0\0" + np.random.default_rng(2).bytes(300)),
            "jpeg with exif of zeros": saved(rgb, "JPEG", exif=b"Exif\0\0" + bytes(300)),
            "jpeg with broken exif": saved(rgb, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(30)),
            "jpeg with exif cut": saved(rgb, "JPEG", exif=b"Exif\0\0" + exif.tobytes()[6:20]),
            "png with broken exif": with_chunk(whole()["rgb.png"], b"eXIf", b"II*\0\x08\0\0\0\xff\xff"),
            "jpeg with a comment of 60 kB": saved(rgb, "JPEG", comment=b"x" * 60_000),
            "jpeg with profile of noise": saved(rgb, "JPEG", icc_profile=np.random.default_rng(3).bytes(90_000)),
            "png with profile of noise": with_chunk(whole()["rgb.png"], b"iCCP", b"p\0\0" + zlib.compress(bytes(9000))),
            "png with a chunk of 3 MB": with_chunk(whole()["rgb.png"], b"prVt", bytes(3_000_000)),
            "png with text": with_chunk(whole()["rgb.png"], b"tEXt", b"Comment\0" + b"\xff" * 3000),
            "png with gamma 0": with_chunk(whole()["rgb.png"], b"gAMA", bytes(4)),
            "png with bytes after the end": whole()["rgb.png"] + b"and more",
            "grey png with bytes after the end": saved(grey, "PNG") + b"and more",
            "jpeg with bytes after the end": whole()["base.jpg"] + b"and more" * 99,
            "png in many pieces": _in_pieces(whole()["rgb.png"]),
            "tiff whose pages go in a ring": _ring(loop),
        }
    )


def _in_pieces(data: bytes) -> bytes:
    at = data.index(b"IDAT")
    body = data[at + 4 : at + 4 + int.from_bytes(data[at - 4 : at], "big")]
    edges = [0, *range(1, 40), len(body)]
    pieces = b"".join(chunk(b"IDAT", body[low:high]) for low, high in pairwise(edges))
    return data[: at - 4] + pieces + chunk(b"IEND", b"")


def _ring(tif: bytearray) -> bytes:
    """A TIFF whose last page says that the first one follows."""
    first = at = int.from_bytes(tif[4:8], "little")
    while at:
        link = at + 2 + 12 * int.from_bytes(tif[at : at + 2], "little")
        at = int.from_bytes(tif[link : link + 4], "little")
    tif[link : link + 4] = first.to_bytes(4, "little")
    return bytes(tif)
