"""No table starts a formula in a spreadsheet, and every name comes back from it as it was."""

from __future__ import annotations

import csv
import itertools
from io import StringIO

import cv2
import numpy as np
import pytest

from spotdiff.__main__ import run
from spotdiff.csv_cells import cell_of, csv_text, text_of

TEXTS = ["".join(parts) for count in range(4) for parts in itertools.product("=+-@'\t\ra1", repeat=count)]


def test_every_text_comes_back_and_none_is_a_formula():
    table = csv_text(["text"], ({"text": text} for text in TEXTS))
    cells = [row["text"] for row in csv.DictReader(StringIO(table, newline=""))]
    assert [text_of(cell) for cell in cells] == TEXTS
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell and not cell[1:].isdecimal()]


@pytest.mark.parametrize("value", [-1.5, 3, None, "-0.25", "1e-3", "roof", "'quoted'"])
def test_numbers_and_plain_texts_stay(value):
    assert cell_of(value) == value


NAMES = ("=1+1", "@sum", "+2+3", "-x", "'=q")


def test_a_batch_is_judged_and_approved_under_its_own_names(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for side, level in (("before", 0), ("after", 255)):
        (tmp_path / side).mkdir()
        picture = np.full((32, 32), level, np.uint8)
        for name in NAMES:
            (tmp_path / side / f"{name}.png").write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    asked = ("--method", "pixel", "--align", "off", "--light", "off", "--workers", "0")
    batch = ["batch", "before", "after", "--out", "out", *asked]
    assert run(batch) == 1
    table = (tmp_path / "out" / "index.csv").read_text(encoding="utf-8")
    assert not [line for line in table.splitlines() if line[0] in "=+-@"]
    assert run(["judge", "out", "--min-score", "0.5"]) == 1
    assert run(batch) == 1  # nothing was lost: all answers stand
    capfd.readouterr()
    assert run(["approve", "out", "--all"]) == 0
    assert "5 baselines approved" in capfd.readouterr().out
    assert run(["batch", "before", "after", "--out", "again", *asked]) == 0
