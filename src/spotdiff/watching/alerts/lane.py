"""The way to one sink: one letter at a time, in order, again after a pause that grows while the sink is down.

How long to wait is measured with the monotonic clock. The wall's `due` is read only when a letter is first met, as
after a restart, and believed no further than the pause it can have had: a stepped clock delays nothing for longer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from spotdiff.watching.alerts.message import Message
from spotdiff.watching.alerts.outbox import Letter, Outbox
from spotdiff.watching.alerts.sink import Sink, SinkDown

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 600.0  # seconds between two tries
LONGEST_ASKED = 3600.0  # seconds that a sink may ask to be left alone for
JITTER = 0.25  # of a pause, so that many watches do not fall upon a server together when it is back
PATIENCE = 3600.0  # seconds that a sink must have been seen down before anything dies: the wall alone may be wrong
MOST_HUNG = 3  # calls that never came back, beyond which a sink is not called until one of them does
WITHOUT_PICTURE = 10  # tries after which the picture is thought to be what the sink does not take


@dataclass(frozen=True, slots=True)
class Terms:
    """How letters are delivered.

    Attributes:
        timeout: Seconds that a sink may take for one letter.
        give_up: Seconds after which a letter that cannot be delivered is dead.
        dice: Gives numbers from 0 to 1 for the jitter of pauses.
    """

    timeout: float
    give_up: float
    dice: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Call:
    """A letter handed to a sink, in a thread of its own.

    Attributes:
        letter: What was handed over.
        answer: Done when the sink has returned; its exception is why it could not take the letter.
        deadline: When it is given up, on the monotonic clock.
    """

    letter: Letter
    answer: Future[None]
    deadline: float


class Lane:
    """The letters of one sink. Only one thread may use it.

    Args:
        sink: Where they go.
        outbox: Where they wait.
        terms: How long everything may take.
        wake: Called from another thread when the sink has answered.
    """

    def __init__(self, sink: Sink, outbox: Outbox, terms: Terms, wake: Callable[[], None]) -> None:
        self.sink = sink
        self._outbox, self._terms, self._wake = outbox, terms, wake
        self._clock = outbox.clock
        self._call: Call | None = None
        self._hung: list[Call] = []
        self._ready = float("-inf")
        self._met = -1
        self._failures = 0
        self._down_since: float | None = None

    @property
    def busy(self) -> bool:
        """Whether a letter has been handed over and not yet been settled."""
        return self._call is not None

    @property
    def failures(self) -> int:
        """How many tries in a row have failed."""
        return self._failures

    def step(self) -> bool:
        """Settle what has been answered, give up what hangs, and hand over the next letter if it is due.

        Returns:
            Whether the database was used.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database cannot be used; the step can be made again.
        """
        settled = self.settle()
        if self._call is not None or self._clock.seconds() < self._ready:
            return settled
        letter = self._outbox.head(self.sink.name)
        if letter is not None and self._due(letter):
            self._hand_over(letter)
        return True

    def settle(self) -> bool:
        """Note what became of the letter that was handed over, if that is known; whether it is."""
        call = self._call
        if call is None:
            return False
        if call.answer.done():
            self._note(call.letter, call.answer.exception())
        elif self._clock.seconds() >= call.deadline:
            self._note(call.letter, SinkDown(f"gave no answer within {self._terms.timeout:g} s"))
            self._hung.append(call)
        else:
            return False
        self._call = None
        return True

    def rest(self, seconds: float) -> None:
        """Look for no letter for some seconds."""
        self._ready = max(self._ready, self._clock.seconds() + seconds)

    def _due(self, letter: Letter) -> bool:
        """Whether a letter may be tried now: one met for the first time may still pause from before a restart."""
        if letter.id != self._met:
            self._met = letter.id
            if letter.tries:
                left = (letter.due - self._clock.wall()).total_seconds()
                self.rest(min(max(left, 0.0), pause(letter.tries, 1.0)))
        return self._clock.seconds() >= self._ready

    def _hand_over(self, letter: Letter) -> None:
        late = [call for call in self._hung if call.answer.done()]
        self._hung = [call for call in self._hung if not call.answer.done()]
        if any(call.letter.id == letter.id and call.answer.exception() is None for call in late):
            self._note(letter, None)  # the sink took it after all, only too late to be waited for
            self._wake()
        elif len(self._hung) >= MOST_HUNG:
            self._note(letter, SinkDown("is still busy with earlier messages that it gave no answer to"))
        else:
            self._call = self._begin(letter)

    def _begin(self, letter: Letter) -> Call:
        answer: Future[None] = Future()
        answer.add_done_callback(lambda _: self._wake())
        message = letter.message
        if letter.tries >= WITHOUT_PICTURE and message.picture is not None:
            message = replace(message, picture=None, text=f"{message.text} (its picture could not be sent)")
        call = Call(letter, answer, self._clock.seconds() + self._terms.timeout)
        work = (self.sink, message, letter.key, answer)
        threading.Thread(target=_send, args=work, name=f"alert to {self.sink.name}", daemon=True).start()
        return call

    def _note(self, letter: Letter, trouble: BaseException | None) -> None:
        if trouble is None:
            self._outbox.mark_sent(letter)
            self._failures, self._down_since = 0, None
            return
        if isinstance(trouble, SinkDown) and trouble.final:
            self._outbox.bury(letter, reason=str(trouble))
            return
        now, failures = self._clock.seconds(), max(self._failures, letter.tries) + 1
        asked = (trouble.retry_after if isinstance(trouble, SinkDown) else None) or 0.0
        seconds = max(pause(failures, self._terms.dice()), min(asked, LONGEST_ASKED))
        self._outbox.put_off(letter, seconds=seconds, reason=str(trouble))
        self._failures = failures
        self._ready = max(self._ready, now + seconds)
        self._give_up(str(trouble), now)

    def _give_up(self, reason: str, now: float) -> None:
        self._down_since = now if self._down_since is None else self._down_since
        if now - self._down_since >= min(self._terms.give_up, PATIENCE):
            self._outbox.give_up(self.sink.name, older=self._terms.give_up, reason=reason)


def pause(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures in a row: 1, 2, 4, ... 600, a quarter more or less by `chance` (0 to 1).

    Examples:
        >>> pause(1, 0.5), pause(4, 0.5), pause(4, 1.0), pause(50, 1.0)
        (1.0, 8.0, 10.0, 600.0)
    """
    exact = FIRST_PAUSE * 2.0 ** min(failures - 1, 32)
    return min(max(exact * (1 - JITTER + 2 * JITTER * chance), FIRST_PAUSE), LONGEST_PAUSE)


def _send(sink: Sink, message: Message, key: str, answer: Future[None]) -> None:
    """Call the sink; whatever it raises is the answer, as a reason in one line."""
    try:
        sink.send(message, key)
    except SinkDown as down:
        answer.set_exception(down)
    except Exception as error:  # a sink's own mistake must not end its lane
        answer.set_exception(SinkDown(f"{type(error).__name__}: {error}"))
    else:
        answer.set_result(None)
