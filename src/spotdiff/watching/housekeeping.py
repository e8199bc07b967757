"""What a watch does now and then: the spool, old evidence, steps of the wall clock, escalation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from spotdiff.database.failures import reason
from spotdiff.watching.events import Retention, StoreDown

if TYPE_CHECKING:
    from spotdiff.watching.alerts import Clock
    from spotdiff.watching.alerts.router import AlertRouter
    from spotdiff.watching.events import Store
    from spotdiff.watching.rules import Rules

_OFTEN, _SELDOM = 1.0, 300.0  # seconds between the small and the large tasks
_STEP = 2.0  # seconds that the wall clock may drift between two looks at it
_ANY = "store"  # a small fact that every store has
_GB, _MB = 10**9, 10**6


def retention_of(rules: Rules) -> Retention:
    """What the rules say of old evidence."""
    return Retention(rules.keep_days, round(rules.keep_gb * _GB), rules.reserve_mb * _MB)


class Housekeeping:
    """Does what is due when `run_due` is called often enough.

    Args:
        store: The store.
        router: Of the alerts.
        rules: What is kept how long.
        clock: Measures, and says when.
        escalates: Send what stays open to further people; a film of long ago is no reason to.
    """

    def __init__(
        self, store: Store, router: AlertRouter, rules: Rules, clock: Clock, *, escalates: bool = True
    ) -> None:
        self._escalates = escalates
        self._store, self._router, self._rules, self._clock = store, router, rules, clock
        self._offset = self._wall_offset()
        self._next = self._next_large = 0.0
        self.database_down = ""  # why the store's database cannot be used; "" when it can

    def run_due(self) -> bool:
        """Do what is due.

        Returns:
            Whether something was due, for others who keep this pace.
        """
        now = self._clock.seconds()
        if now < self._next:
            return False
        self._next = now + _OFTEN
        try:
            self._store.flush()
            self._store.fact(_ANY)  # says whether the database answers; what waits does so in silence
            self._check_clock()
            if self._escalates:
                self._router.escalate()
            if now >= self._next_large:
                self._next_large = now + _SELDOM
                if self._store.believes_clock():
                    self._router.forget_sent()
                self._store.enforce(retention_of(self._rules))
            self.database_down = ""
        except StoreDown as down:
            self.database_down = str(down)
        except (DBAPIError, OSError) as error:  # the alert queue has no spool; the folder of evidence may be gone
            self.database_down = reason(error)
        return True

    def _check_clock(self) -> None:
        offset = self._wall_offset()
        step, self._offset = offset - self._offset, offset
        if abs(step) > _STEP:
            self._store.journal("clock", f"the wall clock was set {step:+.0f} s")

    def _wall_offset(self) -> float:
        return self._clock.wall().timestamp() - self._clock.seconds()
