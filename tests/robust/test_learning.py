"""Learning from broken files: recipes, weights, checkpoints, journals, made pairs and labels, each told in one line."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import pytest
import torch

import tiny_networks
from spotdiff.__main__ import run
from spotdiff.nets.parts.facts import KEY
from tiny_training import write_squares

pytestmark = pytest.mark.filterwarnings("ignore")

SMALL = ["size=48", "batch=2", "measured=2", "precision=no"]
NET = ["net.backbone=small", "net.pretrained=false", "net.widths=6,8", "net.radii=1,1", "net.keys=4", "net.width=8"]
DEEP = b"[" * 100_000


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    return write_squares(tmp_path_factory.mktemp("learning") / "squares", 4)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The files of a finished run, by name."""
    out = tmp_path_factory.mktemp("run")
    assert run(train("spot", out, steps=1)) == 0
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


@pytest.fixture
def refused(capfd):
    """Run the command, which must refuse in one line; the line comes back."""

    def call(*arguments: object) -> str:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert code == 2
        assert not out
        assert len(err.splitlines()) == 1, err
        return err

    return call


def train(recipe, out, *more, steps=2) -> list[str]:
    settings = [word for setting in SMALL + NET for word in ("--set", setting)]
    return ["train", str(recipe), "--out", str(out), "--steps", str(steps), "--quiet", *settings, *map(str, more)]


def saved(state: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def state_with(data: bytes, **other: object) -> bytes:
    return saved(torch.load(io.BytesIO(data), weights_only=True) | other)


CHECKPOINTS = {
    "nothing": lambda _: b"",
    "cut": lambda data: data[:-50],
    "an empty list": lambda _: saved([]),
    "a tensor": lambda _: saved(torch.zeros(3)),
    "another program's": lambda _: saved({"epoch": 1}),
    "a step below 0": lambda data: state_with(data, step=-5),
    "a step in words": lambda data: state_with(data, step="ten"),
    "another net": lambda data: state_with(data, net={"weight": torch.zeros(1)}),
    "another mean": lambda data: state_with(data, average={"weight": torch.zeros(1)}),
    "no optimiser": lambda data: state_with(data, optimiser={}),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_broken_checkpoint_is_not_gone_on_with_nor_started_over(name, trained, refused, tmp_path):
    for file, data in trained.items():
        (tmp_path / file).write_bytes(data)
    (tmp_path / "checkpoint.pt").write_bytes(CHECKPOINTS[name](trained["checkpoint.pt"]))
    assert "remove it to start over" in refused(*train("spot", tmp_path))
    assert (tmp_path / "weights.safetensors").read_bytes() == trained["weights.safetensors"]


@pytest.mark.parametrize("name", ["journal.csv", "run.json", "recipe.json"])
@pytest.mark.parametrize("data", [b"step,loss\n1,x\n", b"loss\n1\n", b"\xff\xfe"], ids=repr)
def test_a_broken_file_of_a_run_is_named(name, data, trained, refused, tmp_path):
    for file, whole in trained.items():
        (tmp_path / file).write_bytes(whole)
    (tmp_path / name).write_bytes(data)
    assert name in refused(*train("spot", tmp_path))


def test_the_recipe_of_a_run_and_a_list_in_toml_can_be_trained_by(trained, tmp_path):
    recipe = tmp_path / "tried.toml"
    recipe.write_text(
        "net = 'spot'\n[settings]\nbackbone = 'small'\nwidths = [6, 8]\nradii = [1, 1]\nkeys = 4\nwidth = 8\n"
    )
    few = [word for setting in SMALL for word in ("--set", setting)]
    asked = ["train", str(recipe), "--steps", "1", "-q", *few]
    assert run([*asked, "--out", str(tmp_path / "first")]) == 0
    again = ["train", str(tmp_path / "first" / "recipe.json"), "-q"]
    assert run([*again, "--out", str(tmp_path / "second")]) == 0
    first, second = ((tmp_path / out / "weights.safetensors").read_bytes() for out in ("first", "second"))
    assert first == second


@pytest.mark.parametrize("data", [b"", b"{", b"null", DEEP, b"\xff\xfe", b'{"net": 5}', b'{"settings": 5}'], ids=len)
def test_a_broken_recipe_is_one_line(data, refused, tmp_path):
    recipe = tmp_path / "r.json"
    recipe.write_bytes(data)
    refused(*train(recipe, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("more", [("--set", f"seed={10**30}"), ("--set", "net.radii=1"), ("--out", "")], ids=" ".join)
def test_a_wrong_value_is_one_line(more, refused, tmp_path):
    refused(*train("spot", tmp_path / "run", *more))
    assert not (tmp_path / "run").exists()


LIES = [
    {"net": 5},
    {"form": "squares"},
    {"form": "centres"},
    {"side": 0},
    {"side": "wide"},
    {"threshold": 0},
    {"threshold": "low"},
    {"stride": 0},
    {"figures": 5},
    {"directed": "maybe"},
    {"colour": "BGR"},
    {"settings": {"widths": [6, 8, 9], "radii": [0, 1]}},
]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_weights_that_say_of_themselves_what_cannot_be(lie, squares, refused, tmp_path):
    data = Path(tiny_networks.random_weights("spot", tmp_path / "w.safetensors")).read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    head = json.loads(data[8:end])
    head["__metadata__"][KEY] = json.dumps(json.loads(head["__metadata__"][KEY]) | lie)
    text = json.dumps(head).encode()
    path = tmp_path / "lie.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[end:])
    pair = squares / "before" / "001.png", squares / "after" / "001.png"
    refused("compare", *pair, "--method", "spot", "--set", f"weights={path}")


def test_a_head_without_end_is_no_weights(squares, refused, tmp_path):
    path = tmp_path / "deep.safetensors"
    path.write_bytes(struct.pack("<Q", len(DEEP)) + DEEP)
    pair = squares / "before" / "001.png", squares / "after" / "001.png"
    assert "holds no weights" in refused("compare", *pair, "--method", "spot", "--set", f"weights={path}")


def test_weights_that_found_nothing_still_answer(squares, capfd, tmp_path):
    path = tiny_networks.random_weights("spot", tmp_path / "w.safetensors", threshold=1.0)
    pair = str(squares / "before" / "001.png"), str(squares / "after" / "001.png")
    assert run(["compare", *pair, "--method", "spot", "--set", f"weights={path}"]) in (0, 1)
    assert not capfd.readouterr().err


@pytest.mark.parametrize("place", range(0, 900, 25))
def test_a_changed_bit_of_an_exported_network_is_no_traceback(place, squares, capfd, tmp_path):
    data = bytearray(Path(tiny_networks.bright_onnx(tmp_path / "whole.onnx")).read_bytes())
    data[place % len(data)] ^= 0x80
    path = tmp_path / "flipped.onnx"
    path.write_bytes(data)
    pair = str(squares / "before" / "001.png"), str(squares / "after" / "001.png")
    code = run(["compare", *pair, "--method", "onnx", "--set", f"weights={path}", "--quiet"])
    err = capfd.readouterr().err
    assert len(err.splitlines()) == (code == 2), err


def test_batch_asks_for_weights_once(squares, refused, tmp_path):
    folders = squares / "before", squares / "after"
    refused("batch", *folders, "--out", tmp_path / "out", "--method", "fused", "--workers", "0")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"places": 5}', b'{"places": [{}]}', DEEP], ids=len)
def test_a_broken_scene_of_made_pairs_is_named(data, refused, tmp_path):
    made = ["synth", "--out", str(tmp_path / "made"), "--count", "1", "--size", "64", "--quiet"]
    assert run(made) == 0
    (tmp_path / "made" / "scene" / "000000.json").write_bytes(data)
    assert "000000.json" in refused(*made)


@pytest.mark.parametrize(
    "box", [[10**400, 2, 3, 4], [2, 2, 1e300, 4], [0, 0, float("nan"), 4]], ids=lambda box: len(str(box))
)
def test_a_box_beyond_all_numbers_is_named(box, refused, tmp_path):
    data = write_squares(tmp_path / "data", 4)
    for folder in ("mask", "gone", "new"):
        (data / folder / "001.png").unlink()
    (data / "boxes").mkdir()
    (data / "boxes" / "001.json").write_text(json.dumps({"boxes": [box]}))
    assert "001.json" in refused(*train("spot", tmp_path / "run", "--data", data))


@pytest.mark.parametrize("words", [b"\xff\xfe", b""], ids=repr)
def test_a_list_that_is_no_text_is_named(words, squares, refused, tmp_path):
    (tmp_path / "photos.txt").write_bytes(words)
    refused("synth", "--photos", tmp_path / "photos.txt", "--out", tmp_path / "made", "--quiet")
    data = write_squares(tmp_path / "data", 1)
    (data / "val.txt").write_bytes(words)
    assert "val.txt" in refused("evaluate", data, "--split", "val", "--quiet")
