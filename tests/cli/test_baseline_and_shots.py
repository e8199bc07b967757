"""A baseline and its shots: presets, new and missing pictures, one golden picture, approving, judging."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotdiff.__main__ import run


def page(seed, *, mark=False):
    rng = np.random.default_rng(seed)
    picture = np.full((120, 160, 3), 250, np.uint8)
    for _ in range(12):
        x, y = (int(v) for v in rng.integers(0, (140, 100)))
        cv2.rectangle(picture, (x, y), (x + 15, y + 9), rng.integers(0, 200, 3).tolist(), -1)
    if mark:
        picture[40:70, 60:100] = (0, 0, 255)
    return picture


@pytest.fixture
def site(tmp_path, monkeypatch):
    for side, names in (("base", ("home", "shop", "old")), ("shots", ("home", "shop", "new"))):
        for number, name in enumerate(names):
            path = tmp_path / side / "pages" / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), page(number, mark=side == "shots" and name == "shop"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def batch(*more, out="out"):
    return run(["batch", "base", "shots", "--out", out, "--preset", "screens", "--quiet", *more])


def verdicts(out="out"):
    with Path(out, "index.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["verdict"] for row in csv.DictReader(file)}


ALL = {"pages/home": "same", "pages/shop": "changed", "pages/new": "new", "pages/old": "missing"}


def test_a_page_of_an_earlier_run_does_not_outlive_its_answers(site, capfd):
    batch("--report", "out/index.html", "--junit", "j.xml")
    batch()
    assert Path("out/index.html").is_file()  # its answers are still those
    capfd.readouterr()
    cv2.imwrite(str(site / "shots/pages/shop.png"), page(1))
    batch()
    told = capfd.readouterr().err.splitlines()
    assert [line.partition(" show")[0] for line in told] == ["spotdiff: out/index.html", "spotdiff: j.xml"]
    assert not Path("out/index.html").exists()
    assert "taken away" in told[0]
    assert Path("j.xml").is_file()  # not in the folder of the answers: only told
    batch("--index", "parquet")
    assert not Path("out/index.csv").exists()


def test_what_systems_leave_beside_pictures_is_none(site):
    for name in ("shots/pages/._shop.png", "base/.cache/x.png", "shots/.DS_Store"):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_bytes(b"Mac OS X")
    batch()
    assert verdicts() == ALL
    assert run(["compare", "base/pages/home.png", "shots/pages/home.png", "--history", "shots/pages", "--quiet"]) != 2


def test_presets_are_listed(capfd):
    assert run(["presets"]) == 0
    told = capfd.readouterr().out
    assert [line.split()[0] for line in told.splitlines()[::3]] == [
        "photo",
        "screens",
        "inspection",
        "survey",
        "medical",
    ]
    assert run(["presets", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["screens"]["options"]["method"] == "pixel"


def test_what_is_typed_goes_over_a_preset(site, capfd):
    pair = "base/pages/shop.png", "shots/pages/shop.png"
    run(["compare", *pair, "--preset", "screens", "--json", "-"])
    record = json.loads(capfd.readouterr().out)
    assert (record["method"]["name"], record["alignment"]["model"]) == ("pixel", "page")
    run(["compare", *pair, "--preset", "screens", "--method", "classic", "--align", "off", "--json", "-"])
    record = json.loads(capfd.readouterr().out)
    assert (record["method"]["name"], record["alignment"]["model"], record["light"]["model"]) == (
        "classic",
        "off",
        "off",
    )
    assert run(["compare", *pair, "--preset", "screen"]) == 2
    assert "did you mean screens?" in capfd.readouterr().err


def test_every_preset_runs(site):
    for name in ("photo", "screens", "inspection", "survey", "medical"):
        assert run(["compare", "base/pages/shop.png", "shots/pages/shop.png", "--preset", name, "--quiet"]) in (1, 3)


def test_pictures_of_one_side_are_new_or_missing_and_fail(site):
    assert batch("--overlays", "drawn") == 1
    assert verdicts() == ALL
    with Path("out/index.csv").open(encoding="utf-8") as file:
        assert file.readline().startswith("name,verdict,")
    assert sorted(path.name for path in (site / "drawn" / "pages").iterdir()) == ["home.png", "shop.png"]
    with Path("out/regions.csv").open(encoding="utf-8", newline="") as file:
        (region,) = csv.DictReader(file)
    assert region["name"] == "pages/shop"
    assert np.abs(np.subtract([int(v) for v in region["box_after"].split()], (60, 40, 100, 70))).max() <= 2
    assert batch("--fail-on", "unsure") == 0
    assert batch("--fail-on", "never") == 0
    assert batch("--fail-on", "new") == 1
    assert batch("--fail-on", "newt") == 2


def test_tables_part_their_cells_as_people_do(site):
    for delimiter in (",", ";", "\t"):
        rows = [["name", "before", "after"], ["a", "base/pages/home.png", "shots/pages/home.png"], ["b", "", ""]]
        (site / "t.csv").write_text("\n".join(map(delimiter.join, rows)) + "\n", encoding="utf-8-sig")
        assert run(["batch", "t.csv", "--out", "out", "--quiet", "--fail-on", "never"]) == 2
        assert verdicts() == {"a": "same", "b": "trouble"}


def test_one_golden_picture_against_many(site):
    assert (
        run(["batch", "base/pages/home.png", "shots/pages", "--out", "out", "--preset", "inspection", "--quiet"]) == 1
    )
    assert set(verdicts()) == {"home", "shop", "new"}
    assert verdicts()["home"] == "same"
    assert run(["approve", "out", "--all"]) == 2


def test_columns_hold_for_their_pair(site):
    rows = [
        "name\tbefore\tafter\tignore\tfocus\tpreset",
        "plain\tbase/pages/shop.png\tshots/pages/shop.png\t\t\tscreens",
        "ignored\tbase/pages/shop.png\tshots/pages/shop.png\t0,0,5,5|50,30,70,60\t\tscreens",
        "elsewhere\tbase/pages/shop.png\tshots/pages/shop.png\t\t0,0,20,20\tscreens",
        "wrong\tbase/pages/shop.png\tshots/pages/shop.png\t1,2,3\t\t",
        "none\tbase/pages/shop.png\tshots/pages/shop.png\t\t\tscreeens",
    ]
    (site / "t.csv").write_text("\n".join(rows), encoding="utf-8")
    assert run(["batch", "t.csv", "--out", "out", "--quiet"]) == 2
    wanted = {"plain": "changed", "ignored": "same", "elsewhere": "same", "wrong": "trouble", "none": "trouble"}
    assert verdicts() == wanted


def test_approving_makes_the_same_and_undoing_brings_back(site):
    batch()
    before = {path: path.read_bytes() for path in (site / "base").rglob("*.png")}
    assert run(["approve", "out", "pages/shop"]) == 0
    assert (site / "base/pages/shop.png").read_bytes() == (site / "shots/pages/shop.png").read_bytes()
    assert run(["approve", "out", "--all"]) == 0
    assert batch() == 0
    assert set(verdicts().values()) == {"same"}
    lines = [json.loads(line) for line in (site / "out/approvals.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(line["who"] and line["when"] for line in lines)
    assert run(["approve", "out", "--undo"]) == 0
    assert run(["approve", "out", "--undo"]) == 0
    assert {path: path.read_bytes() for path in (site / "base").rglob("*.png")} == before
    assert run(["approve", "out", "--undo"]) == 2


def test_only_some_are_approved(site):
    batch()
    assert run(["approve", "out", "--only", "new"]) == 0
    batch()
    assert verdicts() == {**ALL, "pages/new": "same"}
    assert run(["approve", "out", "--only", "missing"]) == 0
    assert not (site / "base/pages/old.png").exists()


def test_a_baseline_takes_the_suffix_of_its_picture(site):
    (site / "shots/pages/shop.png").unlink()
    cv2.imwrite(str(site / "shots/pages/shop.bmp"), page(1, mark=True))
    batch()
    assert run(["approve", "out", "pages/shop"]) == 0
    assert sorted(path.name for path in (site / "base/pages").iterdir()) == ["home.png", "old.png", "shop.bmp"]
    assert run(["approve", "out", "--undo"]) == 0
    assert sorted(path.name for path in (site / "base/pages").iterdir()) == ["home.png", "old.png", "shop.png"]


@pytest.mark.parametrize("words", [["none"], [], ["--undo"], ["--undo", "pages/shop"], ["--only", "same"]])
def test_what_cannot_be_approved_is_one_line(site, words, capfd):
    batch()
    capfd.readouterr()
    assert run(["approve", "out", *words]) == 2
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_a_folder_without_a_batch_is_one_line(site, capfd):
    for verb in (["approve", "base", "--all"], ["judge", "base"]):
        assert run(verb) == 2
        assert len(capfd.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("after", [0.0, 0.35, 0.5, 0.7, 1.0])
def test_an_approval_that_is_killed_leaves_whole_baselines_and_can_be_undone(site, after):
    for number in range(40):
        cv2.imwrite(str(site / f"base/pages/n{number}.png"), page(number))
        cv2.imwrite(str(site / f"shots/pages/n{number}.png"), page(number, mark=True))
    batch()
    before = {path: path.read_bytes() for path in (site / "base").rglob("*.png")}
    shots = {
        (site / "base" / path.relative_to(site / "shots")): path.read_bytes()
        for path in (site / "shots").rglob("*.png")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "spotdiff", "approve", "out", "--all"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    for path in (site / "base").rglob("*.png"):
        assert path.read_bytes() in (before.get(path), shots.get(path)), "half a baseline"
    if (site / "out/approvals.jsonl").exists() and (site / "out/approvals.jsonl").read_text(encoding="utf-8"):
        assert run(["approve", "out", "--undo"]) == 0
    assert {path: path.read_bytes() for path in (site / "base").rglob("*.png")} == before


def test_judging_again_needs_no_picture_and_does_not_add_up(site, capfd):
    batch()
    for path in (site / "shots/pages").iterdir():
        path.unlink()
    assert run(["judge", "out", "--max-pixels", "100000"]) == 1
    assert verdicts() == {**ALL, "pages/shop": "same"}
    assert run(["judge", "out", "--max-pixels", "100000", "--fail-on", "changed"]) == 0
    assert run(["judge", "out"]) == 1
    assert verdicts() == ALL
    assert run(["judge", "out", "--sensitivity", "0.9"]) == 2
    assert "at sensitivity 0.9 once" in capfd.readouterr().err


def test_good_and_bad_pairs_make_a_settings_file_for_batch(site, capfd):
    batch()
    capfd.readouterr()
    assert run(["judge", "out", "--good", "pages/h*", "--bad", "pages/shop", "--settings", "s.toml", "--json"]) == 1
    found = json.loads(capfd.readouterr().out)
    assert (found["precision"], found["recall"]) == (1.0, 1.0)
    assert batch("--settings", "s.toml", out="again") == 1
    assert verdicts("again") == ALL
    (site / "s.toml").write_text("max_pixels = 1000000\n", encoding="utf-8")
    assert (
        batch(
            "--settings",
            "s.toml",
            out="again",
        )
        == 1
    )
    assert verdicts("again") == {**ALL, "pages/shop": "same"}
    assert run(["judge", "out", "--good", "nobody", "--bad", "pages/shop"]) == 2


def test_a_log_that_was_cut_short_spoils_no_later_approval(site):
    batch()
    before = {path: path.read_bytes() for path in (site / "base").rglob("*.png")}
    (site / "out/approvals.jsonl").write_text('{"what": "approved", "num', encoding="utf-8")
    assert run(["approve", "out", "pages/shop"]) == 0
    assert run(["approve", "out", "pages/new"]) == 0
    assert run(["approve", "out", "--undo"]) == run(["approve", "out", "--undo"]) == 0
    assert {path: path.read_bytes() for path in (site / "base").rglob("*.png")} == before


def test_undoing_loses_no_baseline_that_was_changed_by_hand(site, capfd):
    batch()
    run(["approve", "out", "pages/shop"])
    by_hand = site / "base/pages/shop.png"
    cv2.imwrite(str(by_hand), page(77))
    kept = by_hand.read_bytes()
    capfd.readouterr()
    assert run(["approve", "out", "--undo"]) == 2
    assert "was changed since" in capfd.readouterr().err
    assert by_hand.read_bytes() == kept


def test_pairs_with_one_baseline_are_not_approved_together(site, capfd):
    rows = ["name,before,after", *(f"{n},base/pages/home.png,shots/pages/{n}.png" for n in ("shop", "new"))]
    (site / "t.csv").write_text("\n".join(rows), encoding="utf-8")
    run(["batch", "t.csv", "--out", "out", "--preset", "screens", "--quiet"])
    baseline = (site / "base/pages/home.png").read_bytes()
    capfd.readouterr()
    assert run(["approve", "out", "--all"]) == 2
    assert "have one baseline" in capfd.readouterr().err
    assert (site / "base/pages/home.png").read_bytes() == baseline
    assert run(["approve", "out", "shop"]) == 0
