import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from spotdiff.options import Options
from spotdiff.params import params_of
from spotdiff.pipeline import compare
from spotdiff.report.record import load_schema


@pytest.fixture
def both(pictures):
    return pictures / "before.png", pictures / "after.png"


def test_changed_is_1_and_says_what_and_where(spotdiff, both, plain):
    ran = spotdiff("compare", *both, *plain)
    assert ran.code == 1
    assert ran.out.startswith("Changed: 1 region, 6.25% of the picture.\n")
    assert "40x30 at 40,30" in ran.out
    assert ran.err == ""


def test_an_answer_is_two_or_three_lines_and_words_are_told_when_asked_for(spotdiff, both, plain):
    ran = spotdiff("compare", *both, *plain)
    assert ran.out.splitlines()[2:] == ["Where: 1 added 40x30 at 40,30."]
    told = spotdiff("compare", *both, *plain, "--describe", "words").out.splitlines()[2:]
    (line,) = told
    assert line.startswith("  1. added ")
    assert "40x30 at 40,30" in line
    assert line.endswith("Something red seems to have been added at the centre.")


def test_what_is_only_possible_is_counted_and_neither_told_nor_drawn_unless_asked_for(spotdiff, both, tmp_path):
    before = np.full((200, 300, 3), 120, np.uint8)
    after = before.copy()
    after[40:90, 40:90] = (250, 20, 20)
    after[130:160, 220:250] = 150  # a score under what `classic` asks for
    noise = np.random.default_rng(0)  # of a camera: on screens each difference is sure
    for name, pixels in (("before", before), ("after", after)):
        noisy = np.clip(pixels + noise.normal(0, 2, pixels.shape), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(tmp_path / f"{name}.png")
    pair = tmp_path / "before.png", tmp_path / "after.png"
    asked = ("compare", *pair, "--method", "classic", "--align", "off", "--light", "off", "--overlay")
    plain = spotdiff(*asked, tmp_path / "plain.png")
    every = spotdiff(*asked, tmp_path / "every.png", "--possible")
    assert plain.out.startswith("Changed: 1 region and 1 possible, ")
    assert "one more change is possible" in plain.out
    assert "Where: 1 added 54x54 at 38,38.\n" in plain.out
    assert "; 2 possibly added 30x30 at 220,130.\n" in every.out
    drawn = [np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB")).astype(int) for name in ("plain", "every")]
    coloured = [np.ptp(pixels[125:165, 215:255], axis=2).max() > 12 for pixels in drawn]
    assert coloured == [False, True]


def test_same_is_0(spotdiff, pictures, plain):
    ran = spotdiff("compare", pictures / "before.png", pictures / "same.png", *plain)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Same: ")


def test_unsure_is_3(spotdiff, tmp_path):
    noise = np.random.default_rng(1)
    for name in ("one", "other"):
        Image.fromarray(noise.integers(0, 255, (200, 260, 3), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    ran = spotdiff("compare", tmp_path / "one.png", tmp_path / "other.png", "--align", "homography")
    assert (ran.code, ran.err) == (3, "")
    assert ran.out.startswith("Unsure: ")


MISTAKES = {
    "no file": (["nothing.png", "after.png"], "nothing.png: no such file"),
    "not a picture": (["text.png", "after.png"], "not a picture"),
    "a folder": ([".", "after.png"], "directory"),
    "one picture": (["before.png"], "two pictures"),
    "no picture": ([], "two pictures"),
    "unknown option": (["before.png", "after.png", "--colour"], "No such option"),
    "unknown option on identical files": (["before.png", "before.png", "--colour"], "No such option"),
    "bad value on identical files": (["before.png", "before.png", "--sensitivity", "7"], "sensitivity takes 0..1"),
    "bad setting on identical files": (["before.png", "before.png", "--set", "metric=rgb"], "no parameter 'metric'"),
    "bad choice": (["before.png", "after.png", "--align", "sideways"], "sideways"),
    "not a number": (["before.png", "after.png", "--min-area", "small"], "small"),
    "unknown method": (["before.png", "after.png", "--method", "pixle"], "did you mean pixel?"),
    "unknown setting": (
        ["before.png", "after.png", "--method", "pixel", "--set", "metrik=rgb"],
        "did you mean metric?",
    ),
    "setting without value": (["before.png", "after.png", "--set", "metric"], "field=value"),
    "box of three": (["before.png", "after.png", "--ignore", "1,2,3"], "x,y,width,height"),
    "empty box": (["before.png", "after.png", "--focus", "1,2,0,3"], "empty"),
    "box outside": (["before.png", "after.png", "--ignore", "900,2,5,3"], "outside"),
    "mask of another size": (["before.png", "after.png", "--ignore-mask", "small.png"], "one size"),
    "too many pixels": (["before.png", "after.png", "--max-pixels", "0.001"], "--max-pixels"),
    "too many pixels in identical files": (["before.png", "before.png", "--max-pixels", "0.001"], "--max-pixels"),
    "too many bytes": (["before.png", "after.png", "--max-bytes", "0.001"], "--max-bytes"),
    "unknown describer": (["before.png", "after.png", "--method", "pixel", "--describe", "poem"], "poem"),
    "colour": (["before.png", "after.png", "--ignore-colour", "red"], "#rrggbb"),
    "history is no folder": (["before.png", "after.png", "--history", "after.png"], "folder"),
    "overlay is no png": (["before.png", "after.png", "--overlay", "o.jpg"], ".png"),
    "folder that cannot be made": (["before.png", "after.png", "--maps", "text.png/maps"], "text.png"),
    "file that is a folder": (["before.png", "after.png", "--json", "."], "directory"),
    "same file twice": (["before.png", "after.png", "--json", "x", "--report", "x"], "twice"),
}


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_2_and_one_line(spotdiff, pictures, monkeypatch, arguments, said):
    monkeypatch.chdir(pictures)
    (pictures / "text.png").write_text("no picture")
    Image.new("L", (3, 3)).save("small.png")
    ran = spotdiff("compare", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("spotdiff: ")
    assert ran.err.count("\n") == 1
    assert said in ran.err


@pytest.mark.parametrize("option", [("--maps", "."), ("--overlay", "after.png"), ("--json", "before.png")])
def test_no_picture_is_written_over(spotdiff, both, monkeypatch, option):
    monkeypatch.chdir(both[0].parent)
    kept = [path.read_bytes() for path in both]
    ran = spotdiff("compare", "before.png", "after.png", *option)
    assert ran.code == 2
    assert "written over" in ran.err
    assert [path.read_bytes() for path in both] == kept


def test_json_to_standard_output_is_alone_there_and_fits_the_schema(spotdiff, both, plain):
    ran = spotdiff("compare", *both, *plain, "--json", "-")
    record = json.loads(ran.out)
    jsonschema.validate(record, load_schema())
    assert (ran.code, record["verdict"], len(record["regions"])) == (1, "changed", 1)
    assert record["regions"][0]["box_after"] == [40, 30, 80, 60]


def test_every_file_is_written_and_named(spotdiff, both, plain):
    folder = both[0].parent / "made"
    asked = {"--json": "a.json", "--report": "a.html", "--overlay": "a.png", "--maps": "maps", "--cutouts": "cut"}
    ran = spotdiff("compare", *both, *plain, *(x for option, name in asked.items() for x in (option, folder / name)))
    made = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    cutouts = ["cut/after.cutout.png", "cut/before.cutout.png"]
    assert made == ["a.html", "a.json", "a.png", *cutouts, "maps/after.png", "maps/before.png"]
    assert all(str(folder / name) in ran.out for name in made)
    jsonschema.validate(json.loads((folder / "a.json").read_text()), load_schema())
    marked = np.asarray(Image.open(folder / "maps" / "after.png")) >= 128
    assert marked[30:60, 40:80].all()
    assert marked.sum() == 30 * 40


def test_quiet_says_nothing(spotdiff, both, plain):
    ran = spotdiff("compare", *both, *plain, "--quiet")
    assert (ran.code, ran.out, ran.err) == (1, "", "")


@pytest.mark.parametrize(
    "option",
    [("--ignore", "40,30,40,30"), ("--focus", "0,0,30,20"), ("--min-area", "1300"), ("--seed-score", "99999")],
    ids=lambda option: option[0],
)
def test_what_does_not_count_is_not_told(spotdiff, both, plain, option):
    assert spotdiff("compare", *both, *plain, *option).code == 0


def test_boxes_are_half_open_and_may_be_several(spotdiff, both, plain):
    left, right = ("--ignore", "40,30,20,30"), ("--ignore", "60,30,20,30")
    assert spotdiff("compare", *both, *plain, *left, *right).code == 0
    assert "20x30 at 60,30" in spotdiff("compare", *both, *plain, *left).out


def test_ignore_mask_and_colour(spotdiff, both, plain):
    mask = np.zeros((120, 160), np.uint8)
    mask[30:60, 40:80] = 255
    Image.fromarray(mask).save(both[0].parent / "mask.png")
    assert spotdiff("compare", *both, *plain, "--ignore-mask", both[0].parent / "mask.png").code == 0
    assert spotdiff("compare", *reversed(both), *plain, "--ignore-colour", "#dc1414").code == 0
    assert spotdiff("compare", *reversed(both), *plain, "--ignore-colour", "#dc1415").code == 1


def test_every_option_of_a_comparison_reaches_it(spotdiff, both):
    values = {
        "method": "pixel",
        "sensitivity": "0.6",
        "align": "off",
        "light": "gain",
        "min_area": "3",
        "join": "2",
        "cluster": "density",
        "seed_score": "1.5",
        "describe": "off",
        "max_pixels": "50",
        "max_bytes": "9",
        "ignore_colour": "#010203",
        "language": "zh",
    }
    assert values.keys() == params_of(Options).keys(), "a field of Options is not tried here"
    asked = [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", value)]
    ran = spotdiff("compare", *both, *asked, "--set", "metric=ciede2000", "--set", "threshold=5", "--json", "-")
    record = json.loads(ran.out)
    assert record["method"]["name"] == "pixel"
    assert record["method"]["parameters"]["metric"] == "ciede2000"
    assert record["method"]["parameters"]["threshold"] == 5
    assert record["light"]["model"] == "gain"
    assert [region["text"] for region in record["regions"]] == [""]


def test_the_help_names_every_option_with_its_range(spotdiff):
    text = " ".join(spotdiff("compare", "--help").out.split())
    for name, (_, known) in params_of(Options).items():
        assert f"--{name.replace('_', '-')} " in text
        assert known.range in text
    assert "Example:" in text


def test_earlier_pictures_are_history(spotdiff, pictures, monkeypatch):
    taught = []

    def noted(*given, history=(), **more):
        taught.append([Path(path).name for path in (*history, *given)])
        return compare(*given, history=history, **more)

    monkeypatch.setattr("spotdiff.pipeline.compare", noted)
    folder = pictures / "past"
    folder.mkdir()
    for name in ("1.png", "2.png"):
        (folder / name).write_bytes((pictures / "same.png").read_bytes())
    (folder / "notes.txt").write_text("not a picture")
    given = [pictures / name for name in ("same.png", "before.png", "after.png")]
    asked = ("--method", "background", "--align", "off", "--light", "off")
    ran = spotdiff("compare", "--history", folder, *given, *asked)
    assert ran.code == 1, ran.err
    assert taught == [["1.png", "2.png", "same.png", "before.png", "after.png"]]


def test_an_empty_history_is_refused(spotdiff, both, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "holds no picture" in spotdiff("compare", *both, "--history", tmp_path / "empty").err


def test_ctrl_c_is_130_and_no_traceback(spotdiff, both, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("spotdiff.pipeline.compare", interrupted)
    ran = spotdiff("compare", *both)
    assert (ran.code, ran.err) == (130, "spotdiff: stopped\n")


def test_no_memory_is_2_and_one_line(spotdiff, both, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr("spotdiff.pipeline.compare", full)
    ran = spotdiff("compare", *both)
    assert ran.code == 2
    assert "memory" in ran.err
    assert ran.err.count("\n") == 1


def test_our_own_fault_is_never_taken_for_changed(spotdiff, both, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("spotdiff.pipeline.compare", broken)
    ran = spotdiff("compare", *both)
    assert ran.code == 2
    assert "ZeroDivisionError" in ran.err
    assert "bug in spotdiff" in ran.err.splitlines()[-1]


def process(*arguments, **more):
    """The command as a process of its own, with the standard streams as most machines have them."""
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-m", "spotdiff", *map(os.fsencode, arguments)]
    return subprocess.run(command, check=False, env=usual | {"PYTHONIOENCODING": "utf-8"}, **more)


def test_names_that_are_no_text(both, plain):
    strange = os.fsencode(both[0].parent) + b"/\xff.png"
    Path(os.fsdecode(strange)).write_bytes(both[1].read_bytes())
    ran = process("compare", both[0], strange, *plain, "--json", "-", capture_output=True)
    assert ran.returncode == 1, ran.stderr
    assert json.loads(ran.stdout)["after"]["path"].endswith("\udcff.png")
    ran = process("compare", both[0], strange, *plain, "--json", strange + b".json", capture_output=True)
    assert ran.returncode == 1, ran.stderr
    assert b"\\udcff.png.json" in ran.stdout
    ran = process("compare", both[0], strange + b"x", capture_output=True)
    assert ran.returncode == 2
    assert ran.stderr.count(b"\n") == 1


@pytest.mark.parametrize("after", [0, 1])
def test_a_closed_pipe_is_met_in_silence(both, plain, after):
    read, write = os.pipe()
    os.close(read)
    ran = process("compare", both[0], both[after], *plain, stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert ran.stderr == b""
    assert ran.returncode not in (0, 1, 3)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device to write to")
def test_a_full_disk_is_trouble(both, plain):
    with Path("/dev/full").open("wb") as full:
        for after in both:
            ran = process("compare", both[0], after, *plain, stdout=full, stderr=subprocess.PIPE)
            assert ran.returncode == 2
            assert ran.stderr == b"spotdiff: standard output: No space left on device\n"


def test_a_picture_from_standard_input(both, plain):
    ran = process("compare", "-", both[1], *plain, input=both[0].read_bytes(), stdout=subprocess.PIPE)
    assert ran.returncode == 1


@pytest.mark.parametrize("where", ["last", "first", "valued", "before an option"])
def test_describe_may_stand_alone(spotdiff, both, where):
    asked = {
        "last": (*both, "--describe"),
        "first": ("--describe", *both),
        "valued": (*both, "--describe", "words"),
        "before an option": (*both, "--describe", "--sensitivity", "0.5"),
    }[where]
    ran = spotdiff("compare", *asked, "--method", "pixel", "--align", "off", "--light", "off")
    assert ran.code == 1
    assert "at the" in ran.out


def test_a_describer_that_is_none_is_told(spotdiff, both):
    assert "did you mean words" in spotdiff("compare", *both, "--describe", "word").err


def test_words_in_another_language_and_with_areas(spotdiff, both, tmp_path):
    areas = tmp_path / "areas.toml"
    areas.write_text("gate = [[0, 0], [160, 0], [160, 120], [0, 120]]")
    plain = ("--method", "pixel", "--align", "off", "--light", "off", "--areas", areas)
    assert "(gate)." in spotdiff("compare", *both, *plain).out
    chinese = spotdiff("compare", *both, *plain, "--language", "zh").out
    assert "gate" in chinese
    assert "at the" not in chinese


@pytest.mark.parametrize(
    "wrong", [("--areas", "none.toml"), ("--language", "xx"), ("--describe-set", "a"), ("--describe-set", "a=1")]
)
def test_wrong_words_are_told_in_one_line(spotdiff, both, wrong):
    ran = spotdiff("compare", *both, *wrong)
    assert ran.code == 2
    assert ran.err.count("\n") == 1


def test_pages_that_are_left_out_are_told(spotdiff, stacks, plain):
    ran = spotdiff("compare", *stacks, *plain)
    assert ran.code == 0
    assert "Only page 1 was compared; before has 3, after 3." in ran.out


def test_a_page_by_its_number_and_all_of_them(spotdiff, stacks, plain):
    third, every = (spotdiff("compare", *stacks, *plain, "--page", page) for page in (3, "all"))
    assert (third.code, every.code) == (1, 1)
    assert "Where: 1 page 3 added 40x30 at 40,30." in every.out
    assert "page 3: 1 region" in every.out
    record = json.loads(spotdiff("compare", *stacks, *plain, "--page", "all", "--json", "-").out)
    assert [page["verdict"] for page in record["pages"]] == ["same", "same", "changed"]
    assert [region["page"] for region in record["regions"]] == [3]


@pytest.mark.parametrize("page", ["0", "-1", "two", "1.5", ""])
def test_a_page_that_cannot_be(spotdiff, stacks, page):
    ran = spotdiff("compare", *stacks, "--page", page)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
    assert "--page" in ran.err


@pytest.mark.parametrize("output", ["--report", "--overlay", "--maps", "--cutouts"])
def test_what_shows_one_page_is_not_made_of_all(spotdiff, stacks, output, tmp_path):
    ran = spotdiff("compare", *stacks, "--page", "all", output, tmp_path / "new.png")
    assert ran.code == 2
    assert "show one page" in ran.err
    assert not (tmp_path / "new.png").exists()
