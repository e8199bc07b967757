"""Small files that others wrote, read whole: texts, settings, labels. A pipe or a device in a data set never ends."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from spotdiff.errors import DataError, error_line

_MOST = 1_000_000_000  # bytes


def why_no_file(path: str | os.PathLike[str]) -> str:
    """What is wrong with a path that is to be read as a file of a data set; "" for a file.

    What is not there, and a folder, is told when it is opened.

    Examples:
        >>> why_no_file("/dev/null")
        'a device, not a file'
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 (a Path raises for names that cannot be)
    except (OSError, ValueError):
        return ""
    kinds = {stat.S_IFREG: "", stat.S_IFDIR: "", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    kind = kinds.get(stat.S_IFMT(mode), "a device")
    return kind and f"{kind}, not a file"


def read_bytes(path: Path, *, pipe: bool = False) -> bytes:
    """The bytes of a file.

    Args:
        path: Which.
        pipe: Whether it may be a pipe, as a shell makes for `<(...)`: for what a person names on the command line.

    Raises:
        DataError: it cannot be read, is no file, or has more than a thousand million bytes.
    """
    wrong = why_no_file(path)
    if wrong and not (pipe and path.is_fifo()):
        raise DataError(f"{path} cannot be read: {wrong}")
    try:
        with path.open("rb") as file:
            data = file.read(_MOST + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:  # a name that no file can have
        raise DataError(f"{str(path)!r} cannot be read: {error_line(error)}") from None
    if len(data) > _MOST:
        raise DataError(f"{path} cannot be read: it has more than {_MOST // 1_000_000} MB")
    return data


def read_text(path: Path, *, pipe: bool = False) -> str:
    """The text of a file in UTF-8; a mark of byte order at its start is left out.

    Raises:
        DataError: see `read_bytes`, or it is no text in UTF-8.
    """
    try:
        return read_bytes(path, pipe=pipe).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path} is no text in UTF-8") from None
