import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import spotdiff
from spotdiff.errors import DataError, LoadError, OptionError
from spotdiff.options import Options
from spotdiff.timelapse import measure, measure_progress, series
from spotdiff.timelapse.areas import WHOLE

from .conftest import AREAS, DAYS, SHOTS, Shot, motion

QUICK = Options(method="pixel", describe="off")
BARE = QUICK.changed(align="off", light="off")
SMALL = {"wall": [(16, 8), (48, 8), (48, 32), (16, 32)]}  # of the tiny pictures
TOLERANCE = 0.05  # of a share: the classic method leaves the rim of what changed


@pytest.fixture
def site(folder, tmp_path):
    """A copy of the five pictures that may be written to."""
    return shutil.copytree(folder, tmp_path / "site")


def squares(columns):
    picture = np.full((48, 64, 3), 90, np.uint8)
    picture[8:32, 16 : 16 + columns] = (220, 20, 20)
    return Image.fromarray(picture)


@pytest.fixture
def tiny(tmp_path):
    """Five small pictures of the same dates, quick to compare."""
    (tmp_path / "tiny").mkdir()
    for number, day in enumerate(DAYS):
        squares(8 * number).save(tmp_path / "tiny" / f"yard_{day}.jpg")
    return tmp_path / "tiny"


@pytest.fixture
def compared(monkeypatch):
    """The pairs that are compared, as they are."""
    pairs = []
    original = measure.compare_pair

    def counted(pair, *rest, **more):
        pairs.append(tuple(one.path.rpartition("_")[2].removesuffix(".jpg") for one in (pair.before, pair.after)))
        return original(pair, *rest, **more)

    monkeypatch.setattr(measure, "compare_pair", counted)
    return pairs


def test_a_wall_filled_step_by_step(steps):
    filled = [shot.filled for shot in SHOTS]
    assert [step.picture.stem for step in steps] == [f"yard_{day}" for day in DAYS]
    assert [step.since_first["wall"] for step in steps] == pytest.approx(filled, abs=TOLERANCE)
    assert [step.since_last["wall"] for step in steps[1:]] == pytest.approx(np.diff(filled), abs=TOLERANCE)
    assert all(step.since_first["gate"] == 0 for step in steps)
    assert all(step.since_last["gate"] == 0 for step in steps[1:])
    assert steps[0].since_last == {"wall": None, "gate": None}
    assert steps[0].starts
    assert not any(step.starts for step in steps[1:])


def test_what_is_told_of_each_area(steps):
    wall, gate = (steps[3].last.parts[name] for name in ("wall", "gate"))
    assert "(wall)" in wall.text
    assert gate.text == ""
    assert wall.changed == pytest.approx(0.25 * wall.compared, rel=0.1)
    assert (steps[3].first.against, steps[3].last.against) == (f"yard_{DAYS[0]}.jpg", f"yard_{DAYS[2]}.jpg")
    assert steps[2].last.parts["wall"].text == ""


def test_the_camera_is_found(steps):
    points = np.array([[40, 60, 1], [300, 200, 1.0]])
    for step, shot in zip(steps[1:], SHOTS[1:], strict=True):
        found, true = (points @ np.array(matrix).T for matrix in (step.first.matrix, motion(shot)))
        assert np.abs(found - true).max() < 1


def test_small_pictures_are_jpeg(steps):
    for step in steps[1:]:
        assert all(data.startswith(b"\xff\xd8") for data in (step.shown, step.first.shown, step.last.shown))


def test_without_areas_the_whole_picture_is_one(folder):
    found = list(measure_progress(series(folder)[:2], options=QUICK))
    wall = 0.25 * 160 * 100 / (320 * 240)
    assert found[1].since_first == {WHOLE: pytest.approx(wall, abs=0.01)}


def test_the_areas_of_the_options_count(folder):
    options = QUICK.changed(areas=AREAS)
    assert next(iter(measure_progress(series(folder), options=options))).areas == ("wall", "gate")


def test_a_bad_picture_is_a_step_with_its_error(site, compared):
    (site / "yard_2024-03-15.jpg").write_bytes(b"no picture")
    found = list(measure_progress(series(site), areas=AREAS, options=QUICK))
    assert [bool(step.error) for step in found] == [False, False, False, True, False, False]
    assert "yard_2024-03-15.jpg" in found[3].error
    assert found[3].since_first == found[3].since_last == {"wall": None, "gate": None}
    assert found[3].why_not("wall", None) == found[3].error
    assert found[4].last.against == "yard_2024-03-01.jpg"
    assert found[4].since_last["wall"] == pytest.approx(0.25, abs=0.05)


def test_another_place_gives_no_number_and_is_stepped_over(site, draw):
    draw(Shot(0, seed=9), site / "yard_2024-03-15.jpg")
    found = list(measure_progress(series(site), areas=AREAS, options=QUICK))
    assert found[3].first.verdict == "unsure"
    assert found[3].since_first == found[3].since_last == {"wall": None, "gate": None}
    assert found[3].why_not("gate", found[3].first).startswith("unsure: ")
    assert found[4].last.against == "yard_2024-03-01.jpg"


def test_a_picture_that_only_fits_the_one_before_is_placed_by_it(draw, tmp_path, monkeypatch):
    for day, filled in enumerate((0, 0, 0.25, 1), start=1):
        draw(Shot(filled, dy=-35 if day > 1 else 0), tmp_path / f"2024-01-0{day}.jpg")
    original = measure._since_first

    def strange(site, path):
        change, shown = original(site, path)
        return (replace(change, verdict="unsure", matrix=None) if "03" in path.name else change), shown

    monkeypatch.setattr(measure, "_since_first", strange)
    found = list(measure_progress(series(tmp_path), areas=AREAS))
    assert found[3].last.against == "2024-01-03.jpg"
    assert found[3].since_last["wall"] == pytest.approx(0.75, abs=TOLERANCE)


def test_an_area_out_of_view_has_no_number(draw, tmp_path):
    for shot, day in ((Shot(0), 1), (Shot(0.5, dx=-100), 2), (Shot(0.5), 3)):
        draw(shot, tmp_path / f"2024-01-0{day}.jpg")
    areas = {"left": [(0, 60), (120, 60), (120, 160), (0, 160)], **AREAS}
    found = list(measure_progress(series(tmp_path), areas=areas))
    assert found[1].since_first["left"] is None
    assert "is in both pictures" in found[1].why_not("left", found[1].first)
    assert found[1].since_first["gate"] == 0
    assert found[2].since_first["left"] == pytest.approx(80 / 120, abs=0.03)
    assert found[2].since_last["left"] is None
    assert found[2].since_last["gate"] == 0


def test_what_is_ignored_is_told_in_the_first_pictures_pixels(folder):
    left, top, _, bottom = 40, 60, 200, 160
    ignored = [(left, top, left + 80, bottom)]  # the left half of the wall
    options = Options(method="classic", ignore=ignored, describe="off")
    found = list(measure_progress([series(folder)[number] for number in (0, 1, 3, 4)], areas=AREAS, options=options))
    assert [step.since_first["wall"] for step in found] == pytest.approx([0, 0, 0, 1], abs=2 * TOLERANCE)
    assert found[3].first.parts["wall"].compared == 8000
    assert found[2].last.verdict == "same"
    assert found[3].since_last["wall"] == pytest.approx(1, abs=2 * TOLERANCE)
    with pytest.raises(OptionError, match="area wall holds no pixel that counts"):
        measure_progress(series(folder), areas=AREAS, options=Options(ignore=[(0, 0, 320, 240)]))


def test_nothing_is_compared_twice(tiny, compared, tmp_path):
    def run(**more):
        compared.clear()
        asked = {"areas": SMALL, "options": BARE, "keep": tmp_path / "out", **more}
        return list(measure_progress(series(tiny), **asked)), list(compared)

    first, all_pairs = run()
    assert len(all_pairs) == 7  # four with the first, three with the one before
    again, none = run()
    assert none == []
    assert [step.resumed for step in again] == [False, True, True, True, True]
    assert [replace(step, resumed=False) for step in again] == first
    squares(8).save(tiny / "yard_2024-03-15.jpg")
    _, added = run()
    assert added == [(DAYS[0], "2024-03-15"), (DAYS[2], "2024-03-15"), ("2024-03-15", DAYS[3])]
    assert run()[1] == []
    assert len(run(areas={"wall": SMALL["wall"][:3]})[1]) == 9
    assert len(run(areas={"wall": SMALL["wall"][:3]}, options=BARE.changed(sensitivity=0.6))[1]) == 9


def test_other_words_in_a_catalogue_of_the_same_size_and_time_ask_for_all_again(tiny, compared, tmp_path):
    catalogue = tmp_path / "zz.po"
    catalogue.write_bytes((Path(spotdiff.__file__).parent / "language" / "catalogues" / "zh.po").read_bytes())
    asked = {"options": BARE.changed(describe="words", language=str(catalogue)), "keep": tmp_path / "out"}
    first, status = list(measure_progress(series(tiny), **asked)), catalogue.stat()
    compared.clear()
    assert len(list(measure_progress(series(tiny), **asked))) == len(first)
    assert compared == []
    catalogue.write_bytes(catalogue.read_bytes().replace("两".encode(), "二".encode()))
    os.utime(catalogue, ns=(status.st_atime_ns, status.st_mtime_ns))
    list(measure_progress(series(tiny), **asked))
    assert len(compared) == 7


def test_a_run_cut_short_goes_on(tiny, compared, tmp_path):
    asked = {"areas": SMALL, "options": BARE, "keep": tmp_path / "out"}
    begun = measure_progress(series(tiny), **asked)
    for _ in range(3):
        next(begun)
    begun.close()
    compared.clear()
    assert len(list(measure_progress(series(tiny), **asked))) == 5
    assert {after for _, after in compared} == set(DAYS[3:])


@pytest.mark.parametrize("damage", ["{", "[]", '{"schema": "other/1"}', None])
def test_what_was_kept_and_is_damaged_is_made_again(tiny, compared, tmp_path, damage):
    asked = {"areas": SMALL, "options": BARE, "keep": tmp_path / "out"}
    pictures = series(tiny)[:2]
    first = list(measure_progress(pictures, **asked))
    kept = tmp_path / "out" / "steps" / f"yard_{DAYS[1]}.jpg"
    if damage is None:
        (kept / "since_first.jpg").unlink()
    else:
        (kept / "step.json").write_text(damage)
    compared.clear()
    assert list(measure_progress(pictures, **asked)) == first
    assert len(compared) == 1
    assert list(measure_progress(pictures, **asked))[1].resumed


def test_what_is_kept_is_small_and_readable(tiny, tmp_path):
    list(measure_progress(series(tiny)[:2], areas=SMALL, options=BARE, keep=tmp_path))
    kept = tmp_path / "steps" / f"yard_{DAYS[1]}.jpg"
    assert sorted(path.name for path in kept.iterdir()) == [
        "picture.jpg",
        "since_first.jpg",
        "since_last.jpg",
        "step.json",
    ]
    said = json.loads((kept / "step.json").read_text())
    assert said["first"]["change"]["parts"]["wall"]["compared"] == 32 * 24
    assert (kept / "step.json").stat().st_size < 4000


def test_a_folder_that_cannot_be_written_ends_the_run(tiny, tmp_path):
    (tmp_path / "out").write_text("a file")
    running = measure_progress(series(tiny), areas=SMALL, options=BARE, keep=tmp_path / "out")
    with pytest.raises(OSError, match="out"):
        list(running)


def test_what_would_fail_with_every_picture_fails_at_once(folder, site):
    pictures = series(folder)
    with pytest.raises(DataError, match="two pictures or more, not 1"):
        measure_progress(pictures[:1])
    with pytest.raises(OptionError, match="area roof reaches outside of the first picture"):
        measure_progress(pictures, areas={"roof": [(0, 0), (900, 0), (900, 90)]})
    with pytest.raises(OptionError, match="no parameter"):
        measure_progress(pictures, options=Options(settings={"speed": "9"}))
    with pytest.raises(OptionError, match="box"):
        measure_progress(pictures, options=Options(ignore=[(500, 500, 510, 510)]))
    (site / f"yard_{DAYS[0]}.jpg").write_bytes(b"no picture")
    with pytest.raises(LoadError, match="every other is compared with the first picture") as caught:
        measure_progress(series(site))
    assert DAYS[0] in str(caught.value)


def test_a_fault_of_ours_takes_one_picture_only(folder, monkeypatch):
    original = measure.load_pair

    def faulty(before, after, **more):
        if DAYS[2] in after.name:
            raise ZeroDivisionError("oh")
        return original(before, after, **more)

    monkeypatch.setattr(measure, "load_pair", faulty)
    found = list(measure_progress(series(folder), areas=AREAS, options=QUICK))
    assert [step.error for step in found if step.error] == ["a bug in spotdiff: ZeroDivisionError: oh"]
    assert found[3].last.against == f"yard_{DAYS[1]}.jpg"
