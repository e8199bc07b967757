import json
from dataclasses import replace

import jsonschema
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from spotdiff.report.record import load_schema, plain, to_json, to_record, write_json
from spotdiff.types import KINDS, Alignment, Comparison, Evidence, Light, Pair, Picture, Region

VALIDATOR = jsonschema.Draft202012Validator(load_schema())
share = st.floats(0, 1)
edge = st.integers(-50, 5000)
box = st.none() | st.tuples(edge, edge, edge, edge)
outline = st.lists(st.tuples(edge, edge), max_size=5).map(tuple)
any_float = st.floats(allow_nan=True, allow_infinity=True)
settable = st.recursive(
    st.none() | st.booleans() | st.integers() | any_float | st.text() | st.floats(width=32).map(np.float32),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def comparisons(draw) -> Comparison:
    width, height = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    picture = Picture(
        np.zeros((height, width, 3), np.uint8), path=draw(st.text()), notes=tuple(draw(st.lists(st.text())))
    )
    regions = tuple(
        Region(
            kind=draw(st.sampled_from(KINDS)),
            score=draw(share.map(np.float32)),
            area=np.int64(draw(st.integers(0, 10**9))),
            box_before=draw(box),
            box_after=draw(box),
            outline_before=tuple(draw(st.lists(outline, max_size=2))),
            text=draw(st.text()),
        )
        for _ in range(draw(st.integers(0, 3)))
    )
    refused = draw(st.booleans())
    blank = np.zeros((height, width), np.float32)
    return Comparison(
        verdict=draw(st.sampled_from(["same", "changed", "unsure"])),
        reason=draw(st.text()),
        score=np.float32(draw(share)),
        regions=regions,
        pair=Pair(picture, picture),
        aligned=Pair(picture, picture),
        evidence=None if refused else Evidence.undirected(blank),
        labels=None if refused else draw(st.sampled_from([0, 1])) * np.ones((height, width), np.int32),
        alignment=Alignment(
            "affine", draw(st.just(np.full((3, 3), np.nan)) | st.just(np.eye(3) / 3)), None, draw(share)
        ),
        light=Light("gain", gain=(np.float32(1.1), 1, 0.9)),
        method=draw(st.text()),
        parameters=draw(st.dictionaries(st.text(), settable, max_size=3)),
        seconds={"total": draw(st.floats(0, 1e6)), "nap": 1.0},
        name=draw(st.text()),
        weights=draw(st.text()),
    )


def strict(text: str) -> dict:
    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(load_schema())


def test_every_answer_fits_the_schema(any_comparison):
    record = to_record(any_comparison)
    VALIDATOR.validate(record)
    assert strict(to_json(record)) == record


@settings(max_examples=60, deadline=None)
@given(comparisons())
def test_any_answer_fits_the_schema(comparison):
    record = to_record(comparison)
    VALIDATOR.validate(record)
    text = to_json(record)
    assert text.isascii()
    assert strict(text) == record


def test_the_schema_refuses_what_the_record_is_not(changed):
    record = to_record(changed)
    assert not VALIDATOR.is_valid({**record, "verdict": "maybe"})
    assert not VALIDATOR.is_valid({**record, "surprise": 1})
    for name in record:
        assert not VALIDATOR.is_valid({key: value for key, value in record.items() if key != name}), name


def test_the_record_says_what_the_comparison_says(changed):
    record = to_record(changed)
    assert record["schema"] == "spotdiff/comparison/1"
    assert record["before"] == {"path": "before.png", "size": [160, 120], "notes": [], "page": 1, "pages": 1}
    assert record["after"]["notes"] == ["16 bits windowed 0 to 4095"]
    assert record["changed_pixels"] == 2400
    assert record["changed_fraction"] == 0.125
    assert record["method"] == {
        "name": "classic",
        "parameters": {"sigma": 1.5, "colour": "yiq", "fast": True, "limit": None},
        "weights": None,
        "notes": {},
    }
    assert record["alignment"]["error_px"] == 0.412346
    assert record["seconds"]["describe"] == 0.0
    moved = record["regions"][1]
    assert (moved["kind"], moved["box_before"], moved["box_after"]) == ("moved", [100, 10, 120, 30], [70, 80, 90, 100])
    assert moved["outline_before"] == [[[100, 10], [119, 10], [119, 29], [100, 29]]]


def test_a_region_says_whether_it_is_likely(changed):
    regions = (*changed.regions[:2], replace(changed.regions[2], likely=False))
    told = to_record(replace(changed, regions=regions))["regions"]
    assert [region["likely"] for region in told] == [True, True, False]


def test_weights_are_named_by_digest(changed):
    assert to_record(replace(changed, weights="sha256:12ab"))["method"]["weights"] == "sha256:12ab"


def test_a_matrix_keeps_its_perspective(warped):
    exact = warped.alignment.matrix / 3
    record = to_record(replace(warped, alignment=replace(warped.alignment, matrix=exact)))
    ours, truth = (matrix @ [8000, 6000, 1] for matrix in (np.array(record["alignment"]["matrix"]), exact))
    assert np.allclose(ours[:2] / ours[2], truth[:2] / truth[2], atol=1e-3)


def test_a_refused_comparison_has_nothing_changed(refused):
    record = to_record(refused)
    assert (record["verdict"], record["changed_pixels"], record["regions"]) == ("unsure", 0, [])
    assert record["alignment"]["error_px"] is None


def test_it_is_written_to_a_file_or_standard_output(changed, tmp_path, capsys):
    write_json(changed, tmp_path / "deep" / "yard.json")
    write_json(changed, "-")
    text = (tmp_path / "deep" / "yard.json").read_text()
    assert capsys.readouterr().out == text == to_json(to_record(changed))
    assert text.count('"kind"') == sum('"kind"' in line for line in text.splitlines()) == 3


def test_sets_are_written_in_one_order():
    assert plain({"b", "a", "c"}) == ["a", "b", "c"]
