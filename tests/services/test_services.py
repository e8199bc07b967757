"""The action, the hook and the snippets of the documents, as far as they can be run without their services."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from spotdiff.cli import batch
from spotdiff.presets import PRESETS

PROJECT = Path(__file__).parents[2]
ACTION = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "run" in step}
SNIPPETS = re.findall(r"```yaml\n(.*?)```", (PROJECT / "docs" / "ci.md").read_text(encoding="utf-8"), re.DOTALL)


def filled(text, values):
    """A text with the expressions of a workflow in it as the service fills them in; each must be known."""
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values[found[1]], str(text))


@pytest.fixture
def step(tmp_path):
    """Run a step of the action by bash, as a runner does."""
    for name in ("summary", "output"):
        (tmp_path / name).touch()

    def step(name, **inputs):
        known = {f"inputs.{key}": str(asked.get("default", "")) for key, asked in ACTION["inputs"].items()}
        known |= {f"inputs.{key.replace('_', '-')}": value for key, value in inputs.items()}
        known |= {"github.action_path": "/the action", "steps.python.outputs.python-path": str(tmp_path / "python")}
        environment = {
            **os.environ,
            "PYTHONPATH": str(PROJECT / "src"),
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            **{key: filled(value, known) for key, value in STEPS[name]["env"].items()},
        }
        script = tmp_path / "script.sh"
        script.write_text(STEPS[name]["run"], encoding="utf-8")
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]  # as the service starts it
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return step


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize(("version", "installed"), [("", "/the action"), ("0.1.0", "spotdiff==0.1.0")])
def test_the_action_installs_a_release_or_itself_in_an_environment_of_its_own(step, tmp_path, version, installed):
    program(tmp_path / "python", 'for word; do echo "$word" >> made; done')
    program(tmp_path / "spotdiff/bin/python", 'for word; do echo "$word" >> asked; done')
    assert step("Install spotdiff", version=version).returncode == 0
    assert (tmp_path / "made").read_text().splitlines() == ["-m", "venv", str(tmp_path / "spotdiff")]
    assert (tmp_path / "asked").read_text().splitlines() == ["-m", "pip", "install", "--quiet", installed]


@pytest.fixture
def shots(tmp_path):
    program(tmp_path / "spotdiff/bin/spotdiff", f'exec {shlex.quote(sys.executable)} -m spotdiff "$@"')
    picture = np.full((60, 80, 3), 250, np.uint8)
    for folder in ("base line", "shots"):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / "home.png"), picture)
        picture[20:40, 20:50] = (0, 0, 200)
    cv2.imwrite(str(tmp_path / "shots" / "new.png"), picture)
    return {"before": "base line", "after": "shots"}


def test_the_action_answers_with_the_exit_code_a_summary_and_files(step, shots, tmp_path):
    ran = step("Compare", **shots)
    assert ran.returncode == 1, ran.stderr
    assert (tmp_path / "output").read_text() == "exit-code=1\n"
    title, blank, *told = (tmp_path / "summary").read_text().splitlines()
    assert (title, blank) == ("### What changed", "")
    assert [line[4:] for line in told] == ran.stdout.splitlines()
    assert re.match(r"2 pairs in .*: 1 changed, 1 new\. Index: spotdiff-answers/index\.csv", told[-1].strip())
    answers = tmp_path / "spotdiff-answers"
    for name in ("index.html", "index.csv", "junit.xml", "home.json", "overlays/home.png"):
        assert (answers / name).is_file(), name


def test_the_action_fails_only_on_what_was_named(step, shots, tmp_path):
    assert step("Compare", fail_on="unsure", out="un sure", **shots).returncode == 0
    assert (tmp_path / "un sure" / "index.html").is_file()
    assert (tmp_path / "output").read_text() == "exit-code=0\n"


def test_trouble_stands_in_the_summary(step, shots, tmp_path):
    assert step("Compare", preset="screen", **shots).returncode == 2
    assert "there is no preset 'screen'" in (tmp_path / "summary").read_text()


def test_the_action_takes_one_table_in_place_of_two_folders(step, shots, tmp_path):
    (tmp_path / "pairs.csv").write_text("name,before,after\nhome,base line/home.png,shots/home.png\n")
    assert step("Compare", before="pairs.csv").returncode == 1
    assert (tmp_path / "spotdiff-answers" / "home.json").is_file()


def test_every_input_of_the_action_is_used_and_has_a_good_default():
    text = (PROJECT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", text)) == set(ACTION["inputs"])
    assert ACTION["inputs"]["preset"]["default"] in PRESETS
    assert set(STEPS) == {"Install spotdiff", "Compare"}
    assert all(step["shell"] == "bash" for step in STEPS.values())
    assert all("${{" not in step["run"] for step in STEPS.values())  # an input must not become part of a script


def options_in(text):
    return set(re.findall(r"(?<!\S)--[a-z][\w-]*", text))


def known_options():
    return {flag for parameter in batch.command.params for flag in parameter.opts}


def test_options_that_the_files_name_exist():
    compare = options_in(STEPS["Compare"]["run"])
    assert {"--out", "--preset", "--fail-on", "--report"} <= compare
    assert compare <= known_options()
    (hook,) = HOOKS
    assert hook["entry"] == "spotdiff batch"
    assert options_in(hook["description"].replace(",", " ")) <= known_options()


def test_the_snippets_of_the_documents_are_yaml_and_name_what_there_is():
    assert len(SNIPPETS) == 3
    workflow, gitlab, hooks = map(yaml.safe_load, SNIPPETS)
    (used,) = (step for step in workflow["jobs"]["screens"]["steps"] if "spotdiff" in step.get("uses", ""))
    assert set(used["with"]) <= set(ACTION["inputs"])
    assert {name for name, asked in ACTION["inputs"].items() if asked.get("required")} <= set(used["with"])
    (line,) = (line for line in gitlab["screens"]["script"] if line.startswith("spotdiff"))
    assert options_in(line) <= known_options()
    (hook,) = hooks["repos"][0]["hooks"]
    assert hook["id"] == HOOKS[0]["id"]
    assert options_in(" ".join(hook["args"])) <= known_options()
