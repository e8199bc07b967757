"""Every output option of every verb against every input: refused in one line, with nothing written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from cli.conftest import scene
from spotdiff.errors import OptionError
from spotdiff.options import Options
from spotdiff.pipeline import compare
from spotdiff.report.save import AnswerFiles
from test_output_files import NAMES, spellings

AREAS = json.dumps({"areas": {"door": [[0, 0], [50, 0], [50, 50]]}})


@pytest.fixture
def place(tmp_path, monkeypatch):
    """in/ with pictures and all else that compare reads."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "in"
    (folder / "earlier").mkdir(parents=True)
    after = scene()
    after[30:60, 40:80] = (220, 20, 20)
    for name, pixels in {"before": scene(), "after": after, "mask": scene() * 0, "earlier/one": scene()}.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    (folder / "areas.json").write_text(AREAS)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def refused(spotdiff, folder, *arguments):
    before = contents(folder)
    ran = spotdiff(*arguments)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert "written over" in ran.err or "choose another" in ran.err
    assert contents(folder) == before


READ = {
    "before.png": (),
    "after.png": (),
    "mask.png": ("--ignore-mask", "in/mask.png"),
    "areas.json": ("--areas", "in/areas.json"),
    "earlier/one.png": ("--history", "in/earlier"),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("option", ["--json", "--report"])
def test_files_of_compare(spotdiff, place, option, read, name):
    output = spellings(place / read)[name]
    refused(spotdiff, place.parent, "compare", "in/before.png", "in/after.png", *READ[read], option, output)


@pytest.mark.parametrize("read", ["before.png", "mask.png"])
def test_the_overlay_of_compare(spotdiff, place, read):
    more = READ[read]
    refused(spotdiff, place.parent, "compare", "in/before.png", "in/after.png", *more, "--overlay", f"in/../in/{read}")


@pytest.mark.parametrize(("option", "ending"), [("--maps", ""), ("--cutouts", ".cutout")])
def test_folders_of_compare(spotdiff, place, option, ending):
    for side in ("before", "after"):
        (place / f"{side}.png").rename(place / f"{side}{ending}.png") if ending else None
    (place.parent / "way").symlink_to(place, target_is_directory=True)
    pair = [f"in/{side}{ending}.png" for side in ("before", "after")]
    refused(spotdiff, place.parent, "compare", *pair, option, "way")


def test_further_maps_whose_names_the_answer_tells(place):
    found = compare("in/before.png", "in/after.png", options=Options(method="pixel"))
    layers = {"mask": found.evidence.change}
    found = replace(found, evidence=replace(found.evidence, layers=layers))
    kept = contents(place.parent)
    with pytest.raises(OptionError, match="written over"):
        AnswerFiles(json="new.json", report="new.html", maps="./in/../in").write(found, ["in/mask.png"])
    assert contents(place.parent) == kept


@pytest.fixture
def folders(place):
    """before/ and after/ beside in/, each with yard.png."""
    for side in ("before", "after"):
        (place.parent / side).mkdir()
        (place / f"{side}.png").rename(place.parent / side / "yard.png")
    return place.parent


@pytest.mark.parametrize("spelling", ["before", "./before", "before/../before", "way"])
def test_the_folder_of_a_batch_is_none_that_is_compared(spotdiff, folders, spelling):
    (folders / "way").symlink_to(folders / "before", target_is_directory=True)
    refused(spotdiff, folders, "batch", "before", "after", "--out", spelling)


@pytest.mark.parametrize("out", ["out", "way"])
def test_maps_of_a_batch_named_as_a_picture(spotdiff, folders, out):
    (folders / "out").mkdir()
    (folders / "way").symlink_to(folders / "out", target_is_directory=True)
    (folders / "before" / "yard.png").rename(folders / "out" / "yard.before.png")
    (folders / "pairs.csv").write_text("name,before,after\nyard,out/yard.before.png,after/yard.png\n")
    kept = (folders / "out" / "yard.before.png").read_bytes()
    ran = spotdiff("batch", "pairs.csv", "--out", out, "--maps", "--workers", "0", "--method", "pixel")
    assert ran.code == 2
    assert "written over" in ran.err
    assert (folders / "out" / "yard.before.png").read_bytes() == kept


def test_a_batch_above_its_pictures_finds_them(spotdiff, folders):
    ran = spotdiff("batch", "before", "after", "--out", ".", "--workers", "0", "--method", "pixel", "--index", "csv")
    assert ran.code == 1
    assert (folders / "yard.json").is_file()


@pytest.mark.parametrize("option", ["--json", "--report", "--junit", "--coco"])
@pytest.mark.parametrize("read", ["in/areas.json", "in/mask.png", "before/yard.png", "pairs.csv", "in/earlier/one.png"])
def test_files_of_a_batch(spotdiff, folders, option, read):
    (folders / "pairs.csv").write_text("name,before,after,history\nyard,before/yard.png,after/yard.png,in/earlier\n")
    more = "--areas", "in/areas.json", "--ignore-mask", "in/mask.png"
    refused(spotdiff, folders, "batch", "pairs.csv", "--out", "out", *more, option, f"./in/../{read}")


def test_the_log_of_a_batch_is_an_output_too(spotdiff, folders):
    (folders / "out").mkdir()
    (folders / "pairs.csv").rename(folders / "x") if (folders / "pairs.csv").exists() else None
    (folders / "out" / ".resume.jsonl").write_text("name,before,after\nyard,../before/yard.png,../after/yard.png\n")
    refused(spotdiff, folders, "batch", "out/.resume.jsonl", "--out", "out")


def test_progress(spotdiff, folders):
    more = "--areas", "in/areas.json"
    Image.fromarray(scene(1)).save(folders / "in" / "earlier" / "two.png")
    refused(spotdiff, folders, "progress", "in/earlier", "--out", "out", *more, "--json", "in/areas.json")
    refused(spotdiff, folders, "progress", "in/earlier", "--out", "out", "--json", "./in/../in/earlier/one.png")


def test_evaluate(spotdiff, folders):
    (folders / "mask").mkdir()
    Image.open(folders / "in" / "mask.png").convert("L").save(folders / "mask" / "yard.png")
    for read in ("before/yard.png", "mask/yard.png"):
        refused(spotdiff, folders, "evaluate", ".", "--method", "pixel", "--json", f"./in/../{read}")
    refused(spotdiff, folders, "evaluate", ".", "--method", "pixel", "--out", "in/../mask")


def test_labels(spotdiff, folders):
    (folders / "drawn").mkdir()
    (folders / "drawn" / "labels.json").write_text("{}")
    refused(
        spotdiff,
        folders,
        "labels",
        "in",
        "coco",
        "drawn/labels.json",
        "--out",
        "new",
        "--json",
        "drawn/../drawn/labels.json",
    )
    refused(spotdiff, folders, "labels", "in", "coco", "drawn", "--out", "new", "--json", "drawn/labels.json")
    refused(spotdiff, folders, "labels", "out", "coco", ".", "--out", "new", "--json", "before/yard.png")


def test_export_and_its_smaller_file(spotdiff, folders):
    (folders / "net.int8.onnx").write_bytes(b"weights")
    refused(spotdiff, folders, "export", "net.int8.onnx", "--out", "net.onnx")


def test_train(spotdiff, folders):
    (folders / "weights.safetensors").write_bytes(b"weights")
    refused(spotdiff, folders, "train", "spot", "--data", ".", "--out", "in/..")
    refused(spotdiff, folders, "train", "spot", "--data", "in", "--out", ".", "--from", "in/../weights.safetensors")
    refused(spotdiff, folders, "train", "spot", "--data", ".", "--out", "run", "--json", "before/yard.png")


def test_watch_and_its_events(spotdiff, folders):
    (folders / "rules.toml").write_text('[cameras.hall]\nsource = "film.mp4"\n')
    (folders / "events.db").write_bytes(b"")
    refused(spotdiff, folders, "watch", "--rules", "rules.toml", "--json", "in/../rules.toml")
    refused(spotdiff, folders, "watch", "film.mp4", "--store", "events.db", "--json", "./events.db")
    refused(spotdiff, folders, "events", "export", "--store", "events.db", "--csv", "./events.db")
