"""What is thrown away, and in which order: the oldest closed events first, films before pictures before rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from spotdiff.params import check, param
from spotdiff.watching.store.disk import free_bytes
from spotdiff.watching.store.tables import events, evidence, journal
from spotdiff.watching.store.times import micros

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from spotdiff.watching.store.store import Store

_BATCH = 200  # events a transaction
_FILMS, _STILLS, _REST = ("clip",), ("before", "after", "boxes", "mask"), ("thumbnail",)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long and how much is kept; 0 is without limit."""

    keep_days: float = param(0.0, "closed events are forgotten after so long", low=0, unit="days")
    keep_bytes: int = param(0, "evidence takes up no more than this", low=0, unit="bytes")
    reserve_bytes: int = param(0, "so much of the disk is left free", low=0, unit="bytes")

    def __post_init__(self) -> None:
        """Refuse values that cannot be."""
        check(self)


@dataclass(frozen=True, slots=True)
class Freed:
    """What was thrown away.

    Attributes:
        clips, stills, thumbnails: How many files.
        events: How many rows of events.
        bytes: How much room it was.
    """

    clips: int = 0
    stills: int = 0
    thumbnails: int = 0
    events: int = 0
    bytes: int = 0

    def __add__(self, other: Freed) -> Freed:
        return Freed(
            self.clips + other.clips,
            self.stills + other.stills,
            self.thumbnails + other.thumbnails,
            self.events + other.events,
            self.bytes + other.bytes,
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """Files of these roles of closed (or of all other) events, and with `whole` the events themselves."""

    roles: tuple[str, ...]
    closed: bool = True
    whole: bool = False


_STEPS = (_Step(_FILMS), _Step(_STILLS), _Step(_REST, whole=True), _Step(_FILMS, closed=False))


def enforce(store: Store, retention: Retention) -> Freed:
    """Throw away what a store need not keep any longer; what it was is told in the journal.

    Events closed and written more than `keep_days` ago go as a whole. Then, while the evidence is larger than
    `keep_bytes` or less than `reserve_bytes` of the disk is free: films of the oldest closed events, then their
    pictures except for the thumbnails, then those events as a whole, and at last films of the events that are not
    closed. Pictures and rows of events that are not closed always stay.

    Raises:
        StoreDown: the database does not answer; what has been thrown away by then is.
    """
    freed = _old(store, retention) if retention.keep_days else Freed()
    with store.reading() as connection:
        size = int(connection.execute(select(func.coalesce(func.sum(evidence.c.bytes), 0))).scalar_one())
    for step in _STEPS:
        need = _excess(store, retention, size)
        if need > 0:
            part = _reduce(store, step, need)
            size -= part.bytes
            freed += part
    if freed != Freed():
        said = f"{freed.clips} clips, {freed.stills} pictures, {freed.thumbnails} thumbnails, {freed.events} events"
        store.journal("thrown away", f"{said}: {freed.bytes} bytes")
    return freed


def _excess(store: Store, retention: Retention, size: int) -> int:
    """How many bytes there are too many, by the one limit or the other."""
    over = size - retention.keep_bytes if retention.keep_bytes else 0
    lack = retention.reserve_bytes - free_bytes(store.folder) if retention.reserve_bytes else 0
    return max(over, lack)


def _old(store: Store, retention: Retention) -> Freed:
    limit = micros(store.now() - timedelta(days=retention.keep_days))
    store.writer.transact(lambda connection: connection.execute(delete(journal).where(journal.c.at < limit)).rowcount)
    # a film replayed today may be of years ago: what was written lately is not old
    fresh = select(evidence.c.id).where(evidence.c.event == events.c.id, evidence.c.written >= limit).exists()
    old = select(events.c.id).where(events.c.state == "closed", events.c.closed < limit, ~fresh)
    with store.reading() as connection:
        ids = list(connection.execute(old).scalars())
    freed = Freed()
    for start in range(0, len(ids), _BATCH):
        freed += _remove(store, ids[start : start + _BATCH], _Step((*_FILMS, *_STILLS, *_REST), whole=True))
    return freed


def _reduce(store: Store, step: _Step, need: int) -> Freed:
    """Take a step with as many events as are needed to free `need` bytes, the oldest first."""
    freed = Freed()
    for ids in _victims(store, step, need):
        freed += _remove(store, ids, step)
    return freed


def _victims(store: Store, step: _Step, need: int) -> Iterator[list[str]]:
    size = func.coalesce(func.sum(evidence.c.bytes), 0)
    files = (evidence.c.event == events.c.id) & evidence.c.role.in_(step.roles)
    query = select(events.c.id, size).join(evidence, files, isouter=step.whole)
    query = query.where((events.c.state == "closed") == step.closed)
    query = query.group_by(events.c.id, events.c.first_seen).order_by(events.c.first_seen, events.c.id)
    with store.reading() as connection:
        found = connection.execute(query).all()
    batch: list[str] = []
    for id_, size_of in found:
        if need <= 0:
            break
        batch.append(id_)
        need -= int(size_of)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _remove(store: Store, ids: Sequence[str], step: _Step) -> Freed:
    """First the rows, then the files: a file without a row is cleared away later, a row without a file would lie."""

    def work(connection: Connection) -> list[tuple[str, str, int]]:
        files = (evidence.c.event.in_(ids)) & (evidence.c.role.in_(step.roles))
        gone = connection.execute(select(evidence.c.role, evidence.c.path, evidence.c.bytes).where(files)).all()
        connection.execute(delete(evidence).where(files))
        if step.whole:
            connection.execute(delete(events).where(events.c.id.in_(ids)))
        return [(role, path, size) for role, path, size in gone]

    with store.writer.lock:
        gone = store.writer.transact(work)
        store.shelves.remove([path for _, path, _ in gone])
    clips, stills, thumbnails = (sum(role in roles for role, _, _ in gone) for roles in (_FILMS, _STILLS, _REST))
    return Freed(clips, stills, thumbnails, len(ids) if step.whole else 0, sum(size for _, _, size in gone))
