"""Events as JSON lines, to standard output or a file."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from spotdiff.errors import OptionError
from spotdiff.params import check, param
from spotdiff.watching.alerts.message import Message
from spotdiff.watching.alerts.sink import SinkDown


@dataclass(frozen=True, slots=True)
class Lines:
    """Writes the line of an event for each of its changes, and sees to it that it gets out at once.

    Attributes:
        name: Names the sink.
        path: A file to append to; "-" is standard output.
        stream: A text stream that is written to instead, or None.

    Raises:
        OptionError: there is no folder for the file.
    """

    name: str = "lines"
    path: str = param("-", "file to append to; - is standard output")
    stream: TextIO | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check(self)
        if self.path != "-" and not Path(self.path).absolute().parent.is_dir():
            raise OptionError(f"there is no folder for {self.path}")

    def send(self, message: Message, key: str) -> None:
        """Write the event's line.

        Raises:
            SinkDown: the stream is closed or the file cannot be written.
        """
        del key  # the line names event and state, which say the same
        line = json.dumps(dict(message.record)) + "\n"
        try:
            if self.stream is None and self.path != "-":
                with Path(self.path).open("a", encoding="ascii", newline="\n") as file:
                    file.write(line)
                return
            stream = sys.stdout if self.stream is None else self.stream
            stream.write(line)
            stream.flush()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise SinkDown(f"cannot write to {'the stream' if self.path == '-' else self.path}: {why}") from None
