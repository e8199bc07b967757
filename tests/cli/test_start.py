"""What the command loads before it answers, and that the short way gives the answer of the long one."""

import json
import subprocess
import sys

import pytest
from PIL import Image

from spotdiff.__main__ import _FLAGS, _MAX_PIXELS, _VALUES, plain_comparison
from spotdiff.methods import get_method, method_names
from spotdiff.options import Options
from spotdiff.params import params_of

HEAVY = {"numpy", "cv2", "PIL", "kornia_rs", "rich", "pyarrow", "spotdiff.pipeline", "concurrent.futures"}


def loaded_by(*arguments):
    """Modules that are loaded once the command has run, and its exit code."""
    script = f"""
import json, sys
from spotdiff.__main__ import run
code = run({[str(a) for a in arguments]!r})
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    code, modules = json.loads(ran.stderr)
    return code, set(modules), ran.stdout


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("compare", "--help"), ("batch", "--help"), ("methods",)]
)
def test_help_and_lists_load_nothing_heavy(arguments):
    code, modules, _ = loaded_by(*arguments)
    assert code == 0
    assert not modules & HEAVY


def test_the_group_imports_no_verb_to_list_them():
    _, modules, text = loaded_by("--help")
    assert not [name for name in modules if name.startswith("spotdiff.cli.") and "._" not in name]
    assert "compare " in text
    assert "batch " in text


def test_identical_files_are_answered_without_click_even(pictures):
    code, modules, text = loaded_by("compare", pictures / "before.png", pictures / "before.png")
    assert code == 0
    assert not modules & {*HEAVY, "click", "pathlib", "spotdiff.options"}
    assert text.startswith("Same: ")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("options", [(), ("-q",), ("--method", "pixel", "--align=off", "--set", "metric=yiq12")])
def test_the_short_way_says_what_the_long_one_says(spotdiff, pictures, suffix, options):
    path = pictures / f"one{suffix}"
    Image.open(pictures / "before.png").save(path)
    assert plain_comparison(["compare", str(path), str(path), *options])
    short = spotdiff("compare", path, path, *options)
    long = spotdiff("compare", path, path, *options, "--min-area=-1")
    assert short == long
    assert short.code == 0


def test_damage_takes_the_long_way(spotdiff, pictures):
    data = bytearray((pictures / "before.png").read_bytes())
    data[len(data) // 2] ^= 1
    (pictures / "bad.png").write_bytes(data)
    ran = spotdiff("compare", pictures / "bad.png", pictures / "bad.png")
    assert ran.code == 2
    assert "bad.png" in ran.err


def test_what_the_short_way_lets_pass_is_what_the_long_one_takes():
    known = params_of(Options)
    for option, values in _VALUES.items():
        for value in values:
            if option == "--set":
                assert get_method("pixel", dict([value.split("=")]))
            else:
                Options(**{option.strip("-"): value})
                assert option.strip("-") in known
    assert _VALUES["--method"] <= set(method_names())
    assert known["max_pixels"][0].default == _MAX_PIXELS
    assert known["method"][0].default in _VALUES["--method"]
    assert frozenset(("-q", "--quiet")) == _FLAGS


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["batch", "x", "x"],
        ["compare", "x"],
        ["compare", "x", "x", "x"],
        ["compare", "x", "x", "--json", "-"],
        ["compare", "x", "x", "--align", "sideways"],
        ["compare", "x", "x", "--align"],
        ["compare", "x", "x", "--set", "metric=rgb"],
        ["compare", "x", "x", "--method", "ssim"],
        ["compare", "x", "x", "--set", "metric=rgb", "--method", "ssim"],
        ["compare", "x", "-"],
        ["compare", "x", "x", "--"],
        ["compare", "x", "x", "--ignore", "1,2,3,4"],
        ["compare", "x", "x", "--max-pixels", "1"],
    ],
)
def test_anything_else_takes_the_long_way(arguments):
    assert plain_comparison(arguments) is None


def test_version(spotdiff):
    assert spotdiff("--version").out == "spotdiff 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "said"), [(["frobnicate"], "frobnicate"), ([], "--help"), (["--loud"], "--loud")]
)
def test_unknown_verbs_and_options(spotdiff, arguments, said):
    ran = spotdiff(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
