"""From an event to the people it concerns: who is told of what, in the same transaction that stores the event."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from spotdiff.errors import OptionError
from spotdiff.params import hint
from spotdiff.watching.alerts import (
    AlertQueue,
    DeliveryWorker,
    Escalation,
    Escalator,
    Introduces,
    SystemClock,
    make_sink,
    message_of,
)
from spotdiff.watching.alerts.queue import delivery_row
from spotdiff.watching.events.evidence import event_folder
from spotdiff.watching.rules.schedule import seconds_of
from spotdiff.watching.texts import record_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotdiff.watching.alerts import Message, Sink
    from spotdiff.watching.alerts.message import Change
    from spotdiff.watching.event import Event
    from spotdiff.watching.events import Store
    from spotdiff.watching.rules import Rules

_AFTER, _TO = "escalate_after", "escalate_to"


@dataclass(frozen=True, slots=True)
class Routes:
    """Whom the rules name.

    Attributes:
        sinks: Everyone, by name.
        escalations: Who else is told of what a sink was told and nobody has acknowledged, by the sink's name.
    """

    sinks: Mapping[str, Sink]
    escalations: Mapping[str, Escalation]

    @classmethod
    def from_rules(cls, rules: Rules) -> Routes:
        """Make the sinks that the rules name.

        Raises:
            OptionError: a sink cannot be made of its settings, or one that is escalated to is none.
        """
        sinks, escalations = {}, {}
        for name, fields in rules.sinks.items():
            settings = dict(fields)
            after, further = settings.pop(_AFTER, None), settings.pop(_TO, ())
            sinks[name] = make_sink(name, settings)
            if after is None and not further:
                continue
            try:
                escalations[name] = _escalation(after, further, tuple(rules.sinks))
            except OptionError as error:
                raise OptionError(f"sink {name}: {error}") from None
        return cls(sinks, escalations)

    def sinks_of(self, event: Event, rules: Rules) -> list[str]:
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


class AlertRouter:
    """Queues the alerts of a store's events, which a worker delivers from `open` to `close`.

    Args:
        rules: Who is told of what.
        routes: The sinks.
    """

    def __init__(self, rules: Rules, routes: Routes) -> None:
        self._rules, self._routes = rules, routes
        self._clock = SystemClock()
        self._queue: AlertQueue | None = None
        self._store: Store | None = None
        self._escalators: dict[str, Escalator] = {}
        self.worker: DeliveryWorker | None = None
        self._counts: Mapping[tuple[str, str], int] = {}

    def open(self, store: Store) -> None:
        """Begin to deliver what is in the store's queue, and introduce every camera to the sinks that want to know."""
        self._store = store
        self._queue = AlertQueue(store.engine, self._clock)
        for name, escalation in self._routes.escalations.items():
            self._escalators[name] = Escalator(
                [escalation], self._queue, lambda event: self._message(event, "escalated")
            )
        self.worker = DeliveryWorker(self._queue, list(self._routes.sinks.values()))
        self.worker.start()
        curious = [sink for sink in self._routes.sinks.values() if isinstance(sink, Introduces)]
        for camera in self._rules.cameras if curious else ():
            zones = [zone.name for zone in self._rules.zones_of(camera)]
            open_events = store.events(camera=camera, state=("open", "acknowledged"))
            for sink in curious:
                sink.introduce(camera, zones, open_events)

    def close(self, *, wait: float) -> None:
        """Deliver what can still be delivered in `wait` seconds; the rest waits in the store."""
        if self.worker is not None:
            with suppress(DBAPIError):  # the database is down
                if self._routes.sinks and wait:
                    self.worker.flush(wait)
            self.worker.close()

    def deliveries(self, before: Event | None, after: Event) -> Sequence[Mapping[str, Any]]:
        """Rows of the alert queue for an event as it was (None for a new one) and as it is."""
        if before is None:
            change: Change = "opened"
        elif before.state != after.state and after.state != "open":
            change = after.state
        else:
            return ()
        message = self._message(after, change)
        return [delivery_row(message, sink, message.at) for sink in self._routes.sinks_of(after, self._rules)]

    def escalate(self) -> None:
        """Tell further people of what has been open for too long."""
        if self._store is None or not self._escalators:
            return
        open_events = self._store.events(camera=list(self._rules.cameras), state=("open", "acknowledged"))
        for name, escalator in self._escalators.items():
            concerned = [event for event in open_events if name in self._routes.sinks_of(event, self._rules)]
            escalator.escalate(concerned, self._clock.wall())

    def forget_sent(self) -> None:
        """Forget what was sent so long ago that its events are forgotten, too."""
        if self._queue is not None and self._rules.keep_days:
            self._queue.forget_sent(timedelta(days=self._rules.keep_days))

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """Deliveries by sink and state; as they were last known while the database is down."""
        with suppress(DBAPIError):
            self._counts = self._queue.counts() if self._queue is not None else {}
        return self._counts

    def _message(self, event: Event, change: Change) -> Message:
        picture = None if self._store is None else self._store.folder / event_folder(event) / "boxes.jpg"
        if picture is not None and not picture.is_file():
            picture = None
        return message_of(event, change, record=record_of(event), at=self._clock.wall(), picture=picture)
