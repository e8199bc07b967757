"""Opening a store: everything that can be wrong with it is found here and told in one line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from spotdiff.errors import DataError, OptionError
from spotdiff.watching.store.address import Address, parse_address
from spotdiff.watching.store.changes import NUMBER, fact, remember
from spotdiff.watching.store.disk import Reserve
from spotdiff.watching.store.engine import make_engine, writing
from spotdiff.watching.store.faults import is_full, reason
from spotdiff.watching.store.label import Label
from spotdiff.watching.store.migrate import migrate
from spotdiff.watching.store.shelves import Shelves
from spotdiff.watching.store.spool import Spool
from spotdiff.watching.store.store import Store
from spotdiff.watching.store.tables import events, kept
from spotdiff.watching.store.times import utc_now
from spotdiff.watching.store.writer import TAKEN, Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Engine

    from spotdiff.watching.store.changes import Letters
    from spotdiff.watching.store.retention import Retention

_MAGIC = b"SQLite format 3\0"
_MEGABYTE = 1 << 20


def open_store(
    url: str,
    *,
    folder: Path | None = None,
    reserve_mb: float = 256,
    clock: Callable[[], datetime] = utc_now,
    retention: Retention | None = None,
    letters: Letters | None = None,
) -> Store:
    """Open a store of events, or make it; an older one is brought up, and what waits in its spool is taken.

    Several processes may have the same store open. The one that watches calls `mend` next.

    Args:
        url: A path that ends in .db or .sqlite, `sqlite:///events.db`, or `postgresql://user@host/name`.
        folder: Where the evidence lies; None for `<name>-evidence` beside the SQLite file.
        reserve_mb: Room that is set aside for a full disk, in MB; 0 for none.
        clock: Says the time, aware.
        retention: What may be thrown away when the disk is full; None for nothing.
        letters: Rows of the outbox for an event as it was (None for a new one) and as it is, written in the same
            transaction; the keys make them unique.

    Raises:
        OptionError: the address is none, or a server has no folder.
        DataError: the database or the folder cannot be used; one line says why.
        MissingExtra: the server's driver is not installed.
    """
    if not reserve_mb >= 0:
        raise OptionError(f"reserve_mb takes 0 or more MB, not {reserve_mb}")
    address = parse_address(url, folder)
    reserve = Reserve(address.folder / ".reserve", int(reserve_mb * _MEGABYTE))
    parts: dict[str, object] = {"clock": clock, "retention": retention, "letters": letters}
    try:
        try:
            return _open(address, reserve, parts)
        except (OSError, DBAPIError) as error:
            if not (is_full(error) and reserve.release()):
                raise
        return _open(address, reserve, parts)
    except DBAPIError as error:
        raise DataError(f"{address.shown}: {reason(error, address)}") from None
    except OSError as error:
        raise DataError(f"{error.filename or address.folder}: cannot be written ({reason(error)})") from None


def _open(address: Address, reserve: Reserve, parts: dict[str, object]) -> Store:
    if address.file is not None:
        _check_file(address.file)
    _check_folder(address.folder)
    shelves = Shelves(address.folder)
    engine = make_engine(address)
    try:
        with shelves.lock:
            store_id, taken, numbers = _prepared(address, engine)
            label = Label(address.folder / ".store.json", store_id, numbers)
            writer = Writer(address, engine, shelves.lock, Spool(address.folder / ".spool.jsonl", last=taken), reserve)
            writer.drain()
            reserve.take()
            return Store(writer, shelves, reserve, label, **parts)  # type: ignore[arg-type]
    except BaseException:
        engine.dispose()
        shelves.close()
        raise


def _prepared(address: Address, engine: Engine) -> tuple[str, int, dict[str, int]]:
    """The tables in their present shape; the store's own name, the last change from the spool, the last numbers."""
    if address.file is not None:
        with engine.connect() as connection:
            said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if said != "ok":
            raise DataError(f"{address.shown}: it is damaged ({str(said).splitlines()[-1]}); bring back a copy of it")
    with writing(engine).begin() as connection:
        migrate(connection, address.shown)
        name = fact(connection, "store")
        if name is None:
            name = uuid4().hex
            remember(connection, "store", name)
        return str(name), int(fact(connection, TAKEN) or 0), _numbers(connection)


def _numbers(connection: Connection) -> dict[str, int]:
    query = select(events.c.camera, func.max(events.c.number)).group_by(events.c.camera)
    numbers = {camera: int(number) for camera, number in connection.execute(query)}
    for name, number in connection.execute(select(kept).where(kept.c.name.startswith(NUMBER, autoescape=True))):
        camera = name.removeprefix(NUMBER)
        numbers[camera] = max(numbers.get(camera, 0), int(number))
    return numbers


def _check_file(path: Path) -> None:
    if not path.parent.is_dir():
        raise DataError(f"{path}: its folder does not exist")
    if path.is_dir():
        raise DataError(f"{path}: a folder, not a database")
    if not path.exists():
        if not os.access(path.parent, os.W_OK):
            raise DataError(f"{path}: its folder is read-only")
        return
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
    if start and start != _MAGIC:
        raise DataError(f"{path}: it is not a database")
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise DataError(f"{path}: it is read-only")


def _check_folder(folder: Path) -> None:
    if not folder.parent.is_dir():
        raise DataError(f"{folder}: the folder it should lie in does not exist")
    folder.mkdir(exist_ok=True)
