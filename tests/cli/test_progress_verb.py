import csv
import json

import numpy as np
import pytest
from PIL import Image

from spotdiff.timelapse.areas import WHOLE

PLAIN = ("--method", "pixel", "--align", "off", "--light", "off")
AREAS = """
wall = [[20, 30], [100, 30], [100, 90], [20, 90]]
"the gate" = [[120, 10], [150, 10], [150, 110], [120, 110]]
"""


def filled(share):
    """A wall of 80 x 60 pixels, filled from the left, in a picture of 160 x 120."""
    picture = np.full((120, 160, 3), 90, np.uint8)
    picture[30:90, 20 : 20 + round(80 * share)] = (220, 20, 20)
    return Image.fromarray(picture)


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "yard"
    folder.mkdir()
    for day, share in (("2024-01-01", 0), ("2024-01-08", 0.5), ("2024-01-15", 1)):
        filled(share).save(folder / f"{day}.png")
    (tmp_path / "areas.toml").write_text(AREAS)
    return folder


@pytest.fixture
def asked(site, tmp_path):
    return ("progress", site, "--areas", tmp_path / "areas.toml", "--out", tmp_path / "out", *PLAIN)


def rows(out):
    with (out / "progress.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_page_and_a_table_are_written(spotdiff, asked, tmp_path):
    ran = spotdiff(*asked)
    assert (ran.code, ran.err) == (0, "")
    assert "3 pictures from 2024-01-01 to 2024-01-15" in ran.out
    assert "wall       100 % since the first,   50 % since the one before, on 2024-01-15" in ran.out
    assert [float(row["since_first"]) for row in rows(tmp_path / "out")] == [0, 0, 0.5, 0, 1, 0]
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "<h1>Progress: yard</h1>" in page


def test_it_goes_on_where_it_stopped(spotdiff, asked, site, tmp_path):
    assert "taken over" not in spotdiff(*asked).out
    before = rows(tmp_path / "out")
    filled(0.25).save(site / "2024-01-22.png")
    assert "2 pictures taken over from an earlier run" in spotdiff(*asked).out
    again = rows(tmp_path / "out")
    assert again[:6] == before
    assert (again[6]["since_first"], again[6]["since_last"]) == ("0.250000", "0.750000")


def test_a_bad_picture_is_a_row_and_0(spotdiff, asked, site, tmp_path):
    (site / "2024-01-10.png").write_bytes(b"no picture")
    ran = spotdiff(*asked)
    assert ran.code == 0
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("spotdiff: a picture had trouble: ")
    bad = [row for row in rows(tmp_path / "out") if row["verdict"] == "trouble"]
    assert [(row["picture"], row["since_first"], "not a picture" in row["reason"]) for row in bad] == [
        ("2024-01-10.png", "", True)
    ] * 2


def test_unsure_pictures_are_told(spotdiff, asked, site, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(site / "2024-01-10.png")
    ran = spotdiff(*asked, "--align", "homography")
    assert ran.code == 0
    assert "unsure: 2024-01-10.png: " in ran.out
    odd = [row for row in rows(tmp_path / "out") if row["picture"] == "2024-01-10.png"]
    assert all((row["since_first"], row["verdict"]) == ("", "unsure") and row["reason"] for row in odd)


def test_json_to_standard_output_is_alone_there(spotdiff, asked, tmp_path):
    said = json.loads(spotdiff(*asked, "--json", "-").out)
    assert [step["since_first"]["wall"] for step in said["steps"]] == [0, 0.5, 1]
    assert spotdiff(*asked, "--json", tmp_path / "deep" / "x.json", "--quiet").out == ""
    assert json.loads((tmp_path / "deep" / "x.json").read_text())["name"] == "yard"


def test_orders_and_whole_pictures(spotdiff, site, tmp_path):
    (site / "2024-01-08.png").rename(site / "2025.png")
    ran = spotdiff("progress", site, "--out", tmp_path / "out", "--order", "name", *PLAIN)
    assert ran.code == 0
    table = rows(tmp_path / "out")
    assert [row["picture"] for row in table] == ["2024-01-01.png", "2024-01-15.png", "2025.png"]
    assert {row["area"] for row in table} == {WHOLE}
    assert float(table[1]["since_first"]) == pytest.approx(4800 / 19200)


def test_the_folder_of_the_pictures_may_hold_the_answer(spotdiff, site):
    for _ in range(2):
        assert spotdiff("progress", site, "--out", site, *PLAIN).code == 0
    assert len(rows(site)) == 3


MISTAKES = {
    "no folder": (["none"], "no such file or folder"),
    "empty": (["empty"], "holds no picture; progress takes two pictures or more"),
    "one": (["one"], "holds only a.png; progress takes two pictures or more"),
    "no dates": (["undated"], "no dates"),
    "area outside": (["yard", "--areas", "outside.toml"], "area roof reaches outside of the first picture"),
    "no areas": (["yard", "--areas", "none.toml"], "none.toml cannot be read"),
    "method": (["yard", "--method", "pixl"], "pixl"),
    "no weights": (["yard", "--method", "onnx"], "weights"),
    "order": (["yard", "--order", "size"], "--order"),
    "over a picture": (["yard", "--json", "yard/2024-01-08.png"], "written over"),
}


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_2_and_one_line(spotdiff, site, tmp_path, monkeypatch, arguments, said):
    import os

    for name, count in (("empty", 0), ("one", 1), ("undated", 2)):
        (tmp_path / name).mkdir()
        for letter in "ab"[:count]:
            filled(0).save(tmp_path / name / f"{letter}.png")
            os.utime(tmp_path / name / f"{letter}.png", (9, 9))
    (tmp_path / "outside.toml").write_text("roof = [[0, 0], [500, 0], [500, 50]]")
    monkeypatch.chdir(tmp_path)
    ran = spotdiff("progress", "--out", "out", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert said in ran.err
    assert not (tmp_path / "out").exists()


def test_help_has_an_example(spotdiff):
    ran = spotdiff("progress", "--help")
    assert ran.code == 0
    assert "spotdiff progress site --areas areas.toml --out progress" in ran.out
    assert "progress" in spotdiff("--help").out
