"""Events in words, in the language of the comparison, and as the record that goes to people's programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from spotdiff.language.catalogue import Catalogue
    from spotdiff.watching.event import Event

_FAULTS = {
    "offline": "No picture comes from {camera}.",
    "frozen": "The picture of {camera} has been the very same for half a minute.",
    "black": "The picture of {camera} is black.",
    "covered": "Something covers {camera}, or its picture is empty.",
    "blurred": "The picture of {camera} is blurred.",
    "turned": "{camera} looks somewhere else. Turn it back, or say that its view is normal now.",
}
_KINDS = {"left": "Left", "taken": "Taken", "moved": "Moved", "changed": "Changed"}


def scene_text(catalogue: Catalogue, kind: str, description: str, zone: str) -> str:
    """A lasting difference in words.

    Examples:
        >>> from spotdiff.language.catalogue import get_catalogue
        >>> scene_text(get_catalogue("en"), "left", "Something red was added at the left.", "gate")
        'Left in gate: Something red was added at the left.'
    """
    text = catalogue.say("event", _KINDS[kind])
    if zone:
        text = catalogue.say("event", "{kind} in {zone}", kind=text, zone=zone)
    if description:
        return catalogue.say("event", "{event}: {description}", event=text, description=description)
    return catalogue.sentence(text)


def moved_text(catalogue: Catalogue, description: str) -> str:
    """What is said of a thing that came, once it is known that it stood elsewhere before."""
    moved = catalogue.say("event", "It seems to have stood elsewhere before.")
    return catalogue.text([description, moved]) if description else moved


def fault_text(catalogue: Catalogue, kind: str, camera: str) -> str:
    """A fault of a camera in words.

    Examples:
        >>> from spotdiff.language.catalogue import get_catalogue
        >>> fault_text(get_catalogue("en"), "black", "hall")
        'The picture of hall is black.'
    """
    return catalogue.say("event", _FAULTS[kind], camera=camera)


def intrusion_text(catalogue: Catalogue, zone: str) -> str:
    """An intrusion in words; "" is the whole picture."""
    if zone:
        return catalogue.say("event", "Something moves in {zone}.", zone=zone)
    return catalogue.say("event", "Something moves in the picture.")


def inspection_text(catalogue: Catalogue, inspection: str, descriptions: Sequence[str]) -> str:
    """What is out of place, in words.

    Examples:
        >>> from spotdiff.language.catalogue import get_catalogue
        >>> inspection_text(get_catalogue("en"), "clean hall", ["A chair was added.", "A cone was removed."])
        '2 things are not as in clean hall: A chair was added. A cone was removed.'
    """
    number = len(descriptions)
    if number == 1:
        text = catalogue.say("event", "1 thing is not as in {inspection}", inspection=inspection)
    else:
        text = catalogue.say(
            "event", "{number} things are not as in {inspection}", number=number, inspection=inspection
        )
    return catalogue.say("event", "{event}: {description}", event=text, description=catalogue.text(descriptions))


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
        "closed_seconds": _closed_seconds(event),
        "score": round(event.score, 4),
        "text": event.text,
    }


def _closed_seconds(event: Event) -> float | None:
    """When it was over on the source's own clock."""
    if event.closed is None:
        return None
    return round(event.seconds + (event.closed - event.first_seen).total_seconds(), 3)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
