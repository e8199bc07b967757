"""What is learned from is what was given, and what is measured on is never learned from."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from spotdiff.errors import DataError
from spotdiff.train.recipe import get_recipe
from spotdiff.train.training_data import Mixed, find_training_data
from tiny_training import Squares, write_squares


def recipe_of(**changes):
    return get_recipe("spot", {"size": 48, "measured": 3} | changes)


def write_material(root, count):
    rng = np.random.default_rng(0)
    for number in range(count):
        photo = cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (96, 72))
        cutout = np.dstack([rng.integers(0, 255, (20, 20, 3)), np.pad(np.full((16, 16), 255), 2)]).astype(np.uint8)
        for kind, name, pixels in (("photos", f"{number}.png", photo), ("cutouts/box", f"{number}.png", cutout)):
            (root / kind).mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(root / kind / name), pixels)
    return root


def test_with_nothing_given_scenes_are_drawn():
    training_data = find_training_data([], recipe_of())
    assert "drawn scenes and drawn things" in training_data.description
    assert training_data.source[5].before.shape == (48, 48, 3)
    assert len(training_data.held_out) == 3


def test_material_is_parted_by_file(tmp_path):
    training_data = find_training_data([str(write_material(tmp_path, 40))], recipe_of(held_out=0.3))
    assert "40 photographs and 40 cut-outs" in training_data.description
    learned = {file.name for file in training_data.source.materials.photos}
    assert 0 < len(learned) < 40


def test_labelled_pairs_are_parted_by_name(tmp_path):
    training_data = find_training_data(
        [str(write_squares(tmp_path / "yard", 20))], recipe_of(held_out=0.2, measured=10)
    )
    assert "16 labelled pairs (4 more held out)" in training_data.description
    assert len(training_data.held_out) == 4
    learned = {sample.name for sample in training_data.source.labelled.samples}
    held = [example.before for example in training_data.held_out]
    assert len(learned) == 16
    assert not [n for n in learned for picture in held if np.array_equal(Squares()[int(n)].before, picture)]


def names(training_data):
    """Of the pairs that are held out: those that are not learned from."""
    every = {f"{number:03d}" for number in range(20)}
    return every - {sample.name for sample in training_data.source.labelled.samples}


def test_the_same_pairs_are_held_out_as_more_are_labelled(tmp_path):
    few = find_training_data([str(write_squares(tmp_path / "yard", 10))], recipe_of(held_out=0.2))
    again = find_training_data([str(tmp_path / "yard")], recipe_of(held_out=0.2, seed=5))
    write_squares(tmp_path / "yard", 10, start=10)
    more = find_training_data([str(tmp_path / "yard")], recipe_of(held_out=0.2))
    assert names(few) == names(again)
    assert names(few) & names(more)
    assert few.digest == again.digest != more.digest


def test_made_pairs_come_besides_labelled_ones_from_their_own_pictures(tmp_path):
    data = [str(write_squares(tmp_path / "yard", 8))]
    mixed = find_training_data(data, recipe_of(made=0.5)).source
    assert isinstance(mixed, Mixed)
    assert {file.name for file in mixed.made.materials.photos} == {str(s.before) for s in mixed.labelled.samples}
    alone = find_training_data(data, recipe_of(made=0.0)).source
    assert not isinstance(alone, Mixed)


def test_turns_go_by_the_number():
    ones, twos = dict.fromkeys(range(400), 1), dict.fromkeys(range(400), 2)
    drawn = [Mixed(ones, twos, 0.25, 3)[number] for number in range(400)]
    assert drawn == [Mixed(ones, twos, 0.25, 3)[number] for number in range(400)]
    assert 0.18 < drawn.count(1) / 400 < 0.32


def test_whose_turn_it_is_says_nothing_of_the_example():
    first = {number: np.random.default_rng([3, number]).random() for number in range(400)}  # of either source
    drawn = [Mixed(dict.fromkeys(first), first, 0.5, 3)[number] for number in range(400)]
    mine = [value for value in drawn if value is not None]
    assert 0.4 < np.mean(mine) < 0.6


@pytest.mark.parametrize("share", [0.01, 0.9])
def test_some_are_learned_from_and_some_held_out_whatever_the_share(tmp_path, share):
    training_data = find_training_data([str(write_squares(tmp_path / "yard", 4))], recipe_of(held_out=share, made=0.0))
    assert len(training_data.source.samples) >= 1
    assert len(training_data.held_out) + len(training_data.source.samples) == 4


def test_the_digest_knows_the_masks(tmp_path):
    root = write_squares(tmp_path / "yard", 4)
    first = find_training_data([str(root)], recipe_of())
    cv2.imwrite(str(root / "gone" / "001.png"), np.random.default_rng(0).choice([0, 255], (48, 48)).astype(np.uint8))
    assert find_training_data([str(root)], recipe_of()).digest != first.digest


def test_bad_data_is_named_before_anything_is_learned(tmp_path):
    root = write_squares(tmp_path / "yard", 8)
    (root / "mask" / "003.png").write_bytes(b"no picture")
    cv2.imwrite(str(root / "gone" / "005.png"), np.full((48, 48), 77, np.uint8))
    with pytest.raises(DataError) as caught:
        find_training_data([str(root)], recipe_of())
    assert "003.png" in str(caught.value)
    assert "005.png" in str(caught.value)


def test_truth_that_does_not_say_where_is_named_before_anything_is_learned(tmp_path):
    root = write_squares(tmp_path / "yard", 8)
    (root / "boxes").mkdir()
    for number, changed in ((2, True), (6, False)):
        for kind in ("mask", "gone", "new"):
            (root / kind / f"00{number}.png").unlink()
        (root / "boxes" / f"00{number}.json").write_text(json.dumps({"changed": changed}))
    with pytest.raises(DataError, match="1 bad file: 002 does not say where"):
        find_training_data([str(root)], recipe_of())


@pytest.mark.parametrize(("count", "said"), [(2, "too few"), (0, "no pair|no dataset|no such file or folder")])
def test_too_little_is_told(tmp_path, count, said):
    if count:
        write_squares(tmp_path / "yard", count)
    with pytest.raises(DataError, match=said):
        find_training_data([str(tmp_path / "yard")], recipe_of())
