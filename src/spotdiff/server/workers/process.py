"""The process that compares: it is sent one job at a time, and ends with the server."""

from __future__ import annotations

import os
import queue
import signal
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.errors import SpotdiffError
from spotdiff.server.store.jobs import Answer, Stored

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


@dataclass(frozen=True, slots=True)
class Task:
    """A job as it is sent to a worker; without `before` the picture is only read."""

    id: str
    before: Stored | None
    after: Stored
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """What a worker says as it begins a step of a job: one of `spotdiff.types.STEPS`, or `write`."""

    name: str


@dataclass(frozen=True, slots=True)
class Failure:
    """What a worker says of a job that cannot be done.

    Attributes:
        status, detail: What the client is told.
        trace: Where a fault of our own happened, for the server's log; else "".
    """

    status: int
    detail: str
    trace: str = ""


def work(connection: Connection, data: Path, megapixels: float) -> None:
    """Take tasks from a connection and send back what came of each, until its other end is closed."""
    import cv2

    for number in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group; the server decides when this ends
        signal.signal(number, signal.SIG_IGN)
    cv2.setNumThreads(1)
    tasks: queue.Queue[Task] = queue.Queue()
    threading.Thread(target=_read, args=(connection, tasks), daemon=True).start()
    while True:
        connection.send(_done(tasks.get(), data, megapixels, lambda step: connection.send(Step(step))))


def _read(connection: Connection, tasks: queue.Queue[Task]) -> None:
    """Hand on what comes; without a server there is nobody to work for, whatever is being done."""
    try:
        while True:
            tasks.put(connection.recv())
    except (EOFError, OSError):
        os._exit(1)


def _done(task: Task, data: Path, megapixels: float, entered: Callable[[str], None]) -> Answer | Failure | None:
    try:
        return _compared(task, data, megapixels, entered)
    except SpotdiffError as error:
        return Failure(422, str(error))
    except MemoryError:
        return Failure(422, "not enough memory; send smaller pictures")
    except OSError as error:
        return Failure(507, f"the answer cannot be kept: {error.strerror or 'a file cannot be written'}")
    except Exception:  # a fault of our own is the same at every try
        return Failure(500, "the comparison failed; the server's log says how", traceback.format_exc())


def _compared(task: Task, data: Path, megapixels: float, entered: Callable[[str], None]) -> Answer | None:
    from spotdiff.image.load import load_pair, load_picture
    from spotdiff.image.source import Coded
    from spotdiff.methods import get_method
    from spotdiff.pipeline import Clock, compare_pair
    from spotdiff.server.api.request_options import make_options
    from spotdiff.server.api.request_shapes import with_mask
    from spotdiff.server.api.uploads import picture_path
    from spotdiff.server.learn.weights import with_weights
    from spotdiff.server.store.answer_files import write_answer, write_picture

    def coded(stored: Stored, side: str) -> Coded:
        return Coded(picture_path(data, stored.sha256).read_bytes(), stored.name or side)

    options = with_weights(make_options(task.options, megapixels=megapixels), task.options, data)
    after, clock = coded(task.after, "after"), Clock(entered=entered)
    if task.before is None:
        with clock("load"):
            picture = load_picture(after, options=options)
        write_picture(picture, task.id, data)
        return None
    with clock("load"):
        before = coded(task.before, "before")
        options = with_mask(options, task.options, before)
        pair = load_pair(before, after, options=options)
    comparison = compare_pair(pair, get_method(options.method, options.settings), options, clock=clock)
    entered("write")
    write_answer(comparison, task.id, data, digests=(task.before.sha256, task.after.sha256))
    return Answer(comparison.verdict, comparison.score, len(comparison.likely), comparison.text)
