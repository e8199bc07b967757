"""A decoding process from both sides: its parent starts it, listens to it and kills it; it lays frames into a ring."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context, resource_tracker
from typing import TYPE_CHECKING

from spotdiff.end_with_parent import end_with_parent
from spotdiff.errors import LoadError
from spotdiff.video.frame_rate import played
from spotdiff.video.ring_buffer import RingReader, RingWriter
from spotdiff.video.source_names import without_secrets

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from spotdiff.video.ring_buffer import RingAddress, RingFrame
    from spotdiff.video.values import Frame, Heartbeat, Task

    Reader = Callable[[Task, Heartbeat], Iterator[Frame]]

_FRAME, _END, _FAILED = b"f", b"e", b"x"  # what a message to the parent begins with; a reason follows _FAILED
_TAKEN = b"t"  # the parent's answer to _FRAME
_REAPED = 1.0  # seconds that a killed process is waited for; one that the system cannot end is left to it
_TRIES = 5  # to copy a frame before a newer one takes its place
_NAP = 0.2  # seconds between two signs of life while the parent is waited for


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
        watched, self._lifeline = context.Pipe(duplex=False)
        self._process = context.Process(target=decode, args=(task, self.ring.address, theirs, watched), daemon=True)
        self.started = time.monotonic()
        try:
            with _signals_blocked():
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

    @property
    def has_frame(self) -> bool:
        """True while a frame can be taken; one that a process stopped in the middle of cannot."""
        return self.ring.last > self.given and (self.done or not self.ring.stuck)

    def wait(self, seconds: float) -> None:
        """Wait until the process sends a message, but no longer than so."""
        if self.done:
            return
        self._pipe.poll(seconds)

    def receive(self) -> None:
        """Take note of all messages that the process has sent."""
        try:
            while not self.done and self._pipe.poll(0):
                self._note(self._pipe.recv_bytes())
        except (EOFError, OSError):
            self._note_death()

    def _note(self, message: bytes) -> None:
        if message.startswith(_FAILED):
            self.trouble = message[len(_FAILED) :].decode(errors="replace") or "it failed"
        elif message == _END:
            self.ended = True
        elif not self._whole:
            self._answer()

    def _note_death(self) -> None:
        self._process.join(_REAPED)
        self.ring.writer_is_gone = True
        code = self._process.exitcode
        self.crashed = code is not None and code < 0
        how = f"exit status {code}"
        if code is not None and code < 0:
            names = {number.value: number.name for number in signal.Signals}
            how = f"signal {names.get(-code, -code)}"
        self.trouble = f"the decoding process died ({how})"

    def take(self) -> RingFrame | None:
        """The next frame where every frame counts, else the newest; None if there is none that was not yet taken."""
        for _ in range(_TRIES):
            last = self.ring.last
            if last <= self.given:
                break
            number = self.given + 1 if self._whole else last
            frame = self.ring.read(number)
            if frame is not None:
                self.given = number
                if self._whole:
                    self._answer()
                return frame
            if self.ring.stuck:
                break
        return None

    def _answer(self) -> None:
        with suppress(OSError):  # that it has ended is received next
            self._pipe.send_bytes(_TAKEN)

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
        self._lifeline.close()
        self.ring.remove()


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Hold back what ends a watch: the new process inherits that, and does not die of a Ctrl-C before it is set up."""
    resource_tracker.ensure_running()  # starting it lets these signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def decode(task: Task, ring: RingAddress, pipe: Connection, watched: Connection) -> None:
    """Read a source to its end; this is all that the process does, and it never returns.

    Args:
        task: What to read, and how.
        ring: The ring that the parent has made.
        pipe: For messages in both directions.
        watched: Comes to its end when the parent is gone, and so does this process.
    """
    # quiet on Ctrl-C and on standard error, and short-lived without its parent
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    end_with_parent(watched)
    try:
        writer = RingWriter(ring)
        sender = FrameSender(writer, pipe, whole=task.whole)
        for frame in played(_reader_of(task)(task, writer), task.options.speed, writer.beat):
            sender.send(frame)
        pipe.send_bytes(_END)
    except (BrokenPipeError, EOFError, ConnectionResetError):
        pass  # the parent has closed the feed
    except Exception as error:  # nothing else could tell the parent what happened
        kind = "" if isinstance(error, LoadError) else f"{type(error).__name__}: "
        pipe.send_bytes(_FAILED + without_secrets(kind + str(error), task.source).encode())
    finally:
        os._exit(0)  # libraries that say farewell to a dead server would wait for its answer


def _reader_of(task: Task) -> Reader:
    """The reader of a kind of source; only its own libraries are loaded."""
    if task.kind == "folder":
        from spotdiff.video.folders import folder_frames

        return folder_frames
    if task.kind == "webcam":
        from spotdiff.video.webcams import webcam_frames

        return webcam_frames
    if task.kind == "stream" and not task.whole:
        from spotdiff.video.films import stream_frames

        return stream_frames
    from spotdiff.video.films import film_frames

    return film_frames


class FrameSender:
    """Hands frames to the parent: every one, or the newest without ever waiting.

    Either way the parent answers each message, so that no more than a few are on their way and the pipe never fills.
    """

    def __init__(self, writer: RingWriter, pipe: Connection, *, whole: bool) -> None:
        self._writer, self._pipe, self._whole = writer, pipe, whole
        self._pending = 0

    def send(self, frame: Frame) -> None:
        """Lay a frame into the ring, after the parent has taken the one before where every frame counts.

        Raises:
            EOFError, OSError: the parent has closed its end.
        """
        while self._pending and (self._whole or self._pipe.poll(0)):
            self._wait_for_answer()
        self._writer.write(frame)
        if self._whole or not self._pending:
            self._pipe.send_bytes(_FRAME)
            self._pending += 1

    def _wait_for_answer(self) -> None:
        while not self._pipe.poll(_NAP):
            self._writer.beat()
        self._pipe.recv_bytes()
        self._pending -= 1
