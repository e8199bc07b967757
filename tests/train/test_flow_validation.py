"""Weights that are to replace others are measured in use, and handed on only where they are no worse there."""

from __future__ import annotations

import json

import pytest
import torch

from spotdiff.data import open_dataset
from spotdiff.errors import DataError
from spotdiff.nets.parts.facts import Facts
from spotdiff.nets.parts.weights import load_weights, read_weights
from spotdiff.options import Options
from spotdiff.pipeline import compare
from spotdiff.train import flow_validation, loop
from spotdiff.train.flow_validation import VERDICTS, validate_flow
from spotdiff.train.loop import CANDIDATE, METRICS, WEIGHTS, learn
from spotdiff.train.metrics_log import MetricsLog
from spotdiff.train.recipe import get_recipe
from spotdiff.train.result import REPORT, Result, result_of, write_result
from spotdiff.train.run import fine_tuned, prepare, shipped
from spotdiff.train.validation import Validation
from tiny_training import SMALL, Squares, write_squares

HELD_OUT = [Squares()[number] for number in range(1, 6)]  # of which number 3 is unchanged
FACTS = Facts(
    "spot", {"backbone": "small", "widths": (6, 8), "radii": (1, 1), "keys": 4, "width": 8}, "masks", ("gone", "new")
)


def measured_with(monkeypatch, method, held_out):
    """The figures where the pairs are compared by a method without weights."""
    own = Options(method=method, align="off", light="off" if method == "pixel" else "auto")

    def compared(before, after, *, options, name):
        assert options == Options(method="spot", settings={"weights": "any"})
        return compare(before, after, options=own, name=name)

    monkeypatch.setattr(flow_validation, "compare", compared)
    return validate_flow("any", "spot", held_out)


def test_pairs_go_through_the_whole_flow():
    found = validate_flow(shipped("spot"), "spot", HELD_OUT)
    assert {"F1", "found", "right", "kind right", "false alarms", VERDICTS} <= found.figures.keys()
    assert found.score == found.figures["F1"] > 0.5


def test_samples_are_measured_as_the_same_pairs_in_arrays_are(tmp_path, monkeypatch):
    samples = open_dataset(write_squares(tmp_path / "yard", 5, start=1)).samples
    by_file = measured_with(monkeypatch, "classic", samples)
    assert by_file.figures["false alarms"] == 0
    assert 0 < by_file.score <= 1


def test_what_is_told_of_unchanged_pairs_is_wrong(monkeypatch):
    """A method that takes light for change finds every square, and tells of every pair of the same picture twice."""
    blind, careful = (measured_with(monkeypatch, method, HELD_OUT) for method in ("pixel", "classic"))
    assert blind.figures["false alarms"] > 0.8
    assert blind.figures[VERDICTS] < 0.6
    assert careful.figures["false alarms"] == 0
    assert careful.score > blind.score


def test_nothing_true_and_nothing_told_is_no_f1(monkeypatch):
    found = measured_with(monkeypatch, "classic", [Squares()[3]])
    assert "F1" not in found.figures
    assert found.score == found.figures[VERDICTS] == 1


def trained(out, monkeypatch, scores, *, steps=8, verdicts=(), **changes):
    """A training whose measurings in use come out as told, by the step."""
    rights = verdicts or [1.0] * len(scores)

    def told(weights, _, __):
        measuring = load_weights(weights)[1].steps // 4
        score, right = scores[measuring], rights[measuring]
        return Validation({"F1": score, VERDICTS: right}, score)

    monkeypatch.setattr(loop, "validate_flow", told)
    plain = {"batch": 4, "measure_every": 4, "precision": "no", "ema": 0.5, "lr": 4e-3}
    torch.manual_seed(0)
    recipe = get_recipe("spot", plain | {"steps": steps} | changes)
    list(learn(recipe, SMALL.build(), FACTS, Squares(), HELD_OUT, out, flow=HELD_OUT, minutes=0))
    log = MetricsLog(out / METRICS)
    log.resume(steps)
    assert not (out / CANDIDATE).exists()
    return result_of(log, from_weights=True, pairs=5, labelled=20)


@pytest.mark.parametrize(
    ("scores", "verdicts", "changes", "kept"),
    [
        pytest.param([0.9, 0.5, 0.8], (), {}, 0, id="worse"),
        pytest.param([0.9, 0.9, 0.9], (), {}, 0, id="alike"),
        pytest.param([0.5, 0.9, 0.8], (), {}, 4, id="best in the middle"),
        pytest.param([0.5, 0.6, 0.8], (), {}, 8, id="best at the end"),
        pytest.param([0.5, 0.9, 0.8], (1.0, 0.5, 1.0), {}, 8, id="with worse verdicts"),
        pytest.param([0.9, 0.95, 0.8], (), {"keep": "last"}, 4, id="the last is worse"),
        pytest.param([0.7, 0.95, 0.8], (), {"keep": "last"}, 8, id="the last is not worse"),
    ],
)
def test_the_weights_it_leaves_are_never_worse(tmp_path, monkeypatch, scores, verdicts, changes, kept):
    result = trained(tmp_path, monkeypatch, scores, verdicts=verdicts, **changes)
    assert load_weights(tmp_path / WEIGHTS)[1].steps == result.after["step"] == kept
    assert result.better is (kept > 0)
    assert result.after["score"] >= result.before["score"]


def test_no_better_than_before_is_said_with_the_figures(tmp_path, monkeypatch):
    said = trained(tmp_path, monkeypatch, [0.949, 0.905, 0.91]).text()
    assert said == (
        "No better than before on 5 held-out pairs: score 0.949 before, 0.910 after 8 steps. "
        "The weights are those it began with."
    )
    better = trained(tmp_path / "more", monkeypatch, [0.5, 0.905, 0.91]).text()
    assert better == "Better than before on 5 held-out pairs: score 0.500 before, 0.910 after."


@pytest.mark.parametrize(("labelled", "few"), [(0, False), (8, True), (19, True), (20, False)])
def test_few_pairs_are_said_to_be_too_few(labelled, few):
    row = {"step": 0, "score": 0.5}
    said = Result(row, {"step": 100, "score": 0.6}, row, from_weights=True, pairs=4, labelled=labelled).text()
    assert ("4 held-out pairs are too few to be sure" in said) is few


def test_a_stopped_training_still_knows_where_it_began(tmp_path, monkeypatch):
    trained(tmp_path, monkeypatch, [0.7, 0.6], steps=4)
    result = trained(tmp_path, monkeypatch, [0.7, 0.6, 0.65], steps=8)
    assert (result.before["step"], result.before["score"]) == (0, 0.7)
    assert load_weights(tmp_path / WEIGHTS)[1].steps == 0  # better than the last time is not better than before


def test_the_record_and_the_page_tell_it(tmp_path, monkeypatch):
    (tmp_path / "run.json").write_text('{"data": "a yard"}')
    write_result(tmp_path, trained(tmp_path, monkeypatch, [0.9, 0.5], steps=4))
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["data"] == "a yard"
    assert record["result"]["better"] is False
    assert record["result"]["before"]["F1"] == record["result"]["after"]["F1"] == 0.9
    page = (tmp_path / REPORT).read_text()
    assert "No better than before on 5 held-out pairs" in page
    assert "| F1 | 0.900 | 0.900 |" in page


def test_a_training_at_its_end_keeps_its_record(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "validate_flow", lambda *_: Validation({"F1": 0.5}, 0.5))
    data = write_squares(tmp_path / "yard", 8)
    list(run_of(tmp_path / "run", data).progress())
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert list(run_of(tmp_path / "run", data).progress()) == []
    assert json.loads((tmp_path / "run" / "run.json").read_text()) == record
    assert record["result"]["better"] is False


def test_nothing_is_said_where_nobody_knows_what_was_before(tmp_path):
    log = MetricsLog(tmp_path / "journal.csv")
    assert result_of(log, from_weights=True, pairs=5) is None
    log.add({"step": 100, "loss": 0.5, "score": 0.9, "kept": 1.0})
    assert result_of(log, from_weights=True, pairs=5) is None


def test_batch_norm_keeps_what_the_weights_came_with(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "validate_flow", lambda *_: Validation({"F1": 0.5}, 0.5))
    run = run_of(tmp_path / "run", write_squares(tmp_path / "yard", 8))
    statistics = {name: value.clone() for name, value in run.net.named_buffers() if "running" in name}
    weights = {name: value.clone() for name, value in run.net.named_parameters()}
    list(run.progress())
    assert statistics
    assert all(torch.equal(value, statistics[name]) for name, value in run.net.named_buffers() if name in statistics)
    assert not all(torch.equal(value, weights[name]) for name, value in run.net.named_parameters())


SHORT = {"size": 48, "batch": 4, "steps": 2, "measure_every": 2, "precision": "no"}


def run_of(folder, data, **changes):
    return prepare(fine_tuned(get_recipe("spot", SHORT | changes)), [str(data)], folder, weights="shipped")


def test_what_the_weights_are_used_at_stays_as_it_was(tmp_path):
    """The size first looked at, and the threshold, which scores were fitted with."""
    run = run_of(tmp_path / "run", write_squares(tmp_path / "yard", 8))
    known = read_weights(shipped("spot"))[0]
    assert (run.facts.side, run.facts.threshold) == (known.side, known.threshold)
    first = next(run.progress())
    left = load_weights(tmp_path / "run" / WEIGHTS)[1]
    assert first.measured.figures.keys() >= {"F1", VERDICTS}
    assert (left.side, left.threshold, left.digest) == (known.side, known.threshold, known.digest)


@pytest.mark.parametrize(("pairs", "held_out"), [(8, 4), (12, 5), (20, 5), (40, 10)])
def test_a_quarter_is_held_out_and_five_where_there_are_ten(tmp_path, pairs, held_out):
    run = run_of(tmp_path / "run", write_squares(tmp_path / "yard", pairs))
    data = run.training_data
    assert (len(data.held_out), len(data.held_samples), data.labelled) == (held_out, held_out, pairs)
    learned = {sample.name for sample in data.source.labelled.samples}
    assert not learned & {sample.name for sample in data.held_samples}


def test_the_record_of_a_run_is_for_going_on_already(tmp_path):
    run = run_of(tmp_path / "run", write_squares(tmp_path / "yard", 8))
    again = get_recipe(str(tmp_path / "run" / "recipe.json"))
    assert again == run.recipe == fine_tuned(again)
    with pytest.raises(DataError, match="give them: --from WEIGHTS"):
        prepare(again, [str(tmp_path / "yard")], tmp_path / "other")


def test_other_weights_to_begin_with_are_kept_out(tmp_path):
    data = write_squares(tmp_path / "yard", 8)
    run = run_of(tmp_path / "run", data)
    list(run.progress())
    other = tmp_path / "run" / WEIGHTS
    net, facts = load_weights(other)
    with torch.no_grad():
        next(net.parameters()).add_(1.0)
    loop.save_weights(tmp_path / "other.safetensors", net, facts)
    with pytest.raises(DataError, match="began with other weights"):
        prepare(run.recipe, [str(data)], tmp_path / "run", weights=tmp_path / "other.safetensors")
