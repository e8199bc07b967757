"""A verb of the command line in a process of its own, which ends with the one that started it."""

from __future__ import annotations

import os
import runpy
import sys
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from spotdiff.end_with_parent import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

_LOOK = 0.5  # seconds between two looks whether it is to go on


def run_verb(arguments: Sequence[str], log: Path, *, nice: int, goes_on: Callable[[], bool]) -> int | None:
    """Run a verb to its end.

    Args:
        arguments: As they would be typed.
        log: File to which everything that it says is added.
        nice: By how much others come first; 0 for equals.
        goes_on: Asked twice a second; once it says no the process is ended.

    Returns:
        Its exit code; None where it was ended.
    """
    context = get_context("spawn")
    own, other = context.Pipe()
    process = context.Process(target=_run, args=(other, tuple(arguments), log, nice), name=f"spotdiff-{arguments[0]}")
    process.start()
    other.close()
    try:
        while not wait([process.sentinel], _LOOK):
            if not goes_on():
                process.kill()
                process.join()
                return None
        process.join()
        return process.exitcode
    finally:
        own.close()


def last_line(log: Path) -> str:
    """The last line that a verb has said; that is where it tells why it failed."""
    with suppress(OSError):
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line), "")
    return ""


def _run(connection: Connection, arguments: tuple[str, ...], log: Path, nice: int) -> None:
    end_with_parent(connection)
    with suppress(AttributeError, OSError):  # Windows has no niceness
        os.nice(nice)
    log_file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for stream in (1, 2):
        os.dup2(log_file, stream)
    sys.argv = ["spotdiff", *arguments]
    runpy.run_module("spotdiff", run_name="__main__", alter_sys=True)
