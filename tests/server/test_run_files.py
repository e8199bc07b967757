"""Tables that the verbs of a run leave, as JSON can say them."""

from __future__ import annotations

from spotdiff.server.learn.run_files import read_table


def test_figures_that_json_has_no_word_for_are_none(tmp_path):
    (tmp_path / "journal.csv").write_text("method,F1,psnr,loss,AP\npixel,0.5,inf,nan,\n")
    assert read_table(tmp_path / "journal.csv") == [
        {"method": "pixel", "F1": 0.5, "psnr": None, "loss": None, "AP": None}
    ]
    assert read_table(tmp_path / "none.csv") == []
