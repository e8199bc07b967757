"""What is usual: learned slowly, frozen where something stands, remembered for each light."""

from __future__ import annotations

import numpy as np

from spotdiff.image.resize import resize_mask, shrink
from spotdiff.watching.scene.candidates import dilate
from spotdiff.watching.scene.reference import Reference, Regimes
from spotdiff.watching.scene.temporal_median import MedianFrame
from spotdiff.watching.scene.working_sizes import Sizes
from watching.scene.scene_toys import in_grey, lit, place

SCALES = Sizes.of(place(), side=640)
SHAPE = SCALES.small[::-1]
ALL, NOTHING = np.ones(SHAPE, bool), np.zeros(SHAPE, bool)


def still_of(pixels, *, restless=NOTHING, seconds=0.0):
    work = np.rint(pixels).astype(np.uint8)
    return MedianFrame(work, shrink(work, SCALES.small), restless, seconds)


def patch(rows=(20, 40), columns=(30, 60)):
    mask = NOTHING.copy()
    mask[slice(*rows), slice(*columns)] = True
    return mask


def wide(mask):
    return resize_mask(mask, SCALES.work)


def reference_of(pixels=None, known=ALL):
    return Reference(place() if pixels is None else np.rint(pixels).astype(np.uint8), known.copy())


def flat(level):
    return np.full_like(place(), level)


def test_it_learns_slowly_where_it_may():
    reference, where = reference_of(flat(100)), patch()
    for _ in range(10):
        reference.learn(still_of(flat(150)), where, seconds=1.0)
    rate = (reference.work[wide(where)].mean() - 100) / 50
    assert 0.05 < rate < 0.5
    assert (reference.work[~wide(where)] == 100).all()
    assert abs(reference.small[where].mean() - reference.work[wide(where)].mean()) < 1.5


def test_it_learns_by_time_and_not_by_look():
    one, many = reference_of(flat(100)), reference_of(flat(100))
    one.learn(still_of(flat(150)), ALL, seconds=4.0)
    for _ in range(4):
        many.learn(still_of(flat(150)), ALL, seconds=1.0)
    assert abs(one.work.mean() - many.work.mean()) <= 1
    one.learn(still_of(flat(150)), ALL, seconds=1e6)
    assert (one.work == 150).all()


def test_a_grey_level_is_learned_in_the_end():
    reference = reference_of(flat(100))
    for _ in range(200):
        reference.learn(still_of(flat(101)), ALL, seconds=1.0)
    assert (reference.work == 101).all()


def test_what_was_never_seen_is_taken_in_at_once_unless_it_moves():
    hidden, moving = patch(), patch((30, 40), (30, 60))
    reference = reference_of(flat(100), ~hidden)
    assert not reference.difference(still_of(flat(200)), usable=ALL, noise=1.0)[hidden].any()
    reference.learn(still_of(flat(200), restless=moving), NOTHING, seconds=1.0)
    assert (reference.work[wide(hidden & ~moving)] == 200).all()
    assert (reference.work[~wide(hidden & ~moving)] == 100).all()
    assert np.array_equal(reference.known, ~moving)


def with_patch(mask, level):
    shown = place().copy()
    shown[wide(mask)] = level
    return shown


def test_to_take_in_is_to_know():
    thing = patch()
    shown = still_of(with_patch(thing, 250))
    reference = reference_of(known=~patch((20, 25), (30, 60)))
    assert (reference.difference(shown, usable=ALL & ~thing, noise=1.0) > 1)[patch((27, 38), (32, 58))].mean() > 0.8
    reference.absorb(shown, thing)
    assert not (reference.difference(shown, usable=ALL, noise=1.0) > 1).any()
    assert reference.known.all()
    assert (reference.difference(still_of(place()), usable=ALL & ~thing, noise=1.0) > 1)[thing].mean() > 0.7


def test_to_allow_is_to_know_a_second_look():
    thing, elsewhere = patch(), patch((45, 60), (80, 110))
    reference = reference_of()
    reference.allow(still_of(with_patch(thing, 250)), dilate(thing, 2))
    for shown in (place(), with_patch(thing, 250)):
        assert not (reference.difference(still_of(shown), usable=ALL & ~thing, noise=1.0) > 1).any()
    third = reference.difference(still_of(with_patch(thing, 5)), usable=ALL & ~thing, noise=1.0)
    assert (third > 1)[thing].mean() > 0.5
    there = reference.difference(still_of(with_patch(elsewhere, 250)), usable=ALL & ~elsewhere, noise=1.0)
    assert (there > 1)[elsewhere].mean() > 0.5


def test_second_looks_are_not_kept_without_end():
    reference = reference_of()
    for number in range(40):
        reference.allow(still_of(with_patch(patch(), 6 * number)), dilate(patch(), 2))
    assert not (reference.difference(still_of(with_patch(patch(), 6 * 39)), usable=~patch(), noise=1.0) > 1).any()
    assert (reference.difference(still_of(with_patch(patch(), 0)), usable=~patch(), noise=1.0) > 1).any()


def test_lit_as():
    dark = lit(place(), 0.5)
    shown = reference_of().relit(still_of(dark), ALL)
    assert shown.dtype == np.uint8
    assert np.abs(shown - dark).mean() < 2
    bright = reference_of(lit(place(), 0.9)).relit(still_of(lit(place(), 1.8)), ALL)
    assert bright.max() == 255


def regimes_of(*pixels):
    regimes = Regimes(reference_of(pixels[0]))
    for one in pixels[1:]:
        regimes.switch(reference_of(one))
    return regimes


def test_the_nearest_light():
    day, night = place(), in_grey(lit(place(), 0.4).astype(np.uint8))
    regimes = regimes_of(day, night)
    first, second = regimes.all
    assert regimes.now is second
    assert regimes.nearest(still_of(lit(day, 1.03)), usable=ALL, noise=1.0) is first
    assert regimes.nearest(still_of(night), usable=ALL, noise=1.0) is second
    assert regimes.nearest(still_of(lit(day, 0.1)), usable=ALL, noise=1.0) is None
    assert regimes.nearest(still_of(place(seed=8)), usable=ALL, noise=1.0) is None
    assert regimes.nearest(still_of(day, restless=ALL), usable=ALL, noise=1.0) is None
    regimes.switch(first)
    assert regimes.now is first
    assert regimes.all == (second, first)


def test_the_light_is_found_though_a_thing_stands_in_it():
    regimes = regimes_of(place(), lit(place(), 0.4))
    shown = still_of(with_patch(patch(), 250))
    assert regimes.nearest(shown, usable=ALL & ~patch(), noise=1.0) is regimes.all[0]


def test_lights_are_not_remembered_without_end():
    regimes = regimes_of(*(lit(place(), 0.2 + 0.03 * n) for n in range(20)))
    assert len(regimes.all) < 20
    assert regimes.all[-1] is regimes.now
