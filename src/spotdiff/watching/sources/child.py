"""What runs in a decoding process: frames are read and laid into the ring until the parent has had enough."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from spotdiff.errors import LoadError
from spotdiff.watching.sources.naming import without_secrets
from spotdiff.watching.sources.pace import played
from spotdiff.watching.sources.ring import RingWriter

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from spotdiff.watching.event import Frame
    from spotdiff.watching.sources.task import Pulse, Task

    Reader = Callable[[Task, Pulse], Iterator[Frame]]

FRAME, END, FAILED = b"f", b"e", b"x"  # what a message to the parent begins with; a reason follows FAILED
HEARD = b"h"  # the parent's answer to FRAME
_NAP = 0.2  # seconds between two signs of life while the parent is waited for


def run(task: Task, ring: str, pipe: Connection, watched: Connection) -> None:
    """Read a source to its end; this is all that the process does, and it never returns.

    Args:
        task: What to read, and how.
        ring: Name of the ring that the parent has made.
        pipe: For messages in both directions.
        watched: Comes to its end when the parent is gone, and so does this process.
    """
    _settle(watched)
    try:
        writer = RingWriter(ring)
        outlet = Outlet(writer, pipe, whole=task.whole)
        for frame in played(_frames(task, writer), task.options.speed, writer.beat):
            outlet.give(frame)
        pipe.send_bytes(END)
    except (BrokenPipeError, EOFError, ConnectionResetError):
        pass  # the parent has closed the feed
    except Exception as error:  # nothing else could tell the parent what happened
        kind = "" if isinstance(error, LoadError) else f"{type(error).__name__}: "
        pipe.send_bytes(FAILED + without_secrets(kind + str(error), task.source).encode())
    finally:
        os._exit(0)  # libraries that say farewell to a dead server would wait for its answer


def _settle(watched: Connection) -> None:
    """Make the process quiet on Ctrl-C and on standard error, and short-lived without its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    threading.Thread(target=_end_with, args=(watched,), daemon=True).start()


def _end_with(watched: Connection) -> None:
    watched.poll(None)
    os._exit(1)


def _frames(task: Task, pulse: Pulse) -> Iterator[Frame]:
    reader = _reader_of(task)
    return _again(reader, task, pulse) if task.options.loop else reader(task, pulse)


def _reader_of(task: Task) -> Reader:
    """The reader of a kind of source; only its own libraries are loaded."""
    if task.kind == "folder":
        from spotdiff.watching.sources.folder import folder_frames

        return folder_frames
    if task.kind == "webcam":
        from spotdiff.watching.sources.webcam import webcam_frames

        return webcam_frames
    if task.kind == "stream" and not task.whole:
        from spotdiff.watching.sources.stream import stream_frames

        return stream_frames
    from spotdiff.watching.sources.film import film_frames

    return film_frames


def _again(reader: Reader, task: Task, pulse: Pulse) -> Iterator[Frame]:
    """The frames of a film or folder over and over; each round goes on where the one before ended."""
    step = task.options.every if task.kind == "folder" else 1 / task.options.fps
    number, seconds, shift = 0, 0.0, timedelta()
    while True:
        for frame in reader(task, pulse):
            seconds = frame.seconds + shift.total_seconds()
            yield replace(frame, number=number, seconds=seconds, wall=frame.wall + shift)
            number += 1
        shift = timedelta(seconds=seconds + step)


class Outlet:
    """Hands frames to the parent: every one, or the newest without ever waiting.

    Either way the parent answers each message, so that no more than a few are on their way and the pipe never fills.
    """

    def __init__(self, writer: RingWriter, pipe: Connection, *, whole: bool) -> None:
        self._writer, self._pipe, self._whole = writer, pipe, whole
        self._unheard = 0

    def give(self, frame: Frame) -> None:
        """Lay a frame into the ring, after the parent has taken the one before where every frame counts.

        Raises:
            EOFError, OSError: the parent has closed its end.
        """
        while self._unheard and (self._whole or self._pipe.poll(0)):
            self._hear()
        self._writer.write(frame)
        if self._whole or not self._unheard:
            self._pipe.send_bytes(FRAME)
            self._unheard += 1

    def _hear(self) -> None:
        while not self._pipe.poll(_NAP):
            self._writer.beat()
        self._pipe.recv_bytes()
        self._unheard -= 1
