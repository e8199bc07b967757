"""Pipes: one that a person names is read, one that lies among files is named and passed over, and nothing waits."""

from __future__ import annotations

import os
import threading

import pytest

from robust import corpus
from spotdiff.__main__ import run
from spotdiff.data import open_dataset
from spotdiff.errors import DataError, LoadError
from spotdiff.image import load_picture
from spotdiff.image.capture_time import date_in_exif

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes"),
    pytest.mark.filterwarnings("ignore"),
]
ALONE = ("--workers", "0")
PLAIN = ("--method", "pixel", "--align", "off", "--light", "off")


@pytest.fixture
def files(tmp_path):
    for side, seed in (("before", 1), ("after", 3)):
        (tmp_path / side).mkdir()
        (tmp_path / side / "1.png").write_bytes(corpus.saved(corpus.scene(seed), "PNG"))
    (tmp_path / "before" / "2.png").write_bytes(corpus.saved(corpus.scene(1), "PNG"))
    os.mkfifo(tmp_path / "after" / "2.png")
    return tmp_path


@pytest.fixture
def filled(tmp_path):
    """A pipe into which a thread writes, as a shell's `<(...)` has it."""
    made = []

    def call(data: bytes):
        path = tmp_path / f"pipe{len(made)}"
        os.mkfifo(path)
        made.append(threading.Thread(target=path.write_bytes, args=(data,), daemon=True))
        made[-1].start()
        return str(path)

    yield call
    for thread in made:
        thread.join(5)
    assert not any(thread.is_alive() for thread in made)


def test_compare_reads_pipes(files, filled, capfd):
    before, after = ((files / side / "1.png").read_bytes() for side in ("before", "after"))
    assert run(["compare", filled(before), filled(after), *PLAIN]) == 1
    assert run(["compare", filled(before), filled(before)]) == 0  # the quick way opens neither
    areas = filled(b"gate = [[0, 0], [9, 0], [9, 9]]")
    assert run(["compare", filled(before), filled(after), "--areas", areas, "--ignore-mask", filled(after)]) == 3
    assert not capfd.readouterr().err


def test_a_batch_names_them_and_goes_on(files, capfd):
    assert run(["batch", str(files / "before"), str(files / "after"), "--out", str(files / "out"), *PLAIN, *ALONE]) == 2
    out, err = capfd.readouterr()
    assert "changed  1" in out
    assert "2.png: a named pipe, not a file" in err
    table = files / "table.csv"
    table.write_text(
        "name,before,after\na,before/1.png,after/1.png\nb,after/2.png,after/1.png\nc,/dev/zero,after/1.png\n"
    )
    assert run(["batch", str(table), "--out", str(files / "rows"), *PLAIN, *ALONE]) == 2
    assert "3 pairs" in (out := capfd.readouterr().out)
    assert "2.png: a named pipe" in out
    assert "/dev/zero: a device" in out


def test_a_table_may_be_one(files, filled, monkeypatch):
    monkeypatch.chdir(files)
    table = filled(b"name,before,after\na,before/1.png,after/1.png\n")
    assert run(["batch", table, "--out", "out", *PLAIN, *ALONE]) == 1


def test_a_dataset_names_them(files):
    dataset = open_dataset(files)
    assert [sample.name for sample in dataset] == ["1"]
    assert "after/2.png belongs to no pair: a named pipe, not a file" in dataset.odd


def test_nothing_else_opens_them(files, capfd):
    pipe = files / "after" / "2.png"
    assert date_in_exif(pipe) is None
    for path in (pipe, f"file://{pipe}", "/dev/zero"):
        with pytest.raises(LoadError, match="not a file"):
            load_picture(path)
    run(["progress", str(files / "after"), "--out", str(files / "page")])
    assert "2.png: a named pipe, not a file" in capfd.readouterr().err
    with pytest.raises(DataError):
        open_dataset(pipe)
