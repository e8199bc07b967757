"""The watch: how its cameras do, what they see, and their zones."""

from __future__ import annotations

from spotdiff.server.api.response_schemas.documentation import (
    AT,
    COUNT,
    NUMBER,
    POINT,
    SHARE,
    SIZE,
    TEXT,
    TIME,
    TRUTH,
    Documentation,
    an_object,
    list_of,
    one_of,
    or_none,
    ref,
    with_example,
)
from spotdiff.server.api.response_schemas.events import EVENT_EXAMPLE, OF_EVENT
from spotdiff.watching.rules.settings import WHAT

_WATCH = "/api/v1/watch"
_CAMERA = an_object(
    "How a camera is doing; frames are counted since the watch began.",
    name=TEXT,
    connected={**TRUTH, "description": "Whether its source gives frames."},
    size=or_none({**SIZE, "description": "Width and height of its own pictures; null before the first."}),
    since_frame=or_none({**NUMBER, "description": "Seconds since the last frame."}),
    fps={**NUMBER, "description": "Frames looked at in a second."},
    **dict.fromkeys(("frames", "dropped", "corrupt", "restarts"), COUNT),
    trouble={**TEXT, "description": "Why its source was last opened anew; empty if it never was."},
    method_trouble={**TEXT, "description": "Why the method gives no answers; empty when it does."},
    open=list_of(OF_EVENT, "Its events that are not closed."),
)
_STATUS = an_object(
    "How the watch is doing.",
    running=TRUTH,
    trouble={**TEXT, "description": "Why it does not run; empty while it does."},
    written=or_none({**TIME, "description": "When it last told of itself."}),
    cameras=list_of(_CAMERA),
    store_waiting={**COUNT, "description": "Changes that wait for the database."},
    store_trouble={**TEXT, "description": "Why the database cannot be used; empty when it can."},
)
_ZONE = an_object(
    "A part of the picture and the rule that holds there.",
    name=TEXT,
    polygon=list_of(POINT, "Its outline in the camera's own pixels; none for the whole picture."),
    cameras=list_of(TEXT, "Those it is on; none for all."),
    what=list_of(one_of(*WHAT), "What is told."),
    min_area={**COUNT, "description": "Smallest thing told, in pixels."},
    dwell={**NUMBER, "description": "Seconds that a difference stays before it is told."},
    days=TEXT,
    hours=TEXT,
    sensitivity=SHARE,
    tell=list_of(TEXT, "Sinks that are told; none for all."),
)
_CAMERA_EXAMPLE = {
    "name": "hall",
    "connected": True,
    "size": [1920, 1080],
    "since_frame": 0.1,
    "fps": 5.0,
    "frames": 300,
    "dropped": 0,
    "corrupt": 0,
    "restarts": 0,
    "trouble": "",
    "method_trouble": "",
    "open": [EVENT_EXAMPLE],
}
_ZONE_EXAMPLE = {
    "name": "door",
    "polygon": [[150, 60], [300, 60], [300, 170], [150, 170]],
    "cameras": ["hall"],
    "what": ["left", "taken"],
    "min_area": 400,
    "dwell": 60.0,
    "days": "mon-fri",
    "hours": "20:00-06:00",
    "sensitivity": 0.5,
    "tell": [],
}

WATCH = Documentation(
    answers={
        ("get", _WATCH): ("How the watch is doing", {"200": "WatchStatus"}),
        ("get", f"{_WATCH}/zones"): ("The zones of the watch", {"200": "Zones"}),
        ("put", f"{_WATCH}/zones"): ("Make these the zones of the watch", {"200": "Zones"}),
    },
    files={f"{_WATCH}/cameras/{{name}}.jpg": ("What a camera sees", ("image/jpeg",))},
    schemas={
        "WatchStatus": with_example(
            _STATUS,
            {
                "running": True,
                "trouble": "",
                "written": AT,
                "cameras": [_CAMERA_EXAMPLE],
                "store_waiting": 0,
                "store_trouble": "",
            },
        ),
        "Zone": with_example(_ZONE, _ZONE_EXAMPLE),
        "Zones": with_example(
            an_object("All zones, in the order of the rules.", zones=list_of(ref("Zone"))), {"zones": [_ZONE_EXAMPLE]}
        ),
    },
    sent={"NewZones": {"zones": [{"name": "door", "polygon": _ZONE_EXAMPLE["polygon"], "what": ["left"]}]}},
    parameters={"name": "hall"},
)
