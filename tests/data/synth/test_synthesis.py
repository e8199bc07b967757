"""Made pairs: what the truth says is what the pictures show."""

from __future__ import annotations

import pickle
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pytest
from PIL import Image

from spotdiff.data.synth import RECIPES, Materials, PairRecipe, Synthesis
from spotdiff.errors import DataError

SIDE = 96
PLAIN = replace(RECIPES["plain"], size=SIDE)
CHANGED = replace(PLAIN, unchanged=0.0)


def pairs(recipe, materials=None, count=40, seed=0):
    source = Synthesis(recipe, materials or Materials(), seed)
    return [source[number] for number in range(count)]


def same(one, other):
    arrays = ("before", "after", "gone", "new", "counted_before", "counted_after")
    alike = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
    return alike and one.places == other.places and one.facts == other.facts


@pytest.mark.parametrize("with_materials", [False, True])
def test_shapes_types_and_frames(materials, with_materials):
    for pair in pairs(replace(RECIPES["default"], size=SIDE), materials if with_materials else None, count=12):
        assert pair.before.shape == pair.after.shape == (SIDE, SIDE, 3)
        assert pair.before.dtype == pair.after.dtype == np.uint8
        for mask in (pair.gone, pair.new, pair.counted_before, pair.counted_after):
            assert mask.shape == (SIDE, SIDE)
            assert mask.dtype == np.bool_


def test_without_nuisance_the_pictures_differ_where_the_truth_says_and_nowhere_else(materials):
    for pair in pairs(PLAIN, materials, count=80):
        differs = (pair.before != pair.after).any(-1)
        said = pair.gone | pair.new
        besides = differs & ~said & pair.counted_before & pair.counted_after
        darker = (pair.before <= pair.after).all(-1) | (pair.after <= pair.before).all(-1)
        assert darker[besides].all()  # shadows that things throw
        if pair.changed:
            assert differs[said].mean() > 0.6


def test_the_shadow_of_a_thing_counts_as_unchanged(materials):
    recipe = replace(PLAIN, unchanged=0.0, moved=0.0, replaced=0.0, text=0.0, patched=0.0, inpaint=0.0, distractors=0)
    shadowed = 0
    for pair in pairs(recipe, materials, count=40):
        differs = (pair.before.astype(int) - pair.after).min(-1) > 12
        besides = differs & ~(pair.gone | pair.new) & pair.counted_before & pair.counted_after
        shadowed += bool(besides.sum() > 20)
    assert shadowed >= 8


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_dim_place_is_dark_in_both_pictures(materials, share):
    made = pairs(replace(PLAIN, unchanged=1.0, dim=share), materials, count=12)
    dim = [pair.facts["dim"] for pair in made]
    assert all((value < 1) == (share == 1.0) for value in dim)
    plain = pairs(replace(PLAIN, unchanged=1.0), materials, count=12)
    for pair, bright, factor in zip(made, plain, dim, strict=True):
        for one, other in ((pair.before, bright.before), (pair.after, bright.after)):
            assert one.mean() == pytest.approx(factor * other.mean(), rel=0.05)


@pytest.mark.parametrize("uneven", [0.0, 1.0])
def test_light_is_uneven_as_often_as_asked(materials, uneven):
    made = pairs(replace(PLAIN, unchanged=1.0, light=1.0, uneven=uneven), materials, count=12)
    fields = {pair.facts[side]["field"] for pair in made for side in ("before", "after")}
    assert ("even" in fields) == (uneven == 0.0)
    assert bool(fields - {"even"}) == (uneven == 1.0)


def test_without_nuisance_little_is_left_uncounted(materials):
    shares = [pair.counted_before.mean() for pair in pairs(PLAIN, materials, count=60)]
    assert np.mean(shares) > 0.9


def test_where_nothing_changed_the_plain_pictures_are_the_same(materials):
    for pair in pairs(replace(PLAIN, unchanged=1.0), materials, count=20):
        assert np.array_equal(pair.before, pair.after)
        assert pair.counted_before.all()
        assert pair.counted_after.all()
        assert pair.places == ()


def test_what_cannot_be_seen_is_no_change(tmp_path):
    (tmp_path / "grey").mkdir()
    Image.new("RGB", (80, 80), (120, 120, 120)).save(tmp_path / "photo.png")
    Image.new("RGBA", (30, 30), (120, 120, 120, 255)).save(tmp_path / "grey" / "one.png")
    (tmp_path / "list.txt").write_text("photo.png")
    materials = Materials.open(tmp_path / "list.txt", tmp_path / "grey")
    recipe = replace(CHANGED, blobs=0.0, text=0.0, replaced=0.0, moved=0.0, most_changes=1, distractors=0, inpaint=0.0)
    made = pairs(recipe, materials, count=40)
    assert 0 < sum(pair.changed for pair in made) < 40
    for pair in made:
        if pair.changed:
            assert np.abs(pair.before.astype(int) - pair.after)[pair.gone | pair.new].mean() >= 12


def test_the_share_of_unchanged_pairs_is_the_one_asked_for(materials):
    unchanged = [not pair.changed for pair in pairs(replace(PLAIN, size=64), materials, count=400)]
    assert 0.27 < np.mean(unchanged) < 0.43


def test_kinds_come_in_the_shares_asked_for(materials):
    plain = replace(CHANGED, relit=0.0, digits=0.0)  # both are replacements besides
    found = Counter(place.kind for pair in pairs(plain, materials, count=250) for place in pair.places)
    shares = {kind: found[kind] / found.total() for kind in ("added", "removed", "replaced", "moved")}
    assert sum(shares.values()) == pytest.approx(1)
    assert 0.2 < shares["added"] < 0.42
    assert 0.2 < shares["removed"] < 0.42
    assert 0.15 < shares["replaced"] < 0.4
    assert 0.06 < shares["moved"] < 0.24


def test_masks_follow_the_kind(materials):
    seen = set()
    for pair in pairs(replace(CHANGED, most_changes=1), materials, count=60):
        for place in pair.places:
            seen.add(place.kind)
            assert pair.gone.any() == (place.kind in ("removed", "replaced", "moved"))
            assert pair.new.any() == (place.kind in ("added", "replaced", "moved"))
    assert seen == {"added", "removed", "replaced", "moved"}


def pixels_shared(one, other):
    return max(one[0], other[0]) < min(one[2], other[2]) and max(one[1], other[1]) < min(one[3], other[3])


def test_replaced_overlaps_and_moved_goes_elsewhere(materials):
    for pair in pairs(replace(CHANGED, most_changes=1, distractors=0, text=0.0), materials, count=80):
        (place,) = pair.places or (None,)
        if place is not None and place.kind == "replaced":
            assert pixels_shared(place.box_before, place.box_after)
        if place is not None and place.kind == "moved":
            assert place.box_before != place.box_after


@pytest.mark.parametrize("recipe", [CHANGED, replace(RECIPES["free"], size=SIDE, unchanged=0.0)])
def test_boxes_hold_the_masks_tightly(materials, recipe):
    for pair in pairs(recipe, materials, count=60):
        for mask, counted, side in (
            (pair.gone, pair.counted_before, "before"),
            (pair.new, pair.counted_after, "after"),
        ):
            boxes = np.zeros_like(mask)
            for place in pair.places:
                left, top, right, bottom = getattr(place, f"box_{side}") or (0, 0, 0, 0)
                boxes[top:bottom, left:right] = True
                if getattr(place, f"outline_{side}"):
                    inside = (mask & counted)[top:bottom, left:right]
                    assert inside[0].any()
                    assert inside[-1].any()
                    assert inside[:, 0].any()
                    assert inside[:, -1].any()
            assert not (mask & counted & ~boxes).any()


def test_what_came_has_a_box_where_it_will_stand_and_no_outline_there(materials):
    for pair in pairs(CHANGED, materials, count=40):
        for place in pair.places:
            if place.kind == "added":
                assert place.box_before == place.box_after  # nothing moved the camera
                assert place.outline_before == ()
                assert place.outline_after
            if place.kind == "removed":
                assert place.box_before == place.box_after
                assert place.outline_after == ()


def test_a_thing_behind_another_is_not_labelled_where_it_is_hidden(materials):
    hidden = 0
    for pair in pairs(replace(CHANGED, largest=0.25, smallest=0.1, distractors=8), materials, count=60):
        same_there = (pair.before == pair.after).all(-1)
        boxes = [place.box_before for place in pair.places if place.kind == "removed" and place.box_before]
        for left, top, right, bottom in boxes:
            hidden += (same_there & ~pair.gone)[top:bottom, left:right].sum()
    assert hidden > 0


def test_facts_name_class_colour_and_what_became_of_what(materials):
    places = [place for pair in pairs(CHANGED, materials, count=120) for place in pair.places]
    assert {"ball", "crate", "tea cup"} <= {place.facts["class"] for place in places}
    assert all(place.facts["colour"] for place in places)
    replaced = [place.facts for place in places if place.kind == "replaced"]
    assert all(facts["from"] and facts["to"] for facts in replaced)
    assert {"recoloured", "rewritten"} <= {facts.get("how") for facts in replaced}
    assert any(place.facts.get("words") for place in places)


def test_a_recoloured_thing_changes_its_look_and_not_its_outline(materials):
    recipe = replace(CHANGED, replaced=1.0, moved=0.0, text=0.0, most_changes=1, distractors=0)
    recoloured = [p for p in pairs(recipe, materials, count=60) if p.places and p.places[0].facts.get("how")]
    assert recoloured
    assert all(np.array_equal(pair.gone, pair.new) for pair in recoloured)


def test_moving_texture_is_no_change_and_counts(materials):
    recipe = replace(PLAIN, unchanged=1.0, texture_motion=1.0)
    stirred = [pair for pair in pairs(recipe, materials, count=30) if pair.facts["texture_motion"]]
    assert len(stirred) > 15
    for pair in stirred:
        assert (pair.before != pair.after).any()
        assert not pair.changed
        assert pair.counted_before.all()


def test_moving_texture_leaves_things_alone(materials):
    for pair, still in zip(
        pairs(replace(CHANGED, texture_motion=1.0), materials, count=20),
        pairs(CHANGED, materials, count=20),
        strict=True,
    ):
        assert np.array_equal(pair.gone, still.gone)
        assert np.array_equal(pair.before[pair.gone], still.before[still.gone])


def test_a_moved_camera_leaves_out_what_one_picture_does_not_see(materials):
    made = pairs(replace(RECIPES["free"], size=SIDE), materials, count=20)
    assert all(pair.facts["camera"]["motion"] == "moved" for pair in made)
    assert 0.4 < np.mean([pair.counted_after.mean() for pair in made]) < 0.97


def test_the_residual_moves_the_picture_by_no_more_than_asked():
    recipe = replace(PLAIN, unchanged=1.0, camera="residual", camera_px=0.0)
    assert all(np.array_equal(pair.before, pair.after) for pair in pairs(recipe, count=5))
    moved = pairs(replace(recipe, camera_px=4.0), count=5)
    assert all((pair.before != pair.after).any() for pair in moved)


def test_depth_shifts_shared_things_and_calls_that_no_change(materials):
    recipe = replace(PLAIN, size=128, unchanged=1.0, camera="depth", camera_px=0.0, distractors=6, largest=0.1)
    made = pairs(recipe, materials, count=30)
    assert any((pair.before != pair.after).any() for pair in made)
    assert not any(pair.changed for pair in made)
    assert np.mean([pair.counted_after.mean() for pair in made]) > 0.9


def test_light_differs_between_the_two_pictures_and_is_told():
    (pair,) = pairs(replace(PLAIN, light=1.0, shadows=1.0, unchanged=1.0), count=1)
    assert (pair.before != pair.after).mean() > 0.5
    assert {"stops", "gamma", "shadow"} <= pair.facts["before"].keys()
    assert pair.facts["before"] != pair.facts["after"]


def test_pictures_are_neither_black_nor_white(materials):
    made = pairs(replace(RECIPES["default"], size=SIDE), materials, count=60)
    means = [picture.mean() for pair in made for picture in (pair.before, pair.after)]
    assert 70 < np.median(means) < 170
    assert min(means) > 8
    assert max(means) < 245


def test_the_same_number_is_the_same_pair(materials):
    recipe = replace(RECIPES["default"], size=SIDE)
    forward = pairs(recipe, materials, count=10, seed=5)
    source = Synthesis(recipe, materials, 5)
    assert all(same(source[number], forward[number]) for number in reversed(range(10)))


def test_other_seeds_and_numbers_are_other_pairs(materials):
    recipe = replace(RECIPES["default"], size=SIDE)
    first, second = pairs(recipe, materials, count=2)
    assert not np.array_equal(first.before, second.before)
    assert not np.array_equal(first.before, Synthesis(recipe, materials, 1)[0].before)


def test_a_pickled_source_makes_the_same_pairs(materials):
    source = Synthesis(replace(RECIPES["default"], size=SIDE), replace(materials), 3)
    source[0]
    packed = pickle.dumps(source)
    assert not pickle.loads(packed).materials._cache.cutouts  # what was decoded on the way stays here
    assert all(same(pickle.loads(packed)[number], source[number]) for number in range(4))


def test_other_processes_make_the_same_pairs(materials):
    source = Synthesis(replace(RECIPES["default"], size=64), materials, 3)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        theirs = list(pool.map(source.__getitem__, range(4)))
    assert all(same(pair, source[number]) for number, pair in enumerate(theirs))


def test_numbers_below_0_are_refused():
    with pytest.raises(IndexError, match="from 0"):
        Synthesis(PLAIN)[-1]


def test_sizes_from_very_small_to_larger_than_the_photographs(materials):
    for size in (32, 33, 300):
        (pair,) = pairs(replace(RECIPES["default"], size=size), materials, count=1)
        assert pair.before.shape == (size, size, 3)


def test_a_damaged_photograph_is_named(tmp_path):
    path = tmp_path / "torn.png"
    Image.new("RGB", (64, 64)).save(path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match=r"torn\.png"):
        Synthesis(PairRecipe(size=64), Materials.open(tmp_path))[0]


def test_a_camera_without_colours_gives_none_in_either_picture(materials):
    for pair in pairs(replace(CHANGED, grey=1.0), materials, count=8):
        for picture in (pair.before, pair.after):
            assert np.ptp(picture.astype(int), axis=2).max() == 0


def test_steady_light_is_the_same_in_both_pictures(materials):
    recipe = replace(PLAIN, unchanged=1.0, light=1.0, uneven=1.0, shadows=1.0, distractors=0, camera="still")
    for pair in pairs(replace(recipe, steady=1.0, sensor=0.0), materials, count=8):
        assert np.array_equal(pair.before, pair.after)
    assert not any(
        np.array_equal(pair.before, pair.after) for pair in pairs(replace(recipe, steady=0.0), materials, count=8)
    )


def test_things_near_the_camera_are_large(materials):
    recipe = replace(CHANGED, most_changes=1, distractors=0, near=1.0, relit=0.0)
    made = [pair for pair in pairs(recipe, materials, count=40) if pair.places]
    shares = [max(pair.gone.mean(), pair.new.mean()) for pair in made]
    assert len(made) > 30
    assert np.median(shares) > 0.15
    assert max(shares) > recipe.largest
    assert {place.kind for pair in made for place in pair.places} == {"added", "removed"}
