"""Telling further people of an event that nobody has acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from spotdiff.errors import OptionError
from spotdiff.params import check, param
from spotdiff.watching.alerts.message import Message
from spotdiff.watching.alerts.queue import AlertQueue
from spotdiff.watching.event import Event


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom to tell of an event that is open and not acknowledged after some time.

    Attributes:
        after: Seconds since the event was confirmed.
        to: Names of sinks.

    Raises:
        OptionError: a value is out of range, or no sink is named.
    """

    after: float = param(600.0, "tell further sinks of what nobody has acknowledged for so long", low=0.0, unit="s")
    to: tuple[str, ...] = param(("",), "sinks that are told")

    def __post_init__(self) -> None:
        check(self)
        if not all(self.to) or not self.to:
            raise OptionError("an escalation needs the names of the sinks to tell: to = [...]")


class Escalator:
    """Puts events that stay open into the queue again, as `escalated`, once for each rule and sink.

    How long an event is open is measured with the monotonic clock from when it is first seen here. Only what it was
    open for before that, as before a restart, is read off the wall.

    Args:
        rules: Whom to tell after how long.
        queue: Where the messages go; its clock is used.
        message_of: Makes the message of an event that is escalated.
    """

    def __init__(self, rules: Sequence[Escalation], queue: AlertQueue, message_of: Callable[[Event], Message]) -> None:
        self._rules, self._queue, self._message_of = tuple(rules), queue, message_of
        self._since: dict[str, float] = {}
        self._escalated: set[tuple[str, int]] = set()  # event and rule

    def escalate(self, open_events: Iterable[Event], now: datetime) -> tuple[str, ...]:
        """Tell of what has been open for too long; call it now and then.

        Args:
            open_events: All events that are not closed; those that a person has acknowledged are passed over.
            now: The wall; aware.

        Returns:
            The ids of the events that were put into the queue.
        """
        seconds = self._queue.clock.seconds()
        unacknowledged = {event.id: event for event in open_events if event.state == "open"}
        self._since = {
            name: self._since.get(name, seconds - max((now - event.confirmed).total_seconds(), 0.0))
            for name, event in unacknowledged.items()
        }
        self._escalated = {pair for pair in self._escalated if pair[0] in unacknowledged}
        escalated = []
        for name, event in unacknowledged.items():
            added = 0
            for number, rule in enumerate(self._rules):
                if seconds - self._since[name] >= rule.after and (name, number) not in self._escalated:
                    added += self._queue.put(self._message_of(event), rule.to)
                    self._escalated.add((name, number))
            if added:
                escalated.append(name)
        return tuple(escalated)
