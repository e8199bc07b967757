"""What the flow's answer says of a candidate, and whether two differences are one thing that moved."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.types import Alignment, Comparison, Light, Pair, Picture, Region
from spotdiff.watching.scene.candidates import Candidate, join_moved
from spotdiff.watching.scene.judge import Judgement, confirmed_kind, judge_ground
from watching.scene.scene_toys import HERE, SIZE, THERE, in_grey, judge, place, with_thing

EMPTY, FULL, AWAY = place(), with_thing(place()), with_thing(place(), THERE)
FAR = (20, 100, 40, 120)


def mask_of(*found):
    mask = np.zeros(SIZE[::-1], bool)
    for left, top, right, bottom in found:
        mask[top:bottom, left:right] = True
    return mask


def region(label, kind, box, *, score=0.9, before=None):
    size = (box[2] - box[0]) * (box[3] - box[1])
    return Region(kind, score, size, before or (None if kind == "added" else box), box, label=label)


def answer_of(*regions, before=EMPTY, after=FULL, verdict="changed"):
    labels = np.zeros(SIZE[::-1], np.int32)
    for one in regions:
        for box in (one.box_before, one.box_after):
            if box is not None:
                labels[mask_of(box)] = one.label
    pair = Pair(Picture(before), Picture(after))
    still = Alignment("off", np.eye(3), None, 1.0)
    return Comparison(verdict, "", 0.9, regions, pair, pair, None, labels, still, Light("off"), "toy", {}, {})


@pytest.mark.parametrize(
    ("kind", "before", "after", "said"),
    [("added", EMPTY, FULL, "left"), ("removed", FULL, EMPTY, "taken"), ("changed", EMPTY, FULL, "changed")],
)
@pytest.mark.parametrize("verdict", ["changed", "unsure"])
def test_one_region(kind, before, after, said, verdict):
    answer = answer_of(region(1, kind, HERE), before=before, after=after, verdict=verdict)
    found = judge_ground(answer, mask_of(HERE))
    assert (found.kind, found.score, found.box, found.box_before) == (said, 0.9, HERE, None)
    assert np.array_equal(found.mask, mask_of(HERE))


@pytest.mark.parametrize(("kind", "before", "after"), [("added", FULL, EMPTY), ("removed", EMPTY, FULL)])
def test_a_kind_that_the_pictures_speak_against(kind, before, after):
    answer = answer_of(region(1, kind, HERE), before=before, after=after)
    assert judge_ground(answer, mask_of(HERE)).kind == "changed"


def test_where_both_pictures_look_alike_no_kind_is_agreed_on():
    answer = answer_of(region(1, "added", HERE), before=EMPTY, after=EMPTY)
    assert confirmed_kind(answer, "left", mask_of(HERE)) == "changed"
    assert confirmed_kind(answer, "taken", mask_of(HERE)) == "changed"
    assert confirmed_kind(answer_of(), "changed", mask_of(HERE)) == "changed"


@pytest.mark.parametrize("box", [(0, 0, 26, 26), (230, 118, 256, 144)])
def test_at_the_edge_of_the_picture(box):
    answer = answer_of(region(1, "added", box), after=with_thing(EMPTY, box))
    assert judge_ground(answer, mask_of(box)).kind == "left"


def test_elsewhere_is_nothing():
    answer = answer_of(region(1, "added", HERE))
    assert judge_ground(answer, mask_of(FAR)) is None
    assert judge_ground(answer_of(), mask_of(HERE)) is None
    refused = answer_of(region(1, "added", HERE))
    object.__setattr__(refused, "labels", None)
    assert judge_ground(refused, mask_of(HERE)) is None


def test_regions_that_share_the_ground_are_one_and_others_do_not_count():
    left, right = (80, 60, 93, 86), (93, 60, 106, 86)
    answer = answer_of(region(1, "added", left, score=0.6), region(2, "added", right), region(3, "removed", FAR))
    found = judge_ground(answer, mask_of(HERE))
    assert (found.kind, found.score, found.box) == ("left", 0.9, HERE)
    assert np.array_equal(found.mask, mask_of(HERE))


def test_regions_of_two_kinds_are_a_change():
    answer = answer_of(region(1, "added", (80, 60, 93, 86)), region(2, "removed", (93, 60, 106, 86)))
    assert judge_ground(answer, mask_of(HERE)).kind == "changed"


def test_a_small_region_of_another_kind_does_not_matter():
    answer = answer_of(region(1, "added", (80, 60, 106, 83)), region(2, "removed", (80, 83, 90, 86)))
    assert judge_ground(answer, mask_of(HERE)).kind == "left"


@pytest.mark.parametrize("ground", [HERE, THERE])
def test_what_moved_has_two_places(ground):
    answer = answer_of(region(1, "moved", THERE, before=HERE), before=FULL, after=AWAY)
    found = judge_ground(answer, mask_of(ground))
    assert (found.kind, found.box, found.box_before) == ("moved", THERE, HERE)
    assert np.array_equal(found.mask, mask_of(HERE, THERE))


def test_the_real_flow_in_two_looks_and_without_colours():
    for before, after in ((EMPTY, FULL), (in_grey(EMPTY), with_thing(in_grey(EMPTY), colour=(240, 240, 240)))):
        answer = judge().compare(before, after)
        assert answer.verdict == "changed"
        assert judge_ground(answer, mask_of(HERE)).kind == "left"
    assert judge().compare(EMPTY, in_grey(EMPTY)).verdict == "same"
    ignored = judge().compare(EMPTY, FULL, valid=~mask_of((70, 50, 116, 96)))
    assert judge_ground(ignored, mask_of(HERE)) is None


def difference_of(kind, box, before, after, *, box_before=None, mask=None):
    one = Candidate(1, np.zeros((2, 2), bool), since=0.0, last_seen=0.0, due=0.0)
    one.judgement = Judgement(
        kind, 0.8 if kind == "taken" else 0.9, box, box_before, mask_of(box) if mask is None else mask, "x"
    )
    one.pictures = (before, after)
    return one


def gone(kind="taken"):
    return difference_of(kind, HERE, FULL, EMPTY)


def came(kind="left", after=AWAY):
    return difference_of(kind, THERE, EMPTY, after)


@pytest.mark.parametrize("kinds", [("taken", "left"), ("taken", "changed"), ("changed", "left")])
@pytest.mark.parametrize("first", ["gone", "came"])
def test_taken_here_and_left_there(kinds, first):
    pair = gone(kinds[0]), came(kinds[1])
    found = join_moved(*(pair if first == "gone" else pair[::-1]))
    assert (found.kind, found.box, found.box_before) == ("moved", THERE, HERE)
    assert found.score == min(pair[0].judgement.score, pair[1].judgement.score)
    assert np.array_equal(found.mask, mask_of(HERE, THERE))


@pytest.mark.parametrize("kinds", [("taken", "taken"), ("left", "left"), ("changed", "changed"), ("moved", "left")])
def test_these_are_two(kinds):
    assert join_moved(gone(kinds[0]), came(kinds[1])) is None


def test_things_that_look_different_are_two():
    other = with_thing(EMPTY, THERE, colour=(30, 70, 220), seed=12)
    assert join_moved(gone(), came(after=other)) is None


def test_what_the_judge_calls_moved_takes_the_place_of_what_was_taken():
    fresh = difference_of("moved", THERE, FULL, AWAY, box_before=HERE, mask=mask_of(HERE, THERE))
    assert join_moved(gone(), fresh) is fresh.judgement
    assert join_moved(difference_of("taken", FAR, FULL, EMPTY), fresh) is None


@pytest.mark.parametrize("lacks", ["judgement", "pictures"])
def test_what_is_not_known_did_not_move(lacks):
    told = gone()
    setattr(told, lacks, None)
    assert join_moved(told, came()) is None
    assert join_moved(came(), told) is None
