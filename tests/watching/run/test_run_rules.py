"""What the rules ask for is told and nothing else: zones, sizes, kinds, hours, approved pictures, faults."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, timedelta
from types import SimpleNamespace

import cv2
import pytest
from sqlalchemy import select

from spotdiff.watching.alerts.router import Routes
from spotdiff.watching.events import open_store
from spotdiff.watching.events.schema import journal
from spotdiff.watching.inspections import Inspections
from spotdiff.watching.rules import Inspection, Zone
from spotdiff.watching.run import Watch
from spotdiff.watching.scene.judge import Judge
from watching.events.store_toys import make_event
from watching.run.run_toys import NOON, Heard, make_film, make_rules, place, replayed, spans

THINGS = [(10 + 62 * number, 70, 46 + 62 * number, 104) for number in range(5)]


def strip(name, number, **settings):
    """A zone around one of the things."""
    left = 62 * number
    return Zone(name, ((left, 60), (left + 58, 60), (left + 58, 115), (left, 115)), dwell=3, **settings)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Five things come at once."""
    draw = lambda seconds: place(*(THINGS if seconds >= 8 else ()))  # noqa: E731
    return make_film(tmp_path_factory.mktemp("five") / "hall.mp4", 22, draw)


@pytest.fixture(scope="module")
def zones():
    found = (
        strip("asleep", 0, hours="20:00-06:00"),
        strip("told", 0),
        strip("small", 1, min_area=4000),
        strip("taken", 2, what=("taken",)),
        strip("night", 3, hours="20:00-06:00"),
    )
    return {zone.name: zone for zone in found}


def test_only_what_a_rule_asks_for_is_told(film, zones, tmp_path):
    heard = replayed(make_rules(tmp_path, {"hall": film}, zones=zones, timezone="UTC"))
    assert [(event.zone, event.text[:12]) for event in heard.of("opened")] == [("told", "Left in told")]


def test_hours_are_those_of_the_film(film, zones, tmp_path):
    eight = NOON.replace(hour=19, minute=30)
    heard = replayed(make_rules(tmp_path, {"hall": film}, zones=zones, timezone="Europe/Berlin"), start=eight)
    assert sorted(event.zone for event in heard.of("opened")) == ["asleep", "night"]


def test_a_longer_dwell_waits_longer(film, tmp_path):
    zones = {"told": strip("told", 0), "late": Zone("late", dwell=60)}
    heard = replayed(make_rules(tmp_path, {"hall": film}, zones=zones))
    assert [event.zone for event in heard.of("opened")] == ["told"]


@pytest.fixture(scope="module")
def shift(tmp_path_factory):
    """A place that is untidy at the first appointment and tidy at the second."""
    folder = tmp_path_factory.mktemp("shift")
    film = make_film(folder / "hall.mp4", 86, spans(first=10, last=30), fps=2)
    cv2.imwrite(str(folder / "clean.png"), place()[..., ::-1])
    clean = Inspection("clean", picture=str(folder / "clean.png"), at=("13:01", "13:02"), zones=("all",))
    rules = make_rules(
        folder,
        {"hall": film},
        zones={"all": Zone("all", what=("untidy",))},
        inspections={"clean": clean},
        timezone="Europe/Berlin",
    )
    return rules, replayed(rules, start=NOON.replace(second=40)), folder / "events-evidence/shifts"


def test_an_untidy_place_is_told_at_its_time(shift):
    _, heard, _ = shift
    (event,) = heard.of("opened")
    assert (event.kind, event.zone, round(event.confirmed_seconds)) == ("untidy", "all", 20)
    assert event.text == "1 thing is not as in clean: Something yellow was added at the bottom right."
    assert abs(event.box[0] - 200) < 6


def test_a_place_tidied_up_closes_it(shift):
    _, heard, _ = shift
    (event,) = heard.of("closed")
    assert (event.outcome, (event.closed - NOON).total_seconds()) == ("recovered", pytest.approx(120, abs=1))


def test_each_appointment_has_its_report(shift):
    _, _, folder = shift
    names = {path.name for path in folder.iterdir()}
    stems = ("hall_clean_2024-03-01_1301", "hall_clean_2024-03-01_1302")
    assert names == {f"{stem}.{ending}" for stem in stems for ending in ("html", "json")}
    verdicts = [json.loads((folder / f"{stem}.json").read_text())["verdict"] for stem in stems]
    assert verdicts == ["changed", "same"]


def test_no_appointment_is_kept_twice(shift):
    rules, _, _ = shift
    assert replayed(rules, start=NOON.replace(second=40)).told == []


def test_a_report_that_cannot_be_written_is_noted_and_the_event_told(shift, tmp_path):
    rules, _, _ = shift
    rules = replace(rules, store=str(tmp_path / "events.db"))
    (tmp_path / "events-evidence").mkdir()
    (tmp_path / "events-evidence/shifts").write_text("in the way")
    heard = replayed(rules, start=NOON.replace(second=40))
    assert [(event.kind, change) for event, change in heard.all] == [("untidy", "opened"), ("untidy", "closed")]
    with open_store(rules.store, reserve_mb=0) as store, store.reading() as connection:
        said = connection.execute(select(journal.c.said).where(journal.c.what == "shift")).scalars().all()
    assert said[0] == "hall_clean_2024-03-01_1301 could not be written: File exists"


def test_a_view_that_cannot_be_compared_is_neither_tidy_nor_not(shift, tmp_path, monkeypatch):
    rules, _, _ = shift
    unsure = lambda *looks, **given: replace(compare(*looks, **given), verdict="unsure", reason="dark")  # noqa: E731
    compare = Judge.compare
    monkeypatch.setattr(Judge, "compare", unsure)
    heard = replayed(replace(rules, store=str(tmp_path / "events.db")), start=NOON.replace(second=40))
    assert heard.told == []
    folder = tmp_path / "events-evidence/shifts"
    verdicts = [json.loads(path.read_text())["verdict"] for path in sorted(folder.glob("*.json"))]
    assert verdicts == ["unsure", "unsure"]


def test_faults_of_the_camera_are_told_and_end(tmp_path):
    def sick(seconds):
        if 14 <= seconds < 24:
            return place() // 30
        return None if 32 <= seconds < 47 else place()

    film = make_film(tmp_path / "hall.mp4", 55, sick)
    heard = replayed(make_rules(tmp_path, {"hall": film}))
    assert [(event.kind, change, event.outcome) for event, change in heard.all] == [
        ("black", "opened", ""),
        ("black", "closed", "recovered"),
        ("offline", "opened", ""),
        ("offline", "closed", "recovered"),
    ]
    black, offline = heard.of("closed")
    times = [(moment - NOON).total_seconds() for one in (black, offline) for moment in (one.first_seen, one.closed)]
    assert times == pytest.approx([14, 24, 32, 47], abs=1)
    assert (black.box, black.zone, black.text) == (None, "", "The picture of hall is black.")


def test_the_clip_before_a_long_gap_is_kept(tmp_path):
    """When frames come again, the film forgets what was before the gap."""
    film = make_film(tmp_path / "hall.mp4", 112, lambda seconds: None if 12 <= seconds < 108 else place())
    rules = make_rules(tmp_path, {"hall": film})
    heard = replayed(rules)
    assert [(event.kind, change) for event, change in heard.all] == [("offline", "opened"), ("offline", "closed")]
    with open_store(rules.store, reserve_mb=0) as store:
        assert "clip" in store.evidence("hall-1")


def test_what_is_untidy_is_shown_in_the_size_of_the_camera(shift, tmp_path):
    rules, _, _ = shift
    small = {name: replace(one, side=160) for name, one in rules.cameras.items()}
    rules = replace(rules, cameras=small, store=str(tmp_path / "events.db"))
    (event,) = replayed(rules, start=NOON.replace(second=40)).of("opened")
    with open_store(rules.store, reserve_mb=0) as store:
        files = {role: cv2.imread(str(file.path)) for role, file in store.evidence(event.id).items()}
    assert {files[role].shape[:2] for role in ("before", "after", "boxes", "mask")} == {(180, 320)}
    left, top, right, bottom = event.box
    assert abs(left - 200) < 10
    assert files["mask"][top:bottom, left:right].mean() > 150


def test_an_old_picture_is_held_against_nothing(shift, tmp_path):
    """A camera that gives nothing now shows neither order nor disorder: the appointment waits."""
    rules, _, _ = shift
    (clean,) = rules.inspections.values()
    judge = SimpleNamespace(compare=lambda *looks: pytest.fail("an old picture was compared"))
    inspections = Inspections([clean], dict(rules.zones), zone=UTC, folder=tmp_path, judge=judge, last=NOON)
    scene, later = SimpleNamespace(median=SimpleNamespace(seconds=10.0)), NOON + timedelta(hours=2)
    assert list(inspections.inspect(scene, SimpleNamespace(wall=later, seconds=30.0), None)) == []
    assert inspections.last == NOON


def test_the_inspection_of_an_event_is_known_by_its_key(shift, tmp_path):
    """In any language, after a restart, and whatever else its text names."""
    rules, heard, _ = shift
    (event,) = heard.of("opened")
    assert event.inspection == "clean"
    (clean,) = rules.inspections.values()
    others = {name: replace(clean, name=name, tell=(name,)) for name in ("tidy", "clean")}
    routes = Routes({name: None for name in others}, {})
    text = "1 thing is not as in tidy: it is not as in clean: so."
    assert routes.sinks_of(replace(event, text=text), replace(rules, inspections=others)) == ["clean"]

    chinese = replace(rules, store=str(tmp_path / "events.db"), options=rules.options.changed(language="zh"))
    first = Heard()
    with Watch(chinese, replay=True, start=NOON.replace(second=40), listener=first) as watch:
        watch.run(until=lambda: bool(first.all))
    second = replayed(chinese, start=NOON.replace(second=40))
    assert [(event.id, change, event.outcome) for event, change in (*first.all, *second.all)] == [
        ("hall-1", "opened", ""),
        ("hall-1", "closed", "recovered"),
    ]


def test_events_of_an_older_store_get_their_inspection_from_their_text(tmp_path):
    path = str(tmp_path / "events.db")
    texts = ["2 things are not as in clean: the hall: A chair was added.", "1 thing is not as in tidy: "]
    with open_store(path, reserve_mb=0) as store:
        for text in texts:
            store.add(make_event(kind="untidy", text=text))
        store.add(make_event(text=texts[1]))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE events DROP COLUMN inspection")
        connection.execute("UPDATE spotdiff_version SET version_num = '0001'")
        connection.commit()
    with open_store(path, reserve_mb=0) as store:
        assert [event.inspection for event in store.events()] == ["clean", "tidy", ""]
