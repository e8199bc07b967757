"""The verb `datasets`: what can be read, the facts of a set, and a look into a folder."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from spotdiff import plugins


@pytest.fixture
def city(tmp_path):
    """LEVIR-CD with two training pairs and one of val, whose label is wrong."""
    for split, names in (("train", "12"), ("val", "3")):
        for name in names:
            for folder in ("A", "B", "label"):
                path = tmp_path / split / folder / f"{split}_{name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                value = {"label": 0 if name == "1" else 255}.get(folder, 90) if split == "train" else 7
                cv2.imwrite(str(path), np.full((16, 16), value, np.uint8))
    return tmp_path


def test_the_list_names_our_layout_and_every_set(spotdiff):
    ran = spotdiff("datasets")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == ["ours", *plugins.names("data/published")]
    assert list(json.loads(spotdiff("datasets", "--json").out)) == ["ours", *plugins.names("data/published")]


@pytest.mark.parametrize("name", plugins.names("data/published"))
def test_the_facts_of_a_set(spotdiff, name):
    told = json.loads(spotdiff("datasets", name, "--json").out)
    text = spotdiff("datasets", name).out
    for heading in ("shows", "licence", "citation", "homepage", "splits", "folders", "values", "known from"):
        assert f"\n{heading}" in text
    assert told["homepage"] in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_our_own_layout(spotdiff):
    assert "DATA/before/NAME.png" in spotdiff("datasets", "ours").out


def test_a_folder_is_counted(spotdiff, city):
    ran = spotdiff("datasets", "--open", f"levir-cd:{city}", "--split", "train")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == "levir-cd/train: 2 pairs, 1 changed, 1 unchanged"
    assert "remark" in ran.out
    assert "train_1.png is an empty mask" in ran.out


def test_an_error_in_a_folder_is_told_by_file(spotdiff, city):
    ran = spotdiff("datasets", "--open", f"levir-cd:{city}")
    assert ran.code == 2
    assert f"error: {city / 'val' / 'label' / 'val_3.png'} holds 7" in ran.out
    told = json.loads(spotdiff("datasets", "--open", f"levir-cd:{city}", "--json", "--workers", 0).out)
    assert (told["pairs"], told["changed"], told["unchanged"], told["unknown"]) == (3, 1, 1, 1)
    assert [problem["severity"] for problem in told["problems"]] == ["remark", "error"]


def test_our_own_folders_need_no_name(spotdiff, city):
    assert spotdiff("datasets", "--open", city / "train").out.startswith("train: 2 pairs")


def test_what_cannot_be_asked(spotdiff, city):
    assert "did you mean levir-cd?" in spotdiff("datasets", "levir").err
    assert "not both" in spotdiff("datasets", "pcd", "--open", city).err
    ran = spotdiff("datasets", "--open", city / "nowhere")
    assert (ran.code, "no such file or folder" in ran.err) == (2, True)
