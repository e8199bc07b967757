"""The store of events: what it promises is kept, whatever is killed, full or gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from spotdiff.errors import DataError, SpotdiffError
from spotdiff.watching.event import Event, Witness
from spotdiff.watching.store import changes
from spotdiff.watching.store.engine import writing
from spotdiff.watching.store.faults import StoreDown, is_full
from spotdiff.watching.store.finding import Words, find_event, find_events
from spotdiff.watching.store.keeping import Keeper
from spotdiff.watching.store.rows import (
    check_camera,
    check_event,
    check_fact,
    check_id,
    clean,
    differences,
    plain,
    row_of,
)
from spotdiff.watching.store.shelves import EvidenceFile
from spotdiff.watching.store.tables import events, evidence
from spotdiff.watching.store.times import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from spotdiff.types import Box
    from spotdiff.watching.event import State
    from spotdiff.watching.store.changes import Letters
    from spotdiff.watching.store.disk import Reserve
    from spotdiff.watching.store.label import Label
    from spotdiff.watching.store.retention import Retention
    from spotdiff.watching.store.shelves import Shelves
    from spotdiff.watching.store.writer import Writer


class Store:
    """Events and their evidence. Made by `open_store`; closed by `close` or a `with` block; threads may share it.

    While the database is down, what is changed waits in the spool and every call that changes something works as
    ever, for events that are not closed; calls that read raise `StoreDown`.

    Attributes:
        shelves: The evidence folder.
        reserve: The room that is given up when the disk is full.
        writer: The way into the database.
    """

    def __init__(
        self,
        writer: Writer,
        shelves: Shelves,
        reserve: Reserve,
        label: Label,
        *,
        clock: Callable[[], datetime],
        retention: Retention | None = None,
        letters: Letters | None = None,
    ) -> None:
        """Put the parts together (see `open_store`)."""
        self.writer, self.shelves, self.reserve = writer, shelves, reserve
        self._label, self._clock, self._letters = label, clock, letters
        self._keeper = Keeper(self, retention)
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
        self.shelves.close()

    @property
    def folder(self) -> Path:
        """Where the evidence lies."""
        return self.shelves.folder

    @property
    def engine(self) -> Engine:
        """For other tables, such as the outbox: every transaction may write, and nothing goes by way of the spool."""
        return writing(self.writer.engine)

    @property
    def waiting(self) -> int:
        """How many changes wait for the database to come back; 0 when all is well."""
        return self.writer.waiting

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
            number = self._label.next(camera)
            try:
                self._label.save()
            except OSError as error:
                if is_full(error):
                    self.reserve.release()
        return f"{camera}-{number}"

    def add(self, event: Event, witness: Witness | None = None) -> Event:
        """Keep a new event and the pictures that show it.

        The files are whole and durable before the row is written; both are when this returns. On a full disk the
        event is kept with its thumbnail only, and the journal says what was left out.

        Args:
            event: With the id "" it gets the next one of its camera.
            witness: Its pictures, or None.

        Returns:
            The event with its id.

        Raises:
            DataError: the event cannot be kept as it is, or its id is taken.
            StoreDown: neither the database nor the spool can be written; the event is not kept.
        """
        check_event(event)
        check_id(event)
        staged = self._keeper.stage(event, witness)
        try:
            with self.writer.lock:
                if event.id and (self.folder / self.shelves.place(event)).exists():
                    raise DataError(f"there is an event {event.id} already")
                event = event if event.id else replace(event, id=self.next_id(event.camera))
                self._commit_new(event, self._keeper.publish(staged, event))
        finally:
            self.shelves.drop(staged)
        return event

    def _commit_new(self, event: Event, rows: Sequence[Mapping[str, Any]]) -> None:
        try:
            self.writer.commit(changes.added(row_of(event), rows, self._post(None, event)))
        except SpotdiffError:
            self.shelves.remove([row["path"] for row in rows])
            raise
        if event.state != "closed":
            self._live[event.id] = event

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
            after = self._ended(replace(before, **values))
            check_event(after)
            altered = {**differences(before, after), **remarks}
            if not altered:
                return before
            self.writer.commit(changes.changed(id, plain(altered), self._post(before, after)))
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
        """Give an event a film, in the place of the one it may have.

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
        staged = self._keeper.stage(event, Witness(None, None, None, tuple(frames)))
        if staged is None:
            return False
        try:
            with self.writer.lock:
                return self._keeper.film(staged, event, old=self._clip(id))
        finally:
            self.shelves.drop(staged)

    def event(self, id: str) -> Event:  # noqa: A002 (the field's name)
        """The event of this id.

        Raises:
            DataError: there is none; the nearest id is suggested.
            StoreDown: the database does not answer.
        """
        with self.writer.reading() as connection:
            return find_event(connection, id)

    def events(
        self,
        *,
        camera: Words = None,
        state: Words = None,
        kind: Words = None,
        zone: Words = None,
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
        words = {"camera": camera, "state": state, "kind": kind, "zone": zone}
        with self.writer.reading() as connection:
            return find_events(connection, words=words, span=(since, until), limit=limit)

    def remarks(self, id: str) -> tuple[str, str]:  # noqa: A002 (the field's name)
        """Who acknowledged an event, and the note; "" for none.

        Raises:
            DataError: there is no such event.
            StoreDown: the database does not answer.
        """
        with self.writer.reading() as connection:
            find_event(connection, id)
            said = select(events.c.acknowledged_by, events.c.note).where(events.c.id == id)
            by, note = connection.execute(said).one()
        return by, note

    def evidence(self, id: str) -> dict[str, EvidenceFile]:  # noqa: A002 (the field's name)
        """The files that show an event, by role: before, after, boxes, mask, thumbnail, clip.

        Raises:
            StoreDown: the database does not answer.
        """
        with self.writer.reading() as connection:
            found = connection.execute(select(evidence).where(evidence.c.event == id).order_by(evidence.c.id))
            rows = found.mappings().all()
        return {row["role"]: EvidenceFile(self.folder / row["path"], row["bytes"], row["sha256"]) for row in rows}

    def journal(self, what: str, said: str = "", camera: str = "") -> None:
        """Write down what happened to the watch itself.

        Raises:
            StoreDown: it cannot be written.
        """
        self.writer.commit(changes.told(micros(self._clock()), clean(camera)[:150], clean(what)[:50], clean(said)))

    def kept(self, name: str) -> object | None:
        """A small fact by name, or None.

        Raises:
            StoreDown: the database does not answer.
        """
        with self.writer.reading() as connection:
            found: object | None = changes.fact(connection, name)
        return found

    def keep(self, name: str, value: object) -> None:
        """Keep a small fact, anything that JSON holds, under a name of at most 300 letters.

        Raises:
            DataError: the name is longer, or JSON cannot hold the value.
            StoreDown: it cannot be written.
        """
        check_fact(name, value)
        self.writer.commit(changes.remembered(name, value))

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection to read with, for tables of the store that have no method here.

        Raises:
            StoreDown: the database does not answer.
        """
        return self.writer.reading()

    def _clip(self, id: str) -> EvidenceFile | None:  # noqa: A002 (the field's name)
        try:
            return self.evidence(id).get("clip") if self.writer.settled() else None
        except StoreDown:
            return None

    def _known(self, id: str) -> Event:  # noqa: A002 (the field's name)
        """An event as it is now, from memory while the database is down."""
        if self.writer.settled():
            try:
                return self.event(id)
            except StoreDown:
                if id not in self._live:
                    raise
        if id not in self._live:
            raise StoreDown(f"{self.writer.address.shown} is down, and {id} is not among the events that are open")
        return self._live[id]

    def _ended(self, event: Event) -> Event:
        if event.state != "closed":
            return replace(event, closed=None, outcome="")
        return event if event.closed else replace(event, closed=self._clock())

    def _post(self, before: Event | None, after: Event) -> Sequence[Mapping[str, Any]]:
        return self._letters(before, after) if self._letters else ()
