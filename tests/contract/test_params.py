"""Settings as texts, as values, and out of range."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.errors import OptionError, SpotdiffError
from spotdiff.options import Options
from spotdiff.params import build, check, param, params_of, parse
from spotdiff.report.record import plain, to_json


@dataclass(frozen=True)
class Sample:
    share: float = param(0.5, "a share", low=0, high=1)
    count: int = param(3, "how many", low=1)
    on: bool = param(True, "or off")
    word: str = param("grey", "which", choices=("grey", "rgb"))
    plain: int = 7

    def __post_init__(self) -> None:
        check(self)


@settings(deadline=None, max_examples=50)
@given(st.floats(0, 1), st.integers(1, 10**9), st.booleans(), st.sampled_from(["grey", "rgb"]))
def test_values_survive_being_texts(share, count, on, word):
    values = {"share": share, "count": count, "on": on, "word": word}
    assert build(Sample, values, owner="sample") == build(
        Sample, {k: str(v) for k, v in values.items()}, owner="sample"
    )


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=12), st.sampled_from([1.0, 1, True, "word"]))
def test_any_text_is_a_value_or_an_error(text, default):
    try:
        value, told = parse(text, default), "one line"
    except OptionError as error:
        value, told = default, str(error)
    assert type(value) is type(default)
    assert len(told.splitlines()) == 1


@settings(deadline=None, max_examples=100)
@given(
    st.dictionaries(
        st.sampled_from(["share", "count", "on", "word", "plain", "shar", ""]),
        st.one_of(
            st.none(),
            st.text(max_size=5),
            st.floats(),
            st.integers(),
            st.booleans(),
            st.lists(st.integers(), max_size=2),
        ),
        max_size=3,
    )
)
def test_any_settings_are_an_instance_or_an_error(values):
    try:
        made, told = build(Sample, values, owner="sample"), "one line"
    except OptionError as error:
        made, told = Sample(), str(error)
    assert len(told.splitlines()) == 1
    assert 0 <= made.share <= 1
    assert made.count >= 1
    assert isinstance(made.on, bool)
    assert made.word in ("grey", "rgb")


@pytest.mark.parametrize(("name", "near"), [("shares", "share"), ("cout", "count"), ("wrd", "word")])
def test_a_slip_of_the_pen_is_told_what_was_meant(name, near):
    with pytest.raises(OptionError, match=f"did you mean {near}"):
        build(Sample, {name: 1}, owner="sample")


WRONG = {
    "method": ["clasic", "", 3, None],
    "sensitivity": [-0.1, 1.1, float("nan"), "high", True, None],
    "align": ["sideways", "", None],
    "light": ["bright", 1],
    "min_area": [-2, 1.5, "many"],
    "join": [-2, 257],
    "cluster": ["kmeans"],
    "seed_score": [-1, float("nan")],
    "ignore": [[(0, 0, 0, 5)], [(5, 5, 1, 1)], [(0, 0, 5)], ["0,0,5,5"], [(0.5, 0, 5, 5)], 7, [7], [(900, 0, 910, 9)]],
    "focus": [[(0, 0, 0, 5)], [(-9, -9, -1, -1)], None],
    "ignore_mask": ["nowhere.png", 7],
    "ignore_colour": ["red", "#12345", "#gggggg", 7],
    "max_pixels": [0, -1, float("nan")],
    "max_bytes": [0, "much"],
    "describe": ["poet", 7],
    "settings": [{"no_such": 1}, {"sigma": "wide"}, {"sigma": float("nan")}, 7, [("sigma", 1)]],
    "colour": [1],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_option_is_one_line(name, value, texture):
    import spotdiff

    before, after = texture(60, 50), texture(60, 50)
    after[10:30, 10:30] = (250, 20, 20)
    with pytest.raises(SpotdiffError) as caught:
        spotdiff.compare(before, after, **{name: value})
    assert len(str(caught.value).splitlines()) == 1


def test_every_option_has_help_and_a_default_that_is_allowed():
    check(Options())
    assert all(known.help for _, known in params_of(Options).values())
    assert set(params_of(Options)) <= {field.name for field in fields(Options)}


leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3))
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)),
    max_leaves=8,
)


@settings(deadline=None, max_examples=80)
@given(trees)
def test_anything_can_be_written_into_a_record(value):
    import json

    text = to_json({"value": plain(value), "regions": []})
    assert text.isascii()
    assert "value" in json.loads(text)
