"""Pictures behind URLs, by fsspec and the driver of the protocol."""

from __future__ import annotations

from typing import IO, Any

from spotdiff.errors import LoadError, MissingExtra, error_line
from spotdiff.shown_text import without_password, without_secrets

_PART = 1 << 24  # bytes


def read_url(url: str, *, most: int) -> bytes:
    """The bytes of a file behind a URL, of a larger one no more than `most` of them.

    Raises:
        MissingExtra: fsspec, or the driver of the protocol, is not installed.
        LoadError: nothing there, not reachable, or no known protocol.
    """
    try:
        import fsspec
    except ImportError:
        raise MissingExtra("fsspec", extra="scale") from None
    try:
        with fsspec.open(url, "rb") as file:
            return _read(file, most)
    except ImportError as error:
        driver = getattr(error.__cause__ or error, "name", None)
        if not driver:
            raise LoadError(f"{without_password(url)}: {without_secrets(error_line(error), url)}") from None
        raise MissingExtra(driver) from None
    except Exception as error:
        raise LoadError(f"{without_password(url)}: {without_secrets(_reason(error), url)}") from None


def _read(file: IO[Any], most: int) -> bytes:
    """All of it up to a size; a stream gives what has arrived, not what is asked for."""
    data = bytearray()
    while len(data) < most and (part := file.read(min(most - len(data), _PART))):
        data += part
    return bytes(data)


def _reason(error: Exception) -> str:
    """What is wrong in a line: a driver's own cause says more than the URL once more."""
    cause = error.__cause__
    if not isinstance(error, FileNotFoundError):
        return error_line(error)
    return "no such file" if cause is None or getattr(cause, "status", None) == 404 else error_line(cause)
