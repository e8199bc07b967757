"""A page of events with their stills, to be gone through by a person."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import cv2

from spotdiff.errors import DataError
from spotdiff.report.data_uri import data_uri
from spotdiff.report.markup import Html, element, image, join, whole_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotdiff.watching.event import Event
    from spotdiff.watching.events import EvidenceFile, Store

_WIDE = 480  # pixels of a still on the page


def event_page(store: Store, events: Sequence[Event], *, title: str = "Events") -> str:
    """Events as one HTML page that holds its pictures: before, and after with the box, in the order given.

    Raises:
        StoreDown: the database does not answer.
    """
    counts = Counter(event.kind for event in events)
    kinds = ", ".join(f"{number} {kind}" for kind, number in counts.most_common())
    lead = element("p", f"{len(events)} events{': ' + kinds if kinds else ''}.", class_="muted")
    shown = (_event(event, store.evidence(event.id)) for event in events)
    return whole_page(
        style="events.css",
        title=title,
        head=join(element("h1", title), "\n", lead),
        main=join(element("main", *shown, class_="events"), "\n"),
    )


def _event(event: Event, files: dict[str, EvidenceFile]) -> Html:
    stills = [_still(files[role].path, caption) for role, caption in _ROLES if role in files]
    ended = f", {event.outcome} at {event.closed:%H:%M:%S}" if event.closed else ""
    when = f"{event.first_seen:%Y-%m-%d %H:%M:%S} UTC, {event.state}{ended}, score {event.score:.2f}"
    return element(
        "article",
        element("h2", f"{event.id} ", element("span", event.kind, class_="badge")),
        element("p", event.text),
        element("p", when, class_="muted"),
        element("div", *stills, class_="stills"),
        class_="event panel",
    )


_ROLES = (("before", "before"), ("boxes", "after"))


def _still(path: Path, caption: str) -> Html | None:
    pixels = cv2.imread(str(path))
    if pixels is None:
        return element("p", f"{path.name} is missing", class_="muted")
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (_WIDE, max(round(height * _WIDE / width), 1)), interpolation=cv2.INTER_AREA)
    encoded, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
    if not encoded:
        raise DataError(f"{path}: cannot be shown")
    return element("figure", image(data_uri(data.tobytes(), "image/jpeg"), alt=caption), element("figcaption", caption))
