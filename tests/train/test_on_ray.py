"""A training on a Ray cluster whose machine is lost meanwhile: the same weights, and a run that is kept here."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from spotdiff.train import on_ray
from tiny_training import write_squares

pytest.importorskip("ray")
psutil = pytest.importorskip("psutil")
NET = ("net.backbone=small", "net.pretrained=false", "net.widths=6,8", "net.radii=1,1", "net.keys=4", "net.width=8")
TINY = (*NET, "size=48", "batch=4", "measure_every=4", "held_out=0.25")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_squares(tmp_path_factory.mktemp("squares") / "data", 12)


def train(data, out, *more):
    recipe = [text for change in TINY for text in ("--set", change)]
    arguments = ["spot", "--data", data.name, "--steps", "24", "--threads", "1", *recipe, "--out", str(out), *more]
    command = [sys.executable, "-m", "spotdiff", "train", *arguments]
    env = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    return subprocess.Popen(
        command, cwd=data.parent, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process):
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def learners(process):
    """The processes of the cluster's machine that train."""
    return [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if "TrainingActor" in " ".join(child.cmdline())
    ]


def test_a_machine_that_is_lost_costs_nothing(data, tmp_path):
    there = train(data, tmp_path / "there", "--engine", "ray")
    deadline = time.monotonic() + 240
    while not (tmp_path / "there/checkpoint.pt").exists() and there.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    killed = learners(there)
    for learner in killed:
        learner.kill()
    code, told, err = ended(there)
    assert code == 0, err
    assert len(killed) == 1
    assert "the machine was lost" in told
    assert "goes on from step" in told
    assert "Wrote weights.safetensors" in told
    assert ended(train(data, tmp_path / "here"))[0] == 0
    weights = [(tmp_path / where / "weights.safetensors").read_bytes() for where in ("there", "here")]
    assert weights[0] == weights[1]
    files = [{path.name for path in (tmp_path / where).iterdir()} for where in ("there", "here")]
    assert files[0] == files[1]


def test_a_file_that_is_gone_meanwhile_ends_no_training(tmp_path):
    (tmp_path / "weights.safetensors").write_bytes(b"weights")
    (tmp_path / "candidate.safetensors").symlink_to(tmp_path / "taken away")
    assert list(on_ray._stamps(tmp_path)) == ["weights.safetensors"]
    assert on_ray._contents(tmp_path, ["weights.safetensors", "candidate.safetensors"]) == {
        "weights.safetensors": b"weights"
    }


def test_the_users_mistake_is_one_line_and_its_exit_code(data, tmp_path):
    code, told, err = ended(train(data, tmp_path / "out", "--engine", "ray", "--data", "nowhere"))
    assert code == 2
    assert "nowhere" in err
    assert err.count("\n") == 1
    code, told, err = ended(train(data, tmp_path / "out", "--engine", "ray", "--json", "-"))
    assert (code, told) == (2, "")
    assert err.count("\n") == 1
