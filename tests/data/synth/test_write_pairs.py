from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.data import open_dataset
from spotdiff.data.dataset import read_truth
from spotdiff.data.synth import RECIPES, Synthesis
from spotdiff.data.synth.write_pairs import write_pairs
from spotdiff.errors import DataError

PLAIN = replace(RECIPES["plain"], size=64, unchanged=0.3)


@pytest.fixture
def source(materials):
    return Synthesis(PLAIN, materials, 1)


def all_bytes(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_is_written_is_read_back(materials, tmp_path):
    source = Synthesis(replace(RECIPES["free"], size=64), materials, 1)
    written = list(write_pairs(source, tmp_path / "pairs", 12))
    dataset = open_dataset(tmp_path / "pairs")
    assert [sample.name for sample in dataset] == [each.name for each in written]
    assert dataset.odd == ()
    for number, sample in enumerate(dataset):
        made, truth = source[number], read_truth(sample)
        assert np.array_equal(cv2.imread(str(sample.before))[..., ::-1], made.before)
        assert np.array_equal(cv2.imread(str(sample.after))[..., ::-1], made.after)
        assert truth.changed == made.changed == bool(written[number].kinds)
        assert np.array_equal(truth.gone == 255, made.gone & made.counted_before)
        assert np.array_equal(truth.new == 170, ~made.counted_after)
        assert np.array_equal(truth.mask, source.with_mask(number)[1])
        assert (truth.mask[~made.counted_before] == 170).all()
        assert (truth.mask == 255)[made.gone & made.counted_before].all()


def test_boxes_and_scene_say_the_same(source, tmp_path):
    list(write_pairs(source, tmp_path, 8))
    told = 0
    for number in range(8):
        boxes = json.loads((tmp_path / "boxes" / f"{number:06d}.json").read_text())
        scene = json.loads((tmp_path / "scene" / f"{number:06d}.json").read_text())
        assert boxes["form"] == "places"
        assert [row[4] for row in boxes["boxes"]] == [place["kind"] for place in scene["places"]]
        assert boxes["boxes_after"] == [place["box_after"] for place in scene["places"]]
        assert scene["size"] == [64, 64]
        told += len(scene["places"])
    assert told > 0


def test_the_mask_brings_what_came_into_befores_pixels(materials, tmp_path):
    recipe = replace(
        PLAIN, camera="moved", unchanged=0.0, moved=0.0, replaced=0.0, inpaint=0.0, distractors=0, size=128
    )
    source = Synthesis(recipe, materials, 2)
    found = 0
    for number in range(20):
        pair, mask = source.with_mask(number)
        for place in pair.places:
            if place.kind == "added" and place.box_before:
                left, top, right, bottom = place.box_before
                assert (mask[top:bottom, left:right] == 255).any()
                found += 1
    assert found > 5


def test_recipe_tells_how_and_how_many(source, tmp_path):
    written = list(write_pairs(source, tmp_path, 10))
    said = json.loads((tmp_path / "recipe.json").read_text())
    assert said["recipe"]["size"] == 64
    assert (said["seed"], said["pairs"]) == (1, 10)
    assert said["changed"] == sum(bool(each.kinds) for each in written)
    assert sum(said["kinds"].values()) == sum(len(each.kinds) for each in written)
    contact_sheet = cv2.imread(str(tmp_path / "contact.png"))
    assert contact_sheet.shape[0] == 5 * 164
    assert contact_sheet.std() > 10


def test_started_again_it_makes_what_is_missing_only(source, tmp_path):
    list(write_pairs(source, tmp_path, 4))
    (tmp_path / "scene" / "000002.json").unlink()
    (tmp_path / "gone" / "000002.png").unlink()
    first = all_bytes(tmp_path)
    again = list(write_pairs(source, tmp_path, 6))
    assert [each.fresh for each in again] == [False, False, True, False, True, True]
    assert (tmp_path / "gone" / "000002.png").exists()
    now = all_bytes(tmp_path)
    assert all(now[path] == data for path, data in first.items() if path.parts[0] in ("before", "scene", "mask"))


def test_workers_write_the_same_files(source, tmp_path):
    alone, together = tmp_path / "alone", tmp_path / "together"
    list(write_pairs(source, alone, 10))
    list(write_pairs(source, together, 10, workers=2))
    assert all_bytes(alone) == all_bytes(together)


def test_a_folder_of_another_recipe_is_refused(source, tmp_path):
    list(write_pairs(source, tmp_path, 1))
    with pytest.raises(DataError, match="pairs of another seed; choose another folder"):
        list(write_pairs(replace(source, seed=2), tmp_path, 1))
    with pytest.raises(DataError, match="another recipe"):
        list(write_pairs(replace(source, recipe=replace(PLAIN, light=0.1)), tmp_path, 1))


def test_a_folder_with_something_else_is_refused(source, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="not empty"):
        list(write_pairs(source, tmp_path, 1))
    (tmp_path / "recipe.json").write_text("[]")
    with pytest.raises(DataError, match="says nothing of pairs"):
        list(write_pairs(source, tmp_path, 1))
