"""Samples as examples: the truth stays on what it belongs to, however an example is moved."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.data import open_dataset
from spotdiff.data.augmented import AugmentedSource
from spotdiff.data.example import Example, Place
from spotdiff.data.load_example import load_example
from spotdiff.data.transforms import Crop, cropped, flipped, letterboxed, rotated, swapped
from spotdiff.errors import DataError, OptionError

BOX = (10, 6, 22, 18)  # where the red square is
RED, BLUE = (200, 0, 0), (0, 0, 200)


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values[..., ::-1] if values.ndim == 3 else values)


def square(box=BOX, size=(48, 32), colour=RED, ground=60):
    values = np.full((size[1], size[0], 3), ground, np.uint8)
    values[box[1] : box[3], box[0] : box[2]] = colour
    return values


def marked(box=BOX, size=(48, 32), value=255):
    values = np.zeros(size[::-1], np.uint8)
    values[box[1] : box[3], box[0] : box[2]] = value
    return values


@pytest.fixture
def yard(tmp_path):
    """Pairs 1 to 3: a red square in before, a blue one in after, with masks gone and new; and boxes."""
    for name in ("1", "2", "3"):
        save(tmp_path / "before" / f"{name}.png", square())
        save(tmp_path / "after" / f"{name}.png", square((30, 20, 40, 30), colour=BLUE))
        save(tmp_path / "gone" / f"{name}.png", marked())
        save(tmp_path / "new" / f"{name}.png", marked((30, 20, 40, 30)))
    return tmp_path


def only(root, **truth):
    """One sample with another truth."""
    (root / "boxes").mkdir(exist_ok=True)
    (root / "boxes" / "1.json").write_text(json.dumps(truth))
    sample = open_dataset(root).samples[0]
    return replace(sample, gone=None, new=None, boxes=root / "boxes" / "1.json")


def same(one: Example, other: Example) -> bool:
    fields = ("before", "after", "gone", "new", "counted_before", "counted_after")
    return all((getattr(one, f) == getattr(other, f)).all() for f in fields) and one.places == other.places


def reddest(picture):
    return picture[..., 0].astype(int) - picture[..., 2] > 60


def bluest(picture):
    return picture[..., 2].astype(int) - picture[..., 0] > 60


def test_an_example_is_whole_and_letterboxed(yard):
    source = AugmentedSource(open_dataset(yard), 96, augment=False)
    assert len(source) == 3
    example = source[0]
    assert example.before.shape == example.after.shape == (96, 96, 3)
    assert example.directed
    assert example.facts["name"] == "1"
    assert example.gone.sum() == 4 * 12 * 12  # twice as large
    assert (reddest(example.before) == example.gone).mean() > 0.99
    assert (bluest(example.after) == example.new).mean() > 0.99
    for counted in (example.counted_before, example.counted_after):
        assert counted[16:80].all()
        assert not counted[:16].any()
        assert not counted[80:].any()
    with pytest.raises(IndexError):
        source[3]
    assert len(list(source)) == 3


def test_truth_follows_the_pixels_through_every_change(yard):
    source = AugmentedSource(open_dataset(yard), 64, seed=3)
    agreements = []
    for number in range(60):
        example = source[number]
        sides = (example.before, example.gone), (example.after, example.new)
        exchanged_or_not = ((reddest, bluest), (bluest, reddest))
        agreements.append(
            max(
                min((of(picture) == mask).mean() for of, (picture, mask) in zip(colours, sides, strict=True))
                for colours in exchanged_or_not
            )
        )
    assert min(agreements) > 0.95
    assert np.mean(agreements) > 0.99


def test_the_same_number_gives_the_same_example(yard):
    samples = open_dataset(yard)
    one, other = AugmentedSource(samples, 32, seed=5), pickle.loads(pickle.dumps(AugmentedSource(samples, 32, seed=5)))
    forth, back = [one[n] for n in range(8)], [other[n] for n in reversed(range(8))]
    assert all(same(a, b) for a, b in zip(forth, reversed(back), strict=True))
    assert not same(forth[0], AugmentedSource(samples, 32, seed=6)[0])


def test_it_never_ends_and_shows_every_sample_in_every_round(yard):
    source = AugmentedSource(open_dataset(yard), 32)
    rounds = [[source[3 * r + n].facts["name"] for n in range(3)] for r in range(12)]
    assert all(sorted(names) == ["1", "2", "3"] for names in rounds)
    assert len({tuple(names) for names in rounds}) > 1
    assert not same(source[0], source[len(source) * 100])


def test_most_cuts_show_the_change(tmp_path):
    """By chance alone a change of 8 by 8 pixels in 256 by 256 would be seen in 60 % of examples."""
    for side in ("before", "after"):
        save(tmp_path / side / "1.png", square((100, 40, 108, 48), (256, 256)))
    save(tmp_path / "mask" / "1.png", marked((100, 40, 108, 48), (256, 256)))
    source = AugmentedSource(open_dataset(tmp_path), 64)
    shown = [source[n].changed for n in range(120)]
    assert sum(shown) > 85
    assert not all(shown)


def test_examples_are_cut_at_the_scales_of_a_networks_looks(tmp_path):
    """A board of 512 pixels is looked at with 128, 256 and 512: a square of 16 in it is about 4, 8 or 16 wide."""
    for side in ("before", "after"):
        save(tmp_path / side / "1.png", square((200, 200, 216, 216), (512, 512)))
    save(tmp_path / "mask" / "1.png", marked((200, 200, 216, 216), (512, 512)))
    source = AugmentedSource(open_dataset(tmp_path), 64, first_look=128)
    whole = [e for e in map(source.__getitem__, range(150)) if e.changed and not touches_edge(e.gone)]
    widths = [np.sqrt(e.gone.sum()) for e in whole]
    assert 2.5 < min(widths) < 5.5
    assert 12 < max(widths) < 20.5
    assert all(e.counted_before.all() for e in whole)  # nothing is letterboxed


def touches_edge(mask):
    return mask[[0, -1]].any() or mask[:, [0, -1]].any()


def test_light_differs_between_the_pictures(yard):
    source = AugmentedSource(open_dataset(yard), 32)
    grounds = [
        (np.median(e.before[e.counted_before]), np.median(e.after[e.counted_after]))
        for e in map(source.__getitem__, range(8))
    ]
    assert all(20 < level < 110 for pair in grounds for level in pair)
    assert len({before - after for before, after in grounds}) > 4


def test_a_mask_alone_is_undirected(yard):
    save(yard / "mask" / "1.png", marked(value=170) | marked((30, 20, 40, 30)))
    sample = replace(open_dataset(yard).samples[0], gone=None, new=None)
    example = AugmentedSource([sample], 48, augment=False)[0]
    assert not example.directed
    assert (example.gone == example.new).all()
    assert example.gone.sum() == 100
    assert (~example.counted_before[8:40]).sum() == 144


def test_places_become_filled_boxes_and_places(yard):
    sample = only(yard, form="places", boxes=[[10, 6, 22, 18]], boxes_after=[[30, 20, 40, 30]])
    example = load_example(sample)
    assert not example.directed
    assert example.places == (Place("changed", BOX, (30, 20, 40, 30)),)
    assert (example.gone == (marked() > 0)).all()
    assert (example.new == (marked((30, 20, 40, 30)) > 0)).all()


@pytest.mark.parametrize("form", ["areas", "points"])
def test_in_wide_boxes_only_what_differs_is_learned(yard, form):
    """The box says that something changed within it, not how far it reaches."""
    box = [4, 0, 28, 24]
    example = load_example(only(yard, form=form, boxes=[box]))
    wide, thing = marked(tuple(box)) > 0, marked() > 0
    assert example.gone.any()
    assert not (example.gone & ~cv2.dilate(thing.astype(np.uint8), np.ones((3, 3))).astype(bool)).any()
    assert (example.gone & thing).sum() > 0.8 * thing.sum()
    assert (example.counted_before == ~(wide & ~example.gone)).all()
    assert (example.gone == example.new).all()


def test_a_wide_box_in_which_nothing_differs_is_not_learned_from(yard):
    example = load_example(only(yard, boxes=[[40, 0, 47, 7]]))
    assert not example.changed
    assert (~example.counted_before == (marked((40, 0, 47, 7)) > 0)).all()


def test_objects_are_in_one_picture_each(yard):
    boxes = [[10, 6, 22, 18, "removed"], [30, 20, 40, 30, "added"], [0, 0, 4, 4, "either"]]
    example = load_example(only(yard, form="objects", boxes=boxes))
    assert example.directed
    assert [place.kind for place in example.places] == ["removed", "added"]
    assert (example.gone == (marked() > 0)).all()
    assert (example.new == (marked((30, 20, 40, 30)) > 0)).all()
    assert (~example.counted_before == (marked((0, 0, 4, 4)) > 0)).all()


def test_boxes_of_an_after_of_another_size_are_brought_along(yard):
    save(yard / "after" / "1.png", square((60, 40, 80, 60), (96, 64), BLUE))
    example = load_example(only(yard, form="objects", boxes=[[60, 40, 80, 60, "added"]]))
    assert example.after.shape == example.before.shape
    assert example.places[0].box_after == (30, 20, 40, 30)
    assert (example.new == (marked((30, 20, 40, 30)) > 0)).all()


def test_a_pair_known_as_unchanged_has_empty_masks(yard):
    example = load_example(only(yard, changed=False))
    assert not example.changed
    assert example.directed
    assert example.counted_before.all()


def test_what_cannot_be_learned_from(yard):
    with pytest.raises(DataError, match="1 says only whether something changed"):
        load_example(only(yard, changed=True))
    save(yard / "gone" / "2.png", marked(size=(20, 20), box=(0, 0, 2, 2)))
    save(yard / "mask" / "2.png", marked())
    with pytest.raises(DataError, match=r"is 20x20, before is 48x32"):
        AugmentedSource(open_dataset(yard), 32, augment=False)[1]
    with pytest.raises(OptionError, match="needs samples"):
        AugmentedSource([], 32)


def test_large_pictures_are_kept_small_and_few(yard):
    source = AugmentedSource(open_dataset(yard), 8, augment=False, cached_mb=0.002)
    for number in (0, 1, 2, 0):
        assert source[number].gone.any()
    assert len(source._cached) == 1
    assert next(iter(source._cached.values())).before.shape == (16, 24, 3)


@pytest.fixture
def placed():
    """A square example with a place whose box is exactly its mask."""
    gone, new = marked((4, 6, 12, 10), (20, 20)) > 0, marked((14, 2, 18, 8), (20, 20)) > 0
    picture = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    outline = ((4, 6), (11, 6), (11, 9), (4, 9))
    place = Place("moved", (4, 6, 12, 10), (14, 2, 18, 8), (outline,), ())
    every = np.ones((20, 20), bool)
    return Example(picture, picture[::-1], gone, new, every, every, places=(place,))


def box_of(mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


@pytest.mark.parametrize(
    "move",
    [
        lambda e: rotated(e, 1),
        lambda e: rotated(e, 2),
        lambda e: rotated(e, 3),
        flipped,
        lambda e: letterboxed(e, 60),
        lambda e: cropped(e, Crop(2, 1, 18, 18), 36),
        lambda e: rotated(flipped(e), 1),
    ],
)
def test_boxes_and_outlines_move_with_their_masks(placed, move):
    moved = move(placed)
    (place,) = moved.places
    assert place.box_before == box_of(moved.gone)
    assert place.box_after == box_of(moved.new)
    drawn = np.zeros(moved.gone.shape, np.uint8)
    cv2.fillPoly(drawn, [np.array(place.outline_before[0], np.int32)], 1)
    assert np.abs(np.subtract(box_of(drawn), place.box_before)).max() <= 1


def test_four_turns_and_two_mirrors_are_nothing(placed):
    assert same(rotated(rotated(placed, 1), 3), placed)
    assert same(flipped(flipped(placed)), placed)


def test_exchanging_turns_kinds_around(placed):
    kinds = ("added", "removed", "replaced", "moved", "changed")
    example = replace(placed, places=tuple(Place(kind, (0, 0, 2, 2), None) for kind in kinds))
    other = swapped(example)
    assert [place.kind for place in other.places] == ["removed", "added", "replaced", "moved", "changed"]
    assert all((place.box_before, place.box_after) == (None, (0, 0, 2, 2)) for place in other.places)
    assert (other.gone == example.new).all()
    assert (other.before == example.after).all()
    assert same(swapped(other), example)


def test_places_outside_of_the_window_are_dropped(placed):
    (place,) = cropped(placed, Crop(12, 0, 8, 8), 8).places
    assert (place.box_before, place.box_after) == (None, (2, 2, 6, 8))
    assert cropped(placed, Crop(0, 12, 8, 8), 8).places == ()
