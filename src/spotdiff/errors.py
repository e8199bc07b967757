"""What can go wrong, as types: catch `SpotdiffError` for everything a caller can mend.

    SpotdiffError
    ├── OptionError     an option or parameter has a value it cannot have
    ├── LoadError       a picture cannot be read
    ├── DataError       a table, folder or label file cannot be used
    ├── ServerError     a server refused a request, or cannot be reached
    ├── MethodError     a method or a network gave no maps that can be used, or never ended
    └── MissingExtra    the job needs a package that is not installed

`Refusal` is none of these: a step of the flow raises it when it could only guess, and the
flow turns it into the verdict `unsure`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

_OUT_OF_MEMORY = ("Insufficient memory", "Failed to allocate", "bad allocation", "bad_alloc", "can't allocate memory")


class SpotdiffError(Exception):
    """A mistake in the input, told in one line that says what to do."""


class OptionError(SpotdiffError, ValueError):
    """An option or parameter has a value that it cannot have."""


class LoadError(SpotdiffError):
    """A picture cannot be read."""


class DataError(SpotdiffError):
    """A table of pairs, a dataset folder or a label file cannot be used."""


class MethodError(SpotdiffError):
    """A method, a plug-in or a network gave something that is no evidence: NaN, another shape, nothing in time."""


class ServerError(SpotdiffError):
    """A server refused a request, or cannot be reached; `status` is that of HTTP, 0 where nothing answered."""

    def __init__(self, detail: str, *, status: int = 0) -> None:
        super().__init__(detail)
        self.status = status


class MissingExtra(SpotdiffError):
    """The job needs an optional package that is not installed; `extra` brings it, "" for one that no extra has."""

    def __init__(self, package: str, *, extra: str = "") -> None:
        wanted = f"'spotdiff[{extra}]'" if extra else package
        super().__init__(f"this needs {package}: pip install {wanted}")


_EXTRAS_OF = {"spotdiff.server": "serve", "spotdiff.watching": "watch", "spotdiff.video": "watch"}  # by what asks


def missing_extra(error: ModuleNotFoundError) -> MissingExtra | None:
    """What to install for a module that is not there; None for one that no extra brings.

    Of several extras that bring it, that of the part of spotdiff which was asked.
    """
    import re
    from importlib.metadata import PackageNotFoundError, requires

    try:
        wanted = requires("spotdiff") or []
    except PackageNotFoundError:
        return None
    package = str(error.name).partition(".")[0].replace("_", "-").lower()
    matches = (re.match(r"([\w.-]+).*;\s*extra == [\"']([\w-]+)[\"']", requirement) for requirement in wanted)
    extras = [
        one[2]
        for one in matches
        if one and one[2] not in ("all", "test") and one[1].replace("_", "-").lower().split("-mqtt")[0] == package
    ]
    asked = [extra for extra in _extras_asked(error) if extra in extras]
    return MissingExtra(package, extra=[*asked, *extras][0]) if extras else None


def _extras_asked(error: ModuleNotFoundError) -> Iterator[str]:
    """The extras of the parts of spotdiff that the import went through, the first that was asked first."""
    place = error.__traceback__
    while place is not None:
        part = ".".join(str(place.tb_frame.f_globals.get("__name__")).split(".")[:2])
        if part in _EXTRAS_OF:
            yield _EXTRAS_OF[part]
        place = place.tb_next


def error_line(error: BaseException) -> str:
    """The first line of what an error says; of the system's the file and the words, without its number.

    Examples:
        >>> error_line(FileNotFoundError(2, "No such file or directory", "a.png"))
        'a.png: No such file or directory'
    """
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error).strip().partition("\n")[0] or type(error).__name__


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, also one of OpenCV or onnxruntime, says that there was not enough memory."""
    text = str(error)
    return isinstance(error, MemoryError) or any(sign in text for sign in _OUT_OF_MEMORY)


def why_no_folder(path: str | os.PathLike[str]) -> str:
    """What is wrong with a path that is to be a folder and is none."""
    return "not a folder" if os.path.lexists(path) else "no such file or folder"


class Refusal(Exception):
    """A step declines to answer, with the reason; the comparison becomes `unsure`."""
