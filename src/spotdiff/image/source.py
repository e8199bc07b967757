"""Where a picture comes from: anything a caller may hold but arrays, as bytes to decode or values already decoded."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from spotdiff.errors import LoadError, error_line
from spotdiff.image.page_cache import PageCache
from spotdiff.image.size_limit import SizeLimit
from spotdiff.image.url import read_url
from spotdiff.input_files import why_no_file
from spotdiff.shown_text import megabytes, without_password

if TYPE_CHECKING:
    from spotdiff.image.decode import Decoded

_MB = 1_000_000
_PART = 1 << 20  # bytes


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Bytes of a picture file, and the path or URL they came from ("" for none).

    Of a file that is a slice of a series `slice_of` says which, from 1 on, of how many.
    """

    data: bytes
    path: str
    slice_of: tuple[int, int] | None = None
    cache: PageCache = field(default_factory=PageCache, repr=False)


def read_pipe(path: str, *, max_bytes: float) -> Coded | str:
    """The picture in a pipe that a person names, as a shell makes for `<(...)`; any other path as it is.

    Nothing else reads pipes: one in a folder or a table would be waited for without end.

    Raises:
        LoadError: it cannot be read, is empty or too large.
    """
    try:
        if not Path(path).is_fifo():
            return path
        with Path(path).open("rb") as file:
            return Coded(_checked(_read_limited(file, max_bytes), path, max_bytes), path)
    except OSError as error:
        raise LoadError(f"{shown(path)}: {error_line(error)}") from None
    except ValueError:  # no file can have that name: reading it will tell
        return path


def open_source(source: object, *, max_bytes: float, max_pixels: float = math.inf) -> Coded | Decoded:
    """Bytes of a file, or the values of a Pillow image.

    Args:
        source: Path, URL (needs fsspec), "-" for standard input, bytes, file object or Pillow image.
        max_bytes: Largest file accepted, in MB.
        max_pixels: Largest Pillow image accepted, in million pixels: one that was opened may not be decoded yet.

    Raises:
        LoadError: nothing there, not readable, empty, too large, or not a thing that holds a picture.
        MissingExtra: a URL, and fsspec or the driver of its protocol is not installed.
    """
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return Coded(_checked(_read_path(path, max_bytes), path, max_bytes), path)
    if isinstance(source, Coded):
        return source
    if isinstance(source, (bytes, bytearray, memoryview)):
        return Coded(_checked(bytes(source), "", max_bytes), "")
    # asked of the type: a lazily opened Pillow image decodes when its own attributes are asked for
    if hasattr(type(source), "getbands") and hasattr(type(source), "convert"):
        return _pixels_of(source, SizeLimit("the image", max_pixels))
    if hasattr(source, "read"):
        return _read_file(source, max_bytes)
    raise LoadError(f"a picture is a path, bytes, a file, an array or a Pillow image, not {type(source).__name__}")


def _pixels_of(image: Any, limit: SizeLimit) -> Decoded:  # noqa: ANN401 (Pillow's image or a subclass of it)
    import numpy as np

    from spotdiff.image.decode import split_alpha
    from spotdiff.image.pillow_reader import plain_mode, upright

    limit.check(*image.size)
    try:
        values = np.array(upright(np.asarray(plain_mode(image)), image))  # the caller's later writing changes no answer
    except Exception as error:
        told = str(error) or type(error).__name__
        raise LoadError(f"this {type(image).__name__} cannot be read as a picture: {told.splitlines()[0]}") from None
    return split_alpha(values)


def _read_file(file: Any, max_bytes: float) -> Coded:  # noqa: ANN401 (anything with a read)
    name = getattr(file, "name", "")
    path = name if isinstance(name, str) else ""
    try:
        data = file.read(_most(max_bytes))
    except Exception as error:
        raise LoadError(f"{shown(path) or 'the file'} cannot be read: {error_line(error)}") from None
    if not isinstance(data, bytes):
        raise LoadError(f"{shown(path) or 'the file'} gives {type(data).__name__}, not bytes: open it in binary mode")
    return Coded(_checked(data, path, max_bytes), path)


def shown(path: str) -> str:
    """A path as it stands in a one-line message."""
    path = without_password(path)
    return path if path.isprintable() else repr(path)


def _read_path(path: str | bytes, max_bytes: float) -> bytes:
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if path == "-":
        return _read_limited(sys.stdin.buffer, max_bytes)
    if wrong := why_no_file(path.removeprefix("file://")):
        raise LoadError(f"{shown(path)}: {wrong}")
    if "://" in path:
        return read_url(path, most=_most(max_bytes))
    try:
        size = Path(path).stat().st_size
        if size > max_bytes * _MB:
            raise LoadError(f"{shown(path)}: {megabytes(size)}, {_too_large(max_bytes)}")
        with Path(path).open("rb") as file:
            return _read_limited(file, max_bytes, first=size + 1)
    except FileNotFoundError:
        raise LoadError(f"{shown(path)}: no such file") from None
    except (OSError, ValueError) as error:
        raise LoadError(f"{shown(path)}: {getattr(error, 'strerror', None) or error}") from None


def _most(max_bytes: float) -> int:
    """How many bytes are read: one more than allowed, so that more can be seen; Python can say no more than it can."""
    return int(min(max_bytes * _MB, sys.maxsize - 1)) + 1


def _read_limited(file: IO[bytes], max_bytes: float, *, first: int = _PART) -> bytes:
    """A file up to the limit, part by part: room for the limit, which may be endless, is not made."""
    most, data = _most(max_bytes), bytearray()
    while len(data) < most and (part := file.read(min(most - len(data), max(first, _PART)))):
        data += part
    return bytes(data)


def _checked(data: bytes, path: str, max_bytes: float) -> bytes:
    name = shown(path) or "the picture"
    if not data:
        raise LoadError(f"{name}: empty")
    if len(data) > max_bytes * _MB:
        raise LoadError(f"{name}: {_too_large(max_bytes)}")  # how much larger is not known: it was not read to its end
    return data


def _too_large(max_bytes: float) -> str:
    return f"more than {max_bytes:g} MB; --max-bytes raises the limit"
