"""What a sink is, and how it says that it could not take a message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from spotdiff.http_delivery import Undelivered
from spotdiff.watching.alerts.message import Message

if TYPE_CHECKING:
    from spotdiff.watching.event import Event


class SinkDown(Undelivered):
    """A sink could not take a message."""


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
