"""Approving: only what was looked at, under the name where the next batch finds it, and nothing half done."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spotdiff.batching import approve as approving
from spotdiff.file_lock import try_lock

PLAIN = ("--method", "pixel", "--align", "off", "--light", "off", "--workers", "0", "--quiet")


def draw(path, level, *, mark=False, **how):
    picture = np.full((24, 32, 3), level, np.uint8)
    if mark:
        picture[6:16, 8:20] = (255, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, **how)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """home is the same, shop changed, new is new, old is missing, bad cannot be read."""
    for side in ("base", "shots"):
        draw(tmp_path / side / "home.png", 90)
        draw(tmp_path / side / "shop.png", 120, mark=side == "shots")
        draw(tmp_path / side / "bad.png", 40)
    draw(tmp_path / "shots/new.png", 60)
    draw(tmp_path / "base/old.png", 70)
    (tmp_path / "shots/bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def batch(spotdiff):
    def call(*words):
        return spotdiff("batch", *PLAIN, "--out", "out", *(words or ("base", "shots")))

    return call


def verdicts():
    with Path("out/index.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["verdict"] for row in csv.DictReader(file)}


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("path", "name"), [("shots/shop.png", "shop"), ("base/shop.png", "shop"), ("shots/new.png", "new")]
)
def test_a_picture_that_nobody_looked_at_is_refused(site, spotdiff, batch, path, name):
    batch()
    status = (site / path).stat()
    draw(site / path, 200)
    os.utime(site / path, ns=(status.st_atime_ns, status.st_mtime_ns))  # its content counts, not its time
    before = contents(site / "base")
    ran = spotdiff("approve", "out", name)
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "not the picture that the batch looked at; run the batch again" in ran.err
    assert contents(site / "base") == before
    batch()
    assert spotdiff("approve", "out", name).code == 0


def test_an_answer_of_an_earlier_run_vouches_for_no_other_picture(site, spotdiff, batch):
    batch()
    status = (site / "shots/shop.png").stat()
    other = bytearray((site / "shots/shop.png").read_bytes())
    other[-20] ^= 1
    (site / "shots/shop.png").write_bytes(other)
    os.utime(site / "shots/shop.png", ns=(status.st_atime_ns, status.st_mtime_ns))
    batch()
    assert spotdiff("approve", "out", "shop").code == 2


def test_nothing_is_approved_of_an_index_that_does_not_say_what_was_looked_at(site, spotdiff, batch):
    batch()
    with Path("out/index.csv").open(encoding="utf-8", newline="") as file:
        rows = [{k: v for k, v in row.items() if "sha256" not in k} for row in csv.DictReader(file)]
    with Path("out/index.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for name in ("shop", "new", "old"):
        assert spotdiff("approve", "out", name).code == 2


def test_what_is_the_same_is_nothing_to_approve(site, spotdiff, batch):
    batch()
    ran = spotdiff("approve", "out", "home", "shop")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"approved  shop  {site / 'base/shop.png'}",
        "same      home  nothing to approve",
        "1 baseline approved.",
    ]


def test_what_was_the_same_is_not_called_so_once_it_changed(site, spotdiff, batch):
    batch()
    draw(site / "shots/home.png", 200)
    ran = spotdiff("approve", "out", "home")
    assert (ran.code, "run the batch again" in ran.err) == (2, True)


def test_a_name_that_two_rows_have_is_approved_where_it_was_compared(site, spotdiff, batch):
    rows = "shop,base/shop.png,shots/shop.png\nshop,base/home.png,shots/new.png\n"
    (site / "t.csv").write_text(f"name,before,after\n{rows}", encoding="utf-8")
    batch("t.csv")
    before = contents(site / "base")
    ran = spotdiff("approve", "out", "shop")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert contents(site / "base") == before | {"shop.png": (site / "shots/shop.png").read_bytes()}


def test_what_was_in_trouble_is_left_and_told(site, spotdiff, batch):
    batch()
    before = contents(site / "base")
    ran = spotdiff("approve", "out", "bad")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "Nothing to approve.\n", 1)
    assert ran.err.startswith("spotdiff: a pair was in trouble and left as before: bad: ")
    assert contents(site / "base") == before
    ran = spotdiff("approve", "out", "--all")
    assert (ran.code, len(ran.out.splitlines()), len(ran.err.splitlines())) == (2, 4, 1)
    assert (site / "base/bad.png").read_bytes() == before["bad.png"]


def test_what_was_unsure_may_be_approved(site, spotdiff, batch):
    for seed, side in enumerate(("base", "shots")):
        noise = np.random.default_rng(seed).integers(0, 255, (200, 260, 3), np.uint8)
        Image.fromarray(noise).save(site / side / "home.png")
    batch("base", "shots", "--align", "homography")
    assert verdicts()["home"] == "unsure"
    assert spotdiff("approve", "out", "home").code == 0
    assert (site / "base/home.png").read_bytes() == (site / "shots/home.png").read_bytes()


def test_approving_again_changes_nothing(site, spotdiff, batch):
    batch()
    assert spotdiff("approve", "out", "shop", "new", "old").code == 0
    log = Path("out/approvals.jsonl").read_text(encoding="utf-8")
    ran = spotdiff("approve", "out", "shop", "new", "old")
    assert (ran.code, ran.out.splitlines()[-1]) == (2, "Nothing to approve.")
    assert ran.err == "spotdiff: of the pairs named none has anything to approve\n"
    assert Path("out/approvals.jsonl").read_text(encoding="utf-8") == log


@pytest.mark.parametrize("asked", [("--all",), ("--only", "new")])
def test_that_there_is_nothing_to_approve_at_all_is_no_trouble(site, spotdiff, batch, asked):
    for name in ("bad", "shop", "old"):
        (site / f"base/{name}.png").unlink()
    for name in ("bad", "shop", "new"):
        (site / f"shots/{name}.png").unlink()
    batch()
    ran = spotdiff("approve", "out", *asked)
    assert (ran.code, ran.out, ran.err) == (0, "Nothing to approve.\n", "")


def test_other_rows_of_a_table_that_have_the_baseline_are_named(site, spotdiff, batch):
    (site / "link.png").symlink_to("base/shop.png")
    rows = ["shop,base/shop.png,shots/shop.png", "cart,link.png,shots/home.png", "home,base/home.png,shots/home.png"]
    (site / "t.csv").write_text("\n".join(["name,before,after", *rows]), encoding="utf-8")
    batch("t.csv")
    ran = spotdiff("approve", "out", "shop")
    assert ran.code == 0
    assert (site / "base/shop.png").read_bytes() == (site / "shots/shop.png").read_bytes()
    assert ran.err == "spotdiff: the baseline of shop is that of cart, too, and has changed for all of them\n"
    draw(site / "shots/home.png", 200)
    batch("t.csv")
    assert spotdiff("approve", "out", "home").err == ""


def test_a_mistyped_name_is_told_the_nearest(site, spotdiff, batch):
    batch()
    for words in (("approve", "out", "shp"), ("judge", "out", "--good", "home", "--bad", "shp")):
        ran = spotdiff(*words)
        assert (ran.code, "did you mean shop?" in ran.err) == (2, True)


@pytest.mark.parametrize("other", ["--all", "--only=new", "shop"])
def test_what_is_undone_cannot_be_chosen(site, spotdiff, batch, other):
    batch()
    ran = spotdiff("approve", "out", "--undo", other)
    assert (ran.code, ran.out) == (2, "")
    assert "leave names, --all and --only" in ran.err


@pytest.mark.parametrize("suffix", [".PNG", ".png"])
def test_a_baseline_keeps_its_name_where_the_format_is_the_same(site, spotdiff, batch, suffix):
    (site / "shots/shop.png").unlink()
    draw(site / f"shots/shop{suffix}", 120, mark=True)
    (site / "t.csv").write_text(f"name,before,after\nshop,base/shop.png,shots/shop{suffix}\n", encoding="utf-8")
    batch("t.csv")
    assert spotdiff("approve", "out", "shop").code == 0
    assert batch("t.csv").code == 0
    assert "shop.png" in contents(site / "base")


def test_a_table_is_never_left_with_a_baseline_that_is_gone(site, spotdiff, batch):
    draw(site / "shots/shop.bmp", 120, mark=True)
    (site / "t.csv").write_text("name,before,after\nshop,base/shop.png,shots/shop.bmp\n", encoding="utf-8")
    batch("t.csv")
    before = contents(site / "base")
    ran = spotdiff("approve", "out", "shop")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "write it as .png" in ran.err
    assert contents(site / "base") == before
    assert batch("t.csv").code == 1


class Killed(BaseException):
    pass


@pytest.fixture
def other_format(site):
    (site / "shots/shop.png").unlink()
    draw(site / "shots/shop.bmp", 120, mark=True)
    return site


def kill_at_unlinking(monkeypatch, spotdiff, *words):
    def killed(*_, **__):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(approving.Path, "unlink", killed)
        with pytest.raises(Killed):
            spotdiff("approve", "out", *words)


@pytest.mark.parametrize("mending", ["batch", "approve"])
def test_a_second_baseline_that_a_killed_approval_left_is_taken_away(
    other_format, spotdiff, batch, monkeypatch, mending
):
    batch()
    kill_at_unlinking(monkeypatch, spotdiff, "shop")
    assert {"shop.png", "shop.bmp"} <= contents(other_format / "base").keys()
    ran = batch() if mending == "batch" else spotdiff("approve", "out", "shop")
    assert "shop.png" not in contents(other_format / "base")
    if mending == "batch":
        assert "an approval that was stopped had left" in ran.err
        assert verdicts()["shop"] == "same"
    assert spotdiff("approve", "out", "--undo").code == 0
    assert {"shop.png"} == {name for name in contents(other_format / "base") if "shop" in name}


def test_a_second_baseline_that_a_killed_undoing_left_is_taken_away(other_format, spotdiff, batch, monkeypatch):
    batch()
    spotdiff("approve", "out", "shop")
    kill_at_unlinking(monkeypatch, spotdiff, "--undo")
    assert {"shop.png", "shop.bmp"} <= contents(other_format / "base").keys()
    batch()
    assert {"shop.png"} == {name for name in contents(other_format / "base") if "shop" in name}
    assert verdicts()["shop"] == "changed"


def test_a_baseline_that_was_put_back_by_hand_is_not_taken_away(other_format, spotdiff, batch):
    batch()
    kept = (other_format / "base/shop.png").read_bytes()
    spotdiff("approve", "out", "shop")
    (other_format / "base/shop.png").write_bytes(kept)
    batch()
    assert "shop.png" in contents(other_format / "base")
    assert verdicts()["shop"] == "trouble"


def test_one_approval_at_a_time(site, spotdiff, batch):
    batch()
    (site / "out/.approved").mkdir()
    handle = try_lock(site / "out/.approved/.lock")
    for words in (("shop",), ("--undo",)):
        ran = spotdiff("approve", "out", *words)
        assert (ran.code, len(ran.err.splitlines())) == (2, 1)
        assert "another approval" in ran.err
    os.close(handle)
    assert spotdiff("approve", "out", "shop").code == 0


def test_a_folder_that_cannot_be_written_to_changes_nothing(site, spotdiff, batch, monkeypatch):
    batch()
    before = contents(site / "base")
    monkeypatch.setattr(approving.os, "access", lambda path, _: Path(path) != site / "base")
    ran = spotdiff("approve", "out", "shop")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "cannot be written to" in ran.err
    assert contents(site / "base") == before
    assert not Path("out/approvals.jsonl").exists()


def test_a_baseline_that_is_a_link_stays_one(site, spotdiff, batch):
    (site / "store").mkdir()
    (site / "base/shop.png").rename(site / "store/7.png")
    (site / "base/shop.png").symlink_to("../store/7.png")
    kept = (site / "store/7.png").read_bytes()
    batch()
    assert spotdiff("approve", "out", "shop").code == 0
    assert (site / "base/shop.png").is_symlink()
    assert (site / "store/7.png").read_bytes() == (site / "shots/shop.png").read_bytes()
    assert spotdiff("approve", "out", "--undo").code == 0
    assert (site / "store/7.png").read_bytes() == kept


def test_a_link_is_not_taken_away(site, spotdiff, batch):
    (site / "store").mkdir()
    (site / "base/old.png").rename(site / "store/7.png")
    (site / "base/old.png").symlink_to("../store/7.png")
    batch()
    ran = spotdiff("approve", "out", "old")
    assert (ran.code, "is a link" in ran.err) == (2, True)
    assert (site / "base/old.png").is_symlink()


@pytest.mark.parametrize("name", ["a;b", "a b", "商店", "a'b\"c", "a,b"])
def test_odd_names(site, spotdiff, batch, name):
    draw(site / f"base/{name}/{name}.png", 10)
    draw(site / f"shots/{name}/{name}.png", 10, mark=True)
    batch()
    assert spotdiff("approve", "out", f"{name}/{name}").code == 0
    assert (site / f"base/{name}/{name}.png").read_bytes() == (site / f"shots/{name}/{name}.png").read_bytes()
    batch()
    assert verdicts()[f"{name}/{name}"] == "same"


def test_a_damaged_picture_without_a_counterpart_is_trouble(site, spotdiff, batch):
    (site / "shots/new.png").write_bytes((site / "shots/new.png").read_bytes()[:60])
    (site / "base/old.png").write_bytes(b"")
    batch()
    assert {name: verdicts()[name] for name in ("new", "old")} == {"new": "trouble", "old": "trouble"}
    assert spotdiff("approve", "out", "--only", "new").code == 0
    assert "new.png" not in contents(site / "base")


def test_the_record_says_what_was_compared(site, batch):
    from hashlib import sha256

    batch()
    record = json.loads(Path("out/shop.json").read_text(encoding="ascii"))
    for side, folder in (("before", "base"), ("after", "shots")):
        assert record[side]["sha256"] == sha256((site / folder / "shop.png").read_bytes()).hexdigest()


def test_a_baseline_that_goes_is_not_called_approved(site, spotdiff, batch):
    batch()
    told = spotdiff("approve", "out", "old", "new").out.splitlines()
    assert told == [
        f"approved  new  {site / 'base/new.png'}",
        f"deleted   old  {site / 'base/old.png'}",
        "1 baseline approved, 1 baseline deleted.",
    ]
    assert spotdiff("approve", "out", "--undo").out.splitlines()[-1] == "2 baselines as before."
