"""What every describer keeps to."""

from __future__ import annotations

from dataclasses import is_dataclass, replace

import numpy as np
import pytest

import spotdiff
from spotdiff import plugins
from spotdiff.describe import get_describer
from spotdiff.errors import OptionError
from spotdiff.options import Options
from spotdiff.params import params_of
from spotdiff.types import KINDS, Pair, Picture, Region

NAMES = plugins.names("describe")
PAIR = Pair(Picture(np.zeros((60, 80, 3), np.uint8)), Picture(np.zeros((50, 90, 3), np.uint8)))
REGIONS = (
    *(Region(kind, 0.9, 40, (10, 10, 20, 14), (12, 10, 22, 14), label=n) for n, kind in enumerate(KINDS)),
    Region("removed", 0.5, 9, (0, 0, 80, 60), None),
    Region("added", 0.5, 9, None, (89, 49, 90, 50)),
    Region("moved", 0.5, 9, (0, 0, 1, 1), None),
    Region("changed", 0.5, 9, None, None),
)


def speaker(folder):
    """Weights of a captioner that has learned nothing."""
    from spotdiff.nets.captioner import Captioner
    from spotdiff.nets.parts.facts import Facts
    from spotdiff.nets.parts.weights import save_weights

    settings = {"words": "a thing was added .", "backbone": "small", "width": 16, "looks": "regions"}
    save_weights(
        folder / "said.safetensors", Captioner(**settings).build(), Facts("captioner", settings, "words", side=32)
    )
    return str(folder / "said.safetensors")


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """What each describer needs to be asked."""
    here_is_no_server = {"model": "none", "url": "http://127.0.0.1:9/v1", "retries": 0}
    return {"captioner": {"weights": speaker(tmp_path_factory.mktemp("said"))}, "endpoint": here_is_no_server}


@pytest.fixture(params=NAMES)
def describer(request, settings):
    return plugins.load("describe", request.param)(**settings.get(request.param, {}))


def test_a_describer_is_a_frozen_dataclass_with_help(describer):
    assert is_dataclass(describer)
    assert type(describer).__dataclass_params__.frozen
    assert all(known.help for _, known in params_of(type(describer)).values())


def test_regions_come_back_in_order_with_nothing_but_text(describer):
    described = describer.describe(PAIR, REGIONS)
    assert isinstance(described, tuple)
    assert [replace(region, text="") for region in described] == list(REGIONS)
    assert all(region.text and "\n" not in region.text for region in described)
    assert describer.describe(PAIR, REGIONS) == described
    assert describer.describe(PAIR, ()) == ()


def test_the_kind_is_told(describer):
    for region in describer.describe(PAIR, REGIONS):
        assert region.kind in region.text


def test_off_says_nothing():
    assert get_describer(Options(describe="off")) is None


@pytest.mark.parametrize("pictures", ["same", "changed", "unsure"])
def test_an_unknown_describer_is_refused_whatever_the_answer(pictures, texture):
    """A wrong option must not go unnoticed because this pair happened to need no words."""
    before = texture(120, 90)
    after = {"same": before, "changed": before.copy(), "unsure": texture(120, 90, seed=1)}[pictures]
    if pictures == "changed":
        after[20:50, 20:50] = (250, 20, 20)
    with pytest.raises(OptionError, match="poet"):
        spotdiff.compare(before, after, describe="poet")
