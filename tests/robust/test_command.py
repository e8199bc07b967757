"""The command over the same files: an exit code of 0 to 3, and on standard error one line at most."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from robust import corpus
from spotdiff.__main__ import run

pytestmark = pytest.mark.filterwarnings("ignore")

TROUBLE = corpus.truncated() | corpus.flipped() | corpus.impostors() | corpus.bombs() | corpus.odd()
LOUD_LIBRARIES = (
    "TIFF",
    "tempfile.tif",
    "ZIPDecode",
    "libpng",
    "OpenCV",
    "[ WARN",
    "[ERROR",
    "UserWarning",
    "warnings.warn",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    (folder / "good.png").write_bytes(corpus.whole()["rgb.png"])
    return folder


def ran(folder, name: str, data: bytes, capfd, *more: str) -> tuple[int, str, str]:
    path = folder / "after"
    path.write_bytes(data)
    capfd.readouterr()
    code = run(["compare", str(folder / "good.png"), str(path), *more])
    return code, *capfd.readouterr()


def loud(cases: Mapping[str, bytes], folder, capfd) -> list[str]:
    """What is wrong with how the command ends and with what it says, and the files with which."""
    found = []
    for name, data in cases.items():
        code, out, err = ran(folder, name, data, capfd)
        trouble = code == 2
        right = code in (0, 1, 2, 3) and trouble == ("spotdiff: " in err) and bool(out) != trouble
        if not right or len(err.splitlines()) != trouble:
            found.append(f"{name}: exit code {code} with {out!r} and {err!r}")
    return found


def test_standard_error_has_one_line_for_trouble_and_none_otherwise(folder, capfd):
    found = loud(TROUBLE, folder, capfd)
    assert not found, "\n".join(found)


PLACES = {
    "missing": "nowhere.png",
    "folder": ".",
    "null character": "bad\0name",
    "line feed": "two\nlines",
    "no text": "\udcff.png",
    "empty": "",
    "too long": "x" * 5000,
}


@pytest.mark.parametrize("name", PLACES)
def test_a_wrong_place_is_one_line(name, folder, capfd, monkeypatch):
    monkeypatch.chdir(folder)
    for pictures in ((PLACES[name], "good.png"), ("good.png", PLACES[name]), (PLACES[name], PLACES[name])):
        assert run(["compare", *pictures]) == 2
        out, err = capfd.readouterr()
        assert not out
        assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--sensitivity", "2"),
        ("--sensitivity", "nan"),
        ("--method", "clasic"),
        ("--align", "sideways"),
        ("--set", "nonsense"),
        ("--set", "sigma=inf"),
        ("--set", "sigma=\x00"),
        ("--ignore", "1,2,3"),
        ("--ignore", "1,2,0,0"),
        ("--ignore", "900,900,5,5"),
        ("--ignore-mask", "nowhere.png"),
        ("--min-area", "99999999999999999999"),
        ("--max-pixels", "0"),
        ("--max-pixels", "nan"),
        ("--describe", "poet"),
        ("--ignore-colour", "red"),
        ("--history", "nowhere"),
        ("--nonsense",),
        ("--json", "/dev/null/x.json"),
        ("--report", "/dev/null/x.html"),
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_one_line(arguments, folder, capfd):
    (folder / "other").write_bytes(corpus.saved(corpus.scene(3), "PNG"))
    capfd.readouterr()
    code = run(["compare", str(folder / "good.png"), str(folder / "other"), *arguments])
    out, err = capfd.readouterr()
    if arguments[1:] == ("99999999999999999999",):  # a large number is no mistake
        assert code in (0, 1, 2, 3)
    else:
        assert code == 2
        assert not out
    assert len(err.splitlines()) == (code == 2)


REAL = ("rgb.png cut at 50%", "lzw.tif cut at 50%", "base.jpg cut at 80%", "text", "jpeg with broken exif", "rgb.png")


@pytest.mark.parametrize("name", REAL)
def test_the_real_command_keeps_to_it_too(name, folder):
    path = folder / "real"
    path.write_bytes(TROUBLE[name])
    command = [sys.executable, "-m", "spotdiff", "compare", str(folder / "good.png"), str(path), "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ))
    assert done.returncode in (0, 1, 2, 3)
    assert len(done.stderr.splitlines()) == (done.returncode == 2)
    if done.returncode != 2:
        assert json.loads(done.stdout)["schema"] == "spotdiff/comparison/1"
