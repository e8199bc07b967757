"""Where a store is: a database and the folder of its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from spotdiff.errors import OptionError

_ENDINGS = (".db", ".sqlite", ".sqlite3")
_TAKES = "a store is a path that ends in .db, or a URL such as sqlite:///events.db or postgresql://user@host/name"


@dataclass(frozen=True, slots=True)
class Address:
    """A database and its folder.

    Attributes:
        url: Of the database, with the driver that is used.
        folder: Where the evidence lies.
    """

    url: URL
    folder: Path

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None for a server."""
        return Path(self.url.database or "") if self.url.get_backend_name() == "sqlite" else None

    @property
    def shown(self) -> str:
        """The address as people may see it, without its password."""
        if self.file is not None:
            return str(self.file)
        return self.url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)

    def discreet(self, said: str) -> str:
        """What was said, without the password."""
        secret = self.url.password
        return said.replace(str(secret), "***") if secret else said


def parse_address(url: str, folder: Path | None) -> Address:
    """Read the address of a store.

    Args:
        url: A path that ends in .db, .sqlite or .sqlite3, or a SQLAlchemy URL.
        folder: Of the evidence; None for `<name>-evidence` beside the SQLite file.

    Raises:
        OptionError: it is neither, names another database than these two, or a server without a folder.

    Examples:
        >>> address = parse_address("/data/events.db", None)
        >>> str(address.url), address.folder.as_posix()
        ('sqlite:////data/events.db', '/data/events-evidence')
        >>> parse_address("postgresql://ann:secret@db/watch", Path("/data")).shown
        'postgresql://ann:***@db/watch'
    """
    parsed = _url(url)
    backend, _, driver = parsed.drivername.partition("+")
    if backend == "sqlite" and driver in ("", "pysqlite"):
        return _of_file(parsed, folder)
    if backend not in ("postgresql", "postgres") or driver not in ("", "psycopg"):
        raise OptionError(f"{parsed.drivername}: events are kept in sqlite or postgresql; {_TAKES}")
    if folder is None:
        raise OptionError("a store in PostgreSQL needs a folder for its evidence")
    return Address(parsed.set(drivername="postgresql+psycopg"), folder)


def _url(url: str) -> URL:
    if "://" not in url:
        if not url.endswith(_ENDINGS):
            raise OptionError(f"{url!r}: {_TAKES}")
        return URL.create("sqlite", database=url)
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise OptionError(_TAKES) from None  # the URL itself may hold a password


def _of_file(url: URL, folder: Path | None) -> Address:
    name = url.database or ""
    if name in ("", ":memory:") or name.startswith("file:") or url.query:
        raise OptionError("a store in SQLite is a plain file: sqlite:///events.db")
    path = Path(name)
    return Address(url, path.with_name(f"{path.stem}-evidence") if folder is None else folder)
