"""What a watch sees to now and then: the spool, old evidence, steps of the wall clock, escalation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from spotdiff.watching.events import Retention, StoreDown
from spotdiff.watching.events.errors import reason

if TYPE_CHECKING:
    from spotdiff.watching.alerts import Clock
    from spotdiff.watching.alerts.router import AlertRouter
    from spotdiff.watching.events import Store
    from spotdiff.watching.rules import Rules

_OFTEN, _SELDOM = 1.0, 300.0  # seconds between the small and the large rounds
_STEP = 2.0  # seconds that the wall clock may drift between two rounds
_ANY = "store"  # a small fact that every store has
_GB, _MB = 10**9, 10**6


def retention_of(rules: Rules) -> Retention:
    """What the rules say of old evidence."""
    return Retention(rules.keep_days, round(rules.keep_gb * _GB), rules.reserve_mb * _MB)


class Rounds:
    """Makes its rounds when `make` is called often enough.

    Args:
        store: The store.
        post: The messages.
        rules: What is kept how long.
        clock: Measures, and says when.
        escalates: Tell further people of what stays open; a film of long ago is no reason to.
    """

    def __init__(self, store: Store, post: AlertRouter, rules: Rules, clock: Clock, *, escalates: bool = True) -> None:
        self._escalates = escalates
        self._store, self._post, self._rules, self._clock = store, post, rules, clock
        self._offset = self._now_offset()
        self._next = self._next_large = 0.0
        self.database_down = ""  # why the store's database cannot be used; "" when it can

    def make(self) -> bool:
        """Do what is due.

        Returns:
            Whether the small round was made, for others who keep its pace.
        """
        now = self._clock.seconds()
        if now < self._next:
            return False
        self._next = now + _OFTEN
        try:
            self._store.flush()
            self._store.fact(_ANY)  # says whether the database answers; what waits does so in silence
            self._look_at_the_clock()
            if self._escalates:
                self._post.escalate()
            if now >= self._next_large:
                self._next_large = now + _SELDOM
                self._post.forget_sent()
                self._store.enforce(retention_of(self._rules))
            self.database_down = ""
        except StoreDown as down:
            self.database_down = str(down)
        except (DBAPIError, OSError) as error:  # the alert queue has no spool; the folder of evidence may be gone
            self.database_down = reason(error)
        return True

    def _look_at_the_clock(self) -> None:
        offset = self._now_offset()
        step, self._offset = offset - self._offset, offset
        if abs(step) > _STEP:
            self._store.journal("clock", f"the wall clock was set {step:+.0f} s")

    def _now_offset(self) -> float:
        return self._clock.wall().timestamp() - self._clock.seconds()
