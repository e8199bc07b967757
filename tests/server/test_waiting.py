"""Requests that wait are woken by the end of their job, and not by their patience."""

from __future__ import annotations

import asyncio
import threading

import pytest

from spotdiff.server.workers.job_notifier import JobNotifier


async def waited(wake, *, ended=False):
    """Wait for a job as long as one likes, and `wake` from another thread once the wait has begun."""
    waiting = JobNotifier()
    asked = threading.Event()
    task = asyncio.create_task(waiting.wait("one", lambda: asked.set() or ended, seconds=3600))
    await asyncio.to_thread(asked.wait, 60)
    await asyncio.to_thread(wake, waiting, asyncio.get_running_loop())
    await asyncio.wait_for(task, 60)


@pytest.mark.parametrize(
    ("wake", "ended"),
    [
        (lambda waiting, _: waiting.wake("one"), False),
        (lambda waiting, loop: loop.call_soon_threadsafe(waiting.stop), False),
        (lambda waiting, _: waiting.wake("another"), True),
    ],
    ids=["its end", "the end of the server", "it had ended before"],
)
def test_a_wait_ends_with(wake, ended):
    asyncio.run(waited(wake, ended=ended))


def test_the_end_of_another_job_wakes_nobody():
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(waited(lambda waiting, _: waiting.wake("another")), 1))
