"""The files by which a server is run as a service."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples" / "serve"
CHECKER = shutil.which("systemd-analyze")


@pytest.mark.skipif(CHECKER is None, reason="systemd is not installed")
def test_systemd_takes_the_unit(tmp_path):
    unit = (FOLDER / "spotdiff.service").read_text(encoding="utf-8")
    program = tmp_path / "spotdiff"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    named = unit.replace("/opt/spotdiff/bin/spotdiff", str(program))
    assert named != unit
    (tmp_path / "spotdiff.service").write_text(named)
    command = [str(CHECKER), "verify", "--man=no", str(tmp_path / "spotdiff.service")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "spotdiff.service" not in done.stderr, done.stderr
    assert done.returncode == 0
