"""Events of a watch held against the truth of clips, by references of their own."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.errors import DataError
from spotdiff.evaluate.events import Clip, ReportedEvent, TrueEvent, event_table, matched, read_clips, summed
from spotdiff.evaluate.tables import aligned

BOX, NEAR, FAR = (10, 10, 30, 30), (12, 11, 31, 32), (200, 100, 230, 130)


def happened(kind="left", box=BOX, time=10.0, box_before=None):
    return TrueEvent(kind, box, box_before, time)


def reported(kind="left", box=NEAR, time=10.5, told=21.0, box_before=None):
    return ReportedEvent(kind, box, box_before, time, told)


def union(one, other):
    """Intersection over union, pixel by pixel."""
    first, second = ({(x, y) for x in range(b[0], b[2]) for y in range(b[1], b[3])} for b in (one, other))
    return len(first & second) / len(first | second)


def fits(event, told):
    """How well a report fits an event; 0 where it does not."""
    places = itertools.product(
        [b for b in (told.box, told.box_before) if b], [b for b in (event.box, event.box_before) if b]
    )
    best = max(union(one, other) for one, other in places)
    return best if best >= 0.2 and abs(event.time - told.time) <= 15 else 0.0


small_box = st.builds(
    lambda x, y, w, h: (x, y, x + w, y + h), st.integers(0, 12), st.integers(0, 6), st.integers(2, 6), st.integers(2, 6)
)
maybe_box = st.one_of(st.none(), small_box)
seconds = st.integers(0, 40).map(float)
truths = st.lists(
    st.builds(TrueEvent, st.sampled_from(["left", "taken", "moved"]), small_box, maybe_box, seconds), max_size=4
)
reports = st.lists(st.builds(ReportedEvent, st.just("left"), small_box, maybe_box, seconds, seconds), max_size=4)


def most_pairs(events, told):
    """The most pairs that fit, over every way to pair them."""
    return max(
        sum(1 for event, one in zip(events, order, strict=False) if one is not None and fits(event, one))
        for order in itertools.permutations([*told, *([None] * len(events))], len(events))
    )


@settings(max_examples=120, deadline=None)
@given(truths, reports)
def test_matched_against_every_way_to_pair(events, told):
    pairs, false = matched(events, told)
    assert sorted(map(repr, (event for event, _ in pairs))) == sorted(map(repr, events))
    used = [one for _, one in pairs if one is not None]
    assert sorted(map(repr, [*used, *false])) == sorted(map(repr, told))
    assert all(fits(event, one) > 0 for event, one in pairs if one is not None)
    assert not [1 for event, one in pairs if one is None for other in false if fits(event, other)]
    most = most_pairs(events, told)
    assert most / 2 <= len(used) <= most


def test_the_report_that_fits_best():
    better, worse = reported(box=BOX), reported(box=(16, 16, 36, 36))
    for told in ([better, worse], [worse, better]):
        pairs, false = matched([happened()], told)
        assert pairs == ((happened(), better),)
        assert false == (worse,)


@pytest.mark.parametrize(("apart", "found"), [(14.9, True), (15.1, False), (-14.9, True), (-15.1, False)])
def test_at_its_time(apart, found):
    ((_, told),), _ = matched([happened()], [reported(time=10 + apart)])
    assert (told is not None) is found


@pytest.mark.parametrize(("box", "found"), [((10, 10, 30, 15), True), ((10, 10, 30, 13), False), (FAR, False)])
def test_at_its_place(box, found):
    ((_, told),), _ = matched([happened()], [reported(box=box)])
    assert (told is not None) is found


def test_a_moved_thing_is_found_at_either_place():
    event = happened("moved", box_before=FAR)
    for told in (reported(box=FAR), reported(box=BOX), reported(box=(90, 90, 99, 99), box_before=FAR)):
        assert matched([event], [told])[0][0][1] is told


def clip(pairs=(), false=(), *, seconds=600.0, frames=100, cost=1.0, scenario="event", name="a"):
    return Clip(name, scenario, seconds, tuple(pairs), tuple(false), frames, cost)


def test_summed():
    clips = [
        clip([(happened(time=10), reported(time=11, told=22)), (happened("taken", FAR, 20), None)], [reported()]),
        clip([(happened("taken", time=30), reported("left", time=30, told=36)), (happened(), reported("changed"))]),
        clip(seconds=1200.0, frames=300, cost=3.0, scenario="rain"),
    ]
    figures = summed(clips)
    assert (figures.clips, figures.happened, figures.found, figures.told) == (3, 4, 3, 4)
    assert figures.recall == 0.75
    assert figures.precision == 0.75
    assert figures.label_right == 0.5
    assert figures.changed == pytest.approx(1 / 3)
    assert figures.error == pytest.approx(np.percentile([1, 0, 0.5], 95))
    assert figures.delay == pytest.approx((11, np.percentile([12, 6, 11], 95)))
    assert figures.false_per_day == pytest.approx(86400 / 2400)
    assert figures.milliseconds == pytest.approx(1000 * 5 / 500)


def test_a_share_of_nothing_is_not_a_number():
    figures = summed([])
    assert (figures.clips, figures.happened, figures.told) == (0, 0, 0)
    for value in (figures.recall, figures.precision, figures.label_right, figures.error, *figures.delay):
        assert math.isnan(value)
    assert math.isnan(figures.false_per_day)
    quiet = summed([clip()])
    assert quiet.false_per_day == 0
    assert math.isnan(quiet.recall)


def test_the_table():
    clips = [clip([(happened(), reported())]), clip(scenario="rain", false=[reported()])]
    table = event_table({"spotdiff": clips, "other": []})
    rows = {row[0]: row for row in table.rows}
    assert list(rows) == ["spotdiff", "  event", "  rain", "other"]
    assert {len(row) for row in table.rows} == {len(table.heads)}
    said = dict(zip(table.heads, rows["spotdiff"], strict=True))
    assert (said["clips"], said["events"], said["recall"], said["precision"], said["false"]) == (
        *("2", "1", "1.000", "0.500"),
        "1",
    )
    assert dict(zip(table.heads, rows["  rain"], strict=True))["recall"] == "none"
    assert set(rows["other"][3:7]) == {"none"}
    assert len({len(line) for line in aligned(table)[1:]}) == 1


TRUTH = {"scenario": "event", "seconds": 12, "events": [{"kind": "left", "box": [1, 2, 3, 4], "time": 5}]}


def write_clip(folder, name, truth=TRUTH, *, film=True):
    folder.mkdir(exist_ok=True)
    text = truth if isinstance(truth, str) else json.dumps(truth)
    (folder / f"{name}.json").write_text(text, encoding="utf-8")
    if film:
        (folder / f"{name}.mp4").write_bytes(b"")


def test_clips_are_read_by_name(tmp_path):
    for name in ("b", "a", "c"):
        write_clip(tmp_path, name)
    write_clip(tmp_path, "summary", "no truth at all", film=False)
    assert [film.name for film, _ in read_clips(tmp_path)] == ["a.mp4", "b.mp4", "c.mp4"]
    assert read_clips(str(tmp_path))[0][1] == TRUTH


EVENT = TRUTH["events"][0]
BROKEN = {
    "no JSON": "{",
    "a list": [],
    "no events": {"scenario": "event", "seconds": 1},
    "no scenario": {"seconds": 1, "events": []},
    "no length": {"scenario": "event", "events": []},
    "an odd length": TRUTH | {"seconds": "long"},
    "no kind": TRUTH | {"events": [{k: v for k, v in EVENT.items() if k != "kind"}]},
    "a box of three": TRUTH | {"events": [EVENT | {"box": [1, 2, 3]}]},
    "no box": TRUTH | {"events": [EVENT | {"box": None}]},
    "an odd time": TRUTH | {"events": [EVENT | {"time": "noon"}]},
}


@pytest.mark.parametrize("truth", BROKEN.values(), ids=BROKEN)
def test_a_broken_truth_is_one_line(tmp_path, truth):
    write_clip(tmp_path, "a")
    write_clip(tmp_path, "b", truth)
    with pytest.raises(DataError) as error:
        read_clips(tmp_path)
    assert "b.json" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["empty", "nowhere"])
def test_no_clips(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no clips"):
        read_clips(tmp_path / name)


def test_no_report_is_counted_twice():
    event = happened()
    pairs, false = matched([event, replace(event, time=11.0)], [reported()])
    assert [told is None for _, told in pairs] == [False, True]
    assert false == ()
