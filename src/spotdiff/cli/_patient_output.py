"""Lines for an output that may have no room for a while: they wait, and whoever writes them goes on."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 10_000  # lines that wait; beyond them the oldest are given up


class PatientOutput:
    """Writes lines, at once or when there is room again, in their order.

    Args:
        name: What it is, for messages.
        write: Takes a line.
        flush: Gets out what has been taken and lay in a buffer.
    """

    def __init__(self, name: str, write: Callable[[str], object], flush: Callable[[], object]) -> None:
        self._name, self._write, self._flush = name, write, flush
        self._waiting: deque[str] = deque()
        self._why, self._dropped = "", 0

    @property
    def trouble(self) -> str:
        """Why not everything is written, in one line; "" where it is."""
        if self._why:
            return f"{self._name}: {self._why}; make room, the lines wait for it"
        return f"{self._name}: {self._dropped} lines were given up for want of room" if self._dropped else ""

    def write(self, line: str) -> None:
        """Write a line, or have it wait.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        self._waiting.append(line)
        self.catch_up()
        while len(self._waiting) > _MOST:
            self._waiting.popleft()
            self._dropped += 1

    def catch_up(self) -> None:
        """Write what waits, if that can be done now.

        Raises:
            BrokenPipeError: nobody reads any more.
        """
        try:
            if self._why:
                self._flush()  # what a buffer took before is not taken twice
            while self._waiting:
                self._write(self._waiting.popleft())
                self._flush()
            self._why = ""
        except BrokenPipeError:
            raise
        except OSError as error:
            self._why = error.strerror or str(error)
