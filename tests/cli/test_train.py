"""The verb `train`: figures before and after, one line for every mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from spotdiff.cli import run_verb
from spotdiff.nets.parts.facts import read_facts
from spotdiff.train import loop
from spotdiff.train.validation import Validation
from tiny_training import write_squares

SMALL = ("net.backbone=small", "net.pretrained=false", "net.widths=6,8", "net.radii=1,1", "net.keys=4", "net.width=8")
TINY = [word for setting in SMALL for word in ("--set", setting)]
SHORT = [*TINY, "--set", "size=48", "--set", "batch=4", "--set", "measured=4", "--set", "precision=no"]


def train(*arguments):
    return run_verb(["train", *arguments])


def test_figures_before_and_after(tmp_path, capsys):
    data = write_squares(tmp_path / "yard", 20)
    assert train("spot", "--data", str(data), "--out", str(tmp_path / "run"), "--steps", "2", *SHORT) == 0
    shown = capsys.readouterr()
    assert "18 labelled pairs (2 more held out)" in shown.out
    assert "any AP" in shown.out
    assert "step      2" in shown.err
    assert (tmp_path / "run" / "weights.safetensors").exists()


def test_from_weights_it_is_measured_before_the_first_step(tmp_path, capsys):
    assert train("spot", "--out", str(tmp_path / "one"), "--steps", "1", "--quiet", *SHORT) == 0
    assert capsys.readouterr() == ("", "")
    weights = str(tmp_path / "one" / "weights.safetensors")
    data = str(write_squares(tmp_path / "yard", 20))
    arguments = ["--data", data, "--out", str(tmp_path / "two"), "--from", weights, "--steps", "1", *SHORT]
    assert train("spot", *arguments, "--json", "-") == 0
    said = json.loads(capsys.readouterr().out)
    assert [row["step"] for row in said["measured"]] == [0, 1]
    assert said["measured"][0]["figures"]


def test_going_on_from_weights_says_whether_they_became_better(tmp_path, capsys, monkeypatch):
    """And, gone on with or asked again after its end, still against what was before the first step of all."""
    scores = {0: 0.9, 1: 0.7, 2: 0.8}

    def told(weights, _, __):
        score = scores[read_facts(weights).steps]
        return Validation({"F1": score, "verdicts right": 1.0}, score)

    monkeypatch.setattr(loop, "validate_flow", told)
    changes = ("size=48", "batch=4", "precision=no", "measure_every=1")
    data, run = str(write_squares(tmp_path / "yard", 20)), str(tmp_path / "run")
    arguments = ["spot", "--data", data, "--out", run, "--from", "shipped"]
    arguments += [word for change in changes for word in ("--set", change)]
    for steps, last in (("1", "0.700"), ("2", "0.800"), ("2", "0.800")):
        assert train(*arguments, "--steps", steps) == 0
        shown = capsys.readouterr().out
        assert "15 labelled pairs (5 more held out)" in shown
        assert "F1                         0.900       0.900" in shown
        said = f"No better than before on 5 held-out pairs: score 0.900 before, {last} after {steps} steps."
        assert f"{said} The weights are those it began with." in shown
    assert "is trained to its end" in shown
    assert train(*arguments, "--steps", "2", "--json", "-") == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert result["better"] is False
    assert [result[which]["step"] for which in ("before", "after", "last")] == [0, 0, 2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["spott"], "no recipe"),
        (["spot", "--set", "steps"], "field=value"),
        (["spot", "--set", "net.wide=3"], "wide"),
        (["spot", "--set", "pairs.unchanged=2"], "unchanged"),
        (["spot", "--from", "no.safetensors"], "no.safetensors does not exist"),
        (["spot", "--data", "nowhere"], "nowhere"),
        (["spot", "--steps", "0"], "steps"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(tmp_path, capsys, arguments, said):
    assert train(*arguments, "--out", str(tmp_path / "run")) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run" / "weights.safetensors").exists()


def test_the_help_has_an_example(capsys):
    assert train("--help") == 0
    assert "Example: spotdiff train" in capsys.readouterr().out


def test_two_processes_learn_together_and_one_speaks(tmp_path):
    """As `accelerate launch` starts them."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [*launch, "-m", "spotdiff", "train", "spot", "--out", str(tmp_path / "run"), "--steps", "2", *SHORT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Wrote") == 1
    assert (tmp_path / "run" / "weights.safetensors").exists()
