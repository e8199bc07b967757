"""What is sent to a server: pictures as files, options as JSON, both as a multipart form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from spotdiff.errors import OptionError
from spotdiff.options import Options

if TYPE_CHECKING:
    from spotdiff.types import Picture

_OF_READING = ("colour", "layout", "data_range", "max_pixels", "max_bytes")  # what they decide happens here


def form(pictures: Mapping[str, tuple[str, bytes]], options: Mapping[str, object]) -> tuple[bytes, str]:
    """A multipart form and its content type.

    Args:
        pictures: Name and bytes of the file for each part.
        options: Sent as JSON in the part `options`, unless there are none.
    """
    boundary = uuid4().hex
    parts = [
        _part(boundary, f'name="{part}"; filename="{_quoted(name)}"', data) for part, (name, data) in pictures.items()
    ]
    if options:
        parts.append(_part(boundary, 'name="options"', json.dumps(options, default=plain).encode()))
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, disposition: str, data: bytes) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + data + b"\r\n"


def _quoted(name: str) -> str:
    """A name of a file as browsers write it into a form."""
    plain = name.encode("utf-8", "replace").decode()
    return plain.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def plain(value: object) -> object:
    """What JSON does not know as what it does."""
    item = getattr(value, "item", None)  # of numpy's numbers
    return item() if callable(item) else str(value)


def asked(options: Options) -> dict[str, Any]:
    """The options that are not as usual, in JSON's own types.

    Raises:
        OptionError: a mask is asked for, or the areas cannot be read.
    """
    if options.ignore_mask is not None:
        raise OptionError("ignore_mask cannot be sent to a server; give boxes as ignore")
    usual = Options()
    changed = {
        declared.name: value
        for declared in fields(options)
        if declared.name not in _OF_READING
        and not _equal(value := getattr(options, declared.name), getattr(usual, declared.name))
    }
    if "areas" in changed:
        from spotdiff.describe._named_areas import read_areas

        changed["areas"] = read_areas(changed["areas"])
    return changed


def _equal(value: object, usual: object) -> bool:
    """Whether an option is as usual; a list is as good as a tuple."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return not len(value)
    return bool(value == usual)


def picture_files(sources: Sequence[object], options: Options) -> list[tuple[str, bytes]]:
    """Name and bytes of a file for each of some pictures that belong together.

    Paths, URLs, bytes and file objects are sent as they are. Where one is an array or a Pillow image all are read here,
    as `spotdiff.compare` reads them, and sent as PNG.

    Raises:
        LoadError: a picture cannot be read.
    """
    from spotdiff.image.load import load_pair, load_picture
    from spotdiff.image.source import Coded, open_source

    opened = [source if _is_array(source) else open_source(source, max_bytes=options.max_bytes) for source in sources]
    coded = [file for file in opened if isinstance(file, Coded)]
    if len(coded) == len(opened):
        return [(PurePath(file.path).name, file.data) for file in coded]
    reading = Options(**{name: getattr(options, name) for name in (*_OF_READING, "page")})
    if len(opened) == 1:
        return [_png(load_picture(opened[0], options=reading))]
    pair = load_pair(*opened, options=reading)
    return [_png(pair.before), _png(pair.after)]


def _is_array(source: object) -> bool:
    return not hasattr(type(source), "getbands") and (hasattr(source, "__array__") or hasattr(source, "shape"))


def _png(picture: Picture) -> tuple[str, bytes]:
    import cv2

    pixels = cv2.cvtColor(picture.pixels, cv2.COLOR_RGB2BGR)
    if picture.alpha is not None:
        pixels = cv2.merge([*cv2.split(pixels), picture.alpha])
    return f"{PurePath(picture.path).stem}.png" if picture.path else "", cv2.imencode(".png", pixels)[1].tobytes()
