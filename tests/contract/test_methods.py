"""What every method keeps to, whoever wrote it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass, replace

import numpy as np
import pytest

import tiny_networks
from ready_methods import EVERY, SPELLINGS
from spotdiff import plugins
from spotdiff.errors import OptionError
from spotdiff.methods import get_method
from spotdiff.params import params_of
from spotdiff.types import Evidence, Extraction, Pair, Picture

NAMES = EVERY
NETWORKS = [name for name in NAMES if "weights" in params_of(plugins.load("methods", name))]
KNOWING = [name for name in NAMES if name not in NETWORKS or name == "onnx"]  # random weights know nothing
SHAPES = [(37, 53), (1, 1), (200, 2), (2, 200), (5, 300), (3, 3), (11, 11), (12, 9), (128, 130)]
PARAMETERS = [(name, field) for name in NAMES for field in params_of(plugins.load("methods", name))]


def look(shape, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)


def calm(shape, seed: int = 0) -> np.ndarray:
    """A slope with a little noise, which no method should take for a change."""
    slope = np.linspace(60, 180, shape[1])[None, :, None] + np.zeros((*shape, 3))
    return np.clip(slope + np.random.default_rng(seed).normal(0, 1, slope.shape), 0, 255).astype(np.uint8)


def pair_of(before: np.ndarray, after: np.ndarray, **more) -> Pair:
    return Pair(Picture(before), Picture(after), **more)


def other_values(name: str, field: str) -> list:
    """Values of a parameter that are allowed and are not its default."""
    declared, known = params_of(plugins.load("methods", name))[field]
    if known.choices:
        return [choice for choice in known.choices if choice != declared.default]
    if isinstance(declared.default, bool):
        return [not declared.default]
    ends = [end for end in (known.low, known.high) if end is not None and end != declared.default]
    return [type(declared.default)(end) for end in ends]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A function that makes a method, with weights where it needs some."""
    weights_of = tiny_networks.weights_in(tmp_path_factory.mktemp("weights"))

    def make(name: str, **settings):
        return get_method(name, settings | ({"weights": weights_of(name)} if name in NETWORKS else {}))

    return make


@pytest.fixture(params=NAMES)
def method(request, made):
    return made(request.param)


@pytest.fixture(params=KNOWING)
def knowing(request, made):
    """A method that can tell a change from none."""
    return made(request.param)


def test_there_are_methods():
    assert {"classic", "pixel", "ssim", "background"} <= set(NAMES) - set(NETWORKS)
    assert set(NETWORKS) == {"spot", *SPELLINGS}
    assert len(set(NAMES)) == len(NAMES)


def test_a_method_is_a_frozen_dataclass(method):
    assert is_dataclass(method)
    assert isinstance(method.extraction, Extraction)
    for field in fields(method):
        with pytest.raises((FrozenInstanceError, TypeError)):
            setattr(method, field.name, getattr(method, field.name))
    assert method == replace(method)
    assert hash(method) == hash(replace(method))


@pytest.mark.parametrize("name", NAMES)
def test_a_method_is_documented(name):
    assert plugins.summaries("methods")[plugins.canonical("methods", name)].endswith(".")
    assert plugins.load("methods", name).__doc__.strip()
    assert plugins.load("methods", name).score.__doc__.strip()


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_a_parameter_with_help(name):
    cls = plugins.load("methods", name)
    assert set(params_of(cls)) == {field.name for field in fields(cls)}
    for field, (declared, known) in params_of(cls).items():
        assert known.help, field
        assert known.help == known.help.strip()
        assert isinstance(declared.default, (bool, int, float, str))
        if isinstance(declared.default, (int, float)) and not isinstance(declared.default, bool):
            assert known.range, f"{field} has no range"


@pytest.mark.parametrize(("name", "field"), PARAMETERS)
def test_settings_come_as_texts_too(name, field):
    for value in other_values(name, field):
        if (name, field, value) == ("ssim", "window", 3) or not (name == "ssim" and field == "window"):
            assert getattr(get_method(name, {field: str(value)}), field) == value
            assert get_method(name, {field: str(value)}) == get_method(name, {field: value})


@pytest.mark.parametrize(("name", "field"), PARAMETERS)
def test_settings_out_of_range_are_refused(name, field):
    declared, known = params_of(plugins.load("methods", name))[field]
    wrong: list = ["nonsense", None, [1], float("nan")]
    if known.choices:
        wrong = ["nonsense", "", None, 3]
    if known.low is not None:
        wrong += [known.low - 1, str(known.low - 1), float("-inf")]
    if known.high is not None:
        wrong += [known.high + 1, str(known.high + 1), float("inf")]
    if isinstance(declared.default, bool):
        wrong += ["maybe", 1, 0.0]
    elif not isinstance(declared.default, str):
        wrong += [True, ""]
    for value in wrong:
        with pytest.raises(OptionError) as caught:
            get_method(name, {field: value})
        assert field in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_setting_is_refused(name):
    with pytest.raises(OptionError, match=name):
        get_method(name, {"no_such_field": 1})


@pytest.mark.parametrize("shape", SHAPES)
def test_evidence_is_a_map_of_shares(method, shape):
    before, after = look(shape), look(shape, 1)
    kept = before.copy(), after.copy()
    evidence = method.score(pair_of(before, after))
    assert isinstance(evidence, Evidence)
    for one in (evidence.gone, evidence.new, evidence.change):
        assert one.shape == shape
        assert one.dtype == np.float32
        assert np.isfinite(one).all()
        assert one.min() >= 0
        assert one.max() <= 1
    assert evidence.directed or np.array_equal(evidence.gone, evidence.new)
    assert np.array_equal(before, kept[0])
    assert np.array_equal(after, kept[1])


@pytest.mark.parametrize(
    "make", [look, calm, lambda shape: np.zeros((*shape, 3), np.uint8)], ids=["noise", "calm", "black"]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_picture_says_nothing(knowing, shape, make):
    picture = make(shape)
    assert knowing.score(pair_of(picture, picture.copy())).change.max() < 1e-9  # sums of floats leave a last digit


@pytest.mark.parametrize(("name", "field"), PARAMETERS)
def test_evidence_is_a_map_of_shares_with_any_setting(name, field, made):
    for value in other_values(name, field):
        if not (name == "ssim" and field == "window" and value % 2 == 0):
            evidence = made(name, **{field: value}).score(pair_of(look((20, 31)), calm((20, 31))))
            for one in (evidence.gone, evidence.new, *evidence.layers.values()):
                assert np.isfinite(one).all()
                assert 0 <= one.min() <= one.max() <= 1


@pytest.mark.parametrize(("name", "field"), [entry for entry in PARAMETERS if entry[0] in KNOWING])
def test_the_same_picture_says_nothing_with_any_setting(name, field, made):
    picture, more = look((20, 31)), calm((20, 31))
    for value in other_values(name, field):
        if name == "ssim" and field == "window" and value % 2 == 0:
            continue
        for one in (picture, more):
            change = made(name, **{field: value}).score(pair_of(one, one.copy())).change
            assert change.max() < 1e-6


def test_a_plain_change_is_seen_where_it_is(knowing):
    before = calm((60, 80), 1)
    after = calm((60, 80), 2)
    after[20:40, 30:50] = np.where(look((20, 20)) > 127, (230, 40, 40), (40, 10, 10))
    change = knowing.score(pair_of(before, after)).change
    assert change[24:36, 34:46].min() >= knowing.extraction.grow
    far = change.copy()
    far[8:52, 18:62] = 0
    assert far.max() < knowing.extraction.seed


def test_the_same_pair_has_the_same_evidence(method):
    pair = pair_of(look((40, 50)), look((40, 50), 1))
    first, second = method.score(pair), method.score(pair)
    assert np.array_equal(first.gone, second.gone)
    assert np.array_equal(first.new, second.new)
    assert first.notes == second.notes


@pytest.mark.parametrize("shape", SHAPES)
def test_exchanging_the_pictures_mirrors_the_evidence(method, shape):
    before, after = calm(shape), calm(shape, 1)
    after[: shape[0] // 2, : shape[1] // 2] = (220, 30, 30)
    pair = pair_of(before, after)
    there, back = method.score(pair), method.score(pair.swapped())
    assert np.allclose(there.gone, back.new, atol=1e-6)
    assert np.allclose(there.new, back.gone, atol=1e-6)


@pytest.mark.parametrize("mask", ["valid", "seen"])
def test_places_that_do_not_count_say_nothing(method, mask):
    shape = (48, 64)
    counts = np.ones(shape, bool)
    counts[10:30, 20:50] = False
    evidence = method.score(pair_of(look(shape), look(shape, 1), **{mask: counts}))
    assert not evidence.gone[~counts].any()
    assert not evidence.new[~counts].any()


def test_nothing_counts_and_nothing_is_said(method):
    shape = (24, 32)
    evidence = method.score(pair_of(look(shape), look(shape, 1), valid=np.zeros(shape, bool)))
    assert not evidence.change.any()


def test_what_does_not_count_does_not_leak(method):
    """Whatever stands under an ignored place, the rest of the answer is the same, a window's reach away."""
    shape = (80, 90)
    counts = np.ones(shape, bool)
    counts[30:50, 30:60] = False
    before, after = calm(shape, 1), calm(shape, 2)
    other = after.copy()
    other[30:50, 30:60] = 255
    first, second = (method.score(pair_of(before, one, valid=counts)).change for one in (after, other))
    grown = np.ones(shape, bool)
    grown[10:70, 10:80] = False
    assert np.abs(first - second)[grown].max() < 0.05


def test_what_does_not_count_is_no_change_beside_it(knowing):
    shape = (80, 90)
    counts = np.ones(shape, bool)
    counts[30:50, 30:60] = False
    before, after = calm(shape, 1), calm(shape, 2)
    after[30:50, 30:60] = 255
    change = knowing.score(pair_of(before, after, valid=counts)).change
    assert (change[counts] < knowing.extraction.seed).all()


@pytest.mark.parametrize("sides", [(True, False), (False, True), (True, True)])
def test_alpha_is_taken(knowing, sides):
    shape = (30, 40)
    alpha = np.full(shape, 255, np.uint8)
    alpha[5:15, 5:15] = 0
    pair = pair_of(calm(shape), calm(shape))
    before, after = (
        replace(p, alpha=alpha) if on else p for p, on in zip((pair.before, pair.after), sides, strict=True)
    )
    change = knowing.score(replace(pair, before=before, after=after)).change
    assert np.isfinite(change).all()
    assert change[25:, 30:].max() < 1e-9
    if all(sides):
        assert change.max() < 1e-9


def test_what_is_transparent_has_no_say(method):
    """Whatever colours stand in the file under full transparency."""
    shape = (30, 40)
    alpha = np.full(shape, 255, np.uint8)
    alpha[5:15, 5:15] = 0
    one, other = calm(shape), calm(shape)
    other[5:15, 5:15] = (250, 0, 90)
    first, second = (method.score(Pair(Picture(p, alpha), Picture(calm(shape, 1)))).change for p in (one, other))
    assert np.array_equal(first, second)


def test_history_is_taken(method):
    shape = (30, 40)
    history = tuple(Picture(calm(shape, seed)) for seed in range(3))
    evidence = method.score(pair_of(calm(shape, 8), calm(shape, 9), history=history))
    assert evidence.change.shape == shape


def test_pictures_may_be_views(method):
    wide = look((60, 80))
    strided, whole = wide[::2, ::2], np.ascontiguousarray(wide[::2, ::2])
    other = look((30, 40), 1)
    one, two = (method.score(pair_of(p, other)).change for p in (strided, whole))
    assert np.array_equal(one, two)


def test_pictures_may_be_read_only(method):
    before, after = look((30, 40)), look((30, 40), 1)
    before.flags.writeable = after.flags.writeable = False
    method.score(pair_of(before, after))
