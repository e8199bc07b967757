"""What holds for every verb: help without stray marks, and one line where a package is not installed."""

from __future__ import annotations

import re
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from spotdiff.__main__ import run
from spotdiff.cli import verbs

BLOCKED = "torch av sqlalchemy prometheus_client matplotlib pyarrow apprise paho timm safetensors onnx fastapi uvicorn"


def paths(group=verbs, path=()):
    with click.Context(group) as context:
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            yield (*path, name)
            if isinstance(found, click.Group):
                yield from paths(found, (*path, name))


@pytest.mark.parametrize("path", list(paths()), ids=" ".join)
def test_help_is_clean_and_has_an_example(path):
    shown = CliRunner().invoke(verbs, [*path, "--help"])
    assert shown.exit_code == 0
    assert "\\b" not in shown.output
    assert len(path) > 1 or "Example" in shown.output


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["watch", "film.mp4", "--replay"], "watch"),
        (["events", "list", "--store", "e.db"], "watch"),
        (["serve", "--port", "0"], "serve"),
        (["serve", "--data", "s"], "serve"),
        (["train", "spot", "--out", "run"], "train"),
        (["progress", "pictures", "--out", "p"], "plots"),
    ],
)
def test_a_verb_without_its_packages_says_what_to_install(arguments, extra, tmp_path):
    code = f"""
import sys
for name in {BLOCKED.split()!r}:
    sys.modules[name] = None
from spotdiff.__main__ import run
sys.exit(run({arguments!r}))
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
    assert f"spotdiff[{extra}]" in ran.stderr


@pytest.mark.parametrize("words", ["compre", "events lst", "labels ot"], ids=str)
def test_a_mistyped_verb_is_told_the_nearest(words, capfd):
    assert run([*words.split(), "--help"]) == 2
    told = capfd.readouterr().err
    assert len(told.splitlines()) == 1
    nearest = {"compre": "compare", "lst": "list", "ot": "out"}[words.split()[-1]]
    assert re.search(rf"[Dd]id you mean '?{nearest}'?\?", told)


def test_ack_is_acknowledge():
    one, other = (CliRunner().invoke(verbs, ["events", word, "--help"]).output for word in ("ack", "acknowledge"))
    assert one.partition("\n")[2] == other.partition("\n")[2]
