"""What becomes of a job as it happens: server-sent events, in the form that browsers read with `EventSource`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from spotdiff.server.problems import Problem
from spotdiff.server.store.jobs import ENDED

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from spotdiff.server.service import Service

_MOST = 64  # streams at a time: each holds a connection
_HEARTBEAT = 10.0  # seconds; a client that went away is noticed when something is sent to it


class EventStreams:
    """The streams that are open; made and used within the loop of the server.

    Attributes:
        count: How many are open.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.count = 0

    def open(self, name: str) -> StreamingResponse:
        """A response that tells of a job until it has ended.

        Raises:
            Problem: 429, as many streams are open as may.
        """
        if self.count >= _MOST:
            raise Problem(429, f"{self.count} streams are open; ask for the job itself", headers={"Retry-After": "5"})
        self.count += 1
        return _Stream(self._events(name), closed=self._closed)

    def _closed(self) -> None:
        self.count -= 1

    async def _events(self, name: str) -> AsyncIterator[str]:
        changes = self._service.changes
        assert changes is not None
        sent: dict[str, Any] = {}

        def is_new() -> bool:
            return self._service.shown_job(name) != sent

        while True:
            job = await run_in_threadpool(self._service.shown_job, name)
            yield ":\n\n" if job == sent else f"event: job\ndata: {json.dumps(job)}\n\n"
            if job["state"] in ENDED or changes.stopped:
                return
            sent = job
            await changes.wait(name, is_new, seconds=_HEARTBEAT)


class _Stream(StreamingResponse):
    """Says when it is over, however that came."""

    def __init__(self, events: AsyncIterator[str], *, closed: Callable[[], None]) -> None:
        super().__init__(events, media_type="text/event-stream")
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._closed()
