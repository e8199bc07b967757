import csv
import json
import os
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

PLAIN = ("--method", "pixel", "--align", "off", "--light", "off", "--workers", "0")


@pytest.fixture
def pairs(pictures):
    """A table: one changed (in a folder), one same; more rows may be added."""
    rows = [("a/changed", "before.png", "after.png"), ("same", str(pictures / "before.png"), "same.png")]

    def write(*more):
        path = pictures / "pairs.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([("name", "before", "after"), *rows[: 2 - 2 * bool(more and more[0] is None)]])
            csv.writer(file).writerows(row for row in more if row is not None)
        return path

    return write


@pytest.fixture
def noise(pictures):
    for seed, name in enumerate(("noise1.png", "noise2.png")):
        pixels = np.random.default_rng(seed).integers(0, 255, (200, 260, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(pictures / name)


def index(folder):
    with (folder / "index.csv").open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def test_changed_is_1(spotdiff, pairs, tmp_path):
    ran = spotdiff("batch", pairs(), "--out", tmp_path / "out", "--index", "csv", *PLAIN)
    assert (ran.code, ran.err) == (1, "")
    rows = index(tmp_path / "out")
    assert [(row["name"], row["verdict"], row["regions"]) for row in rows.values()] == [
        ("a/changed", "changed", "1"),
        ("same", "same", "0"),
    ]
    assert float(rows["a/changed"]["changed_fraction"]) == 0.0625
    assert rows["same"]["before"] == str(tmp_path / "before.png")
    assert json.loads((tmp_path / "out/a/changed.json").read_text())["name"] == "a/changed"
    assert "2 pairs" in ran.out
    assert "1 changed, 1 same" in ran.out


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([None, ("s", "before.png", "same.png")], 0),
        ([None, ("s", "before.png", "same.png"), ("u", "noise1.png", "noise2.png")], 3),
        ([None, ("c", "before.png", "after.png"), ("u", "noise1.png", "noise2.png")], 1),
        ([("u", "noise1.png", "noise2.png"), ("t", "none.png", "same.png")], 2),
    ],
)
def test_exit_codes(spotdiff, pairs, noise, tmp_path, rows, code):
    asked = ("--align", "homography", "--method", "pixel", "--workers", "0")
    ran = spotdiff("batch", pairs(*rows), "--out", tmp_path / "out", *asked)
    assert ran.code == code


def test_trouble_is_2_and_one_line_and_does_not_end_the_run(spotdiff, pairs, tmp_path):
    table = pairs(
        ("bad", "none.png", "after.png"),
        ("../x", "before.png", "after.png"),
        ("/x", "before.png", "after.png"),
        ("same", "before.png", "after.png"),
        ("half", "before.png"),
    )
    ran = spotdiff("batch", table, "--out", tmp_path / "out", "--index", "csv", *PLAIN)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("spotdiff: 5 pairs had trouble: bad: ")
    with (tmp_path / "out/index.csv").open(newline="") as file:
        rows = [(row["name"], row["verdict"], bool(row["error"])) for row in csv.DictReader(file)]
    assert len(rows) == 7
    assert sum(verdict == "trouble" and error for _, verdict, error in rows) == 5
    assert ("a/changed", "changed", False) in rows
    assert not (tmp_path / "x.json").exists()


def test_the_index_is_parquet_where_that_is_asked_for(spotdiff, pairs, tmp_path, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pairs(("bad", "none.png", "after.png"))
    spotdiff("batch", table, "--out", tmp_path / "out", "--index", "parquet", *PLAIN)
    rows = parquet.read_table(tmp_path / "out/index.parquet").to_pylist()
    assert [(row["name"], row["verdict"]) for row in rows] == [
        ("a/changed", "changed"),
        ("same", "same"),
        ("bad", "trouble"),
    ]
    assert rows[0]["score"] > 0.5
    assert not (tmp_path / "out/index.csv").exists()
    spotdiff("batch", table, "--out", tmp_path / "other", *PLAIN)
    assert len(index(tmp_path / "other")) == 3
    monkeypatch.setattr("spotdiff.batching.results.find_spec", lambda _: None)
    ran = spotdiff("batch", table, "--out", tmp_path / "third", "--index", "parquet", *PLAIN)
    assert (ran.code, "pyarrow" in ran.err) == (2, True)


def test_parquet_table(spotdiff, pictures, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    columns = {"name": ["one"], "before": ["before.png"], "after": ["after.png"]}
    parquet.write_table(pyarrow.table(columns), pictures / "pairs.parquet")
    ran = spotdiff("batch", pictures / "pairs.parquet", "--out", tmp_path / "out", *PLAIN)
    assert ran.code == 1
    assert (tmp_path / "out/one.json").exists()


def test_two_folders_and_their_odd_files(spotdiff, pictures, tmp_path):
    for name in ("earlier/a/1.png", "later/a/1.png", "earlier/gone.png", "later/new.png"):
        (pictures / name).parent.mkdir(parents=True, exist_ok=True)
        source = "after.png" if "later" in name else "before.png"
        (pictures / name).write_bytes((pictures / source).read_bytes())
    folders = (pictures / "earlier", pictures / "later")
    page = tmp_path / "out" / "page.html"
    ran = spotdiff("batch", *folders, "--out", tmp_path / "out", "--report", page, *PLAIN)
    assert ran.code == 1
    for shown in ("gone.before.jpg", "new.after.jpg"):
        assert f'src="./thumbs/{shown}"' in page.read_text()
    for other in ("gone.after.jpg", "new.before.jpg"):
        assert other not in page.read_text()
    for linked in ("gone", "new"):
        assert f'href="./pages/{linked}.html"' in page.read_text()
    rows = index(tmp_path / "out")
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "a/1": "changed",
        "gone": "missing",
        "new": "new",
    }
    assert "no counterpart" in rows["gone"]["text"]
    assert "gone" in ran.out
    assert "new" in ran.out


def test_answers_inside_of_a_folder_are_no_pictures_of_it(spotdiff, pictures):
    for folder, source in (("earlier", "before.png"), ("later", "after.png")):
        (pictures / folder).mkdir()
        (pictures / folder / "1.png").write_bytes((pictures / source).read_bytes())
    asked = ("batch", pictures / "earlier", pictures / "later", "--out", pictures / "later" / "out", "--maps", *PLAIN)
    assert [spotdiff(*asked).code for _ in range(2)] == [1, 1]


def test_maps_report_junit_coco_and_json(spotdiff, pairs, tmp_path):
    out, table = tmp_path / "out", pairs(("bad", "none.png", "after.png"))
    asked = {"--report": "index.html", "--junit": "j.xml", "--coco": "c.json", "--json": "s.json"}
    files = [word for option, name in asked.items() for word in (option, out / name)]
    assert spotdiff("batch", table, "--out", out, "--maps", *files, *PLAIN).code == 2
    marked = np.asarray(Image.open(out / "a/changed.before.png")) >= 128
    assert marked.sum() == 1200
    assert (out / "same.after.png").exists()
    page = (out / "index.html").read_text()
    assert 'src="./thumbs/a/changed.before.jpg"' in page
    assert 'href="./pages/a/changed.html"' in page
    assert "pages/same.html" not in page
    assert (out / "thumbs/a/changed.before.jpg").exists()
    assert (out / "pages/a/changed.html").exists()
    suite = ElementTree.parse(out / "j.xml").getroot()
    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
    }
    detections = json.loads((out / "c.json").read_text())
    assert len(detections["images"]) == 4
    assert [one["bbox"] for one in detections["annotations"]] == [[40, 30, 40, 30]] * 2
    summary = json.loads((out / "s.json").read_text())
    assert (summary["pairs"], summary["changed"], summary["same"], summary["trouble"]) == (3, 1, 1, 1)


def test_a_report_elsewhere_still_finds_its_pictures(spotdiff, pairs, tmp_path):
    report = tmp_path / "www" / "index.html"
    spotdiff("batch", pairs(), "--out", tmp_path / "out", "--report", report, "--pages", "all", *PLAIN)
    assert 'src="./../out/thumbs/same.before.jpg"' in report.read_text()
    assert 'href="./../out/pages/same.html"' in report.read_text()


def test_json_to_standard_output_is_alone_there(spotdiff, pairs, tmp_path):
    ran = spotdiff("batch", pairs(), "--out", tmp_path / "out", "--json", "-", *PLAIN)
    assert json.loads(ran.out)["changed"] == 1


def test_quiet(spotdiff, pairs, tmp_path):
    ran = spotdiff("batch", pairs(), "--out", tmp_path / "out", "--quiet", *PLAIN)
    assert (ran.code, ran.out, ran.err) == (1, "", "")


def test_resumed_pairs_are_counted(spotdiff, pairs, tmp_path):
    asked = ("batch", pairs(), "--out", tmp_path / "out", *PLAIN)
    assert "skipped" not in spotdiff(*asked).out
    again = spotdiff(*asked)
    assert (again.code, "2 skipped" in again.out) == (1, True)
    more = spotdiff("batch", pairs(("third", "before.png", "same.png")), *asked[2:])
    assert "2 skipped" in more.out
    assert "0 skipped" not in spotdiff(*asked, "--sensitivity", "0.7").out


def test_options_reach_the_comparison(spotdiff, pairs, tmp_path):
    asked = ("--ignore", "40,30,40,30", "--set", "metric=rgb", "--describe", "off")
    assert spotdiff("batch", pairs(), "--out", tmp_path / "out", *PLAIN, *asked).code == 0
    record = json.loads((tmp_path / "out/a/changed.json").read_text())
    assert record["method"]["parameters"]["metric"] == "rgb"


MISTAKES = {
    "nothing": ([], "a table of pairs, two folders, or a picture and a folder"),
    "one folder": (["."], "a table of pairs, two folders, or a picture and a folder"),
    "three": (["a", "b", "c"], "a table of pairs, two folders, or a picture and a folder"),
    "no table": (["none.csv"], "No such file"),
    "two tables": (["pairs.csv", "pairs.csv"], "not a folder"),
    "setting": (["pairs.csv", "--set", "metrik=rgb", "--method", "pixel"], "did you mean metric?"),
    "workers": (["pairs.csv", "--workers", "-1"], "--workers"),
    "index": (["pairs.csv", "--index", "xls"], "--index"),
    "over the table": (["pairs.csv", "--junit", "pairs.csv"], "written over"),
    "over a picture": (["pairs.csv", "--report", "after.png"], "written over"),
    "twice": (["pairs.csv", "--report", "x", "--coco", "x"], "written over"),
}


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_2_and_one_line(spotdiff, pairs, tmp_path, monkeypatch, arguments, said):
    pairs()
    monkeypatch.chdir(tmp_path)
    ran = spotdiff("batch", *arguments, "--out", "out")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert said in ran.err


def test_out_is_needed_and_must_be_a_folder(spotdiff, pairs, tmp_path):
    assert "--out" in spotdiff("batch", pairs()).err
    (tmp_path / "file").write_text("")
    ran = spotdiff("batch", pairs(), "--out", tmp_path / "file", *PLAIN)
    assert ran.code == 2
    assert ran.err.count("\n") == 1


def test_a_bar_is_drawn_only_for_a_terminal(pairs, tmp_path):
    import pty

    command = [sys.executable, "-m", "spotdiff", "batch", str(pairs()), "--out", str(tmp_path / "out"), *PLAIN]
    ours, theirs = pty.openpty()
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    drawn = os.read(ours, 100_000)
    os.close(ours)
    assert ran.returncode == 1
    assert b"2/2" in drawn
    assert b"2/2" not in ran.stdout


def test_ctrl_c_keeps_what_is_done(pairs, tmp_path):
    more = [(f"n{number}", "before.png", "after.png") for number in range(3000)]
    out = tmp_path / "out"
    command = [sys.executable, "-m", "spotdiff", "batch", str(pairs(*more)), "--out", str(out), *PLAIN[:-1], "2"]
    # a shell that runs the tests in the background makes its children deaf to Ctrl-C
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True, **heard) as running:
        while not (out / ".resume.jsonl").exists() or not (out / ".resume.jsonl").stat().st_size:
            time.sleep(0.02)
            assert running.poll() is None
        os.killpg(running.pid, signal.SIGINT)
        said = running.stderr.read()
        assert running.wait() == 130
    assert said.decode().splitlines()[-1] == "spotdiff: stopped"
    assert b"Traceback" not in said
    names = [json.loads(line)["name"] for line in (out / ".resume.jsonl").read_text().splitlines()]
    assert 0 < len(names) < 3002
    assert all(json.loads((out / f"{name}.json").read_text())["verdict"] for name in names)


def test_pages_that_are_left_out_are_told(spotdiff, tmp_path, plain, stacks):
    folders = [picture.parent for picture in stacks]
    for _ in range(2):  # the second time from what was kept
        ran = spotdiff("batch", *folders, "--out", tmp_path / "out", "--workers", "0", *plain)
        assert ran.code == 0
        assert "1 pair has further pages, which were not compared; --page all" in ran.out
    ran = spotdiff("batch", *folders, "--out", tmp_path / "out", "--workers", "0", *plain, "--page", "all")
    assert ran.code == 1
    assert "further pages" not in ran.out
    report, coco = tmp_path / "index.html", tmp_path / "coco.json"
    for more in (["--maps"], ["--coco", coco], ["--report", report]):
        ran = spotdiff("batch", *folders, "--out", tmp_path / "out", *plain, "--page", "all", *more)
        assert ran.code == 2
        assert "show one page" in ran.err
    more = "--page", "all", "--report", report, "--pages", "off", "--workers", "0"
    assert spotdiff("batch", *folders, "--out", tmp_path / "out", *plain, *more).code == 1
    assert report.is_file()
