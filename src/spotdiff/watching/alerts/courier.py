"""Takes letters from the outbox to the sinks, each in order, none held up by another."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from spotdiff.errors import OptionError
from spotdiff.watching.alerts.lane import Lane, Terms
from spotdiff.watching.alerts.outbox import Outbox
from spotdiff.watching.alerts.sink import Closes, Opens, Sink, one_line

GIVE_UP = 2 * 24 * 3600.0
_AFTER_TROUBLE = 1.0  # seconds until a database that could not be used is tried again


class Courier:
    """Delivers in a thread of its own, from `with` (or `start`) to the end of the block (or `close`).

    Every letter is delivered at least once, in the order put for each sink. Only a letter that was under way when
    the process died, or whose answer came too late, is sent twice, with the same key. One outbox has one courier.

    Args:
        outbox: Where the letters wait; its clock is used.
        sinks: Where they go. They are opened, and closed in the end.
        timeout: Seconds that a sink may take for one letter.
        give_up: Seconds after which a letter that cannot be delivered is dead.
        poll: Seconds after which the outbox is looked into at the latest; it also tells of what others put.

    Raises:
        OptionError: two sinks have one name.
    """

    def __init__(
        self,
        outbox: Outbox,
        sinks: Sequence[Sink],
        *,
        timeout: float = 60.0,
        give_up: float = GIVE_UP,
        poll: float = 0.5,
    ) -> None:
        self._names = [sink.name for sink in sinks]
        twice = {name for name in self._names if self._names.count(name) > 1}
        if twice:
            raise OptionError(
                f"every sink needs a name of its own, but there are several of {', '.join(sorted(twice))}"
            )
        self._outbox, self._poll = outbox, poll
        self._woken, self._passed = threading.Event(), threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        terms = Terms(timeout, give_up, random.SystemRandom().random)
        self._lanes = [Lane(sink, outbox, terms, self.wake) for sink in sinks]
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why letters could not be looked up or noted when that was last tried, in one line; "" when they could."""
        return self._trouble

    @property
    def down(self) -> tuple[str, ...]:
        """The sinks whose last try failed."""
        return tuple(lane.sink.name for lane in self._lanes if lane.failures)

    def start(self) -> None:
        """Open the sinks and begin to deliver.

        Raises:
            ValueError: it has been started before.
        """
        if self._thread is not None:
            raise ValueError("a courier is started once")
        for lane in self._lanes:
            if isinstance(lane.sink, Opens):
                lane.sink.open()
        self._outbox.listen(self.wake)
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Have the outbox looked into now."""
        self._woken.set()

    def flush(self, timeout: float) -> bool:
        """Wait until nothing waits for the sinks any more.

        Args:
            timeout: Real seconds to wait at most.

        Returns:
            False when something still waits.

        Raises:
            ValueError: the courier does not run.
        """
        if self._thread is None or self._stopping:
            raise ValueError("a courier delivers only between start and close")
        end = time.monotonic() + timeout
        while not self._outbox.idle(self._names):
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.wake()
            with self._passed:
                self._passed.wait(min(left, self._poll))
        return True

    def close(self, *, grace: float = 2.0) -> None:
        """Stop, and close the sinks; what waits is delivered by the next courier.

        Args:
            grace: Real seconds that sinks have to answer for what they were handed, and again to close.
        """
        if self._thread is None or self._stopping:
            return
        self._stopping = True
        self.wake()
        self._thread.join()
        self._settle_all(time.monotonic() + grace)
        closers = [
            threading.Thread(target=lane.sink.close, name=f"close {lane.sink.name}", daemon=True)
            for lane in self._lanes
            if isinstance(lane.sink, Closes)
        ]
        for closer in closers:
            closer.start()
        end = time.monotonic() + grace
        for closer in closers:
            closer.join(max(end - time.monotonic(), 0.0))

    def __enter__(self) -> Courier:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            for lane in self._lanes:
                self._step(lane)
            with self._passed:
                self._passed.notify_all()
            self._woken.wait(self._poll)

    def _step(self, lane: Lane) -> None:
        try:
            used = lane.step()
        except Exception as error:  # whatever it is, the other lanes go on, and this one tries again
            self._trouble = one_line(str(error))
            lane.rest(_AFTER_TROUBLE)
        else:
            self._trouble = "" if used else self._trouble

    def _settle_all(self, end: float) -> None:
        """Note what sinks answer until `end`: what they took and nobody noted would be sent again."""
        while any(lane.busy for lane in self._lanes):
            self._woken.clear()
            for lane in self._lanes:
                try:
                    lane.settle()
                except SQLAlchemyError as error:
                    self._trouble = one_line(str(error))
            left = end - time.monotonic()
            if left <= 0 or not any(lane.busy for lane in self._lanes):
                return
            self._woken.wait(min(left, self._poll))
