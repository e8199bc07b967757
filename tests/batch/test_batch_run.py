import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from spotdiff.batching import Entry, run
from spotdiff.batching.pairs import OutputPaths
from spotdiff.errors import OptionError
from spotdiff.report.record import load_schema


def verdicts(done):
    return {one.row.name: (one.row.verdict, one.resumed) for one in done}


FIRST = {"roof/1": ("changed", False), "roof/2": ("same", False), "yard": ("same", False)}
AGAIN = {name: (verdict, True) for name, (verdict, _) in FIRST.items()}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_record_a_pair(entries, plan, workers):
    done = list(run(entries, plan, workers=workers))
    assert verdicts(done) == FIRST
    for one in done:
        record = json.loads((plan.out / f"{one.row.name}.json").read_text())
        jsonschema.validate(record, load_schema())
        assert (record["name"], record["verdict"]) == (one.row.name, one.row.verdict)
        assert one.changed_fraction == record["changed_fraction"]
    assert not list(plan.out.rglob("*.part"))


def test_maps_thumbs_and_pages_when_asked_for(entries, plan):
    plan = replace(plan, maps=True, thumbs=True, pages="changed")
    list(run(entries, plan, workers=0))
    marked = np.asarray(Image.open(plan.out / "roof/1.after.png")) >= 128
    assert marked.shape == (64, 96)
    assert marked[20:40, 30:60].all()
    assert marked.sum() == 600
    for entry in entries:
        places = OutputPaths(plan.out, entry.name)
        assert all(path.is_file() for path in (*places.maps, *places.thumbs))
        assert places.page.is_file() == (entry.name == "roof/1")
    list(run(entries, replace(plan, pages="all"), workers=0))
    assert OutputPaths(plan.out, "yard").page.is_file()


def test_bad_pairs_are_rows(entries, plan, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    good = entries[0]
    bad = [
        Entry("nothing", str(tmp_path / "none.png"), good.after),
        Entry("text", good.before, str(tmp_path / "text.png")),
        Entry("../out", good.before, good.after),
        Entry("yard/below.json/x", good.before, good.after),
        Entry("odd", good.before, "", "it has no counterpart"),
    ]
    (plan.out / "yard").mkdir(parents=True)
    (plan.out / "yard" / "below.json").write_text("a file where a folder is needed")
    rows = {one.row.name: one.row for one in run([*bad, *entries], plan, workers=2)}
    assert len(rows) == 8
    assert {name for name, row in rows.items() if row.verdict == "trouble"} == {entry.name for entry in bad}
    assert "no such file" in rows["nothing"].error
    assert "not a picture" in rows["text"].error
    assert rows["odd"].error == "it has no counterpart"
    assert not (tmp_path / "out.json").exists()


def test_a_fault_of_ours_in_one_pair_is_its_row(entries, plan, monkeypatch):
    def broken(before, *_, **__):
        raise MemoryError if "roof" in before.path else ZeroDivisionError("oh")

    monkeypatch.setattr("spotdiff.pipeline.compare", broken)
    errors = {one.row.name: one.row.error for one in run(entries, plan, workers=0)}
    assert "not enough memory" in errors["roof/1"]
    assert errors["yard"] == "a bug in spotdiff: ZeroDivisionError: oh"


def test_a_wrong_parameter_is_told_once(entries, plan):
    plan = replace(plan, options=plan.options.changed(settings={"metrik": "rgb"}))
    with pytest.raises(OptionError, match="did you mean metric"):
        list(run(entries, plan, workers=0))


def test_what_is_answered_is_not_answered_again(entries, plan):
    list(run(entries, plan, workers=0))
    stamp = (plan.out / "yard.json").stat().st_mtime_ns
    assert verdicts(run(entries, plan, workers=0)) == AGAIN
    assert (plan.out / "yard.json").stat().st_mtime_ns == stamp


def test_a_run_that_was_stopped_goes_on(entries, plan):
    running = run(entries, plan, workers=0)
    next(running)
    running.close()
    assert verdicts(run(entries, plan, workers=0)) == FIRST | {"roof/1": ("changed", True)}


CHANGES = {
    "an option": lambda plan, entries: replace(plan, options=plan.options.changed(sensitivity=0.6)),
    "a parameter": lambda plan, entries: replace(plan, options=plan.options.changed(settings={"metric": "rgb"})),
    "maps": lambda plan, entries: replace(plan, maps=True),
    "pages": lambda plan, entries: replace(plan, pages="all"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_all_again_when_something_else_is_asked(entries, plan, change):
    list(run(entries, plan, workers=0))
    changed = change(plan, entries)
    assert not any(one.resumed for one in run(entries, changed, workers=0))
    assert all(one.resumed for one in run(entries, changed, workers=0))


def test_small_pictures_are_made_of_a_batch_that_is_done_without_comparing_again(entries, plan, monkeypatch):
    list(run(entries, replace(plan, maps=True), workers=0))
    monkeypatch.setattr("spotdiff.pipeline.compare", None)
    shown = replace(plan, maps=True, thumbs=True)
    for _ in range(2):
        assert verdicts(run(entries, shown, workers=0)) == AGAIN
    monkeypatch.undo()
    fresh = replace(shown, out=plan.out.with_name("fresh"))
    list(run(entries, fresh, workers=0))
    for entry in entries:
        paths = zip(OutputPaths(plan.out, entry.name).thumbs, OutputPaths(fresh.out, entry.name).thumbs, strict=True)
        assert all(path.read_bytes() == other.read_bytes() for path, other in paths)


def test_only_pairs_that_get_a_page_are_compared_again_for_it(entries, plan):
    list(run(entries, plan, workers=0))
    done = verdicts(run(entries, replace(plan, thumbs=True, pages="changed"), workers=0))
    assert done == AGAIN | {"roof/1": ("changed", False)}


BESIDE = {
    "maps": lambda plan: replace(plan, maps=True),
    "pages": lambda plan: replace(plan, pages="all"),
    "overlays": lambda plan: replace(plan, overlays=plan.out.with_name("overlays")),
}


@pytest.mark.parametrize("asked", BESIDE.values(), ids=BESIDE.keys())
def test_a_file_made_of_a_picture_that_was_replaced_is_made_anew(entries, plan, asked):
    """Also where the pair was compared anew meanwhile, without that file."""
    list(run(entries, asked(plan), workers=0))
    Path(entries[0].after).write_bytes(Path(entries[1].after).read_bytes())
    assert verdicts(run(entries, plan, workers=0))["roof/1"][1] is False
    assert verdicts(run(entries, asked(plan), workers=0))["roof/1"][1] is False


def test_a_small_picture_of_one_that_was_replaced_is_made_anew(entries, plan):
    shown, paths = replace(plan, thumbs=True), OutputPaths(plan.out, "roof/1")
    list(run(entries, shown, workers=0))
    Path(entries[0].after).write_bytes(Path(entries[0].before).read_bytes())
    list(run(entries, plan, workers=0))
    list(run(entries, shown, workers=0))
    assert paths.thumbs[1].read_bytes() == paths.thumbs[0].read_bytes()


def test_a_picture_without_counterpart_is_shown_and_has_a_page(pictures, plan):
    entries = [
        Entry("came", "", str(pictures / "later/yard.bmp"), only="new"),
        Entry("went", str(pictures / "earlier/yard.png"), "", only="missing"),
    ]
    rows = {one.row.name: one for one in run(entries, replace(plan, thumbs=True, pages="changed"), workers=0)}
    for name, side, verdict in (("came", 1, "new"), ("went", 0, "missing")):
        paths = OutputPaths(plan.out, name)
        assert [path.is_file() for path in paths.thumbs] == [side == 0, side == 1]
        assert f"verdict-{verdict}" in paths.page.read_text()
        assert rows[name].row.verdict == verdict
    list(run(entries, plan, workers=0))
    assert not list(plan.out.rglob("*.jpg"))


def touched(entry, plan):
    os.utime(entry.before, (1, 1))


def grown(entry, plan):
    path = Path(entry.after)
    time = path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes() + b" ")
    os.utime(path, ns=(time, time))


def unreadable(entry, plan):
    (plan.out / f"{entry.name}.json").write_text("{")


def another_thing(entry, plan):
    path = plan.out / f"{entry.name}.json"
    path.write_text(path.read_text().replace("spotdiff/comparison/1", "spotdiff/comparison/0"))


def not_whole(entry, plan):
    (plan.out / f"{entry.name}.json").write_text('{"schema": "spotdiff/comparison/1"}')


def missing(entry, plan):
    (plan.out / f"{entry.name}.json").unlink()


@pytest.mark.parametrize("change", [touched, grown, unreadable, another_thing, not_whole, missing])
def test_one_again_when_its_files_are_others(entries, plan, change):
    list(run(entries, plan, workers=0))
    change(entries[2], plan)
    assert verdicts(run(entries, plan, workers=0)) == AGAIN | {"yard": ("same", False)}


def test_a_record_that_does_not_tell_likely_from_possible_is_made_anew(entries, plan):
    name = next(one.row.name for one in list(run(entries, plan, workers=0)) if one.row.regions)
    path = plan.out / f"{name}.json"
    path.write_text(path.read_text().replace(', "likely": true', ""))
    assert verdicts(run(entries, plan, workers=0)) == AGAIN | {name: ("changed", False)}
    assert '"likely": true' in path.read_text()


def test_a_ledger_cut_short_costs_one_pair(entries, plan):
    list(run(entries, plan, workers=0))
    ledger = plan.out / ".resume.jsonl"
    ledger.write_bytes(ledger.read_bytes()[:-20])
    assert verdicts(run(entries, plan, workers=0)) == AGAIN | {"yard": ("same", False)}
    assert verdicts(run(entries, plan, workers=0)) == AGAIN


def test_trouble_leaves_no_answer_behind_and_is_tried_again(entries, plan):
    plan = replace(plan, maps=True)
    list(run(entries, plan, workers=0))
    picture = Path(entries[2].before)
    picture.rename(picture.with_suffix(".kept"))
    assert verdicts(run(entries, plan, workers=0))["yard"] == ("trouble", False)
    assert not list(plan.out.glob("yard.*"))
    picture.with_suffix(".kept").rename(picture)
    assert verdicts(run(entries, plan, workers=0))["yard"] == ("same", False)


def test_a_counterpart_that_went_leaves_no_answer_behind(entries, plan):
    list(run(entries, plan, workers=0))
    odd = replace(entries[2], after="", error="it has no counterpart")
    list(run([*entries[:2], odd], plan, workers=0))
    assert not (plan.out / "yard.json").exists()
    assert (plan.out / "roof/1.json").exists()


def test_another_of_the_name_does_not_touch_the_first(entries, plan):
    others = [entries[2], replace(entries[2], name="../out/yard"), replace(entries[2], name="roof/../yard")]
    for resumed in (False, True):
        done = list(run([*entries, *others], plan, workers=0))
        assert sorted(one.row.verdict for one in done) == ["changed", "same", "same", *["trouble"] * 3]
        assert sum(one.resumed for one in done) == 3 * resumed


CHINESE = Path(__file__).parents[2] / "src" / "spotdiff" / "language" / "catalogues" / "zh.po"


def overwritten(path, data):
    """Other content of the same size and time, as a copy that keeps times leaves it."""
    status = path.stat()
    assert len(data) == status.st_size
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def named_mask(folder):
    mask = folder / "mask.bmp"
    Image.new("L", (96, 64)).save(mask)
    return mask, {"ignore_mask": str(mask)}, mask.read_bytes()[:-1] + b"\x01"


def named_areas(folder):
    areas = folder / "areas.json"
    areas.write_text('{"gate": [[0, 0], [40, 0], [40, 40]]}')
    return areas, {"areas": str(areas)}, areas.read_bytes().replace(b"gate", b"wall")


def named_catalogue(folder):
    catalogue = folder / "zz.po"
    catalogue.write_bytes(CHINESE.read_bytes())
    return catalogue, {"language": str(catalogue)}, catalogue.read_bytes().replace("两".encode(), "二".encode())


@pytest.mark.parametrize("named", [named_mask, named_areas, named_catalogue])
def test_other_content_of_a_file_that_an_option_names_asks_for_all_again(entries, plan, tmp_path, named):
    path, options, other = named(tmp_path)
    assert other != path.read_bytes()
    plan = replace(plan, options=plan.options.changed(**options))
    list(run(entries, plan, workers=0))
    assert all(one.resumed for one in run(entries, plan, workers=0))
    overwritten(path, other)
    assert not any(one.resumed for one in run(entries, plan, workers=0))
