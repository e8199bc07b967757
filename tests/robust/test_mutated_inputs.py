"""The short form of proof/mutated_inputs.py: what was mutated is an answer or a line, and nothing dies or hangs."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest

from spotdiff.__main__ import run

FILE = Path(__file__).parents[2] / "proof" / "mutated_inputs.py"
NUMBERS = {"pictures": 36, "labels": 24, "weights": 4, "pickles": 24}


@pytest.fixture(scope="module")
def mutated():
    made = importlib.util.spec_from_file_location("mutated_inputs", FILE)
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", NUMBERS)
def test_what_was_mutated_is_an_answer_or_a_line(kind, mutated, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(os.environ, "OMP_NUM_THREADS", "1")
    known = mutated._known(tmp_path)
    if kind == "weights" and "weights" not in known:
        pytest.skip("torch is not installed")
    codes = set()
    for number in range(NUMBERS[kind]):
        arguments = mutated.CASES[kind](number, np.random.default_rng([1, number]), tmp_path, known)
        code = run(arguments)
        out, err = capsys.readouterr()
        assert "bug in spotdiff" not in err, (number, err)
        assert not mutated.broken_contract(code, out, err), (number, code, out, err)
        codes.add(code)
    assert 2 in codes  # some were broken


def test_the_figures_count_what_goes_wrong(mutated):
    assert mutated.broken_contract(1, "Changed.", "") == ""
    assert mutated.broken_contract(2, "", "spotdiff: a line") == ""
    assert mutated.broken_contract(4, "", "") == "exit code 4"
    assert mutated.broken_contract(2, "", "") == "trouble without a line"
    assert mutated.broken_contract(0, "Same.", "spotdiff: oh") == "an answer with trouble beside it"
    assert mutated.broken_contract(0, "a\x1bb", "") == "control characters"
