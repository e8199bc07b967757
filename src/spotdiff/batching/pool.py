"""A job done on many items by worker processes, none of which can end the run by dying."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

from spotdiff.end_with_parent import end_with_parent

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Item = TypeVar("Item")
Result = TypeVar("Result")

_LARGEST_CHUNK = 16  # items handed over at once: what handing over costs is lost in the work, and little is in flight


class Died(Exception):
    """A worker process ended while it had nothing but this item: killed, out of memory, or crashed in native code."""


def each(job: Callable[[Item], Result], items: Sequence[Item], *, workers: int) -> Iterator[tuple[Item, Result | Died]]:
    """Every item with its result, in the order of completion.

    When a worker dies, the items that were in flight are tried again, each alone; the result of one that then takes
    its worker with it is `Died`. When the caller stops, or dies, the workers end at once.

    Args:
        job: A function that can be pickled; what it raises ends the run.
        items: What it is called with.
        workers: Processes; 0 works in this one, where nothing is caught.
    """
    if not workers:
        yield from ((item, job(item)) for item in items)
        return
    size = min(max(len(items) // (4 * workers), 1), _LARGEST_CHUNK)
    waiting = deque(items[start : start + size] for start in range(0, len(items), size))
    while waiting:
        flying: dict[Future[list[Result]], Sequence[Item]] = {}
        try:
            with _pool(workers) as pool:
                yield from _flow(pool, job, waiting, flying, most=2 * workers)
        except BrokenProcessPool:
            yield from _rescued(job, flying)


class Worker:
    """One worker process, which keeps what it has loaded; where an item ends it, the next one has a new one."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._pool: ProcessPoolExecutor | None = None

    def result(self, job: Callable[[Item], Result], item: Item) -> Result | Died:
        """What the job gives for the item; `Died` where it took the process with it. What it raises is raised."""
        if self._pool is None:
            self._pool = self._held.enter_context(_pool(1))
        try:
            return self._pool.submit(job, item).result()
        except BrokenProcessPool:
            self._pool = None
            self._held.close()
            return Died()


def _flow(
    pool: ProcessPoolExecutor,
    job: Callable[[Item], Result],
    waiting: deque[Sequence[Item]],
    flying: dict[Future[list[Result]], Sequence[Item]],
    *,
    most: int,
) -> Iterator[tuple[Item, Result]]:
    """The items with their results; never more than `most` chunks are handed over and not yet back."""
    while waiting or flying:
        while waiting and len(flying) < most:
            future = pool.submit(_chunk, job, waiting[0])
            flying[future] = waiting.popleft()
        for future in wait(flying, return_when=FIRST_COMPLETED).done:
            results = future.result()
            yield from zip(flying.pop(future), results, strict=True)


def _rescued(
    job: Callable[[Item], Result], flying: dict[Future[list[Result]], Sequence[Item]]
) -> Iterator[tuple[Item, Result | Died]]:
    """What was in flight when a worker died: results that had arrived, and the rest tried again one by one."""
    again: deque[Item] = deque()
    for future, chunk in flying.items():
        if future.done() and future.exception() is None:
            yield from zip(chunk, future.result(), strict=True)
        else:
            again.extend(chunk)
    while again:
        try:
            with _pool(1) as pool:
                while again:
                    result = pool.submit(job, again[0]).result()
                    yield again.popleft(), result
        except BrokenProcessPool:
            yield again.popleft(), Died()


def _chunk(job: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [job(item) for item in items]


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose workers end when the block is left early or this process dies: they watch a pipe for its end."""
    context = get_context("spawn")
    watched, held = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_settle, initargs=(watched,))
    try:
        yield pool
        pool.shutdown()
    finally:
        held.close()
        pool.shutdown(cancel_futures=True)
        watched.close()


def _settle(watched: Connection) -> None:
    """Make a worker quiet on Ctrl-C, single-threaded, and short-lived without its parent."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    end_with_parent(watched)
