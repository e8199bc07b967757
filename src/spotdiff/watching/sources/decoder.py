"""A decoding process as its parent holds it: started, listened to, and killed without asking."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from typing import TYPE_CHECKING

from spotdiff.watching.sources import child
from spotdiff.watching.sources.ring import RingReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotdiff.watching.sources.ring import Taken
    from spotdiff.watching.sources.task import Task

_REAPED = 1.0  # seconds that a killed process is waited for; one that the system cannot end is left to it
_TRIES = 5  # to copy a frame before a newer one takes its place


class Decoder:
    """One decoding process, its ring and its pipes.

    Attributes:
        ended: It has read its source to the end.
        trouble: Why it failed; "" while it has not.
        crashed: A signal has ended it that did not come from here.
        started: When, on the machine's monotonic clock.
        given: Number of the frame taken last, as the process counts; -1 before the first.
    """

    def __init__(self, task: Task) -> None:
        context = get_context("spawn")  # a fork would copy locks that other threads hold
        self.ended, self.trouble, self.crashed, self.given = False, "", False, -1
        self._whole = task.whole
        self.ring = RingReader()
        self._pipe, theirs = context.Pipe()
        watched, self._held = context.Pipe(duplex=False)
        self._process = context.Process(target=child.run, args=(task, self.ring.name, theirs, watched), daemon=True)
        self.started = time.monotonic()
        try:
            with _signals_held():
                self._process.start()
        except BaseException:
            self._close()
            raise
        finally:
            theirs.close()
            watched.close()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self._process.pid

    @property
    def done(self) -> bool:
        """True once it has ended or failed; frames may still lie in its ring."""
        return self.ended or bool(self.trouble)

    def wait(self, seconds: float) -> None:
        """Wait until the process says something, but no longer than so."""
        if self.done:
            return
        self._pipe.poll(seconds)

    def hear(self) -> None:
        """Take note of all that the process has said."""
        try:
            while not self.done and self._pipe.poll(0):
                self._note(self._pipe.recv_bytes())
        except (EOFError, OSError):
            self._note_death()

    def _note(self, message: bytes) -> None:
        if message.startswith(child.FAILED):
            self.trouble = message[len(child.FAILED) :].decode(errors="replace") or "it failed"
        elif message == child.END:
            self.ended = True
        elif not self._whole:
            self._answer()

    def _note_death(self) -> None:
        self._process.join(_REAPED)
        code = self._process.exitcode
        self.crashed = code is not None and code < 0
        how = f"signal {_signal_name(-code)}" if code is not None and code < 0 else f"exit status {code}"
        self.trouble = f"the decoding process died ({how})"

    def take(self) -> Taken | None:
        """The next frame where every frame counts, else the newest; None if there is none that was not yet taken."""
        for _ in range(_TRIES):
            last = self.ring.last
            if last <= self.given:
                break
            number = self.given + 1 if self._whole else last
            taken = self.ring.read(number)
            if taken is not None:
                self.given = number
                if self._whole:
                    self._answer()
                return taken
        return None

    def _answer(self) -> None:
        with suppress(OSError):  # that it has ended is heard next
            self._pipe.send_bytes(child.HEARD)

    def silent_for(self) -> float:
        """Seconds since its last sign of life, or since its start before the first."""
        return time.monotonic() - (self.ring.beat or self.started)

    def kill(self) -> None:
        """End the process at once and remove all that it shared; never waits long."""
        self._process.kill()
        self._process.join(_REAPED)
        self._close()
        if self._process.exitcode is not None:
            self._process.close()

    def _close(self) -> None:
        self._pipe.close()
        self._held.close()
        self.ring.remove()


@contextmanager
def _signals_held() -> Iterator[None]:
    """Hold back what ends a watch: the new process inherits that, and does not die of a Ctrl-C before it is set up."""
    resource_tracker.ensure_running()  # starting it lets these signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
