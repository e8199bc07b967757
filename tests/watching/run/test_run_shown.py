"""How a watch is doing: in the terminal, for Prometheus."""

import io
import re
import socket
import urllib.request
from dataclasses import replace

import pytest
from rich.console import Console

from spotdiff.cli._watching import View
from spotdiff.errors import OptionError
from spotdiff.language.catalogue import get_catalogue
from spotdiff.watching.event import EVENT_KINDS, HEALTH_KINDS, SCENE_KINDS
from spotdiff.watching.event_texts import fault_text, record_of, scene_text
from spotdiff.watching.metrics import Metrics
from spotdiff.watching.status import CameraStatus, WatchStatus
from watching.events.store_toys import make_event

ENGLISH = get_catalogue("en")
BAG = make_event(id="hall-3", text="Left: [/] a [red]bag[/red].")
SPOON = make_event(id="hall-4", kind="taken", text="Taken: a spoon.")
STATE = WatchStatus(
    cameras=(
        CameraStatus("hall", True, 0.25, 4.9, 1234, 5, 6, 7, "", (BAG, SPOON, replace(BAG, id="hall-5"))),
        CameraStatus('the "yard" [/]', False, 99.5, 0.0, 0, 0, 0, 2, "no route to [/host]", ()),
    ),
    opened={("hall", "left"): 3, ("hall", "taken"): 1},
    messages={("ann", "waiting"): 2, ("ann", "sent"): 40, ("log", "waiting"): 1},
    store_waiting=8,
    store_trouble="events.db: no server answers there",
)
WELL = WatchStatus((CameraStatus("hall", True, 0.1, 5.0, 9, 0, 0, 0, "", ()),), {}, {("ann", "sent"): 1}, 0, "")


def shown(state, *events):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120, color_system=None)
    with View(console) as view:
        for event, change in events:
            view.add(event, change)
        view.show(state)
        picture = stream.getvalue()
    return [line.rstrip() for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", picture).splitlines()]


def test_the_terminal_shows_all_that_is_known():
    text = "\n".join(shown(STATE, (BAG, "opened"), (SPOON, "closed")))
    assert re.search(r"^hall +well +4\.9 +1,234 +5 +3$", text, re.M)
    assert re.search(r'^the "yard" \[/\] +no route to \[/host\] +0\.0 +0 +0 +0$', text, re.M)
    assert re.search(r"^hall-3 +2026-03-01 12:00 +Left: \[/\] a \[red\]bag\[/red\]\.$", text, re.M)
    assert "12:00:10  opened       hall-3  Left: [/] a" in text
    assert "12:00:10  closed       hall-4  Taken: a spoon." in text
    assert "3 messages wait to be delivered" in text
    assert "events.db: no server answers there; 8 changes wait" in text


def test_the_terminal_is_silent_of_what_is_well():
    text = "\n".join(shown(WELL))
    assert re.search(r"^hall +well +5\.0 +9 +0 +0$", text, re.M)
    assert "wait" not in text


def test_only_the_latest_events_are_shown():
    many = [(replace(BAG, id=f"hall-{n}", text="a bag"), "opened") for n in range(20)]
    text = "\n".join(shown(WELL, *many))
    assert [number for number in range(20) if f"hall-{number}  a bag" in text] == list(range(12, 20))


@pytest.fixture
def fetched():
    """The page of the metrics while a state is set."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    metrics = Metrics()
    metrics.serve(port)

    def fetch(status):
        metrics.status = status
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            lines = page.read().decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

    fetch.port = port
    yield fetch
    metrics.close()


def test_every_metric_is_served_with_its_number(fetched):
    yard = 'camera="the \\"yard\\" [/]"'
    numbers = {name: float(value) for name, value in fetched(STATE).items() if "created" not in name}
    expected = {
        "frames_total": (1234, 0),
        "dropped_total": (5, 0),
        "corrupt_total": (6, 0),
        "restarts_total": (7, 2),
        "connected": (1, 0),
        "method_up": (1, 1),
        "since_frame": (0.25, 99.5),
        "fps": (4.9, 0),
    }
    cameras = {
        f"spotdiff_{name}{{{camera}}}": value
        for name, values in expected.items()
        for camera, value in zip(('camera="hall"', yard), values, strict=True)
    }
    others = {
        'spotdiff_open_events{camera="hall",kind="left"}': 2,
        'spotdiff_open_events{camera="hall",kind="taken"}': 1,
        'spotdiff_events_total{camera="hall",kind="left"}': 3,
        'spotdiff_events_total{camera="hall",kind="taken"}': 1,
        'spotdiff_letters{sink="ann",state="waiting"}': 2,
        'spotdiff_letters{sink="ann",state="sent"}': 40,
        'spotdiff_letters{sink="log",state="waiting"}': 1,
        "spotdiff_store_waiting": 8,
        "spotdiff_store_up": 0,
    }
    assert numbers == cameras | others


def test_metrics_of_a_watch_that_is_well(fetched):
    assert fetched(None) == {}
    assert (fetched(WELL)["spotdiff_store_up"], fetched(WELL)["spotdiff_store_waiting"]) == ("1.0", "0.0")


def test_a_port_that_is_taken_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OptionError, match=r"metrics: port \d+ cannot be used \(.*\); choose another"):
            Metrics().serve(taken.getsockname()[1])


def test_every_kind_has_words():
    for kind in HEALTH_KINDS:
        assert "hall" in fault_text(ENGLISH, kind, "hall")
    for kind in SCENE_KINDS:
        assert scene_text(ENGLISH, kind, "A bag.", "gate") == f"{kind.capitalize()} in gate: A bag."
        assert scene_text(ENGLISH, kind, "", "") == f"{kind.capitalize()}."
    assert set(EVENT_KINDS) == {*SCENE_KINDS, *HEALTH_KINDS, "intrusion", "untidy"}


def test_the_record_of_an_event_is_plain():
    moved = make_event(id="hall-1", kind="moved", box_before=(1, 2, 3, 4), state="closed", outcome="reverted")
    record = record_of(replace(moved, closed=moved.confirmed, seconds=1.23456, score=0.123456))
    assert record == {
        "id": "hall-1",
        "camera": "hall",
        "kind": "moved",
        "state": "closed",
        "zone": "",
        "box": [8, 6, 24, 20],
        "box_before": [1, 2, 3, 4],
        "first_seen": "2026-03-01T12:00:00.000+00:00",
        "confirmed": "2026-03-01T12:00:10.000+00:00",
        "closed": "2026-03-01T12:00:10.000+00:00",
        "outcome": "reverted",
        "seconds": 1.235,
        "confirmed_seconds": 0.0,
        "closed_seconds": 11.235,
        "score": 0.1235,
        "text": "a bag",
    }
