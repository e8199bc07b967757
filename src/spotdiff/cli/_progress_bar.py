"""How far long work is: a bar where somebody watches, and a file for other programs."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from spotdiff.atomic_write import write_whole

_OFTEN = 1.0  # seconds between two writings of the file
T = TypeVar("T")


def watched(items: Iterable[T], total: int, *, unit: str, quiet: bool = False) -> Iterator[T]:
    """The items as they come; meanwhile a bar on standard error if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Items a second."""

        def render(self, task: Task) -> Text:
            """The rate, or nothing before it is known."""
            return Text("" if task.speed is None else f"{task.speed:.1f} {unit}/s")

    columns = (BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(items, total=total)


class ProgressFile:
    """A file of JSON: `step`, `steps`, and `seconds_left` by the rate so far, null while nothing is known of it."""

    def __init__(self, path: str, steps: int, *, begun: int) -> None:
        """A file for work of so many steps, of which some were done before."""
        self._path, self._steps, self._begun = Path(path), steps, begun
        self._start, self._next = time.monotonic(), 0.0

    def keep(self, step: int) -> None:
        """Note that a step is done; written a second after the last time, and at the end.

        Raises:
            OSError: it cannot be written.
        """
        now = time.monotonic()
        if now < self._next and step < self._steps:
            return
        self._next = now + _OFTEN
        done = step - self._begun
        left = None if done <= 0 else round((now - self._start) / done * (self._steps - step), 1)
        write_whole(self._path, json.dumps({"step": step, "steps": self._steps, "seconds_left": left}).encode())
