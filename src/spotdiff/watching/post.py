"""From an event to the people it concerns: who is told of what, in the same transaction that keeps the event."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from spotdiff.errors import OptionError
from spotdiff.params import hint
from spotdiff.watching.alerts import (
    Courier,
    Escalation,
    Escalator,
    Introduces,
    Outbox,
    SystemClock,
    make_sink,
    message_of,
)
from spotdiff.watching.alerts.outbox import letter_row
from spotdiff.watching.rules.schedule import seconds_of
from spotdiff.watching.texts import record_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from spotdiff.watching.alerts import Message, Sink
    from spotdiff.watching.event import Event
    from spotdiff.watching.rules import Rules
    from spotdiff.watching.store import Store

_AFTER, _TO = "escalate_after", "escalate_to"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Whom the rules name.

    Attributes:
        sinks: Everyone, by name.
        escalations: Who else is told of what a sink was told and nobody has acknowledged, by the sink's name.
    """

    sinks: Mapping[str, Sink]
    escalations: Mapping[str, Escalation]

    @classmethod
    def of(cls, rules: Rules) -> Addresses:
        """Make the sinks that the rules name.

        Raises:
            OptionError: a sink cannot be made of its settings, or one that is escalated to is none.
        """
        sinks, escalations = {}, {}
        for name, said in rules.sinks.items():
            settings = dict(said)
            after, further = settings.pop(_AFTER, None), settings.pop(_TO, ())
            sinks[name] = make_sink(name, settings)
            if after is None and not further:
                continue
            try:
                escalations[name] = _escalation(after, further, tuple(rules.sinks))
            except OptionError as error:
                raise OptionError(f"sink {name}: {error}") from None
        return cls(sinks, escalations)

    def of_event(self, event: Event, rules: Rules) -> list[str]:
        """Names of the sinks that are told of an event: those of its rule, else all but the ones kept for later."""
        zone = rules.zones.get(event.zone)
        tell = zone.tell if zone else ()
        if event.inspection in rules.inspections:
            tell = rules.inspections[event.inspection].tell
        later = {name for escalation in self.escalations.values() for name in escalation.to}
        return list(tell) or [name for name in self.sinks if name not in later]


def _escalation(after: object, further: object, sinks: tuple[str, ...]) -> Escalation:
    names = tuple(further) if isinstance(further, (list, tuple)) else (further,)
    for name in names:
        if name not in sinks:
            raise OptionError(f"{_TO}: there is no {name!r}{hint(str(name), sinks)}")
    try:
        seconds = seconds_of(after) if isinstance(after, str) else 600.0 if after is None else after
        return Escalation(seconds, names)  # type: ignore[arg-type]
    except OptionError as error:
        raise OptionError(f"{_AFTER}: {error}") from None


class Post:
    """Messages of a store's events, brought by a courier while the block lasts.

    Args:
        rules: Who is told of what.
        addresses: The sinks.
    """

    def __init__(self, rules: Rules, addresses: Addresses) -> None:
        self._rules, self._addresses = rules, addresses
        self._clock = SystemClock()
        self._outbox: Outbox | None = None
        self._store: Store | None = None
        self._escalators: dict[str, Escalator] = {}
        self.courier: Courier | None = None
        self._counts: Mapping[tuple[str, str], int] = {}

    def open(self, store: Store) -> None:
        """Begin to bring what is in the store's outbox."""
        self._store = store
        self._outbox = Outbox(store.engine, self._clock)
        for name, escalation in self._addresses.escalations.items():
            self._escalators[name] = Escalator([escalation], self._outbox, self._escalated)
        self.courier = Courier(self._outbox, list(self._addresses.sinks.values()))
        self.courier.start()
        self._introduce(store)

    def _introduce(self, store: Store) -> None:
        """Show every camera to the sinks that want to know before something happens."""
        curious = [sink for sink in self._addresses.sinks.values() if isinstance(sink, Introduces)]
        for camera in self._rules.cameras if curious else ():
            zones = [zone.name for zone in self._rules.zones_of(camera)]
            there = store.events(camera=camera, state=("open", "acknowledged"))
            for sink in curious:
                sink.introduce(camera, zones, there)

    def close(self, *, wait: float) -> None:
        """Bring what can still be brought in `wait` seconds; the rest waits in the store."""
        if self.courier is not None:
            with suppress(DBAPIError):  # the database is down
                if self._addresses.sinks and wait:
                    self.courier.flush(wait)
            self.courier.close()

    def letters(self, before: Event | None, after: Event) -> Sequence[Mapping[str, Any]]:
        """Rows of the outbox for an event as it was (None for a new one) and as it is."""
        change = "opened" if before is None else after.state
        if before is not None and (before.state == after.state or change not in ("acknowledged", "closed")):
            return ()
        at = self._clock.wall()
        message = message_of(after, change, record=record_of(after), at=at, picture=self._picture(after))  # type: ignore[arg-type]
        return [letter_row(message, sink, at) for sink in self._addresses.of_event(after, self._rules)]

    def escalate(self) -> None:
        """Tell further people of what has been open for too long."""
        if self._store is None or not self._escalators:
            return
        standing = self._store.events(camera=list(self._rules.cameras), state=("open", "acknowledged"))
        for name, escalator in self._escalators.items():
            told = [event for event in standing if name in self._addresses.of_event(event, self._rules)]
            escalator.escalate(told, self._clock.wall())

    def tidy(self) -> None:
        """Forget what was sent so long ago that its events are forgotten, too."""
        if self._outbox is not None and self._rules.keep_days:
            self._outbox.tidy(timedelta(days=self._rules.keep_days))

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """Letters by sink and state; as they were last known while the database is down."""
        try:
            self._counts = self._outbox.counts() if self._outbox is not None else {}
        except DBAPIError:
            return self._counts
        return self._counts

    def _escalated(self, event: Event) -> Message:
        return message_of(
            event, "escalated", record=record_of(event), at=self._clock.wall(), picture=self._picture(event)
        )

    def _picture(self, event: Event) -> Path | None:
        if self._store is None:
            return None
        path = self._store.folder / self._store.shelves.place(event) / "boxes.jpg"
        return path if path.is_file() else None
