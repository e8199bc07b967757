"""The verb `events`: what a watch has seen, listed, shown, answered and exported."""

import csv
import json
import shutil
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from spotdiff.watching.alerts import AlertQueue, message_of
from spotdiff.watching.event import EventPictures
from spotdiff.watching.event_texts import record_of
from spotdiff.watching.events import open_store
from watching.events.store_toys import START, make_event, make_pictures
from watching.run.run_toys import BAG, place

VERBS = ("list", "show", "acknowledge", "normal", "export", "rerun", "verify", "retry")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store with four events, one of which has stills that show it."""
    path = tmp_path_factory.mktemp("events") / "events.db"
    mask = (place(BAG) != place()).any(axis=2)
    with open_store(str(path), reserve_mb=0) as store:
        store.add(make_event(0, box=BAG, text="Left: <b>a bag & more</b>."), EventPictures(place(), place(BAG), mask))
        store.add(make_event(10, camera="yard", kind="taken", zone="gate"), make_pictures(seed=1))
        store.add(make_event(20, kind="black", box=None, text="The picture of hall is black."))
        store.add(make_event(30, camera="yard", kind="moved", box_before=(1, 2, 9, 9)), make_pictures(seed=2))
        store.acknowledge("yard-1", by="Ann", note="=mine")
        closed = START + timedelta(minutes=25)
        store.change("hall-2", state="closed", outcome="recovered", closed=closed)
    return path


@pytest.fixture
def path(made, tmp_path):
    """A copy that may be changed."""
    shutil.copytree(made.parent, tmp_path / "kept")
    return tmp_path / "kept" / made.name


@pytest.fixture
def events(spotdiff, path):
    def call(verb, *arguments):
        return spotdiff("events", verb, *arguments, "--store", path)

    return call


def ids(ran):
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line)["id"] for line in ran.out.splitlines()]


def test_a_line_for_each_event_the_oldest_first(events):
    ran = events("list")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "2026-03-01 12:00:00  open         hall-1         Left: <b>a bag & more</b>.",
        "2026-03-01 12:10:00  acknowledged yard-1         a bag",
        "2026-03-01 12:20:00  closed       hall-2         The picture of hall is black.",
        "2026-03-01 12:30:00  open         yard-2         a bag",
    ]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ((), ["hall-1", "yard-1", "hall-2", "yard-2"]),
        (("--camera", "yard"), ["yard-1", "yard-2"]),
        (("--camera", "yard", "--camera", "hall"), ["hall-1", "yard-1", "hall-2", "yard-2"]),
        (("--state", "open"), ["hall-1", "yard-2"]),
        (("--state", "closed", "--state", "acknowledged"), ["yard-1", "hall-2"]),
        (("--kind", "black"), ["hall-2"]),
        (("--zone", "gate"), ["yard-1"]),
        (("--zone", ""), ["hall-1", "hall-2", "yard-2"]),
        (("--since", "2026-03-01T12:10:00"), ["yard-1", "hall-2", "yard-2"]),
        (("--until", "2026-03-01 12:10:00"), ["hall-1"]),
        (("--since", "2026-03-02"), []),
        (("--limit", "1"), ["yard-2"]),
        (("--camera", "nobody"), []),
    ],
)
def test_events_are_chosen(events, chosen, found):
    assert ids(events("list", "--json", *chosen)) == found


def test_an_event_is_shown_with_all_that_is_known(events, path):
    ran = events("show", "yard-1")
    assert (ran.code, ran.err) == (0, "")
    said = dict(line.split(maxsplit=1) for line in ran.out.splitlines())
    assert (said["kind"], said["zone"], said["acknowledged_by"], said["note"]) == ("taken", "gate", "Ann", "=mine")
    assert said["after"] == str(path.parent / "events-evidence/2026/03/01/yard-1/after.jpg")
    record = json.loads(events("show", "yard-1", "--json").out)
    assert (record["id"], record["box"], record["closed"]) == ("yard-1", [8, 6, 24, 20], None)
    assert set(record["evidence"]) == {"before", "after", "boxes", "mask", "thumbnail", "clip"}
    assert len(record["evidence"]["after"]["sha256"]) == 64


def test_people_acknowledge_and_call_normal(events):
    ran = events("acknowledge", "hall-1", "yard-2", "--by", "Bob", "--note", "seen")
    assert [line.split()[2:4] for line in ran.out.splitlines()] == [
        ["acknowledged", "hall-1"],
        ["acknowledged", "yard-2"],
    ]
    assert json.loads(events("show", "hall-1", "--json").out)["acknowledged_by"] == "Bob"
    ran = events("normal", "hall-1", "--by", "Cid")
    assert ran.out.split()[2:4] == ["closed", "hall-1"]
    record = json.loads(events("show", "hall-1", "--json").out)
    assert (record["state"], record["outcome"], record["acknowledged_by"], record["note"]) == (
        "closed",
        "normal",
        "Cid",
        "seen",
    )
    assert events("acknowledge", "hall-1").out.split()[2] == "closed"


class Page(HTMLParser):
    """Holds the tags of a page against each other, and keeps what it refers to."""

    VOID = ("meta", "img", "br", "link", "input", "hr")

    def __init__(self):
        super().__init__()
        self.open, self.links, self.articles, self.text = [], [], 0, ""

    def handle_starttag(self, tag, attributes):
        self.links += [value for name, value in attributes if name in ("src", "href")]
        self.articles += tag == "article"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_a_page_holds_everything_it_shows(events, tmp_path):
    ran = events("export", "--page", tmp_path / "events.html")
    assert (ran.code, ran.out) == (0, f"Wrote 4 events to {tmp_path / 'events.html'}\n")
    text = (tmp_path / "events.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert (page.open, page.articles) == ([], 4)
    assert len(page.links) == 6
    assert all(link.startswith("data:image/jpeg;base64,") for link in page.links)
    assert "Left: <b>a bag & more</b>." in page.text
    assert "<b>" not in text
    assert "4 events: 1 left, 1 taken, 1 black, 1 moved." in page.text
    assert "recovered at 12:25:00" in page.text


def test_a_page_tells_of_a_still_that_is_gone(events, path, tmp_path):
    (path.parent / "events-evidence/2026/03/01/yard-1/before.jpg").unlink()
    assert events("export", "--page", tmp_path / "events.html").code == 0
    assert "before.jpg is missing" in (tmp_path / "events.html").read_text(encoding="utf-8")


def test_tables_and_labels_are_written(events, tmp_path):
    table, labels = tmp_path / "events.csv", tmp_path / "events.json"
    ran = events("export", "--csv", table, "--coco", labels, "--camera", "yard")
    assert (ran.code, ran.out) == (0, f"Wrote 2 events to {table}, {labels}\n")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["kind"], row["box"]) for row in rows] == [
        ("yard-1", "taken", "8 6 24 20"),
        ("yard-2", "moved", "8 6 24 20"),
    ]
    coco = json.loads(labels.read_text(encoding="utf-8"))
    assert [image["event"] for image in coco["images"]] == ["yard-1", "yard-2"]
    assert [one["bbox"] for one in coco["annotations"]] == [[8, 6, 16, 14]] * 2


def test_stills_are_compared_once_more(events):
    ran = events("rerun", "hall-1", "--method", "classic", "--json")
    (now,) = [json.loads(line) for line in ran.out.splitlines()]
    assert (now["id"], now["kind"], now["kind_now"], now["verdict_now"]) == ("hall-1", "left", "left", "changed")
    assert now["score_now"] > 0.4
    ran = events("rerun", "hall-1", "--method", "classic")
    assert ran.out.startswith("hall-1         was left, now left (0.")
    assert ran.out.endswith("; the pair is changed\n")
    assert events("rerun", "--kind", "black").out == ""


def test_evidence_is_held_against_its_digests(events, path):
    ran = events("verify")
    assert (ran.code, ran.out) == (0, "All evidence is whole.\n")
    folder = path.parent / "events-evidence/2026/03/01"
    data = bytearray((folder / "hall-1/after.jpg").read_bytes())
    data[-100] ^= 1
    (folder / "hall-1/after.jpg").write_bytes(data)
    (folder / "yard-1/mask.png").unlink()
    ran = events("verify")
    assert (ran.code, ran.err) == (2, "")
    lines = ran.out.splitlines()
    assert lines[-1] == "2 problems"
    assert sorted(lines[:2]) == [
        "hall-1: 2026/03/01/hall-1/after.jpg: is not what was written: its SHA-256 differs",
        "yard-1: 2026/03/01/yard-1/mask.png: missing",
    ]


@pytest.fixture
def given_up(path):
    """What two sinks did not take, one after the other, of two events."""
    with open_store(str(path), reserve_mb=0) as store:
        queue = AlertQueue(store.engine)
        for event in store.events(state="open"):
            queue.put(message_of(event, "opened", record=record_of(event), at=START), ["mail", "mqtt"])
        for sink in ("mail", "mqtt"):
            for _ in range(2):
                queue.mark_dead(queue.head(sink), reason=f"{sink} is full")


def waiting(path):
    with open_store(str(path), reserve_mb=0) as store:
        return [(delivery.key, delivery.tries) for delivery in AlertQueue(store.engine).waiting()]


@pytest.mark.usefixtures("given_up")
def test_alerts_that_were_given_up_are_sent_again(events, path):
    ran = events("retry", "hall-1", "--sink", "mail")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == ["hall-1         opened       mail: mail is full", "1 alert to be sent again."]
    assert waiting(path) == [("hall-1/opened/mail/text", 0)]
    assert events("retry", "hall-1", "--sink", "nobody").out == "No alert was given up.\n"
    assert events("retry").out.splitlines()[-1] == "3 alerts to be sent again."
    assert [key for key, _ in waiting(path)] == [
        "hall-1/opened/mail/text",
        "hall-1/opened/mqtt/text",
        "yard-2/opened/mail/text",
        "yard-2/opened/mqtt/text",
    ]
    assert events("retry").out == "No alert was given up.\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "hall-9"), "hall-9"),
        (("retry", "hal-1"), "did you mean hall-1?"),
        (("show", "hal-1"), "did you mean hall-1?"),
        (("acknowledge", "hall-9"), "hall-9"),
        (("acknowledge",), "Missing argument 'ID...'"),
        (("normal", "hall-1", "hall-9"), "hall-9"),
        (("rerun", "hall-9"), "hall-9"),
        (("rerun", "hall-2"), "hall-2 is of the whole camera"),
        (("rerun", "hall-1", "--method", "clasic"), "did you mean classic?"),
        (("rerun", "hall-1", "--sensitivity", "2"), "Invalid value for '--sensitivity'"),
        (("export",), "export needs --csv, --coco or --page"),
        (("export", "--csv", "none/x.csv"), "none/x.csv: No such file or directory"),
        (("list", "--since", "yesterday"), "Invalid value for '--since'"),
        (("list", "--until", "2026-13-01"), "Invalid value for '--until'"),
        (("list", "--limit", "0"), "Invalid value for '--limit'"),
        (("list", "--state", "opne"), "Invalid value for '--state'"),
    ],
)
def test_a_mistake_is_one_line_and_2(events, arguments, told):
    ran = events(*arguments)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("spotdiff: ")
    assert told in ran.err


@pytest.mark.parametrize("verb", VERBS)
def test_a_store_that_is_not_there_is_told_and_not_made(spotdiff, tmp_path, monkeypatch, verb):
    monkeypatch.chdir(tmp_path)
    arguments = {"show": ("hall-1",), "acknowledge": ("hall-1",), "normal": ("hall-1",), "export": ("--csv", "x.csv")}
    for store in ((), ("--store", "none.db"), ("--store", "sqlite:///none.db")):
        ran = spotdiff("events", verb, *arguments.get(verb, ()), *store)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert "there is no such store; name it with --store, or watch something first" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_no_store(spotdiff, tmp_path):
    (tmp_path / "words.db").write_text("words")
    (tmp_path / "folder.db").mkdir()
    for name, told in (("words.db", "it is not a database"), ("folder.db", "no such store"), ("x.txt", "a store is a")):
        ran = spotdiff("events", "list", "--store", tmp_path / name)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert told in ran.err
