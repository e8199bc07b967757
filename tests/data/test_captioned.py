"""Captioned sets in their authors' layouts, and in ours."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from spotdiff import plugins
from spotdiff.data.captioned import open_captions
from spotdiff.data.synth import Synthesis, get_pair_recipe
from spotdiff.data.synth.write_pairs import write_pairs
from spotdiff.errors import DataError, OptionError
from spotdiff.language.parse import parse


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)


@pytest.fixture
def made(tmp_path):
    source = Synthesis(get_pair_recipe("captions", {"size": 96, "most_changes": 2}), seed=5)
    list(write_pairs(source, tmp_path / "made", 12))
    return tmp_path / "made"


def test_made_pairs_come_with_facts_that_their_sentences_state(made):
    pairs = open_captions(made)
    assert len(pairs) == 12
    for pair in pairs:
        assert pair.before.is_file()
        assert len(pair.places) == len(pair.facts)
        assert len(pair.sentences) == 5
        for sentence in pair.sentences:
            read = parse(sentence)
            assert [(one.kind, one.thing, one.spot, one.other, one.to) for one in read] == [
                (one.kind, one.thing, one.spot, one.other, one.to) for one in pair.facts
            ]
    assert any(pair.facts for pair in pairs)
    assert any(len(set(pair.sentences)) == 5 for pair in pairs)


def test_captions_are_written_in_the_layout_of_spot_the_diff_too(made):
    entries = json.loads((made / "captions.json").read_text())
    assert {one["img_id"]: tuple(one["sentences"]) for one in entries} == {
        pair.name: pair.sentences for pair in open_captions(made)
    }


def test_spot_the_diff(tmp_path):
    entries = [
        {"img_id": "1", "sentences": ["the red car is gone", " ", "2"]},
        {"img_id": "1", "sentences": ["a man  came\nin"]},
        {"img_id": "2", "sentences": []},
    ]
    for split in ("train", "val", "test"):
        path = tmp_path / "annotations" / f"{split}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(entries if split == "test" else []))
    for name in ("1", "2"):
        picture(tmp_path / "resized_images" / f"{name}.png")
        picture(tmp_path / "resized_images" / f"{name}_2.png")
    (pair,) = open_captions(f"spot-the-diff:{tmp_path}", split="test")
    assert pair.sentences == ("the red car is gone", "a man came in")
    assert pair.facts is None
    assert pair.after.name == "1_2.png"


def test_clevr_change(tmp_path):
    first = "CLEVR_default_000007.png"
    (tmp_path / "change_captions.json").write_text(json.dumps({first: ["the cube is gone"]}))
    (tmp_path / "no_change_captions.json").write_text(json.dumps({first: ["nothing changed", ""]}))
    (tmp_path / "splits.json").write_text(json.dumps({"train": [], "val": [], "test": [7]}))
    changed, same = open_captions(f"clevr-change:{tmp_path}", split="test")
    assert changed.after == tmp_path / "sc_images" / "CLEVR_semantic_000007.png"
    assert same.after == tmp_path / "nsc_images" / "CLEVR_nonsemantic_000007.png"
    assert (changed.sentences, same.sentences) == (("the cube is gone",), ("nothing changed",))
    with pytest.raises(DataError, match="holds no pair"):
        open_captions(f"clevr-change:{tmp_path}", split="train")


def test_image_editing_request(tmp_path):
    entries = [{"uid": "b", "img0": "1.jpg", "img1": "2.jpg", "sents": ["remove the man"]}]
    for split in ("train", "valid", "test"):
        (tmp_path / f"{split}.json").write_text(json.dumps(entries if split == "valid" else []))
    (pair,) = open_captions(f"image-editing-request:{tmp_path}", split="val")
    assert (pair.name, pair.sentences) == ("b", ("remove the man",))
    assert pair.before == tmp_path / "images" / "1.jpg"


@pytest.mark.parametrize("name", plugins.names("data/captioned"))
@pytest.mark.parametrize("split", ["", "test", "nowhere"])
def test_what_is_not_there_is_told_in_one_line(tmp_path, name, split):
    with pytest.raises(DataError) as told:
        open_captions(f"{name}:{tmp_path}", split=split)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("text", ["", "[", "3", "[3]", '{"a": 3}', '[{"uid": 1}]', '{"size": [1], "places": []}'])
def test_what_is_damaged_is_told_in_one_line(tmp_path, text):
    files = {
        "clevr-change": "change_captions.json",
        "image-editing-request": "train.json",
        "made": "scene/1.json",
    }
    for name, file in files.items():
        path = tmp_path / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        with pytest.raises(DataError) as told:
            open_captions(f"{name}:{tmp_path / name}")
        assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": [0, 0]},
        {"size": [10**9, 64]},
        {"box_before": [0, 0, 1e999, 5]},
        {"box_before": [-5, 0, 5, 5]},
        {"box_after": [5, 5, 5, 5]},
        {"outline_before": [[]]},
        {"outline_before": [[[1e20, 0]]]},
        {"kind": "stolen"},
        {"facts": [1]},
    ],
    ids=str,
)
def test_a_hostile_scene_is_told_in_one_line(made, wrong):
    path = next(path for path in sorted((made / "scene").glob("*.json")) if json.loads(path.read_text())["places"])
    scene = json.loads(path.read_text())
    (scene if "size" in wrong else scene["places"][0]).update(wrong)
    path.write_text(json.dumps(scene))
    with pytest.raises(DataError) as told:
        open_captions(made)
    assert "\n" not in str(told.value)


def test_an_unknown_set_is_told():
    with pytest.raises(OptionError, match="no 'nonsense'"):
        open_captions("nonsense:/tmp")
