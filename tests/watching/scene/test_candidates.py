"""One candidate over time, and the second in which it began."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.image.resize import enlarge, resize_mask, shrink, shrink_mask
from spotdiff.watching.scene.candidates import Candidate, bounding_box, dilate, overlaps
from spotdiff.watching.scene.recent_frames import RecentFrames, nearest_look, ring_around
from spotdiff.watching.scene.working_sizes import Sizes
from watching.scene.scene_toys import HERE, lit, noisy, place, with_thing

SCALES = Sizes.of(place(), side=640)


def ground(left=10, top=10, width=10, height=10):
    mask = np.zeros((60, 80), bool)
    mask[top : top + height, left : left + width] = True
    return mask


NOWHERE = np.zeros((60, 80), bool)


def one(mask=None):
    return Candidate(1, ground() if mask is None else mask, since=5.0, last_seen=5.0, due=9.0)


def test_a_difference_is_followed():
    candidate = one()
    candidate.missing = 2.0
    candidate.update(ground(11), seconds=6.0, observed=1.0)
    candidate.update(ground(11, width=15), seconds=7.5, observed=1.5)
    assert (candidate.since, candidate.last_seen, candidate.visible, candidate.missing) == (5.0, 7.5, 2.5, 0.0)
    assert np.array_equal(candidate.mask, ground(11, width=15))


@pytest.mark.parametrize("size", [(4, 4), (40, 20)])
def test_another_shape_settles_anew(size):
    candidate = one()
    candidate.update(ground(), seconds=8.0, observed=3.0)
    candidate.update(ground(width=size[0], height=size[1]), seconds=9.0, observed=1.0)
    assert (candidate.since, candidate.visible) == (9.0, 0.0)


def test_present_gone_or_not_to_be_said():
    candidate = one()
    assert candidate.is_present(ground(), NOWHERE) is True
    assert candidate.is_present(NOWHERE, NOWHERE) is False
    assert candidate.is_present(ground(width=3), NOWHERE) is None  # between the two
    assert candidate.is_present(NOWHERE, ground(width=8)) is None  # covered
    assert candidate.is_present(ground(width=4), ground(14, width=3)) is True  # of what can be seen
    assert candidate.is_present(ground(), ~NOWHERE) is None


def test_same_ground():
    assert overlaps(ground(), ground(5))
    assert overlaps(ground(), ground(12, 12, 4, 4))  # small in large
    assert not overlaps(ground(), ground(18, 18))
    assert not overlaps(ground(), ground(40))
    assert not overlaps(NOWHERE, NOWHERE)
    assert not overlaps(ground(), NOWHERE)


def test_grown_and_box():
    assert np.array_equal(dilate(ground(), 3), ground(7, 7, 16, 16))
    assert np.array_equal(dilate(ground(), 0), ground())
    assert bounding_box(ground(3, 5, 7, 11)) == (3, 5, 10, 16)


@pytest.mark.parametrize(
    ("shape", "side", "work"),
    [
        ((1080, 1920), 640, (640, 360)),
        ((480, 640), 640, (640, 480)),
        ((48, 64), 640, (64, 48)),
        ((640, 1), 640, (8, 640)),
    ],
)
def test_scales(shape, side, work):
    sizes = Sizes.of(np.zeros((*shape, 3), np.uint8), side=side)
    assert sizes.own == shape[::-1]
    assert sizes.work == work
    assert sizes.small == (work[0] // 2, work[1] // 2)
    assert sizes.tiny == (work[0] // 4, work[1] // 4)
    assert sizes.source_box((0, 0, *work)) == (0, 0, *shape[::-1])
    assert sizes.small_area == pytest.approx(shape[0] * shape[1] / (sizes.small[0] * sizes.small[1]))


def test_sizes_and_back():
    picture = place()
    assert shrink(picture, (256, 144)) is enlarge(picture, (256, 144)) is picture
    assert shrink(picture, (64, 36)).shape == (36, 64, 3)
    assert enlarge(picture, (300, 200)).shape == (200, 300, 3)
    mask = np.zeros((144, 256), bool)
    mask[20:40, 30:70] = True
    small = shrink_mask(mask, (128, 72))
    assert bounding_box(small) == (15, 10, 35, 20)
    assert np.array_equal(resize_mask(small, (256, 144)), mask)
    mask[100, 100] = True
    assert bounding_box(shrink_mask(mask, (128, 72))) == (15, 10, 35, 20)


THEN = 6.33
EMPTY, FULL = place(), with_thing(place())
WHERE = np.zeros((144, 256), bool)
WHERE[HERE[1] : HERE[3], HERE[0] : HERE[2]] = True


def began(draw, *, until=15.0, fps=5.0, before=EMPTY, after=FULL, where=WHERE, noticed=99.0):
    history, rng = RecentFrames(span=180.0), np.random.default_rng(0)
    for number in range(round(until * fps)):
        history.add(number / fps, shrink(noisy(draw(number / fps), rng), SCALES.tiny))
    return history.began(before, after, where, noticed=noticed)


def come(t):
    return FULL if t >= THEN else EMPTY


def covered_by_somebody(t):
    shown = come(t).copy()
    if THEN - 1 <= t < THEN + 1.5:
        shown[40:120, 70:120] = (40, 60, 160)
    return shown


def test_when_it_came():
    assert began(come) == pytest.approx(THEN, abs=0.3)
    assert began(come, where=shrink_mask(WHERE, SCALES.small)) == pytest.approx(THEN, abs=0.3)


def test_when_it_was_taken():
    assert began(lambda t: EMPTY if t >= THEN else FULL, before=FULL, after=EMPTY) == pytest.approx(THEN, abs=0.3)


def test_somebody_stood_before_it():
    between = (THEN - 1 + THEN + 1.5) / 2  # of the last that showed the one and the first that showed the other
    assert began(covered_by_somebody) == pytest.approx(between, abs=0.4)


@pytest.mark.parametrize("factor", [0.5, 1.5])
@pytest.mark.parametrize("step", [3.0, 10.0])
def test_the_light_was_switched_before_or_since(factor, step):
    found = began(lambda t: lit(come(t), factor if t >= step else 1.0))
    assert found == pytest.approx(THEN, abs=0.3)


def test_what_the_past_does_not_tell():
    assert began(lambda t: EMPTY, noticed=7.0) == 7.0
    assert began(lambda t: FULL, noticed=7.0) == 0.0
    assert began(lambda t: FULL, noticed=-2.0) == -2.0
    assert began(come, where=np.zeros_like(WHERE), noticed=7.0) == 7.0
    assert RecentFrames(span=9.0).began(EMPTY, FULL, WHERE, noticed=7.0) == 7.0
    assert began(lambda t: place(seed=9), noticed=7.0) == 7.0


def test_came_went_and_came_again_began_with_the_last():
    assert began(lambda t: FULL if 2 <= t < 5 or t >= 9 else EMPTY) == pytest.approx(9, abs=0.3)


def test_a_picture_full_of_it_has_no_surroundings():
    assert began(lambda t: lit(EMPTY, 2.0 if t >= THEN else 1.0), after=lit(EMPTY, 2.0), where=np.ones_like(WHERE)) == (
        pytest.approx(THEN, abs=0.3)
    )


def test_the_past_is_bounded():
    history, tiny = RecentFrames(span=10.0), shrink(EMPTY, SCALES.tiny)
    for number in range(3000):
        history.add(number / 100, tiny)
    kept = [seconds for seconds, _ in history._frames]
    assert kept == sorted(kept)
    assert kept[0] >= kept[-1] - 10.0
    assert 500 < len(kept) <= 1000


def test_which_look_is_nearer():
    inside = resize_mask(WHERE, SCALES.tiny)
    old, new = (shrink(picture, SCALES.tiny).astype(np.float32) for picture in (EMPTY, FULL))
    ring = ring_around(inside)
    assert not (ring & inside).any()
    for frame, said in ((old, "old"), (new, "new"), (0.5 * new, "new"), (0.5 * old, "old"), (255 - new, "neither")):
        assert nearest_look(frame, old, new, inside, ring) == said
    assert nearest_look((old + new) / 2, old, new, inside, ring) == "neither"
