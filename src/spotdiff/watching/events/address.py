"""Where a store is: its database, and the folder of its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotdiff.database.connection import file_of, parse_url, shown_url
from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL


@dataclass(frozen=True, slots=True)
class Address:
    """A database and the folder of its evidence.

    Attributes:
        url: Of the database, with the driver that is used.
        folder: Where the evidence lies.
    """

    url: URL
    folder: Path

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None for a server."""
        return file_of(self.url)

    @property
    def shown(self) -> str:
        """The address as people may see it, without its password."""
        return shown_url(self.url)


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
    """
    parsed = parse_url(url, what="a store")
    file = file_of(parsed)
    if folder is None and file is None:
        raise OptionError("a store in PostgreSQL needs a folder for its evidence")
    return Address(parsed, folder or file.with_name(f"{file.stem}-evidence"))  # type: ignore[union-attr]
