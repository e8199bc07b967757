"""Events of a watch, and what people say of them."""

from __future__ import annotations

from spotdiff.server.api.response_schemas.documentation import (
    ADDRESS,
    AT,
    BOX,
    NUMBER,
    SHARE,
    TEXT,
    TIME,
    WHO,
    Documentation,
    an_object,
    by_name,
    extended,
    one_of,
    or_none,
    with_example,
)
from spotdiff.watching.event import EVENT_KINDS, STATES

_ALL = "/api/v1/events"
_ONE = f"{_ALL}/{{name}}"
OF_EVENT = an_object(
    "Something that is so at a place until it is closed.",
    id=TEXT,
    camera=TEXT,
    kind=one_of(*EVENT_KINDS),
    state=one_of(*STATES),
    zone={**TEXT, "description": "Whose rule was met; empty for the whole picture."},
    box=or_none(BOX),
    box_before=or_none({**BOX, "description": "Where a moved thing stood."}),
    first_seen=TIME,
    confirmed=TIME,
    closed=or_none(TIME),
    outcome={**TEXT, "description": "Why it was closed; empty while it is not."},
    seconds={**NUMBER, "description": "Of `first_seen`, on the source's own clock."},
    confirmed_seconds=NUMBER,
    closed_seconds=or_none(NUMBER),
    score=SHARE,
    text={**TEXT, "description": "The event in words."},
)
EVENT_EXAMPLE = {
    "id": "hall-1",
    "camera": "hall",
    "kind": "left",
    "state": "open",
    "zone": "door",
    "box": [200, 100, 250, 140],
    "box_before": None,
    "first_seen": AT,
    "confirmed": AT,
    "closed": None,
    "outcome": "",
    "seconds": 12.0,
    "confirmed_seconds": 16.0,
    "closed_seconds": None,
    "score": 0.98,
    "text": "Left in door: Something yellow was added at the right.",
}
_LISTED = extended(
    OF_EVENT,
    "An event, and the files that show it.",
    url=ADDRESS,
    files=by_name(ADDRESS, "By role: before, after, boxes, mask, thumbnail, clip, as far as there are any."),
)
_URL = f"{_ALL}/hall-1"
_LISTED_EXAMPLE = {**EVENT_EXAMPLE, "url": _URL, "files": {role: f"{_URL}/{role}" for role in ("before", "after")}}
_SHOWN = extended(_LISTED, "An event, its files, and what a person says of it.", acknowledged_by=WHO, note=TEXT)

EVENTS = Documentation(
    answers={
        ("get", _ALL): ("The latest events", {"200": "[Event]"}),
        ("get", _ONE): ("An event", {"200": "EventShown"}),
        ("post", f"{_ONE}/acknowledge"): ("Say that a person has seen an event", {"200": "EventShown"}),
        ("post", f"{_ONE}/normal"): ("Say that what is there is normal now", {"200": "EventShown"}),
    },
    files={f"{_ONE}/{{role}}": ("A file that shows an event", ("image/jpeg", "image/png", "video/mp4"))},
    schemas={
        "Event": with_example(_LISTED, _LISTED_EXAMPLE),
        "EventShown": with_example(
            _SHOWN, {**_LISTED_EXAMPLE, "state": "acknowledged", "acknowledged_by": "Ann", "note": "moved it back"}
        ),
    },
    sent={"Remark": {"who": "Ann", "note": "moved it back"}},
    parameters={"name": "hall-1", "role": "after", "limit": 20, "camera": ["hall"], "state": ["open"]},
)
