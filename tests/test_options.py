"""Options by name: typed, told by help and completion, and in one line where a name is wrong."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import spotdiff
from spotdiff.errors import OptionError
from spotdiff.options import Options, OptionValues
from spotdiff.params import params_of
from spotdiff.presets import PRESETS, preset_options
from spotdiff.watching.rules import Rules, WatchSettings

GREY = np.full((40, 40, 3), 90, np.uint8)
TAKE_OPTIONS = [spotdiff.compare, spotdiff.batch, Options().changed, Options.of_preset]


def test_the_values_are_the_fields_of_the_options():
    assert typing.get_type_hints(OptionValues) == typing.get_type_hints(Options)


def test_the_settings_of_a_watch_are_those_of_its_rules():
    types = typing.get_type_hints(WatchSettings)
    assert {*types, "store"} == {*params_of(Rules)}  # which has a name of its own
    assert types.items() <= typing.get_type_hints(Rules).items()
    known = inspect.signature(spotdiff.watch).parameters
    for name in types:
        assert known[name].kind is inspect.Parameter.KEYWORD_ONLY
        assert known[name].default == params_of(Rules)[name][0].default
    assert not [one for one in known.values() if one.kind is inspect.Parameter.VAR_KEYWORD]


def test_an_editor_completes_every_public_name_and_its_arguments():
    jedi = pytest.importorskip("jedi")

    def completed(line):
        return {one.name for one in jedi.Script(f"import spotdiff\n{line}").complete()}

    assert {*spotdiff.__all__} <= completed("spotdiff.")
    for call, known in {"compare": "history=", "batch": "overlays=", "watch": "replay="}.items():
        assert known in completed(f"spotdiff.{call}(")


@pytest.mark.parametrize("function", TAKE_OPTIONS, ids=lambda function: function.__qualname__)
def test_help_and_completion_know_every_option(function):
    known = inspect.signature(function).parameters
    for field in fields(Options):
        assert known[field.name].kind is inspect.Parameter.KEYWORD_ONLY
        assert known[field.name].default == getattr(Options(), field.name)
    assert not [one for one in known.values() if one.kind is inspect.Parameter.VAR_KEYWORD]
    assert "self" not in known


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: spotdiff.compare(GREY, GREY, metod="pixel"), "did you mean method?"),
        (lambda: Options.of_preset("screens", sensitivty=1.0), "did you mean sensitivity?"),
        (lambda: Options().changed(colour_of_the_sky="blue"), "see spotdiff.Options"),
        (lambda: Options.of_preset("screen"), "did you mean screens?"),
        (lambda: spotdiff.compare(GREY, GREY, preset="foto"), "did you mean photo?"),
        (lambda: spotdiff.watch("yard.mp4", keep_day=3), "did you mean keep_days?"),
        (lambda: spotdiff.compare(GREY, GREY, options={"method": "pixel"}), "options takes spotdiff.Options"),
        (lambda: spotdiff.load_pair(GREY, GREY, options="pixel"), "options takes spotdiff.Options"),
        (lambda: spotdiff.batch("a", "b", out="c", options=7), "options takes spotdiff.Options"),
        (lambda: spotdiff.compare(GREY, GREY, history="earlier.png"), "history takes a list of pictures"),
        (lambda: spotdiff.compare(GREY, GREY, history=Path("earlier.png"), page="all"), "history takes a list"),
        (lambda: spotdiff.load_pair(GREY, GREY, history=b"a picture"), "history takes a list of pictures"),
        (lambda: spotdiff.load_pair(GREY, GREY, history=3), "history takes a list of pictures"),
    ],
)
def test_a_wrong_name_is_one_line(call, told):
    with pytest.raises(OptionError) as caught:
        call()
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_type_checker_sees_a_wrong_name_and_a_wrong_value(tmp_path):
    script = tmp_path / "asked.py"
    script.write_text(
        "from spotdiff.options import Options\n"
        'Options.of_preset("screens", jion=3)\n'
        'Options().changed(sensitivity="much")\n'
        'Options().changed(method="pixel", ignore=[(0, 0, 9, 9)], page=2, preset="screens")\n'
        "from spotdiff.watching.rules import WatchSettings\n"
        "few: WatchSettings = {'keep_day': 3.0}\n"
        "many: WatchSettings = {'keep_days': 3.0, 'evidence': 'stills'}\n"
    )
    few = [
        "--no-site-packages",
        "--ignore-missing-imports",
        "--follow-imports=silent",
    ]  # numpy's types take half a minute
    command = [sys.executable, "-m", "mypy", *few, f"--cache-dir={tmp_path / 'cache'}", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    lines = [line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line and "asked.py" in line]
    assert lines == ["2", "3", "6"], done.stdout + done.stderr
    assert spotdiff.compare.__annotations__["changes"] == Options.changed.__annotations__["changes"]
    assert spotdiff.watch.__annotations__["settings"] == "Unpack[WatchSettings]"


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_options(name):
    options = Options.of_preset(name)
    assert all(getattr(options, field) == value for field, value in PRESETS[name].options.items())
    assert Options(join=7).changed(preset=name, min_area=9).min_area == 9


def test_what_is_asked_for_goes_over_a_preset_and_its_settings_stay_with_its_method():
    own = dict(PRESETS["medical"].options["settings"])
    assert preset_options("medical", {"settings": {"tolerance": 3}})["settings"] == {**own, "tolerance": 3}
    assert preset_options("medical", {"settings": {"shadows": True}})["settings"] == {**own, "shadows": True}
    assert preset_options("medical", {"method": "pixel"})["settings"] == {}
    assert spotdiff.compare(GREY, GREY, preset="medical", method="pixel").verdict == "same"
    assert Options(join=7).changed(preset="screens").join == 12
