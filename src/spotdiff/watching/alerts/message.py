"""What people and machines are told of one change of an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

from spotdiff.errors import DataError
from spotdiff.watching.event import Event

Change = Literal["opened", "closed", "acknowledged", "escalated"]
PART = "text"  # of a message, in keys and payloads; there has never been another
_PREFIXES = {"opened": "", "closed": "over: ", "acknowledged": "seen: ", "escalated": "still open: "}
_KINDS = {
    "left": "something was left",
    "taken": "something was taken",
    "moved": "something was moved",
    "changed": "something changed",
    "intrusion": "someone is where nobody should be",
    "untidy": "not as it should be",
    "offline": "the camera is offline",
    "frozen": "the picture is frozen",
    "black": "the picture is black",
    "covered": "the camera is covered",
    "blurred": "the picture is blurred",
    "turned": "the camera was turned",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One change of one event, as it is told.

    Attributes:
        event: The event's id.
        change: What happened to it.
        kind: The event's kind.
        camera: Name of the source.
        zone: Name of the zone, or "" for the whole picture.
        title: A few words.
        text: A sentence or more.
        at: When it came to be so; aware.
        record: The line of the event, as JSON knows it.
        picture: A still that shows it, or None.
    """

    event: str
    change: Change
    kind: str
    camera: str
    zone: str
    title: str
    text: str
    at: datetime
    record: Mapping[str, object]
    picture: Path | None = None

    def to_json(self) -> dict[str, object]:
        """The message in the words of JSON; `from_json` reads them."""
        return {
            "event": self.event,
            "change": self.change,
            "kind": self.kind,
            "camera": self.camera,
            "zone": self.zone,
            "title": self.title,
            "text": self.text,
            "at": self.at.isoformat(),
            "record": dict(self.record),
            "picture": None if self.picture is None else str(self.picture),
            "part": PART,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Message:
        """The message that `to_json` wrote.

        Raises:
            DataError: it is not such a message.
        """
        try:
            fields = {name: value for name, value in values.items() if name != "part"}
            at = datetime.fromisoformat(cast("str", fields.pop("at")))
            picture = cast("str | None", fields.pop("picture"))
            return cls(at=at, picture=None if picture is None else Path(picture), **fields)  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"this is not a message: {error}") from None


def message_of(
    event: Event, change: Change, *, record: Mapping[str, object], at: datetime, picture: Path | None = None
) -> Message:
    """The message for a change of an event.

    Args:
        event: As it is after the change.
        change: What became of it.
        record: Its line, as JSON knows it.
        at: When it came to be so; aware.
        picture: A still that shows it, or None.

    Returns:
        A message whose title names camera, kind and zone, and whose text is the event's own.
    """
    where = f" ({event.zone})" if event.zone else ""
    title = f"{event.camera}: {_PREFIXES[change]}{_KINDS.get(event.kind, event.kind)}{where}"
    return Message(
        event=event.id,
        change=change,
        kind=event.kind,
        camera=event.camera,
        zone=event.zone,
        title=title,
        text=event.text or title,
        at=at,
        record=record,
        picture=picture,
    )


def body_of(message: Message, key: str) -> dict[str, object]:
    """What machines are told: the event's line, and besides it change, part, title, picture and key."""
    return {
        **message.record,
        "change": message.change,
        "part": PART,
        "title": message.title,
        "told": message.at.isoformat(),
        "picture": None if message.picture is None else str(message.picture),
        "key": key,
    }
