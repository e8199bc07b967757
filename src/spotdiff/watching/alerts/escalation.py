"""Telling further people of an event that nobody has acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from spotdiff.errors import OptionError
from spotdiff.params import check, param
from spotdiff.watching.alerts.message import Message
from spotdiff.watching.alerts.outbox import Outbox
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
    """Puts events that stay open into the outbox again, as `escalated`, once for each rule and sink.

    How long an event is open is measured with the monotonic clock from when it is first seen here. Only what it was
    open for before that, as before a restart, is read off the wall.

    Args:
        rules: Whom to tell after how long.
        outbox: Where the messages go; its clock is used.
        tell: Makes the message of an event that is escalated.
    """

    def __init__(self, rules: Sequence[Escalation], outbox: Outbox, tell: Callable[[Event], Message]) -> None:
        self._rules, self._outbox, self._tell = tuple(rules), outbox, tell
        self._since: dict[str, float] = {}
        self._told: set[tuple[str, int]] = set()

    def escalate(self, open_events: Iterable[Event], now: datetime) -> tuple[str, ...]:
        """Tell of what has been open for too long; call it now and then.

        Args:
            open_events: All events that are not closed; those that a person has acknowledged are passed over.
            now: The wall; aware.

        Returns:
            The ids of the events that were put into the outbox.
        """
        seconds = self._outbox.clock.seconds()
        standing = {event.id: event for event in open_events if event.state == "open"}
        self._since = {
            name: self._since.get(name, seconds - max((now - event.confirmed).total_seconds(), 0.0))
            for name, event in standing.items()
        }
        self._told = {told for told in self._told if told[0] in standing}
        return tuple(name for name, event in standing.items() if self._tell_of(event, seconds - self._since[name]))

    def _tell_of(self, event: Event, age: float) -> bool:
        added = 0
        for number, rule in enumerate(self._rules):
            if age >= rule.after and (event.id, number) not in self._told:
                added += self._outbox.put(self._tell(event), rule.to)
                self._told.add((event.id, number))
        return added > 0
