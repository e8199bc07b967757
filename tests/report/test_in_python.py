"""The answer in a program and a notebook."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.report.record import to_record


@pytest.fixture(scope="module")
def answer():
    before = np.full((120, 160, 3), 200, np.uint8)
    before[20:50, 20:60] = (40, 60, 80)
    after = before.copy()
    after[70:100, 90:130] = (220, 40, 40)
    return spotdiff.compare(before, after, method="pixel", name="<b>yard</b>")


def test_everything_is_told_in_a_line(answer):
    for value in (answer, answer.pair, answer.pair.before, answer.evidence, answer.alignment):
        assert "\n" not in repr(value)
        assert len(repr(value)) < 200
    assert "changed" in repr(answer)
    assert len(repr(answer.regions[0])) < 1000


def test_the_record_is_that_of_the_command(answer):
    assert answer.to_dict() == to_record(answer)
    assert json.dumps(answer.to_dict())


def test_a_mask_is_in_the_pictures_own_pixels(answer):
    mask = answer.mask("after")
    assert (mask.dtype, mask.shape) == (bool, (120, 160))
    assert mask[80, 100]
    assert not mask[30, 30]
    with pytest.raises(spotdiff.SpotdiffError, match="before or after"):
        answer.mask("later")


def test_everything_is_saved(answer, tmp_path):
    files = {"report": "a/page.html", "overlay": "b/o.png", "json": "c/r.json", "maps": "d", "cutouts": "e"}
    assert answer.save(**{kind: tmp_path / name for kind, name in files.items()}) is answer
    assert "<html" in (tmp_path / "a/page.html").read_text(encoding="utf-8")
    assert cv2.imread(str(tmp_path / "b/o.png")).shape == (120, 160, 3)
    assert json.loads((tmp_path / "c/r.json").read_text(encoding="ascii"))["verdict"] == "changed"
    assert (tmp_path / "d/after.png").is_file()
    assert any((tmp_path / "e").iterdir())


WRITTEN = {"report": "page.html", "overlay": "overlay.png", "json": "record.json", "maps": "maps", "cutouts": "cut"}


@pytest.mark.parametrize("method", ["classic", "pixel", "ssim"])
def test_the_files_are_those_of_the_command(method, tmp_path, monkeypatch, texture):
    from spotdiff.__main__ import run

    monkeypatch.setattr("spotdiff.pipeline.Clock.seconds", {"total": 1.0})  # all that differs from run to run
    before = texture(160, 120)
    after = before.copy()
    after[30:70, 40:90] = (220, 20, 20)
    for folder in ("command", "python"):
        (tmp_path / folder).mkdir()
    for side, picture in (("before", before), ("after", after)):
        cv2.imwrite(str(tmp_path / f"{side}.png"), picture)
    monkeypatch.chdir(tmp_path / "command")
    flags = [word for kind, name in WRITTEN.items() for word in (f"--{kind}", name)]
    assert run(["compare", "../before.png", "../after.png", "--method", method, "--possible", "--quiet", *flags]) == 1
    monkeypatch.chdir(tmp_path / "python")
    spotdiff.compare("../before.png", "../after.png", method=method).save(**WRITTEN, possible=True)
    by_command, by_python = (
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (tmp_path / "command", tmp_path / "python")
    )
    assert by_command == by_python
    assert len(by_command) >= 7


def test_what_is_only_possible_is_drawn_when_asked_for(changed, tmp_path):
    faint = replace(changed, regions=tuple(replace(region, likely=False) for region in changed.regions))
    for possible in (False, True):
        faint.save(overlay=tmp_path / f"{possible}.png", possible=possible)
    assert (tmp_path / "False.png").read_bytes() != (tmp_path / "True.png").read_bytes()


def test_nothing_is_saved_over_a_picture_or_twice(tmp_path):
    for side in ("before", "after"):
        cv2.imwrite(str(tmp_path / f"{side}.png"), np.full((60, 60, 3), len(side) * 20, np.uint8))
    kept = (tmp_path / "after.png").read_bytes()
    found = spotdiff.compare(tmp_path / "before.png", tmp_path / "after.png", method="pixel")
    for files in ({"overlay": tmp_path / "after.png"}, {"maps": tmp_path}):
        with pytest.raises(spotdiff.SpotdiffError, match="would be written over"):
            found.save(**files)
    with pytest.raises(spotdiff.SpotdiffError, match="asked for twice"):
        found.save(json=tmp_path / "x", report=tmp_path / "x")
    with pytest.raises(spotdiff.SpotdiffError, match=r"end its name in \.png"):
        found.save(overlay=tmp_path / "x.jpg")
    assert (tmp_path / "after.png").read_bytes() == kept
    assert len(list(tmp_path.iterdir())) == 2


def test_what_shows_one_page_is_not_saved_of_several(tmp_path):
    from PIL import Image

    pages = [Image.fromarray(np.full((40, 40), level, np.uint8)) for level in (9, 90)]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    found = spotdiff.compare(tmp_path / "two.tif", tmp_path / "two.tif", method="pixel", page="all")
    with pytest.raises(spotdiff.SpotdiffError, match="show one page"):
        found.save(report=tmp_path / "page.html")
    found.save(json=tmp_path / "record.json")


def test_a_notebook_shows_it_small_and_safe(answer):
    html = answer._repr_html_()
    assert "<table>" in html
    assert "data:image/png;base64," in html
    assert "<b>yard" not in html
    assert len(html) < 60_000
    assert "src=http" not in html


def test_it_is_shown_in_a_browser(answer, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    path = answer.show()
    assert path.is_file()
    assert opened == [path.as_uri()]


def test_a_table_has_a_row_a_region(answer):
    pandas = pytest.importorskip("pandas")
    table = answer.to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert list(table["kind"]) == [region.kind for region in answer.regions]


def test_a_table_without_pandas_is_one_line(answer, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(spotdiff.SpotdiffError, match="pip install pandas"):
        answer.to_pandas()


def test_an_answer_over_pages_and_a_refused_one_are_shown(tmp_path):
    refused = spotdiff.compare(np.zeros((1, 1, 3), np.uint8), np.zeros((90, 90, 3), np.uint8))
    assert "unsure" in refused._repr_html_()
    assert not refused.mask("after").any()
    assert "unsure" in repr(refused)


def test_the_page_of_the_documents_runs(tmp_path, monkeypatch):
    root = Path(__file__).parents[2]
    block, *_of_the_client = re.findall(
        r"```python\n(.*?)```", (root / "docs/python.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (tmp_path / "examples").symlink_to(root / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(block, "docs/python.md", "exec"), names)
    assert names["answer"].verdict == "changed"
    assert names["screens"].verdict == "same"
    assert (tmp_path / "answer/page.html").is_file()
    assert names["result"].index.is_file()
    assert {row.name: row.verdict for row in names["result"].rows}["desk_before"] == "same"
