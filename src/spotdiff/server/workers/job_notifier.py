"""Requests that wait for news of their jobs, woken by the threads that have them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool


class JobNotifier:
    """Who waits for which job; made within the loop of the server."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: dict[str, set[asyncio.Event]] = {}
        self.stopped = False

    def wake(self, name: str) -> None:
        """Wake those who wait for a job; called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, name)

    def stop(self) -> None:
        """Wake all, since the server ends."""
        self.stopped = True
        for name in list(self._events):
            self._wake(name)

    async def wait(self, name: str, is_over: Callable[[], bool], *, seconds: float) -> None:
        """Return when there is news of a job, the time is over, or the server ends.

        Args:
            name: Id of the job.
            is_over: Whether there was news already, asked once in a thread: it may have come before anybody waited.
            seconds: Longest wait.
        """
        event = asyncio.Event()
        self._events.setdefault(name, set()).add(event)
        try:
            if self.stopped or await run_in_threadpool(is_over):
                return
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        finally:
            self._events[name].discard(event)
            if not self._events[name]:
                del self._events[name]

    def _wake(self, name: str) -> None:
        for event in self._events.get(name, ()):
            event.set()
