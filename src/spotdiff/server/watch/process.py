"""The watch as a process of the server's own: it ends with the server, and is started anew where it fails."""

from __future__ import annotations

import logging
import signal
import threading
import time
import traceback
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.errors import SpotdiffError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

ENDED = "every source has ended"
_AGAIN, _LONGEST = 1.0, 60.0  # seconds until a watch that failed is started again, twice as long each time
_STEADY = 60.0  # seconds after which a watch that fails has worked
_LAST = 20.0  # seconds that a watch has to write down what it knows
_LOOK = 1.0  # seconds between two looks whether it does
_log = logging.getLogger("spotdiff.server")


class WatchProcess:
    """Runs a watch as long as the server runs.

    Attributes:
        trouble: Why it does not run, in one line; "" while it does.
    """

    def __init__(self, rules: Path, live: Path) -> None:
        """Prepare it.

        Args:
            rules: The file of its rules, read each time that it is started.
            live: Folder of its latest pictures and status.
        """
        self._rules, self._live = rules, live
        self.trouble = ""
        self._stopping = False
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._end: Connection | None = None
        self._asked = 0.0  # when it was asked to end
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start to watch."""
        self._thread.start()

    def restart(self) -> None:
        """End the watch and start it anew, as after its rules have changed."""
        self._changed.set()
        self._close()

    def stop(self) -> None:
        """End the watch; what it knows is written down first."""
        self._stopping = True
        self.restart()
        self._thread.join()

    def _run(self) -> None:
        pause = _AGAIN
        while not self._stopping:
            self._changed.clear()
            steady, reason = self._watched()
            self.trouble = "" if self._changed.is_set() else reason
            if self._changed.is_set():
                pause = _AGAIN
                continue
            _log.warning("the watch has ended: %s", reason)
            pause = _AGAIN if steady else min(2 * pause, _LONGEST)
            self._changed.wait(None if reason == ENDED else pause)

    def _watched(self) -> tuple[bool, str]:
        """Watch until it ends: whether it went on for a while, and why it ended."""
        context = get_context("spawn")
        own, other = context.Pipe()
        process = context.Process(target=run_watch, args=(other, self._rules, self._live), name="spotdiff-watch")
        with self._lock:
            if self._stopping:
                return False, ""
            process.start()
            other.close()
            self._end, self._asked, self.trouble = own, 0.0, ""
        started = time.monotonic()
        while not wait([process.sentinel], _LOOK):
            if self._asked and time.monotonic() - self._asked > _LAST:
                process.kill()
        process.join()
        with self._lock:
            self._end = None
        reason = f"its process ended with code {process.exitcode}"
        with suppress(EOFError, OSError):
            reason = str(own.recv()) if own.poll() else reason
        own.close()
        return time.monotonic() - started > _STEADY, reason

    def _close(self) -> None:
        """Ask the process to end."""
        with self._lock:
            if self._end is not None and not self._asked:
                self._asked = time.monotonic()
                with suppress(OSError):  # it is ending already
                    self._end.send("end")


def run_watch(connection: Connection, rules: Path, live: Path) -> None:
    """Watch until the other end of the connection says so, or is closed; send why it ended, in one line."""
    from spotdiff.watching.metrics import Metrics
    from spotdiff.watching.rules import read_rules
    from spotdiff.watching.run import Watch

    for number in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group; the server decides when this ends
        signal.signal(number, signal.SIG_IGN)
    ended = threading.Event()
    threading.Thread(target=_wait_for_end, args=(connection, ended), daemon=True).start()
    metrics = Metrics()
    try:
        wanted = read_rules(rules)
        with Watch(wanted, live=live) as watch:
            if wanted.metrics:
                metrics.serve(wanted.metrics)
            watch.run(until=ended.is_set, show=lambda status: setattr(metrics, "status", status))
        reason = "; ".join(watch.failures) or ENDED
    except SpotdiffError as error:
        reason = str(error)
    except Exception:
        traceback.print_exc()
        reason = "the watch failed; the server's log says how"
    metrics.close()
    connection.send(" ".join(reason.split()))


def _wait_for_end(connection: Connection, ended: threading.Event) -> None:
    with suppress(EOFError, OSError):  # the server is gone
        connection.recv()
    ended.set()
