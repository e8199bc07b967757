"""What can go wrong with a database while it is used, told apart and in one line each."""

from __future__ import annotations

import errno
import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError

if TYPE_CHECKING:
    from sqlalchemy import URL

_REJECTIONS = (
    IntegrityError,
    DataError,
    ProgrammingError,
    NotSupportedError,
)  # the change is wrong: waiting mends nothing
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE}
_MEANINGS = (
    ("password authentication failed", "the user or the password is wrong"),
    ("no password supplied", "it wants a password"),
    ("Connection refused", "no server answers there"),
    ("No such file or directory", "no server answers there"),
    ("timeout expired", "no server answers there"),
    ("could not translate host name", "there is no such host"),
    ("failed to resolve host", "there is no such host"),
    ("readonly database", "it is read-only"),
    ("file is not a database", "it is not a database"),
    ("malformed", "it is damaged"),
)


def is_disk_full(error: BaseException) -> bool:
    """Is it because no room is left on the disk?

    Examples:
        >>> is_disk_full(OSError(errno.ENOSPC, "No space left on device")), is_disk_full(OSError(errno.EIO, "broken"))
        (True, False)
    """
    if isinstance(error, DBAPIError):
        return getattr(error.orig, "sqlite_errorcode", None) in _FULL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_rejected(error: DBAPIError) -> bool:
    """Does the database refuse the change itself, so that it will refuse it again?"""
    return isinstance(error, _REJECTIONS) and not error.connection_invalidated


def reason(error: BaseException, url: URL | None = None) -> str:
    """Why, in one short line; a password in it is not shown.

    Examples:
        >>> reason(OSError(errno.ENOSPC, "No space left on device"))
        'No space left on device'
    """
    if isinstance(error, OSError):
        return error.strerror or str(error)
    message = str(error.orig if isinstance(error, DBAPIError) else error)
    for sign, meaning in _MEANINGS:
        if sign in message:
            return meaning
    first = next((line.strip() for line in message.splitlines() if line.strip()), type(error).__name__)
    return first.replace(str(url.password), "***") if url is not None and url.password else first
