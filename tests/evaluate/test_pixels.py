"""The maps of an answer brought to the frame of the truth."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from spotdiff.data.dataset import Truth
from spotdiff.errors import DataError
from spotdiff.evaluate.pixels import predicted_maps, tally_of
from spotdiff.types import Alignment, Evidence, Picture

from .conftest import HEIGHT, WIDTH, answer, region

SHAPE = HEIGHT, WIDTH


def plane(*boxes, value=1.0, kind=np.float32):
    filled = np.zeros(SHAPE, kind)
    for left, top, right, bottom in boxes:
        filled[top:bottom, left:right] = value
    return filled


def mask(*boxes):
    return plane(*boxes, value=255, kind=np.uint8)


def directed(gone, new, **layers):
    return replace(answer(), evidence=Evidence(gone, new, directed=True, layers=layers))


ONE, TWO = (2, 3, 12, 13), (20, 5, 30, 15)


def test_each_map_is_held_against_its_own_truth():
    one = tally_of(directed(plane(ONE), plane(TWO)), Truth(True, mask(ONE, TWO), gone=mask(ONE), new=mask(TWO)))
    assert {name: (c.tp, c.fp, c.fn) for name, c in one.answers.items()} == {
        "added": (100, 0, 0),
        "removed": (100, 0, 0),
        "changed": (0, 0, 0),
        "unchanged": (1000, 0, 0),
        "gone": (100, 0, 0),
        "new": (100, 0, 0),
        "any": (200, 0, 0),
    }


def test_new_is_brought_from_afters_pixels_by_the_alignment():
    """After is seen two pixels further right and has another size; so its mask lies elsewhere than the method's map."""
    wide = Picture(np.zeros((HEIGHT + 5, WIDTH + 9, 3), np.uint8))
    matrix = np.array([[1, 0, 2], [0, 1, 1], [0, 0, 1.0]])
    there = np.zeros((HEIGHT + 5, WIDTH + 9), np.uint8)
    there[TWO[1] + 1 : TWO[3] + 1, TWO[0] + 2 : TWO[2] + 2] = 255
    said = directed(plane(), plane(TWO))
    said = replace(said, pair=replace(said.pair, after=wide), alignment=Alignment("shift", matrix, 0.1, 1.0))
    one = tally_of(said, Truth(True, gone=mask(), new=there))
    assert (one.answers["new"].tp, one.answers["new"].fp, one.answers["new"].fn) == (100, 0, 0)
    missed = tally_of(
        replace(said, alignment=Alignment("off", np.eye(3), None, 1.0)), Truth(True, gone=mask(), new=there)
    )
    assert missed.answers["new"].tp == 8 * 9


def test_a_flow_is_followed_to_afters_pixels():
    flow = np.zeros((*SHAPE, 2), np.float32)
    flow[..., 0] = 3
    said = replace(directed(plane(), plane(TWO)), alignment=Alignment("none", np.eye(3), 0.1, 1.0, flow))
    moved = (TWO[0] + 3, TWO[1], TWO[2] + 3, TWO[3])
    one = tally_of(said, Truth(True, gone=mask(), new=mask(moved)))
    assert (one.answers["new"].tp, one.answers["new"].fp) == (100, 0)


def test_what_after_does_not_show_counts_nowhere():
    matrix = np.array([[1, 0, 10], [0, 1, 0], [0, 0, 1.0]])  # before's last ten columns lie outside of after
    said = replace(directed(plane(), plane((35, 0, 40, 30))), alignment=Alignment("shift", matrix, 0.1, 0.75))
    one = tally_of(said, Truth(False, gone=mask(), new=mask()))
    assert one.answers["new"].fp == 0
    assert one.answers["any"].tn == (WIDTH - 10) * HEIGHT


def test_both_masks_and_the_options_leave_pixels_out():
    gone, new, valid = mask(ONE), mask(), np.ones(SHAPE, bool)
    gone[0], new[1], valid[2] = 170, 85, False
    said = directed(plane(), plane())
    said = replace(said, pair=replace(said.pair, valid=valid))
    one = tally_of(said, Truth(True, gone=gone, new=new))
    assert one.answers["any"].tn + one.answers["any"].fn == (HEIGHT - 3) * WIDTH


def test_the_methods_own_four_maps_are_taken():
    layers = {name: plane(ONE, value=0.1) for name in ("added", "removed", "changed")}
    own = tally_of(
        directed(plane(ONE), plane(), **layers, unchanged=plane((0, 0, WIDTH, HEIGHT))),
        Truth(True, gone=mask(ONE), new=mask()),
    )
    assert (own.answers["removed"].tp, own.answers["gone"].tp) == (0, 100)
    some = tally_of(directed(plane(ONE), plane(), **layers), Truth(True, gone=mask(ONE), new=mask()))
    assert some.answers["removed"].tp == 100


def test_truth_in_one_mask_knows_no_kinds():
    one = tally_of(directed(plane(ONE), plane()), Truth(True, mask(ONE, TWO)))
    assert set(one.answers) == {"any", "unchanged"}
    assert (one.answers["any"].tp, one.answers["any"].fn) == (100, 100)
    assert tally_of(answer(), Truth(True)) is None


def test_a_refused_pair_says_nothing():
    refused = replace(answer(verdict="unsure"), evidence=None, labels=None)
    one = tally_of(refused, Truth(True, gone=mask(ONE), new=mask(TWO)))
    assert (one.answers["any"].fn, one.answers["any"].fp) == (200, 0)


def test_undirected_change_takes_the_kind_of_its_region():
    change = plane(ONE, TWO, (0, 20, 5, 25), value=0.8)
    labels = plane(ONE, kind=np.int32) + plane(TWO, value=2, kind=np.int32)
    regions = (
        replace(region("added", before=ONE, after=ONE), label=1),
        replace(region("removed", before=TWO, after=TWO), label=2),
    )
    gone, new = predicted_maps(replace(answer(*regions, change=change), labels=labels))
    assert (gone[5, 5], new[5, 5]) == (0, np.float32(0.8))
    assert (gone[8, 25], new[8, 25]) == (np.float32(0.8), 0)
    assert gone[22, 2] == new[22, 2] == np.float32(0.8)


def test_an_undirected_move_is_gone_here_and_new_there():
    change, labels = plane(ONE, TWO, value=0.9), plane(ONE, TWO, kind=np.int32)
    moved = replace(region("moved", before=ONE, after=TWO), label=1)
    gone, new = predicted_maps(replace(answer(moved, change=change), labels=labels))
    assert (gone > 0).tolist() == (plane(ONE) > 0).tolist()
    assert (new > 0).tolist() == (plane(TWO) > 0).tolist()


def test_maps_wider_than_before_are_cut():
    wide = np.zeros((HEIGHT + 4, WIDTH + 6), np.float32)
    wide[:, WIDTH:] = 1
    gone, new = predicted_maps(directed(wide, wide))
    assert gone.shape == new.shape == SHAPE
    assert gone.max() == 0


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        pytest.param(Truth(True, np.zeros((3, 4), np.uint8)), "the mask of a is 4x3, before is 40x30", id="one mask"),
        pytest.param(
            Truth(True, gone=mask(), new=np.zeros((3, 4), np.uint8)), "is 4x3, after is 40x30", id="new in after"
        ),
        pytest.param(Truth(True, gone=np.zeros((3, 4), np.uint8), new=mask()), "is 4x3, before", id="gone in before"),
    ],
)
def test_masks_of_another_size_are_refused(truth, message):
    with pytest.raises(DataError, match=message):
        tally_of(answer(), truth)


def test_answers_do_not_change_the_evidence():
    change = plane(ONE, value=0.8)
    said = replace(
        answer(replace(region("added", before=ONE, after=ONE), label=1), change=change),
        labels=plane(ONE, kind=np.int32),
    )
    first = tally_of(said, Truth(True, gone=mask(), new=mask(ONE)))
    again = tally_of(said, Truth(True, gone=mask(), new=mask(ONE)))
    assert asdict(first.answers["added"]) == asdict(again.answers["added"])
    assert said.evidence.change.max() == np.float32(0.8)
