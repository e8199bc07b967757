"""A watch that is killed around a change of light and started again tells in the end what is so, each thing once."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "proof" / "watch_kills.py"


def test_what_is_so_in_the_end_is_told_once():
    order = [sys.executable, str(SCRIPT), "--kills", "2", "--each", "2"]
    settings = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(order, capture_output=True, text=True, env=settings, check=False)
    answer = json.loads(done.stdout or "{}")
    assert answer.get("wrong") == [], done.stderr[-2000:]
    assert (answer["kills"], done.returncode) == (2, 0)
    assert answer["opened"] >= 2
