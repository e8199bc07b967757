"""Opening a store: everything that can be wrong with it is found here and told in one line."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from spotdiff.atomic_write import write_whole
from spotdiff.database.connection import make_engine, read_only, writing
from spotdiff.database.failures import is_disk_full, reason
from spotdiff.errors import DataError, OptionError
from spotdiff.watching.events.address import parse_address
from spotdiff.watching.events.durable_files import Reserve
from spotdiff.watching.events.evidence import EvidenceFolder
from spotdiff.watching.events.schema import MIGRATIONS, events, facts, utc_now
from spotdiff.watching.events.store import Store
from spotdiff.watching.events.write import NUMBER_FACT, SPOOL_FACT, Spool, Writer, read_fact, write_fact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from spotdiff.watching.events.address import Address
    from spotdiff.watching.events.retention import Retention
    from spotdiff.watching.events.write import DeliveryRows

_MAGIC = b"SQLite format 3\0"
_MEGABYTE = 1 << 20
_NAME_FACT = "store"  # the store's own name, which its evidence folder has, too
_NAME_FILE = ".store.json"
_MAY_CREATE = text("SELECT has_schema_privilege(current_schema(), 'CREATE')")


def open_store(
    url: str,
    *,
    folder: Path | None = None,
    create: bool = True,
    reserve_mb: float = 256,
    clock: Callable[[], datetime] = utc_now,
    retention: Retention | None = None,
    deliveries: DeliveryRows | None = None,
) -> Store:
    """Open a store of events; an older one is brought up, and what waits in its spool is taken.

    Several processes may have the same store open. The one that watches calls `clean_up` next.

    Args:
        url: A path that ends in .db or .sqlite, `sqlite:///events.db`, or `postgresql://user@host/name`.
        folder: Where the evidence lies; None for `<name>-evidence` beside the SQLite file.
        create: Make it where there is none.
        reserve_mb: Room that is set aside for a full disk, in MB; 0 for none.
        clock: Says the time, aware.
        retention: What may be thrown away when the disk is full; None for nothing.
        deliveries: Rows of the alert queue for an event as it was (None for a new one) and as it is, written in the
            same transaction; the keys make them unique.

    Raises:
        OptionError: the address is none, or a server has no folder.
        DataError: there is no store and none is to be made, or the database or the folder cannot be used; one line
            says why.
        MissingExtra: the server's driver is not installed.
    """
    if not reserve_mb >= 0:
        raise OptionError(f"reserve_mb takes 0 or more MB, not {reserve_mb}")
    address = parse_address(url, folder)
    reserve = Reserve(address.folder / ".reserve", int(reserve_mb * _MEGABYTE))
    parts: dict[str, object] = {"retention": retention, "deliveries": deliveries}
    try:
        if not create:
            _require_store(address, folder)
        try:
            return _open(address, reserve, clock, parts)
        except (OSError, DBAPIError) as error:
            if not (is_disk_full(error) and reserve.release()):
                raise
        return _open(address, reserve, clock, parts)
    except DBAPIError as error:
        raise DataError(f"{address.shown}: {reason(error, address.url)}") from None
    except OSError as error:
        raise DataError(f"{error.filename or address.folder}: cannot be written ({reason(error)})") from None


def check_store(url: str, *, folder: Path | None = None) -> None:
    """Find what would keep `open_store` from opening a store, or making it; nothing is made and nothing is written.

    Args:
        url: As in `open_store`.
        folder: As in `open_store`.

    Raises:
        OptionError: the address is none, or a server has no folder.
        DataError: the database or the folder cannot be used; one line says why.
        MissingExtra: the server's driver is not installed.
    """
    address = parse_address(url, folder)
    try:
        if address.file is not None:
            _check_file(address.file)
        name = None
        if address.file is None or address.file.exists():
            with read_only(address.url, extra="watch") as connection:
                name = _checked_name(connection, address)
        _check_folder(address.folder)
        _check_owner(address.folder / _NAME_FILE, name or "")
    except DBAPIError as error:
        raise DataError(f"{address.shown}: {reason(error, address.url)}") from None
    except OSError as error:
        raise DataError(f"{error.filename or address.folder}: cannot be read ({reason(error)})") from None


def _open(address: Address, reserve: Reserve, clock: Callable[[], datetime], parts: dict[str, object]) -> Store:
    if address.file is not None:
        _check_file(address.file)
    _check_folder(address.folder)
    address.folder.mkdir(exist_ok=True)
    files = EvidenceFolder(address.folder, clock)
    engine = make_engine(address.url, extra="watch")
    try:
        with files.lock:
            name, last, numbers = _prepare(address, engine)
            event_numbers = EventNumbers(address.folder / _NAME_FILE, name, numbers)
            writer = Writer(address, engine, files.lock, Spool(address.folder / ".spool.jsonl", last=last), reserve)
            writer.drain()
            reserve.take()
            return Store(writer, files, reserve, event_numbers, clock=clock, **parts)  # type: ignore[arg-type]
    except BaseException:
        engine.dispose()
        files.close()
        raise


def _prepare(address: Address, engine: Engine) -> tuple[str, int, dict[str, int]]:
    """The tables in their present shape; the store's own name, the last change from the spool, the last numbers."""
    if address.file is not None:
        with engine.connect() as connection:
            _check_integrity(connection, address)
    with writing(engine).begin() as connection:
        MIGRATIONS.bring_up(connection, address.shown)
        name = read_fact(connection, _NAME_FACT)
        if name is None:
            name = uuid4().hex
            write_fact(connection, _NAME_FACT, name)
        query = select(events.c.camera, func.max(events.c.number)).group_by(events.c.camera)
        numbers = {camera: int(number) for camera, number in connection.execute(query)}
        given = select(facts).where(facts.c.name.startswith(NUMBER_FACT, autoescape=True))
        for fact, number in connection.execute(given):
            camera = fact.removeprefix(NUMBER_FACT)
            numbers[camera] = max(numbers.get(camera, 0), int(number))
        return str(name), int(read_fact(connection, SPOOL_FACT) or 0), numbers


def _require_store(address: Address, folder: Path | None) -> None:
    """Refuse what `open_store` would have to make."""
    missing = DataError(f"{address.shown}: there is no such store; name it with --store, or watch something first")
    if address.file is not None:
        if not address.file.is_file():
            raise missing
        _check_file(address.file)
    if folder is not None and not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; the evidence of {address.shown} lies elsewhere")
    with read_only(address.url, extra="watch") as connection:
        if MIGRATIONS.current(connection, address.shown) is None:
            raise missing


def _checked_name(connection: Connection, address: Address) -> str | None:
    """A store's own name, once its database is found to be fit; None for an empty one. Nothing is written."""
    if MIGRATIONS.current(connection, address.shown) is not None:
        if address.file is not None:
            _check_integrity(connection, address)
        return str(read_fact(connection, _NAME_FACT))
    if address.file is None and not connection.execute(_MAY_CREATE).scalar():
        raise DataError(f"{address.shown}: {address.url.username} may not make tables there")
    return None


def _check_integrity(connection: Connection, address: Address) -> None:
    answer = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if answer != "ok":
        raise DataError(f"{address.shown}: it is damaged ({str(answer).splitlines()[-1]}); bring back a copy of it")


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
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder}: cannot be written (it is not a folder)")
    if not os.access(folder if folder.exists() else folder.parent, os.W_OK):
        raise DataError(f"{folder}: cannot be written (it is read-only)")


def _check_owner(path: Path, store: str) -> None:
    """Refuse a folder whose file of names at `path` gives another store."""
    if _read_numbers(path).get("store", store) != store:
        raise DataError(f"{path.parent}: holds the evidence of another store; give another folder or move it away")


class EventNumbers:
    """The last number of each camera's events, mirrored in the evidence folder's file, which names the store, too.

    Whoever uses it holds the folder's lock.
    """

    def __init__(self, path: Path, store: str, numbers: Mapping[str, int]) -> None:
        """Read the file, or write it where there is none.

        Args:
            path: The file.
            store: Names the store; kept in the database, too.
            numbers: The last number of each camera that the database knows.

        Raises:
            DataError: the folder belongs to another store.
            OSError: the file cannot be read or written.
        """
        self._path, self._store, self._numbers = path, store, dict(numbers)
        _check_owner(path, store)
        if not _read_numbers(path):
            self.save()

    def next(self, camera: str) -> int:
        """A number that no event of the camera has had."""
        mirrored = _read_numbers(self._path).get("numbers", {}).get(camera, 0)
        self._numbers[camera] = max(self._numbers.get(camera, 0), int(mirrored)) + 1
        return self._numbers[camera]

    def save(self) -> None:
        """Mirror the numbers for the other processes that write.

        Raises:
            OSError: the file cannot be written.
        """
        mirrored = _read_numbers(self._path).get("numbers", {})
        cameras = {*mirrored, *self._numbers}
        numbers = {name: max(mirrored.get(name, 0), self._numbers.get(name, 0)) for name in cameras}
        write_whole(self._path, json.dumps({"store": self._store, "numbers": numbers}).encode("ascii"))


def _read_numbers(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
