"""A program that is started for each message."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from tempfile import TemporaryFile

from spotdiff.errors import OptionError
from spotdiff.params import check, param
from spotdiff.watching.alerts.message import PART, Message, body_of
from spotdiff.watching.alerts.sink import SinkDown

_MOST_READ = 4096  # bytes of its standard error that are read


@dataclass(frozen=True, slots=True)
class Program:
    """Starts a program with the event as JSON on its standard input and in `SPOTDIFF_...` of its environment.

    No shell is involved. When the program takes too long, it and all that it has started are killed.

    Attributes:
        name: Names the sink.
        command: The program and its arguments.
        timeout: Seconds that it may take.

    Raises:
        OptionError: there is no such program.
    """

    name: str = "program"
    command: tuple[str, ...] = param(("",), "program and arguments, a list")
    timeout: float = param(30.0, "time that the program may take", low=0.1, high=3600.0, unit="s")
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check(self)
        if not self.command or not self.command[0]:
            raise OptionError('command is a list of the program and its arguments, such as ["notify-send", "spotdiff"]')
        if shutil.which(self.command[0]) is None:
            raise OptionError(
                f"there is no program {self.command[0]!r}; command is a list of the program and its arguments"
            )

    def send(self, message: Message, key: str) -> None:
        """Start the program and wait for its end.

        Raises:
            SinkDown: it cannot be started, takes too long or ends with another status than 0.
        """
        # Files, not pipes: what the program leaves running in the background may hold them open for ever.
        with TemporaryFile() as body, TemporaryFile() as errors:
            body.write(json.dumps(body_of(message, key)).encode("ascii"))
            body.seek(0)
            try:
                process = subprocess.Popen(
                    self.command,
                    stdin=body,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    env=os.environ | _environment(message, key),
                    start_new_session=True,
                )
            except OSError as error:
                raise SinkDown(f"cannot start {self.command[0]}: {error.strerror}") from None
            self._wait(process)
            if process.returncode:
                errors.seek(0)
                lines = errors.read(_MOST_READ).decode("utf-8", errors="replace").split("\n", 1)
                raise SinkDown(f"{self.command[0]} ended with status {process.returncode}: {lines[0]}".rstrip(": "))

    def close(self) -> None:
        """Kill what still runs."""
        for process in tuple(self._running):
            _kill(process)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        self._running.add(process)
        try:
            process.wait(self.timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            process.wait()
            raise SinkDown(f"{self.command[0]} was killed: it took more than {self.timeout:g} s") from None
        finally:
            self._running.discard(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a program with all of its group, where there are groups."""
    if not hasattr(os, "killpg"):
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _environment(message: Message, key: str) -> dict[str, str]:
    values = {
        "EVENT": message.event,
        "CHANGE": message.change,
        "KIND": message.kind,
        "CAMERA": message.camera,
        "ZONE": message.zone,
        "TITLE": message.title,
        "TEXT": message.text,
        "AT": message.at.isoformat(),
        "PICTURE": "" if message.picture is None else str(message.picture),
        "PART": PART,
        "KEY": key,
    }
    return {f"SPOTDIFF_{name}": value.replace("\0", "") for name, value in values.items()}
