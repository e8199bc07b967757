"""What a sink is, and how it says that it could not take a message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.parse import urlsplit

from spotdiff.errors import SpotdiffError
from spotdiff.watching.alerts.message import Message

if TYPE_CHECKING:
    from spotdiff.watching.event import Event

LONGEST_REASON = 300  # characters
_USER_INFO = re.compile(r"://[^/\s@]*(?:@[^/\s@]*)*@")


class SinkDown(SpotdiffError):
    """A sink could not take a message; the reason is one line and shows no password.

    Attributes:
        final: This message will never be taken, so it is not tried again.
        retry_after: The sink asked not to be tried again for so many seconds, or None.
    """

    def __init__(self, reason: str, *, final: bool = False, retry_after: float | None = None) -> None:
        super().__init__(one_line(reason))
        self.final = final
        self.retry_after = retry_after


class Sink(Protocol):
    """Somewhere that messages go to: a frozen dataclass with a name.

    It may also have `open()`, called once before the first message, and `close()`, called once after the last.
    """

    @property
    def name(self) -> str:
        """Names the sink in rules and in the alert queue."""
        ...

    def send(self, message: Message, key: str) -> None:
        """Return once the message is with the receiver.

        Args:
            message: What is told.
            key: The same for the same message, however often it is sent.

        Raises:
            SinkDown: it is not.
        """
        ...


@runtime_checkable
class Introduces(Protocol):
    """A sink that shows cameras before anything happens there."""

    def introduce(self, camera: str, zones: Iterable[str] = (), open_events: Iterable[Event] = ()) -> None:
        """Tell of a camera, and of what is open there from before a restart; returns at once."""
        ...


@runtime_checkable
class Opens(Protocol):
    """A sink that wants to be opened before the first message."""

    def open(self) -> None:
        """Begin to connect, and return at once."""
        ...


@runtime_checkable
class Closes(Protocol):
    """A sink that holds something which must be let go."""

    def close(self) -> None:
        """Let go, within a few seconds."""
        ...


def one_line(text: str) -> str:
    r"""A text on one line of at most 300 characters, its URLs without user and password.

    Examples:
        >>> one_line("cannot reach\n https://me:secret@example.org/hook")
        'cannot reach https://example.org/hook'
    """
    line = _USER_INFO.sub("://", " ".join(text.split()))
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 3] + "..."


def shown(url: str) -> str:
    """Scheme, host and port of a URL: its user, path and query often are the secret.

    Examples:
        >>> shown("https://me:secret@example.org:8443/services/T0/B0?token=x")
        'https://example.org:8443'
    """
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the URL"
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host or ''}{port}"
