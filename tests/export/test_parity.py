"""An export is held to what torch says."""

from __future__ import annotations

import numpy as np
import pytest

from spotdiff.errors import DataError
from spotdiff.export.conversion import SIZES, parity


def say(before, after):
    return {"gone": before[:, :1], "size_after": after[:, :2] * 60, "branch": after[:, :1]}


def but(**errors: float):
    """The same answers, each with an error somewhere."""

    def other(before, after):
        said = {name: value.copy() for name, value in say(before, after).items()}
        for name, error in errors.items():
            said[name][0, 0, -1, -1] += error
        return said

    return other


def test_what_differs_is_told_by_size():
    found = parity(say, but(gone=5e-5), sizes=((32, 40), (33, 41)))
    assert found == {(32, 40): pytest.approx(5e-5, rel=0.1), (33, 41): pytest.approx(5e-5, rel=0.1)}
    assert set(parity(say, say)) == set(SIZES)
    assert any(height % 2 and width % 2 for height, width in SIZES)


@pytest.mark.parametrize("errors", [{"gone": 2e-4}, {"gone": float("nan")}, {"branch": 2e-3}, {"size_after": 0.1}])
def test_too_much_is_refused(errors):
    with pytest.raises(DataError, match=f"differs by .* in {next(iter(errors))} at 96x64"):
        parity(say, but(**errors))


def test_large_values_and_maps_to_look_at_have_more_room():
    assert max(parity(say, but(branch=5e-4)).values()) == 0
    assert parity(lambda *_: {"size": np.full((1, 1), 50.0)}, lambda *_: {"size": np.full((1, 1), 50.004)})


@pytest.mark.parametrize(
    "other",
    [
        lambda before, after: {"gone": before[:, :1]},
        lambda before, after: {**say(before, after), "gone": before},
        lambda before, after: {**say(before, after), "more": before},
    ],
)
def test_other_answers_are_refused(other):
    with pytest.raises(DataError, match=r"answers .* at 96x64, not"):
        parity(say, other)
