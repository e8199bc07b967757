"""Events in words, and as the record that goes to people's programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from spotdiff.watching.values import Event

_AILS = {
    "offline": "No picture comes from {camera}.",
    "frozen": "The picture of {camera} has been the very same for half a minute.",
    "black": "The picture of {camera} is black.",
    "covered": "Something covers {camera}, or its picture is empty.",
    "blurred": "The picture of {camera} is blurred.",
    "turned": "{camera} looks somewhere else. Turn it back, or say that its view is normal now.",
}


def scene_text(kind: str, said: str, zone: str) -> str:
    """A difference in words.

    Examples:
        >>> scene_text("left", "Something red was added at the left.", "gate")
        'Left in gate: Something red was added at the left.'
    """
    where = f" in {zone}" if zone else ""
    return f"{kind.capitalize()}{where}: {said}" if said else f"{kind.capitalize()}{where}."


def health_text(kind: str, camera: str) -> str:
    """A fault of a camera in words.

    Examples:
        >>> health_text("black", "hall")
        'The picture of hall is black.'
    """
    return _AILS[kind].format(camera=camera)


def intrusion_text(zone: str) -> str:
    """An intrusion in words.

    Examples:
        >>> intrusion_text("gate")
        'Something moves in gate.'
    """
    return f"Something moves in {zone}." if zone else "Something moves in the picture."


def untidy_text(name: str, texts: Sequence[str]) -> str:
    """What is out of place, in words.

    Examples:
        >>> untidy_text("clean hall", ["A chair was added.", "A cone was removed."])
        '2 things are not as in clean hall: A chair was added. A cone was removed.'
    """
    things = "1 thing is" if len(texts) == 1 else f"{len(texts)} things are"
    return f"{things} not as in {name}: {' '.join(texts)}"


def record_of(event: Event) -> dict[str, object]:
    """The event as JSON has it; times as ISO 8601 in UTC, boxes as [left, top, right, bottom]."""
    return {
        "id": event.id,
        "camera": event.camera,
        "kind": event.kind,
        "state": event.state,
        "zone": event.zone,
        "box": None if event.box is None else list(event.box),
        "box_before": None if event.box_before is None else list(event.box_before),
        "first_seen": _iso(event.first_seen),
        "confirmed": _iso(event.confirmed),
        "closed": None if event.closed is None else _iso(event.closed),
        "outcome": event.outcome,
        "seconds": round(event.seconds, 3),
        "confirmed_seconds": round(event.confirmed_seconds, 3),
        "score": round(event.score, 4),
        "text": event.text,
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
