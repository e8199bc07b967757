import base64
import csv
import hashlib
import io
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from spotdiff.report.markup import page_file
from spotdiff.timelapse import page as paging
from spotdiff.timelapse import progress_csv, progress_page, progress_record
from spotdiff.timelapse.step import Change, Part, Step

HOSTILE = "a/</script><script>alert(1)</script>\"'&<b> $name ${style},\n"


def made(number, *, wall, before, day=None, area="wall", error="", verdict="changed", reason="1 region"):
    """A step as if it had been measured."""
    taken = datetime(2024, 1, 1) + timedelta(days=30 * number if day is None else day)
    moment = (taken - datetime(1970, 1, 1)).total_seconds()
    bare = Step(Path(f"p{number}.jpg"), taken, "name", moment, (area,), shown=b"\xff\xd8\xff")
    if number == 0:
        return bare
    if error:
        return replace(bare, error=error, shown=b"")

    def change(share, against):
        part = Part(
            share, round(1000 * (share or 0)), 1000, "It grew.", "" if share is not None else f"unsure: {reason}"
        )
        return Change(against, verdict, reason, "", {area: part}, None, b"\xff\xd8\xff")

    return replace(bare, first=change(wall, "p0.jpg"), last=change(before, f"p{number - 1}.jpg"))


@pytest.fixture
def gappy():
    return [
        made(0, wall=0, before=None),
        made(1, wall=0.2, before=0.2),
        made(2, wall=0.4, before=0.2),
        made(3, wall=None, before=None, verdict="unsure", reason="fog"),
        made(4, wall=None, before=None, error="p4.jpg: empty"),
        made(5, wall=0.6, before=0.2),
        made(6, wall=0.8, before=0.2),
    ]


def test_the_page_is_whole_and_loads_nothing(steps, read):
    reader = read(progress_page(steps, title="Progress: yard"))
    assert reader.open == []
    for tag, attributes in reader.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form", "use")
        for name in ("src", "href", "srcset", "action", "data", "xlink:href"):
            assert attributes.get(name, "data:").startswith(("data:", "#")), (tag, attributes)
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    policy = next(a["content"] for a in reader.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    allowed = set(re.findall(r"'(sha256-[^']+)'", policy))
    assert allowed == {
        "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in reader.code.values()
    }
    assert not re.search(r"url\(|@import|https?://", page_file("progress.css"))


def test_every_step_is_there_with_its_pictures(steps, read):
    reader = read(progress_page(steps))
    ids = [a["id"] for _, a in reader.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {f"step-{number}" for number in range(1, 6)} <= set(ids)
    assert {a["href"].removeprefix("#") for a in reader.all("a")} <= set(ids)
    assert len(reader.all("img")) == 1 + 2 + 3 * 3  # the first; the second, where both are one; the others
    assert all(a["alt"] for a in reader.all("img"))
    words = " ".join(reader.words)
    for step in steps:
        assert step.picture.name in words
    assert {"100 %", "wall", "gate"} <= set(reader.words)


def test_the_plot_has_a_line_an_area_and_points_that_say_what_they_are(steps, read):
    reader = read(progress_page(steps))
    plots = reader.all("svg", class_="shares")
    assert len(plots) == 2
    assert len(reader.all("path", class_="line")) == 4
    assert len(reader.all("circle", class_="dot")) == 2 * (5 + 4)
    titles = [word for word in reader.words if " since the first picture" in word and "2024-05-01" in word]
    assert sorted(titles) == [
        "gate, 2024-05-01: 0 % since the first picture",
        "wall, 2024-05-01: 98 % since the first picture",
    ]
    assert {"2024-01", "2024-05", "100 %"} <= set(reader.words)


def test_the_plots_points_lie_where_time_and_share_say(gappy, read):
    dots = read(progress_page(gappy)).all("circle", class_="dot")[:5]
    x, y = ([float(dot[name]) for dot in dots] for name in ("cx", "cy"))
    assert [(at - x[0]) / (x[-1] - x[0]) for at in x] == pytest.approx([0, 1 / 6, 2 / 6, 5 / 6, 1], abs=0.001)
    assert [(y[0] - at) / (y[0] - y[-1]) for at in y] == pytest.approx([0, 0.25, 0.5, 0.75, 1], abs=0.005)


def test_what_nobody_can_say_is_a_gap(gappy, read):
    reader = read(progress_page(gappy))
    runs = [a["d"].count("L") + 1 for a in reader.all("path", class_="line")]
    assert runs == [3, 2, 2, 2]
    assert len(reader.all("path", class_="unknown")) == 4
    words = reader.words
    assert words.count("wall, 2024-03-31: unsure: fog") == 2
    assert words.count("wall, 2024-04-30: p4.jpg: empty") == 2
    assert "p4.jpg: empty" in words
    assert "Unsure since the first picture: fog." in words
    assert "Unsure since the picture before: fog." in words


def test_pictures_whose_dates_do_not_rise_stand_side_by_side(gappy, read):
    by_name = [gappy[0], gappy[5], gappy[1], gappy[6]]
    reader = read(progress_page(by_name))
    x = [float(a["cx"]) for a in reader.all("circle", class_="dot")[:4]]
    assert [b - a for a, b in pairwise(x)] == pytest.approx([x[1] - x[0]] * 3, abs=0.2)
    assert "their dates do not rise" in " ".join(reader.words)
    assert "2024-01" not in reader.words


def test_hostile_words_stay_words(read):
    steps = [made(0, wall=0, before=None, area=HOSTILE), made(1, wall=0.2, before=0.2, area=HOSTILE)]
    steps += [
        replace(made(2, wall=None, before=None, area=HOSTILE, error=HOSTILE), picture=Path(f"x{HOSTILE}\udc80.jpg"))
    ]
    reader = read(progress_page(steps, title=HOSTILE))
    assert [tag for tag, _ in reader.elements].count("script") == 1
    assert "alert" not in "".join(reader.code.values())
    assert "".join(reader.words).count("<script>alert(1)</script>") > 10
    rows = list(csv.DictReader(io.StringIO(progress_csv(steps), newline="")))
    assert [row["area"] for row in rows] == [HOSTILE] * 3
    assert progress_csv(steps).encode("utf-8")


def test_a_very_long_series_keeps_the_pictures_that_tell_most(gappy, read, monkeypatch):
    monkeypatch.setattr(paging, "MOST_SHOWN", 3)
    gappy[2] = made(2, wall=0.9, before=0.7)
    reader = read(progress_page(gappy))
    said = [a["alt"] for a in reader.all("img") if a["alt"].startswith("Changed since p")]
    assert said == ["Changed since p1.jpg", "Changed since p5.jpg"]
    assert len(reader.all("img")) == 1 + 3 + 3
    assert [a["id"] for a in reader.all("section", class_="step panel")] == [f"step-{n}" for n in range(1, 8)]


def test_csv(steps, gappy):
    rows = list(csv.DictReader(io.StringIO(progress_csv(steps), newline="")))
    assert list(rows[0])[:8] == [
        *("date", "picture", "area", "since_first", "since_last", "changed_pixels", "verdict", "text"),
    ]
    assert [(row["picture"], row["area"]) for row in rows] == [
        (step.picture.name, area) for step in steps for area in ("wall", "gate")
    ]
    told = [(step, area) for step in steps for area in step.areas]
    for row, (step, area) in zip(rows, told, strict=True):
        assert datetime.fromisoformat(row["date"]) == step.taken
        assert float(row["since_first"]) == pytest.approx(step.since_first[area], abs=1e-6)
        assert (row["since_last"] == "") == (step.since_last[area] is None)
    assert [row["verdict"] for row in rows] == ["first", "first", *["changed", "same"] * 4]
    assert rows[4]["verdict_last"] == "same"
    assert int(rows[8]["changed_pixels"]) == pytest.approx(16000, rel=0.05)
    assert (rows[8]["last"], rows[8]["dated_by"]) == ("yard_2024-04-01.jpg", "name")
    odd = list(csv.DictReader(io.StringIO(progress_csv(gappy), newline="")))
    assert [row["verdict"] for row in odd] == ["first", "changed", "changed", "unsure", "trouble", "changed", "changed"]
    assert [(odd[n]["since_first"], odd[n]["since_last"], odd[n]["changed_pixels"]) for n in (3, 4)] == [
        ("", "", "")
    ] * 2
    assert [odd[n]["reason"] for n in (1, 3, 4)] == ["", "unsure: fog", "p4.jpg: empty"]


def test_json(steps, gappy):
    said = json.loads(json.dumps(progress_record(steps, name="yard"), allow_nan=False))
    assert (said["schema"], said["name"], len(said["steps"])) == ("spotdiff/progress/1", "yard", 5)
    last = said["steps"][-1]
    assert last["since_first"]["wall"] == last["first"]["areas"]["wall"]["share"] == pytest.approx(1, abs=0.05)
    assert last["last"]["against"] == "yard_2024-04-01.jpg"
    assert said["steps"][0]["first"] is None
    assert progress_record(gappy)["steps"][4]["error"] == "p4.jpg: empty"
