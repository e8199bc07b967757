"""A film replayed: one thing comes and goes, and everything that must be known of it is."""

import json
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest

from spotdiff.watching.events import open_store, verify
from watching.run.run_toys import BAG, NOON, make_film, make_rules, replayed, spans

TELL = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + chr(10))"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The film replayed into two fresh stores; somebody is told of the first."""
    folder = tmp_path_factory.mktemp("ran")
    film = make_film(folder / "hall.mp4", 40, spans(first=12, last=26))
    letters = folder / "letters.txt"
    sinks = {"ann": {"kind": "program", "command": [sys.executable, "-c", TELL, str(letters)]}}
    rules = make_rules(folder / "one", {"hall": film}, sinks=sinks)
    heard = replayed(rules)
    second = replayed(make_rules(folder / "two", {"hall": film}))
    return SimpleNamespace(folder=folder, film=film, rules=rules, heard=heard, second=second, letters=letters)


@pytest.fixture
def store(ran):
    with open_store(ran.rules.store, reserve_mb=0) as opened:
        yield opened


def overlap(one, other):
    left, top, right, bottom = (pick(a, b) for pick, a, b in zip((max, max, min, min), one, other, strict=True))
    shared = max(right - left, 0) * max(bottom - top, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


def test_one_event_is_told_with_what_it_is_and_where_and_when(ran):
    (event,) = ran.heard.of("opened")
    assert (event.id, event.camera, event.kind, event.state, event.zone) == ("hall-1", "hall", "left", "open", "")
    assert overlap(event.box, BAG) > 0.7
    assert abs((event.first_seen - NOON).total_seconds() - 12) <= 1
    assert abs(event.seconds - 12) <= 1
    assert 15.9 <= event.confirmed_seconds <= 20
    assert event.confirmed - NOON == timedelta(seconds=event.confirmed_seconds)
    assert (event.boot, event.box_before, event.closed) == ("replay", None, None)
    assert event.score > 0.4
    assert event.text == "Left: Something yellow was added at the bottom right."


def test_it_is_closed_when_the_thing_is_gone(ran):
    assert ran.heard.told == [("hall-1", "left", "opened"), ("hall-1", "left", "closed")]
    (event,) = ran.heard.of("closed")
    assert (event.state, event.outcome) == ("closed", "reverted")
    assert 25.5 <= (event.closed - NOON).total_seconds() <= 28  # when it went, not when that was sure
    assert event.first_seen == ran.heard.of("opened")[0].first_seen


def test_a_second_replay_tells_the_very_same(ran):
    lines = [[json.dumps(record) for record in heard.records] for heard in (ran.heard, ran.second)]
    assert lines[0] == lines[1]
    assert len(lines[0]) == 2


def test_the_store_holds_what_was_told(ran, store):
    assert store.events() == [ran.heard.all[-1][0]]
    assert store.waiting == 0


def test_its_evidence_is_there_and_whole(ran, store):
    files = store.evidence("hall-1")
    assert set(files) == {"before", "after", "boxes", "mask", "thumbnail", "clip"}
    assert all(file.path.stat().st_size == file.bytes for file in files.values())
    assert verify(store) == []
    import av

    with av.open(str(files["clip"].path)) as clip:
        count = sum(1 for _ in clip.decode(video=0))
    assert 45 <= count <= 52  # five seconds before it and five after, five frames each


def test_somebody_is_told_with_the_still(ran):
    letters = [json.loads(line) for line in ran.letters.read_text().splitlines()]
    assert [(one["id"], one["change"], one["kind"], one["part"]) for one in letters] == [
        ("hall-1", "opened", "left", "text"),
        ("hall-1", "closed", "left", "text"),
    ]
    assert all(one["picture"].endswith("hall-1/boxes.jpg") for one in letters)
    assert letters[0]["first_seen"] == ran.heard.records[0]["first_seen"]


def test_replayed_again_into_the_same_store_ids_go_on(ran):
    again = replayed(make_rules(ran.folder / "two", {"hall": ran.film}))
    assert again.told == [("hall-2", "left", "opened"), ("hall-2", "left", "closed")]


def test_two_sources_are_taken_by_their_clocks(ran):
    yard = make_film(ran.folder / "yard.mp4", 28, spans(first=16))
    rules = make_rules(ran.folder / "both", {"yard": yard, "hall": ran.film})
    heard = replayed(rules)
    assert heard.told == [
        ("hall-1", "left", "opened"),
        ("yard-1", "left", "opened"),
        ("hall-1", "left", "closed"),
    ]
    with open_store(rules.store, reserve_mb=0) as store:
        assert [event.id for event in store.events()] == ["hall-1", "yard-1"]
        assert [event.id for event in store.events(state="open")] == ["yard-1"]
