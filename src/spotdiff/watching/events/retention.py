"""What is thrown away, and in which order: the oldest closed events first, films before pictures before rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from spotdiff.params import check, param
from spotdiff.watching.events.durable_files import free_bytes
from spotdiff.watching.events.evidence import event_folder
from spotdiff.watching.events.schema import event_of, events, evidence, journal, micros
from spotdiff.watching.events.trusted_clock import LEAP, is_trusted
from spotdiff.watching.events.write import DUE_FACT, add_journal_line, mark_due, read_fact, write_fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from spotdiff.watching.events.evidence import EvidenceFolder
    from spotdiff.watching.events.write import Writer


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


_CLIPS, _STILLS, _THUMBNAILS = ("clip",), ("before", "after", "boxes", "mask"), ("thumbnail",)
_STEPS = (_Step(_CLIPS), _Step(_STILLS), _Step(_THUMBNAILS, whole=True), _Step(_CLIPS, closed=False))
_WHOLE_EVENTS = _Step((*_CLIPS, *_STILLS, *_THUMBNAILS), whole=True)
_BATCH = 200  # events a transaction
_NEVER = 1 << 62  # after every row
GRACE = LEAP  # in the bin: a clock may be that far wrong before it is doubted


def enforce(writer: Writer, folder: EvidenceFolder, retention: Retention, *, now: datetime) -> Freed:
    """Throw away what need not be kept any longer; what it was is told in the journal.

    Events closed and written more than `keep_days` before `now` go as a whole, while the clock is believed. Then,
    while the evidence is larger than `keep_bytes` or less than `reserve_bytes` of the disk is free, what is in the bin
    goes for good; then clips of the oldest closed events, then their pictures except for the thumbnails, then
    those events as a whole, and at last clips of the events that are not closed. Pictures and rows of events that are
    not closed always stay. Files go to the bin, which is emptied after `GRACE` or when their room is needed.

    Raises:
        StoreDown: the database does not answer; what has been thrown away by then is.
        OSError: a file cannot be moved.
    """
    freed = Freed()
    if is_trusted(writer, now):
        folder.trash.empty(until=now - GRACE)
        if retention.keep_days:
            freed = _remove_expired(writer, folder, micros(now - timedelta(days=retention.keep_days)))
    with writer.reading() as connection:
        size = int(connection.execute(select(func.coalesce(func.sum(evidence.c.bytes), 0))).scalar_one())
    excess = _empty_bin(retention, folder, size)
    for step in _STEPS:
        part = Freed()
        for ids in _oldest(writer, step, excess):
            part += _remove(writer, folder, ids, step)
        size -= part.bytes
        freed += part
        excess = _empty_bin(retention, folder, size)
    if freed != Freed():
        text = f"{freed.clips} clips, {freed.stills} pictures, {freed.thumbnails} thumbnails, {freed.events} events"
        writer.commit(add_journal_line(micros(now), "", "thrown away", f"{text}: {freed.bytes} bytes"))
    return freed


def remove_due(writer: Writer, folder: EvidenceFolder) -> int:
    """Move the files whose rows said that they are to go, and are gone themselves, to the bin; how many.

    Raises:
        StoreDown: the database does not answer.
        OSError: a file cannot be moved.
    """
    with writer.lock:
        with writer.reading() as connection:
            due = [str(path) for path in read_fact(connection, DUE_FACT) or ()]
            kept = set(connection.execute(select(evidence.c.path).where(evidence.c.path.in_(due))).scalars())
        if due:
            folder.remove([path for path in due if path not in kept])
            left = [path for path in due if path not in kept and (folder.path / path).exists()]
            writer.transact(lambda connection: write_fact(connection, DUE_FACT, left))
    return len(due)


def _empty_bin(retention: Retention, folder: EvidenceFolder, size: int) -> int:
    """Give up of the bin what there is no room for; bytes that evidence of `size` bytes takes up too many even so."""
    thrown_away = folder.trash.bytes()
    over = size + thrown_away - retention.keep_bytes if retention.keep_bytes else 0
    lack = retention.reserve_bytes - free_bytes(folder.path) if retention.reserve_bytes else 0
    excess = max(over, lack, 0)
    return max(excess - folder.trash.empty(need=excess), 0)


def _remove_expired(writer: Writer, folder: EvidenceFolder, limit: int) -> Freed:
    """Remove lines of the journal and events that were closed and written before the instant `limit`.

    A film replayed today may be of years ago: what was written lately is not old. Nor is what was written after
    something that is not old, whatever the clock said then.
    """
    with writer.reading() as connection:
        first_line, first_file = (
            connection.execute(select(func.min(table.c.id)).where(at >= limit)).scalar()
            for table, at in ((journal, journal.c.at), (evidence, evidence.c.written))
        )
        fresh = select(evidence.c.id).where(evidence.c.event == events.c.id, evidence.c.id >= (first_file or _NEVER))
        expired = select(events.c.id).where(events.c.state == "closed", events.c.closed < limit, ~fresh.exists())
        ids = list(connection.execute(expired).scalars())
    old_lines = delete(journal).where(journal.c.at < limit, journal.c.id < (first_line or _NEVER))
    writer.transact(lambda connection: connection.execute(old_lines).rowcount)
    freed = Freed()
    for start in range(0, len(ids), _BATCH):
        freed += _remove(writer, folder, ids[start : start + _BATCH], _WHOLE_EVENTS)
    return freed


def _oldest(writer: Writer, step: _Step, need: int) -> Iterator[list[str]]:
    """Ids of the oldest events, in batches, whose files in this step are `need` bytes together."""
    if need <= 0:
        return
    size = func.coalesce(func.sum(evidence.c.bytes), 0)
    files = (evidence.c.event == events.c.id) & evidence.c.role.in_(step.roles)
    query = select(events.c.id, size).join(evidence, files, isouter=step.whole)
    query = query.where((events.c.state == "closed") == step.closed)
    query = query.group_by(events.c.id, events.c.first_seen).order_by(events.c.first_seen, events.c.id)
    with writer.reading() as connection:
        sizes = connection.execute(query).all()
    batch: list[str] = []
    for id_, size_of in sizes:
        if need <= 0:
            break
        batch.append(id_)
        need -= int(size_of)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _remove(writer: Writer, folder: EvidenceFolder, ids: Sequence[str], step: _Step) -> Freed:
    """First the rows, which say in the same transaction what is due, then the files: that may be cut off anywhere."""
    records: dict[str, bytes] = {}

    def delete_rows(connection: Connection) -> list[tuple[str, int]]:
        files = (evidence.c.event.in_(ids)) & (evidence.c.role.in_(step.roles))
        rows = connection.execute(select(evidence.c.role, evidence.c.path, evidence.c.bytes).where(files)).all()
        connection.execute(delete(evidence).where(files))
        mark_due(connection, [path for _, path, _ in rows])
        if step.whole:
            gone = connection.execute(select(events).where(events.c.id.in_(ids))).mappings()
            records.update({event_folder(event_of(row)): json.dumps(dict(row)).encode() for row in map(dict, gone)})
            connection.execute(delete(events).where(events.c.id.in_(ids)))
        return [(role, size) for role, _, size in rows]

    with writer.lock:
        removed = writer.transact(delete_rows)
        remove_due(writer, folder)
        for place, record in records.items():
            folder.trash.put_record(place, record)
    clips, stills, thumbnails = (sum(role in roles for role, _ in removed) for roles in (_CLIPS, _STILLS, _THUMBNAILS))
    return Freed(clips, stills, thumbnails, len(ids) if step.whole else 0, sum(size for _, size in removed))
