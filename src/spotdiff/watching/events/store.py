"""The store of events: what it promises is kept, whatever is killed, full or gone."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from spotdiff.database.connection import writing
from spotdiff.database.failures import is_disk_full
from spotdiff.errors import DataError, SpotdiffError
from spotdiff.watching.event import Event, EventPictures
from spotdiff.watching.events import write
from spotdiff.watching.events.errors import StoreDown
from spotdiff.watching.events.evidence import EvidenceFile, EvidenceWriter, event_folder
from spotdiff.watching.events.retention import enforce, remove_due
from spotdiff.watching.events.schema import (
    changed_fields,
    check_camera,
    check_event,
    check_fact,
    event_of,
    events,
    evidence,
    json_values,
    micros,
    row_of,
    storable,
)
from spotdiff.watching.events.trusted_clock import is_trusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from spotdiff.types import Box
    from spotdiff.watching.event import State
    from spotdiff.watching.events.durable_files import Reserve
    from spotdiff.watching.events.evidence import EvidenceFolder
    from spotdiff.watching.events.open import EventNumbers
    from spotdiff.watching.events.retention import Freed, Retention
    from spotdiff.watching.events.write import DeliveryRows, Writer

Choice = str | Sequence[str] | None  # what a column may hold: a word, several, or None for anything
_LATEST = 5000  # ids among which a mistyped one is looked for


class Store:
    """Events and their evidence. Made by `open_store`; closed by `close` or a `with` block; threads may share it.

    While the database is down, what is changed waits in the spool and every call that changes something works as
    ever, for events that are not closed; calls that read raise `StoreDown`.

    Attributes:
        writer: The way into the database.
        files: The evidence folder.
        reserve: The room that is given up when the disk is full.
    """

    def __init__(
        self,
        writer: Writer,
        files: EvidenceFolder,
        reserve: Reserve,
        numbers: EventNumbers,
        *,
        clock: Callable[[], datetime],
        retention: Retention | None = None,
        deliveries: DeliveryRows | None = None,
    ) -> None:
        """Put the parts together (see `open_store`)."""
        self.writer, self.files, self.reserve = writer, files, reserve
        self._numbers, self._clock, self._deliveries = numbers, clock, deliveries
        self._evidence = EvidenceWriter(
            files,
            reserve,
            clock=self.now,
            journal=self.journal,
            free=None if retention is None else lambda: self.enforce(retention),
        )
        self._live: dict[str, Event] = {}  # not closed: what can be changed while the database is down
        for event in self.events(state=("open", "acknowledged")):
            self._live[event.id] = event

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the use of the store; what waits for the database stays in the spool."""
        self.writer.engine.dispose()
        self.files.close()

    @property
    def folder(self) -> Path:
        """Where the evidence lies."""
        return self.files.path

    @property
    def engine(self) -> Engine:
        """For other tables, such as `outbox`: every transaction may write, and nothing goes by way of the spool."""
        return writing(self.writer.engine)

    @property
    def waiting(self) -> int:
        """How many changes wait for the database to come back; 0 when all is well."""
        return self.writer.waiting

    @property
    def evidence_trouble(self) -> str:
        """Which pictures of the last event could not be written, and why, in one line; "" where all were."""
        return self._evidence.trouble

    def now(self) -> datetime:
        """The time on the store's clock."""
        return self._clock()

    def flush(self) -> int:
        """Bring what waits into the database if it is back; call it every few seconds.

        Returns:
            How many changes still wait.
        """
        return self.writer.flush()

    def next_id(self, camera: str) -> str:
        """An id that no event has had in this store, such as `hall-17`.

        Raises:
            DataError: no camera can be called so.
        """
        check_camera(camera)
        with self.writer.lock:
            number = self._numbers.next(camera)
            try:
                self._numbers.save()
            except OSError as error:
                if is_disk_full(error):
                    self.reserve.release()
        return f"{camera}-{number}"

    def add(self, event: Event, pictures: EventPictures | None = None) -> Event:
        """Keep a new event and the pictures that show it.

        The files are whole and durable before the row is written; both are when this returns. On a full disk the
        event is kept with its thumbnail only, and the journal says what was left out.

        Args:
            event: With the id "" it gets the next one of its camera.
            pictures: Its pictures, or None.

        Returns:
            The event with its id.

        Raises:
            DataError: the event cannot be kept as it is, or its id is taken.
            StoreDown: neither the database nor the spool can be written; the event is not kept.
        """
        check_event(event)
        staged = self._evidence.stage(event, pictures)
        try:
            with self.writer.lock:
                if event.id and (self.folder / event_folder(event)).exists():
                    raise DataError(f"there is an event {event.id} already")
                while not event.id or (self.folder / event_folder(event)).exists():  # files that no row tells of stay
                    event = replace(event, id=self.next_id(event.camera))
                rows = self._evidence.publish(staged, event)
                try:
                    self.writer.commit(write.add_event(row_of(event), rows, self._deliveries_of(None, event)))
                except SpotdiffError:
                    self.files.remove([row["path"] for row in rows])
                    raise
                if event.state != "closed":
                    self._live[event.id] = event
        finally:
            self.files.drop(staged)
        return event

    def change(
        self,
        id: str,  # noqa: A002 (the field's name)
        *,
        state: State | None = None,
        closed: datetime | None = None,
        outcome: str | None = None,
        text: str | None = None,
        score: float | None = None,
        kind: str | None = None,
        box: Box | None = None,
        box_before: Box | None = None,
        by: str = "",
        note: str = "",
    ) -> Event:
        """Give an event other values; None leaves a value as it is.

        An event that is closed without `closed` is closed now; one that is no longer closed loses both its end and
        its outcome.

        Args:
            id: Of the event.
            state: open, acknowledged or closed.
            closed: When it ended.
            outcome: Why it was closed.
            text: The event in words.
            score: How sure, 0 to 1.
            kind: One of `EVENT_KINDS`.
            box: Where, in the source's own pixels.
            box_before: Where a moved thing stood.
            by: Who acknowledged it; "" leaves it.
            note: What that person wrote; "" leaves it.

        Returns:
            The event as it is now.

        Raises:
            DataError: there is no such event, or a value cannot be kept.
            StoreDown: neither the database nor the spool can be written, or the database is down and the event is
                not among those that are not closed; nothing is changed.
        """
        given: dict[str, Any] = {"state": state, "closed": closed, "outcome": outcome, "text": text, "score": score}
        given |= {"kind": kind, "box": box, "box_before": box_before}
        values = {name: value for name, value in given.items() if value is not None}
        remarks = {name: value for name, value in (("acknowledged_by", by), ("note", note)) if value}
        with self.writer.lock:
            before = self._known(id)
            after = replace(before, **values)
            if after.state != "closed":
                after = replace(after, closed=None, outcome="")
            elif after.closed is None:
                after = replace(after, closed=self._clock())
            check_event(after)
            altered = {**changed_fields(before, after), **remarks}
            if not altered:
                return before
            self.writer.commit(write.update_event(id, json_values(altered), self._deliveries_of(before, after)))
            self._live.pop(id, None)
            if after.state != "closed":
                self._live[id] = after
        return after

    def acknowledge(self, id: str, by: str = "", note: str = "") -> Event:  # noqa: A002 (the field's name)
        """Say that a person has seen an event; one that is closed stays so.

        Returns:
            The event as it is now.

        Raises:
            DataError: there is no such event.
            StoreDown: it cannot be kept (see `change`).
        """
        with self.writer.lock:
            state: State = "closed" if self._known(id).state == "closed" else "acknowledged"
            return self.change(id, state=state, by=by, note=note)

    def attach_clip(self, id: str, frames: Sequence[tuple[float, bytes]]) -> bool:  # noqa: A002 (the field's name)
        """Give an event a clip, in the place of the one it may have.

        Args:
            id: Of the event.
            frames: JPEG pictures, oldest first, as (seconds, bytes).

        Returns:
            True when it is kept; otherwise the journal says why not.

        Raises:
            DataError: there is no such event.
            StoreDown: neither the database nor the spool can be written.
        """
        event = self._known(id)
        staged = self._evidence.stage(event, EventPictures(None, None, None, tuple(frames)))
        if staged is None:
            return False
        try:
            with self.writer.lock:
                row = self._evidence.publish_one(staged, event)
                if row is None:
                    return False
                try:
                    self.writer.commit(write.put_evidence(row))
                except SpotdiffError:
                    self.files.remove([row["path"]])
                    raise
                if not self.waiting:  # otherwise the database still names the old one: left to `clean_up`
                    remove_due(self.writer, self.files)
                return True
        finally:
            self.files.drop(staged)

    def enforce(self, retention: Retention) -> Freed:
        """Throw away what need not be kept any longer (see `retention`); what it was is told in the journal.

        Raises:
            StoreDown: the database does not answer; what has been thrown away by then is.
        """
        return enforce(self.writer, self.files, retention, now=self.now())

    def believes_clock(self) -> bool:
        """Whether the clock goes on steadily, so that something may be thrown away because it is old.

        Raises:
            StoreDown: the database does not answer.
        """
        return is_trusted(self.writer, self.now())

    def event(self, id: str) -> Event:  # noqa: A002 (the field's name)
        """The event of this id.

        Raises:
            DataError: there is none; the nearest id is suggested.
            StoreDown: the database does not answer.
        """
        with self.writer.reading() as connection:
            row = connection.execute(select(events).where(events.c.id == id)).mappings().first()
            if row is not None:
                return event_of(dict(row))
            latest = select(events.c.id).order_by(events.c.first_seen.desc()).limit(_LATEST)
            near = difflib.get_close_matches(id, connection.execute(latest).scalars().all(), n=1)
        raise DataError(f"there is no event {id!r}{f'; did you mean {near[0]}?' if near else ''}")

    def events(
        self,
        *,
        camera: Choice = None,
        state: Choice = None,
        kind: Choice = None,
        zone: Choice = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Event]:
        """Events, ordered by `first_seen`, then camera and number.

        Args:
            camera: A name or several; None for all.
            state: A state or several.
            kind: A kind or several.
            zone: A name or several; "" for the whole picture.
            since: Only those first seen at or after this.
            until: Only those first seen before this.
            limit: Only so many, the latest ones.

        Raises:
            DataError: an instant has no time zone.
            StoreDown: the database does not answer.
        """
        query = select(events).order_by(events.c.first_seen.desc(), events.c.camera.desc(), events.c.number.desc())
        for name, choice in (("camera", camera), ("state", state), ("kind", kind), ("zone", zone)):
            if choice is not None:
                query = query.where(events.c[name].in_([choice] if isinstance(choice, str) else list(choice)))
        if since is not None:
            query = query.where(events.c.first_seen >= micros(since))
        if until is not None:
            query = query.where(events.c.first_seen < micros(until))
        with self.writer.reading() as connection:
            rows = connection.execute(query.limit(limit)).mappings().all()
        return [event_of(dict(row)) for row in reversed(rows)]

    def remarks(self, id: str) -> tuple[str, str]:  # noqa: A002 (the field's name)
        """Who acknowledged an event, and the note; "" for none.

        Raises:
            DataError: there is no such event.
            StoreDown: the database does not answer.
        """
        self.event(id)
        with self.writer.reading() as connection:
            by, note = connection.execute(
                select(events.c.acknowledged_by, events.c.note).where(events.c.id == id)
            ).one()
        return by, note

    def evidence(self, id: str) -> dict[str, EvidenceFile]:  # noqa: A002 (the field's name)
        """The files that show an event, by role: before, after, boxes, mask, thumbnail, clip.

        Raises:
            StoreDown: the database does not answer.
        """
        with self.writer.reading() as connection:
            query = select(evidence).where(evidence.c.event == id).order_by(evidence.c.id)
            rows = connection.execute(query).mappings().all()
        return {row["role"]: EvidenceFile(self.folder / row["path"], row["bytes"], row["sha256"]) for row in rows}

    def journal(self, what: str, text: str = "", camera: str = "") -> None:
        """Write down what happened to the watch itself.

        Raises:
            StoreDown: it cannot be written.
        """
        line = write.add_journal_line(
            micros(self._clock()), storable(camera)[:150], storable(what)[:50], storable(text)
        )
        self.writer.commit(line)

    def fact(self, name: str) -> object | None:
        """A small fact by name, or None.

        Raises:
            StoreDown: the database does not answer.
        """
        with self.writer.reading() as connection:
            value: object | None = write.read_fact(connection, name)
        return value

    def set_fact(self, name: str, value: object) -> None:
        """Keep a small fact, anything that JSON holds, under a name of at most 300 letters.

        Raises:
            DataError: the name is longer, or JSON cannot hold the value.
            StoreDown: it cannot be written.
        """
        check_fact(name, value)
        self.writer.commit(write.put_fact(name, value))

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection to read with, for tables of the store that have no method here.

        Raises:
            StoreDown: the database does not answer.
        """
        return self.writer.reading()

    def _known(self, id: str) -> Event:  # noqa: A002 (the field's name)
        """An event as it is now, from memory while the database is down."""
        if self.writer.caught_up():
            try:
                return self.event(id)
            except StoreDown:
                if id not in self._live:
                    raise
        if id not in self._live:
            raise StoreDown(f"{self.writer.address.shown} is down, and {id} is not among the events that are open")
        return self._live[id]

    def _deliveries_of(self, before: Event | None, after: Event) -> Sequence[Mapping[str, Any]]:
        return self._deliveries(before, after) if self._deliveries else ()
