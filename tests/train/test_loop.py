"""Learning learns, and a training that was stopped goes on exactly where it was."""

from __future__ import annotations

import csv

import pytest
import torch

from spotdiff.errors import DataError
from spotdiff.nets.parts.facts import Facts
from spotdiff.nets.parts.weights import load_weights
from spotdiff.train.loop import CHECKPOINT, METRICS, WEIGHTS, learn, rate, seed_of
from spotdiff.train.recipe import get_recipe
from tiny_training import SMALL, Squares

HELD_OUT = [Squares()[number] for number in range(1000, 1008)]
FACTS = Facts(
    "spot", {"backbone": "small", "widths": (6, 8), "radii": (1, 1), "keys": 4, "width": 8}, "masks", ("gone", "new")
)


def recipe_of(**changes):
    plain = {"batch": 4, "steps": 8, "measure_every": 4, "precision": "no", "ema": 0.9, "lr": 4e-3}
    return get_recipe("spot", plain | changes)


def trained(out, *, stop_after=None, workers=0, **changes):
    torch.manual_seed(0)
    seen = []
    run = learn(recipe_of(**changes), SMALL.build(), FACTS, Squares(), HELD_OUT, out, workers=workers, minutes=0)
    for progress in run:
        seen.append(progress)
        if stop_after == progress.step:
            run.close()  # as a kill would: nothing more is written
            break
    return seen


def values(out):
    return torch.load(out / CHECKPOINT, weights_only=True)


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns(tmp_path):
    seen = trained(tmp_path, steps=300, measure_every=300)
    first, last = seen[0].measured, seen[-1].measured
    assert last.score > max(first.score, 0.3)
    assert last.figures["any AP"] > 0.6


def test_a_stopped_training_ends_as_if_it_had_not_been_stopped(tmp_path):
    trained(tmp_path / "whole")
    trained(tmp_path / "parts", stop_after=3)
    resumed = trained(tmp_path / "parts")
    assert [progress.step for progress in resumed] == [4, 5, 6, 7, 8]
    whole, parts = values(tmp_path / "whole"), values(tmp_path / "parts")
    assert same(whole["net"], parts["net"])
    assert same(whole["average"], parts["average"])
    assert (tmp_path / "whole" / METRICS).read_text() == (tmp_path / "parts" / METRICS).read_text()


def test_helper_processes_change_nothing(tmp_path):
    trained(tmp_path / "alone")
    trained(tmp_path / "helped", workers=2)
    assert same(values(tmp_path / "alone")["net"], values(tmp_path / "helped")["net"])


def test_a_training_that_is_done_does_nothing_more(tmp_path):
    trained(tmp_path)
    assert trained(tmp_path) == []


def test_the_weights_are_those_of_the_best_measuring(tmp_path):
    seen = trained(tmp_path, steps=12, measure_every=3)
    best = [progress for progress in seen if progress.best][-1]
    _, facts = load_weights(tmp_path / WEIGHTS)
    assert facts.steps == best.step
    assert facts.figures["any F1"] == pytest.approx(best.measured.figures["any F1"], abs=1e-4)


def test_it_stops_when_nothing_gets_better(tmp_path):
    seen = trained(tmp_path, lr=0.0, steps=100, measure_every=1, patience=3)
    best = max(progress.step for progress in seen if progress.best)
    assert seen[-1].step == best + 3 < 100
    assert "no better" in seen[-1].stopped
    assert trained(tmp_path, lr=0.0, steps=100, measure_every=1, patience=3) == []
    more = trained(tmp_path, lr=0.0, steps=100, measure_every=1, patience=4)
    assert more[0].step == seen[-1].step + 1
    assert more[-1].step < 100


def test_the_journal_has_a_row_for_every_measuring(tmp_path):
    trained(tmp_path)
    with (tmp_path / METRICS).open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["0", "4", "8"]


def test_a_broken_checkpoint_is_named(tmp_path):
    (tmp_path / CHECKPOINT).write_bytes(b"half a file")
    with pytest.raises(DataError, match="checkpoint"):
        trained(tmp_path)


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    trained(tmp_path, stop_after=3)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        trained(tmp_path)
    assert values(tmp_path)["step"] == 3
    assert not list(tmp_path.glob(".*.part"))


def test_the_rate_rises_and_falls():
    recipe = recipe_of(steps=100, warmup=0.1, lr=1.0)
    rates = [rate(step, recipe) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[10] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01


def test_chance_goes_by_the_step():
    assert len({seed_of(0, step, rank) for step in range(50) for rank in range(4)}) == 200


@pytest.mark.parametrize("fresh", [True, False])
def test_what_knows_nothing_yet_is_measured_and_not_kept(tmp_path, fresh):
    torch.manual_seed(0)
    flow = None if fresh else HELD_OUT[:2]
    run = learn(recipe_of(lr=0.0), SMALL.build(), FACTS, Squares(), HELD_OUT, tmp_path, flow=flow)
    first = next(run)
    assert first.measured.figures
    assert first.best is (tmp_path / WEIGHTS).exists() is not fresh
    run.close()
