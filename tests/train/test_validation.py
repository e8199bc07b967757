"""What is measured is what the weights will be used at."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotdiff.evaluate.map_metrics import MapScores
from spotdiff.nets.parts.outputs import Masks, Net
from spotdiff.train.validation import add_scores, predictions, validate
from tiny_training import Squares


class Says(Net):
    """A net that says the truth of what it is shown, with these chances where it is changed and where not."""

    def __init__(self, examples, changed, unchanged):
        super().__init__()
        self.levels = torch.nn.Parameter(torch.logit(torch.tensor([unchanged, changed])))
        self.truth = {e.before.tobytes(): (e.gone, e.new) for e in examples}

    def forward(self, before, _):
        pictures = (before * 255).round().byte().permute(0, 2, 3, 1).numpy()
        masks = [self.truth[np.ascontiguousarray(picture).tobytes()] for picture in pictures]
        gone, new = (
            self.levels[torch.from_numpy(np.stack(side).astype(int))[:, None]] for side in zip(*masks, strict=True)
        )
        return Masks(gone, new, gone.amax((1, 2, 3)), gone, new)


@pytest.mark.parametrize(("changed", "unchanged"), [(0.9999, 0.9955), (0.003, 0.0005), (0.7, 0.2)])
def test_the_threshold_parts_what_it_was_found_on(changed, unchanged):
    examples = [Squares()[number] for number in range(1, 12)]
    net = Says(examples, changed, unchanged).eval()
    found = validate(net, examples)
    assert found.figures["any AP"] == pytest.approx(1)
    assert 0 < found.threshold < 1
    for example, said in zip(examples, predictions(net, examples), strict=True):
        assert np.array_equal(said["gone"] >= found.threshold, example.gone)
        assert np.array_equal(said["new"] >= found.threshold, example.new)


def test_where_the_truth_knows_no_kinds_only_places_count():
    example = Squares()[1]
    said = {"gone": example.new.astype(np.float32), "new": example.gone.astype(np.float32)}  # the wrong way round
    told, place = MapScores(), MapScores()
    add_scores(told, example, said, directed=True)
    add_scores(place, example, said, directed=False)
    assert told.report().maps["gone"].f1 == 0
    assert set(place.report().maps) == {"unchanged", "any"}
    assert place.report().maps["any"].f1 == 1
