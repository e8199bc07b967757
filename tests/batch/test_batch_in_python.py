"""`spotdiff.batch`: what the command does, as a value."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import spotdiff
from spotdiff.errors import DataError, OptionError

FAST = {"method": "pixel", "align": "off", "light": "off"}


def verdicts(result):
    return {row.name: row.verdict for row in result.rows}


def test_two_folders(pictures, tmp_path, capfd):
    (tmp_path / "later/yard.bmp").unlink()
    result = spotdiff.batch(tmp_path / "earlier", tmp_path / "later", out=tmp_path / "out", **FAST)
    assert verdicts(result) == {"roof/1": "changed", "roof/2": "same", "yard": "missing"}
    assert result.counts == {"changed": 1, "new": 0, "missing": 1, "unsure": 0, "trouble": 0, "same": 1}
    assert result.index == tmp_path / "out/index.csv"
    assert result.index.is_file()
    assert result.rows[0].text
    assert "\n" not in repr(result)
    assert "1 changed, 1 missing, 1 same" in repr(result)
    assert json.loads((tmp_path / "out/roof/1.json").read_bytes())["method"]["name"] == "pixel"
    assert capfd.readouterr() == ("", "")
    again = spotdiff.batch(tmp_path / "earlier", tmp_path / "later", out=tmp_path / "out", **FAST)
    assert (result.resumed, again.resumed) == (0, 2)


def test_a_table_and_a_pair_in_trouble(table, tmp_path):
    result = spotdiff.batch(
        table(("gone", "earlier/none.png", "later/yard.bmp")), out=tmp_path / "out", preset="screens"
    )
    assert verdicts(result) == {"roof/1": "changed", "roof/2": "same", "yard": "same", "gone": "trouble"}
    assert "no such file" in result.rows[3].error


def test_one_picture_against_a_folder(pictures, tmp_path):
    golden = tmp_path / "earlier/roof/2.png"
    result = spotdiff.batch(golden, tmp_path / "later/roof", out=tmp_path / "out", options=spotdiff.Options(**FAST))
    assert verdicts(result) == {"1": "changed", "2": "same"}


def test_pictures_behind_urls(pictures, tmp_path):
    fsspec = pytest.importorskip("fsspec")
    for name in ("earlier/roof/1.png", "later/roof/1.bmp"):
        with fsspec.open(f"memory://spotdiff/{name}", "wb") as file:
            file.write((tmp_path / name).read_bytes())
    rows = "name,before,after\nroof,memory://spotdiff/earlier/roof/1.png,memory://spotdiff/later/roof/1.bmp\n"
    (tmp_path / "pairs.csv").write_text(rows + "gone,memory://spotdiff/none.png,earlier/yard.png\n")
    result = spotdiff.batch(tmp_path / "pairs.csv", out=tmp_path / "out", **FAST)
    assert verdicts(result) == {"roof": "changed", "gone": "trouble"}
    assert result.rows[1].error == "memory://spotdiff/none.png: no such file"


def test_it_writes_what_the_command_writes(pictures, tmp_path, monkeypatch):
    from spotdiff.__main__ import run

    def written(folder):
        files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".resume.jsonl")
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    monkeypatch.setattr("spotdiff.pipeline.Clock.seconds", {"total": 1.0})  # all that differs from run to run
    monkeypatch.chdir(tmp_path)
    files = {"report": "page.html", "junit": "junit.xml", "coco": "coco.json", "overlays": "overlays"}
    found = []
    for who in ("command", "python"):
        (tmp_path / who).mkdir()
        named = {kind: f"{who}/{name}" for kind, name in files.items()}
        if who == "command":
            flags = [word for kind, name in named.items() for word in (f"--{kind}", name)]
            asked = [word for name, value in FAST.items() for word in (f"--{name}", value)]
            run(["batch", "earlier", "later", "--out", who, "--maps", "--workers", "0", "--quiet", *flags, *asked])
        else:
            spotdiff.batch("earlier", "later", out=who, maps=True, **named, **FAST)
        found.append(written(tmp_path / who))
    assert found[0] == found[1]
    assert {"page.html", "junit.xml", "coco.json", "index.csv", "overlays/yard.png"} < found[0].keys()


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"before": "earlier"}, OptionError, "a table of pairs, two folders"),
        ({"before": "none.csv"}, DataError, "No such file"),
        ({"before": "earlier", "after": "nowhere"}, DataError, "no such file or folder"),
        ({"before": "earlier", "after": "later", "out": "later"}, OptionError, "choose another for the answers"),
        ({"before": "earlier", "after": "later", "page": "all", "maps": True}, OptionError, "give its number"),
        ({"before": "earlier", "after": "later", "criteria": "faint.toml"}, OptionError, "at sensitivity 0.9 once"),
        ({"before": "earlier", "after": "later", "index": "xls"}, OptionError, "csv, parquet"),
        ({"before": "earlier", "after": "later", "pages": "change"}, OptionError, "did you mean changed"),
        ({"before": "earlier", "after": "later", "metod": "pixel"}, OptionError, "did you mean method"),
        ({"before": "earlier", "after": "later", "method": "pixle"}, OptionError, "did you mean pixel"),
        ({"before": "earlier", "after": "later", "coco": "earlier/yard.png"}, OptionError, "written over"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(pictures, tmp_path, monkeypatch, asked, error, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faint.toml").write_text("sensitivity = 0.9", encoding="utf-8")
    with pytest.raises(error, match=told) as caught:
        spotdiff.batch(**{"out": "out", **asked})
    assert "\n" not in str(caught.value)
    assert "--" not in str(caught.value)  # options have other names at the command line
    assert not (tmp_path / "out").exists()


def test_the_name_stands_for_the_function_whatever_was_imported_before():
    code = "import spotdiff.evaluate, spotdiff.batching.pool, spotdiff; print(spotdiff.batch.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "batch\n", done.stderr
