"""Importing is cheap and leaves the process as it was."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ready_methods import READY

HEAVY = ("torch", "onnxruntime", "cv2", "fastapi", "ray", "numpy", "PIL", "rich", "click", "pyarrow", "kornia_rs")


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


def loaded_by(code: str) -> list[str]:
    return json.loads(run(f"{code}\nimport sys, json\nprint(json.dumps([n for n in {HEAVY!r} if n in sys.modules]))"))


@pytest.mark.parametrize(
    "code",
    [
        "import spotdiff",
        "import spotdiff; dir(spotdiff), spotdiff.__all__, spotdiff.__version__",
        "from spotdiff import Options, Pair, Picture, Region, Comparison, SpotdiffError; Options()",
        "import spotdiff; spotdiff.method_names()",
        "import spotdiff; spotdiff.Client('http://127.0.0.1:8642')",
    ],
)
def test_importing_loads_nothing_heavy(code):
    assert loaded_by(code) == []


def test_comparing_loads_nothing_for_other_work():
    code = "import spotdiff, numpy as np; spotdiff.compare(*[np.zeros((40, 40, 3), np.uint8)] * 2)"
    assert not {"torch", "onnxruntime", "fastapi", "ray", "pyarrow", "rich", "click"} & set(loaded_by(code))


def test_every_public_name_is_there():
    code = (
        "import spotdiff\nprint(sum(bool(getattr(spotdiff, name)) for name in spotdiff.__all__), len(spotdiff.__all__))"
    )
    found, promised = map(int, run(code).split())
    assert found == promised
    assert 8 <= promised <= 15


def test_a_package_that_is_missing_is_told_in_a_line():
    code = """import sys; sys.modules["sqlalchemy"] = None
import spotdiff
try:
    spotdiff.watch("yard")
except spotdiff.SpotdiffError as error:
    print(error)"""
    assert run(code) == "this needs sqlalchemy: pip install 'spotdiff[watch]'\n"


def test_a_name_that_is_not_there_is_an_attribute_error():
    import spotdiff

    with pytest.raises(AttributeError, match="no_such"):
        _ = spotdiff.no_such


STATE = """
import json, locale, logging, os, random, signal, sys, warnings
import numpy as np, cv2
from PIL import Image, ImageFile
def state():
    return [
        len(warnings.filters), np.geterr(), str(np.get_printoptions()), cv2.getNumThreads(), cv2.useOptimized(),
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, dict(os.environ), os.getcwd(), os.umask(0o22),
        str(random.getstate())[:200], str(np.random.get_state())[:300], locale.setlocale(locale.LC_ALL),
        str(signal.getsignal(signal.SIGINT)), len(logging.getLogger().handlers), sys.getrecursionlimit(), sys.path,
    ]
os.umask(0o22)
first = state()
import spotdiff
before = np.random.default_rng(0).integers(0, 256, (60, 70, 3), np.uint8)
after = before.copy(); after[10:30, 10:30] = 250
for method in sys.argv[2:]:
    spotdiff.compare(before, after, method=method)
Image.fromarray(before).save(sys.argv[1])
spotdiff.compare(sys.argv[1], after)
second = state()
assert first == second, [pair for pair in zip(first, second) if pair[0] != pair[1]]
"""


def test_comparing_leaves_the_process_as_it_was(tmp_path):
    """Warnings, number formats, thread counts, random generators, size limits and signals belong to the caller."""
    command = [sys.executable, "-c", STATE, str(tmp_path / "picture.tif"), *READY]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stdout
