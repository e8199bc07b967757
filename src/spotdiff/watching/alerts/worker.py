"""Takes deliveries from the alert queue to the sinks: to each in order, none held up by another.

While a sink is down it is tried again after a pause that grows. How long to wait is measured with the monotonic clock.
The wall's `due` is read only when a delivery is first met, as after a restart, and believed no further than the pause
it can have had: a stepped clock delays nothing for longer.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from spotdiff.errors import OptionError
from spotdiff.http_delivery import backoff, one_line
from spotdiff.watching.alerts.message import Message
from spotdiff.watching.alerts.queue import AlertQueue, Delivery
from spotdiff.watching.alerts.sink import Closes, Opens, Sink, SinkDown

GIVE_UP = 2 * 24 * 3600.0
LONGEST_ASKED = 3600.0  # seconds that a sink may ask to be left alone for
PATIENCE = 3600.0  # seconds that a sink must have been seen down before anything dies: the wall alone may be wrong
MOST_HUNG = 3  # calls that never came back, beyond which a sink is not called until one of them does
TRIES_WITH_PICTURE = 10  # after which the picture is thought to be what the sink does not take
_AFTER_TROUBLE = 1.0  # seconds until a database that could not be used is tried again


class DeliveryWorker:
    """Delivers in a thread of its own, from `with` (or `start`) to the end of the block (or `close`).

    Everything is delivered at least once, in the order put for each sink. Only what was under way when the process
    died, or whose answer came too late, is sent twice, with the same key. One queue has one worker.

    Args:
        queue: Where the deliveries wait; its clock is used.
        sinks: Where they go. They are opened, and closed in the end.
        timeout: Seconds that a sink may take for one delivery.
        give_up: Seconds after which what cannot be delivered is dead.
        poll: Seconds after which the queue is looked into at the latest; it also tells of what others put.

    Raises:
        OptionError: two sinks have one name.
    """

    def __init__(
        self,
        queue: AlertQueue,
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
        self._queue, self._poll = queue, poll
        self._woken, self._passed = threading.Event(), threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        policy = RetryPolicy(timeout, give_up, random.SystemRandom().random)
        self._channels = [SinkChannel(sink, queue, policy, self.wake) for sink in sinks]
        self._trouble = ""

    @property
    def trouble(self) -> str:
        """Why deliveries could not be looked up or noted when that was last tried, in one line; "" when they could."""
        return self._trouble

    def start(self) -> None:
        """Open the sinks and begin to deliver.

        Raises:
            ValueError: it has been started before.
        """
        if self._thread is not None:
            raise ValueError("a worker is started once")
        for channel in self._channels:
            if isinstance(channel.sink, Opens):
                channel.sink.open()
        self._queue.listen(self.wake)
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Have the queue looked into now."""
        self._woken.set()

    def flush(self, timeout: float) -> bool:
        """Wait until nothing waits for the sinks any more.

        Args:
            timeout: Real seconds to wait at most.

        Returns:
            False when something still waits.

        Raises:
            ValueError: the worker does not run.
        """
        if self._thread is None or self._stopping:
            raise ValueError("a worker delivers only between start and close")
        end = time.monotonic() + timeout
        while not self._queue.idle(self._names):
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.wake()
            with self._passed:
                self._passed.wait(min(left, self._poll))
        return True

    def close(self, *, grace: float = 2.0) -> None:
        """Stop, and close the sinks; what waits is delivered by the next worker.

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
            threading.Thread(target=channel.sink.close, name=f"close {channel.sink.name}", daemon=True)
            for channel in self._channels
            if isinstance(channel.sink, Closes)
        ]
        for closer in closers:
            closer.start()
        end = time.monotonic() + grace
        for closer in closers:
            closer.join(max(end - time.monotonic(), 0.0))

    def __enter__(self) -> DeliveryWorker:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            for channel in self._channels:
                try:
                    used = channel.step()
                except Exception as error:  # whatever it is, the other channels go on, and this one tries again
                    self._trouble = one_line(str(error))
                    channel.rest(_AFTER_TROUBLE)
                else:
                    self._trouble = "" if used else self._trouble
            with self._passed:
                self._passed.notify_all()
            self._woken.wait(self._poll)

    def _settle_all(self, end: float) -> None:
        """Note what sinks answer until `end`: what they took and nobody noted would be sent again."""
        while any(channel.busy for channel in self._channels):
            self._woken.clear()
            for channel in self._channels:
                try:
                    channel.settle()
                except SQLAlchemyError as error:
                    self._trouble = one_line(str(error))
            left = end - time.monotonic()
            if left <= 0 or not any(channel.busy for channel in self._channels):
                return
            self._woken.wait(min(left, self._poll))


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long everything may take.

    Attributes:
        timeout: Seconds that a sink may take for one delivery.
        give_up: Seconds after which what cannot be delivered is dead.
        random: Gives numbers from 0 to 1 for the jitter of pauses.
    """

    timeout: float
    give_up: float
    random: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A delivery handed to its sink, in a thread of its own.

    Attributes:
        delivery: What was handed over.
        answer: Done when the sink has returned; its exception is why it could not take the message.
        deadline: When it is given up, on the monotonic clock.
    """

    delivery: Delivery
    answer: Future[None]
    deadline: float


class SinkChannel:
    """The way to one sink: one delivery at a time, in order. Only one thread may use it.

    Args:
        sink: Where they go.
        queue: Where they wait.
        policy: How long everything may take.
        wake: Called from another thread when the sink has answered.
    """

    def __init__(self, sink: Sink, queue: AlertQueue, policy: RetryPolicy, wake: Callable[[], None]) -> None:
        self.sink = sink
        self._queue, self._policy, self._wake = queue, policy, wake
        self._clock = queue.clock
        self._attempt: Attempt | None = None
        self._hung: list[Attempt] = []
        self._ready_at = float("-inf")
        self._head_id = -1
        self._failures = 0
        self._down_since: float | None = None

    @property
    def busy(self) -> bool:
        """Whether a delivery has been handed over and not yet been settled."""
        return self._attempt is not None

    @property
    def failures(self) -> int:
        """How many tries in a row have failed."""
        return self._failures

    def step(self) -> bool:
        """Settle what has been answered, give up what hangs, and hand over the next delivery if it is due.

        Returns:
            Whether the database was used.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database cannot be used; the step can be made again.
        """
        settled = self.settle()
        if self._attempt is not None or self._clock.seconds() < self._ready_at:
            return settled
        delivery = self._queue.head(self.sink.name)
        if delivery is not None and self._due(delivery):
            self._hand_over(delivery)
        return True

    def settle(self) -> bool:
        """Note what became of the delivery that was handed over, if that is known; whether it is."""
        attempt = self._attempt
        if attempt is None:
            return False
        if attempt.answer.done():
            self._note_result(attempt.delivery, attempt.answer.exception())
        elif self._clock.seconds() >= attempt.deadline:
            self._note_result(attempt.delivery, SinkDown(f"gave no answer within {self._policy.timeout:g} s"))
            self._hung.append(attempt)
        else:
            return False
        self._attempt = None
        return True

    def rest(self, seconds: float) -> None:
        """Look for no delivery for some seconds."""
        self._ready_at = max(self._ready_at, self._clock.seconds() + seconds)

    def _due(self, delivery: Delivery) -> bool:
        """Whether a delivery may be tried now: one met for the first time may still pause from before a restart."""
        if delivery.id != self._head_id:
            self._head_id = delivery.id
            if delivery.tries:
                left = (delivery.due - self._clock.wall()).total_seconds()
                self.rest(min(max(left, 0.0), backoff(delivery.tries, 1.0)))
        return self._clock.seconds() >= self._ready_at

    def _hand_over(self, delivery: Delivery) -> None:
        late = [attempt for attempt in self._hung if attempt.answer.done()]
        self._hung = [attempt for attempt in self._hung if not attempt.answer.done()]
        if any(attempt.delivery.id == delivery.id and attempt.answer.exception() is None for attempt in late):
            self._note_result(delivery, None)  # the sink took it after all, only too late to be waited for
            self._wake()
            return
        if len(self._hung) >= MOST_HUNG:
            self._note_result(delivery, SinkDown("is still busy with earlier messages that it gave no answer to"))
            return
        answer: Future[None] = Future()
        answer.add_done_callback(lambda _: self._wake())
        message = delivery.message
        if delivery.tries >= TRIES_WITH_PICTURE and message.picture is not None:
            message = replace(message, picture=None, text=f"{message.text} (its picture could not be sent)")
        self._attempt = Attempt(delivery, answer, self._clock.seconds() + self._policy.timeout)
        arguments = (self.sink, message, delivery.key, answer)
        threading.Thread(target=_send, args=arguments, name=f"alert to {self.sink.name}", daemon=True).start()

    def _note_result(self, delivery: Delivery, trouble: BaseException | None) -> None:
        if trouble is None:
            self._queue.mark_sent(delivery)
            self._failures, self._down_since = 0, None
            return
        if isinstance(trouble, SinkDown) and trouble.final:
            self._queue.mark_dead(delivery, reason=str(trouble))
            return
        now, failures = self._clock.seconds(), max(self._failures, delivery.tries) + 1
        asked = (trouble.retry_after if isinstance(trouble, SinkDown) else None) or 0.0
        seconds = max(backoff(failures, self._policy.random()), min(asked, LONGEST_ASKED))
        self._queue.reschedule(delivery, seconds=seconds, reason=str(trouble))
        self._failures = failures
        self._ready_at = max(self._ready_at, now + seconds)
        self._down_since = now if self._down_since is None else self._down_since
        if now - self._down_since >= min(self._policy.give_up, PATIENCE):
            self._queue.expire(self.sink.name, older=self._policy.give_up, reason=str(trouble))


def _send(sink: Sink, message: Message, key: str, answer: Future[None]) -> None:
    """Call the sink; whatever it raises is the answer, as a reason in one line."""
    try:
        sink.send(message, key)
    except SinkDown as down:
        answer.set_exception(down)
    except Exception as error:  # a sink's own mistake must not end its channel
        answer.set_exception(SinkDown(f"{type(error).__name__}: {error}"))
    else:
        answer.set_result(None)
