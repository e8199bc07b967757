"""The worker processes of a server: each is sent a job at a time, and one that dies or hangs takes no other with it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from spotdiff.database.failures import reason
from spotdiff.server.store.jobs import Stored
from spotdiff.server.workers.process import Failure, Step, Task, work

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from sqlalchemy import RowMapping

    from spotdiff.server.settings import Settings
    from spotdiff.server.store.jobs import Answer, Jobs

_LOOK = 1.0  # seconds after which an idle worker looks into the queue unasked
_log = logging.getLogger("spotdiff.server")


class Workers:
    """Takes jobs from the queue as long as it runs; made and stopped by the server."""

    def __init__(
        self,
        jobs: Jobs,
        settings: Settings,
        *,
        ended: Callable[[str], None],
        changed: Callable[[str], None],
        took: Callable[[str, float], None],
    ) -> None:
        """Prepare workers.

        Args:
            jobs: The queue.
            settings: How many workers, their folder and limits.
            ended: Called with the id of every job that has ended, from another thread.
            changed: The same for every job that began, came to another step, was queued again or ended.
            took: Called with what came of a job (done, failed, died) and the seconds that a worker had it.
        """
        self._jobs, self._ended, self._changed, self._took = jobs, ended, changed, took
        self._steps: dict[str, str] = {}
        self._news = threading.Condition()
        self._stopping = False
        self._slots = [_Slot(settings) for _ in range(settings.workers)]
        self._threads = [threading.Thread(target=self._run, args=(slot,), daemon=True) for slot in self._slots]

    def start(self) -> None:
        """Start to take jobs."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that a job has come."""
        with self._news:
            self._news.notify()

    def drop(self, name: str) -> None:
        """Stop working on a job that was cancelled."""
        for slot in self._slots:
            slot.kill(name)
        self._ended(name)
        self._changed(name)

    def step(self, name: str) -> str | None:
        """The step of a running job: one of `spotdiff.types.STEPS`, or `write`; None before the first."""
        return self._steps.get(name)

    @property
    def busy(self) -> int:
        """How many workers have a job."""
        return sum(slot.busy for slot in self._slots)

    def stop(self) -> None:
        """End all workers; what they had begun is queued again."""
        self._stopping = True
        with self._news:
            self._news.notify_all()
        for slot in self._slots:
            slot.close()
        for thread in self._threads:
            thread.join()

    def _run(self, slot: _Slot) -> None:
        while not self._stopping:
            try:
                job = self._jobs.take()
            except SQLAlchemyError as error:
                _log.error("the database does not answer: %s", reason(error))
                job = None
            if job is None:
                with self._news:
                    self._news.wait(_LOOK)
                continue
            self._changed(job["id"])
            started = time.monotonic()
            reply = slot.ask(job, self._entered)
            self._tell(job["id"], reply, time.monotonic() - started)
            self._steps.pop(job["id"], None)
            self._write_down(job, reply)
            self._ended(job["id"])
            self._changed(job["id"])

    def _tell(self, name: str, reply: Answer | Failure | _Died | None, seconds: float) -> None:
        outcome = "died" if isinstance(reply, _Died) else "failed" if isinstance(reply, Failure) else "done"
        self._took(outcome, seconds)
        _log.info("job", extra={"fields": {"job": name, "outcome": outcome, "seconds": round(seconds, 4)}})

    def _entered(self, name: str, step: str) -> None:
        self._steps[name] = step
        self._changed(name)

    def _write_down(self, job: RowMapping, reply: Answer | Failure | _Died | None) -> None:
        """Write down what came of a job, however long the database takes to come back."""
        while True:
            try:
                return self._settle(job, reply)
            except SQLAlchemyError as error:
                _log.error("the database does not answer: %s", reason(error))
                if self._stopping:  # the next start finds it running, and queues it again
                    return None
                with self._news:
                    self._news.wait(_LOOK)

    def _settle(self, job: RowMapping, reply: Answer | Failure | _Died | None) -> None:
        if isinstance(reply, Failure):
            if reply.trace:
                _log.error("job %s failed\n%s", job["id"], reply.trace, extra={"fields": {"job": job["id"]}})
            self._jobs.fail(job["id"], reply.status, reply.detail)
        elif not isinstance(reply, _Died):
            self._jobs.finish(job, reply)
        elif self._stopping:
            self._jobs.give_back(job["id"])
        else:
            self._jobs.try_again(job["id"])


class _Died:
    """The reply of a worker that gave none."""


class _Slot:
    """The place of one worker process, which is started anew where it has ended."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._job = ""
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether the worker has a job."""
        return bool(self._job)

    def ask(self, job: RowMapping, entered: Callable[[str, str], None]) -> Answer | Failure | _Died | None:
        """What a worker makes of a job; `entered` is called with the job's id and each step that begins."""
        before = None if job["before"] is None else Stored(job["before"], job["before_name"])
        task = Task(job["id"], before, Stored(job["after"], job["after_name"]), job["options"])
        with self._lock:
            if self._closed:
                return _Died()
            process, connection = self._started()
            self._job = task.id
        try:
            connection.send(task)
            end = time.monotonic() + self._settings.limit
            while wait([connection, process.sentinel], max(end - time.monotonic(), 0.0)):
                reply: Answer | Failure | Step | None = connection.recv()
                if not isinstance(reply, Step):
                    return reply
                entered(task.id, reply.name)
            process.kill()
            process.join()
            return Failure(422, f"it took more than {self._settings.limit:g} s; send smaller pictures")
        except (EOFError, OSError):
            return _Died()
        finally:
            with self._lock:
                self._job = ""

    def kill(self, name: str) -> None:
        """End the worker if it is busy with this job."""
        with self._lock:
            if self._job == name and self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End the worker for good."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def _started(self) -> tuple[SpawnProcess, Connection]:
        if self._process is not None and self._connection is not None and self._process.is_alive():
            return self._process, self._connection
        if self._connection is not None:
            self._connection.close()
        context = get_context("spawn")
        self._connection, other = context.Pipe()
        arguments = (other, self._settings.data, self._settings.megapixels)
        self._process = context.Process(target=work, args=arguments, daemon=True, name="spotdiff-worker")
        self._process.start()
        other.close()
        return self._process, self._connection
