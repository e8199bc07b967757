"""Digests of what an answer depends on, by which work that was done before is known to be still good."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, fields, is_dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING

import spotdiff
from spotdiff.describe import get_describer
from spotdiff.describe._named_areas import read_areas
from spotdiff.methods import get_method
from spotdiff.report.record import plain

if TYPE_CHECKING:
    from spotdiff.options import Options


def digest(value: object) -> str:
    """32 characters that stand for a value of JSON's own types."""
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def options_digest(options: Options) -> str:
    """A digest of everything that decides an answer besides the pictures.

    That is the options, all parameters of the method and of the describer, the areas, the content of every file that
    one of them names (weights, masks, catalogues, whole folders), and the version, which stands for the files that come
    with spotdiff.

    Raises:
        OptionError: a method, describer, parameter, language or area cannot be.
    """
    values = {field.name: plain(getattr(options, field.name)) for field in fields(options)}
    for kind, chosen in (
        ("method", get_method(options.method, options.settings)),
        ("describer", get_describer(options)),
    ):
        if is_dataclass(chosen) and not isinstance(chosen, type):
            values[f"{kind} parameters"] = plain(asdict(chosen))
    values["areas"] = None if options.areas is None else plain(read_areas(options.areas))
    named = (options.ignore_mask, options.language, options.settings, options.describe_settings)
    return digest([spotdiff.__version__, values, [list(_contents(value)) for value in named]])


def file_stamp(path: str | Path) -> list[object]:
    """Path, size and time of a file, for pictures, which are too many to be read; of a URL or what is gone the path.

    Of a folder, which may be a series of slices, those of all files in it.
    """
    try:
        status = Path(path).stat()
        if Path(path).is_dir():
            return [str(path), *(file_stamp(file) for file in sorted(Path(path).iterdir()) if file.is_file())]
    except (OSError, ValueError):
        return [str(path)]
    return [str(path), status.st_size, status.st_mtime_ns]


def content_digest(path: str | Path) -> str:
    """SHA-256 of a file; "" for a URL, and for what is no plain file or cannot be read."""
    with suppress(OSError, ValueError):
        if Path(path).is_file():
            with Path(path).open("rb") as file:
                return file_digest(file, "sha256").hexdigest()
    return ""


def _contents(value: object) -> Iterator[list[str]]:
    """Name and digest of every file that a parameter names: as a path, as a folder of files, or inside of a list."""
    if isinstance(value, (Mapping, list, tuple)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _contents(item)
    elif isinstance(value, Path) or (isinstance(value, str) and value):
        named = Path(value)
        with suppress(OSError, ValueError):  # no path, or a file that cannot be read: the comparison will tell
            for file in sorted(named.rglob("*")) if named.is_dir() else [named]:
                if file.is_file():
                    with file.open("rb") as opened:
                        yield [str(file), file_digest(opened, "sha256").hexdigest()]
