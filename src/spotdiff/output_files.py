"""No output is written over an input: they are told apart as files, whatever their names, links and letters."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from spotdiff.errors import OptionError

Name = str | os.PathLike[str]


def file_identity(path: Name) -> object:
    """What two names of one file have in common; of a file that is not there, the place where it would be.

    Raises:
        OptionError: no file can have this name.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 (a batch asks it for every file; a Path would have to be made)
        return status.st_dev, status.st_ino
    except OSError:
        return os.path.normcase(os.path.realpath(path))
    except ValueError as error:
        raise OptionError(f"{os.fspath(path)!r} is no path: {error}") from None


def file_identities(paths: Iterable[Name]) -> set[object]:
    """The identities of the files among the names: no URLs, no standard input or output."""
    return {file_identity(path) for path in paths if is_file_name(path)}


def is_file_name(path: Name) -> bool:
    """Whether it names a file, not a URL or a standard stream."""
    text = os.fspath(path)
    return bool(text) and text != "-" and "://" not in text


def check_outputs(outputs: Iterable[Name], inputs: Iterable[Name], *, folders: Iterable[Name] = ()) -> None:
    """Refuse outputs that would be written over an input, or over each other; to be called before anything is written.

    Args:
        outputs: Files to be written; what is no file's name is left out.
        inputs: Files that are read, or folders that must not become one.
        folders: Whatever is in them is read.

    Raises:
        OptionError: it would happen.
    """
    known, read = file_identities(inputs), {Path(folder).resolve() for folder in folders if is_file_name(folder)}
    taken: set[object] = set()
    for output in filter(is_file_name, outputs):
        identity = file_identity(output)
        inside = read.intersection(Path(output).resolve().parents) and os.path.lexists(output)
        if identity in known or inside:
            raise OptionError(f"{output} is read and would be written over; choose another place")
        if identity in taken:
            raise OptionError(f"{output} is asked for twice and would be written over; choose another name for one")
        taken.add(identity)
