"""A process that is killed at any moment loses nothing that it had promised."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]


MEMORY = Path("/dev/shm")  # what a killed process has written is there whether or not it is on the disk


@pytest.fixture
def quick_folder(tmp_path):
    """A folder in memory where there is one, so that more is promised between two kills."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 1 << 28
    with tempfile.TemporaryDirectory(dir=MEMORY if roomy else tmp_path) as folder:
        yield folder


def test_two_hundred_kills_lose_nothing_that_was_promised(quick_folder):
    order = [sys.executable, str(Path(__file__).with_name("kill_runs.py")), quick_folder, "200", "1"]
    settings = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(TESTS), os.environ.get("PYTHONPATH")))),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    done = subprocess.run(order, capture_output=True, text=True, env=settings, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    answer = json.loads(done.stdout)
    assert answer["wrong"] == []
    assert answer["runs"] == 200
    assert answer["promised"] > 100
    assert answer["runs_cut"] > 10  # otherwise the kills would not have hit what is being written
