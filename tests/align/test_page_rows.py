"""Pages whose rows shifted: what was inserted or taken out is told as such, what only moved down is the same."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spotdiff
from spotdiff.align.rows import match_rows
from spotdiff.report.coordinates import labels_in, places
from spotdiff.report.maps import probability_maps
from spotdiff.report.overlay import overlay_indices


def page(parts, *, width=320):
    """A page of paragraphs, 60 rows each, named by numbers; a negative one is a banner of 40 rows."""
    blocks = []
    for part in parts:
        block = np.full((40 if part < 0 else 60, width, 3), 255 if part >= 0 else 180, np.uint8)
        for line in range(1 if part < 0 else 3):
            text = f"{part}:{line} " + "".join(chr(97 + (part * 7 + line * 3 + k * k) % 26) for k in range(24))
            cv2.putText(block, text, (10, 18 + 18 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1, cv2.LINE_AA)
        blocks.append(block)
    return np.concatenate(blocks)


BEFORE = page([1, 2, 3, 4, 5])
CHANGES = {  # the parts of after, and what is told: kind, box before, box after
    "a banner at the top": ([-1, 1, 2, 3, 4, 5], [("added", None, (0, 0, 320, 40))]),
    "a banner in the middle": ([1, 2, -1, 3, 4, 5], [("added", None, (0, 120, 320, 160))]),
    "a banner at the end": ([1, 2, 3, 4, 5, -1], [("added", None, (0, 300, 320, 340))]),
    "two banners": ([-1, 1, 2, 3, -2, 4, 5], [("added", None, (0, 0, 320, 40)), ("added", None, (0, 220, 320, 260))]),
    "a paragraph less": ([1, 2, 4, 5], [("removed", (0, 120, 320, 180), None)]),
    "one less, a banner more": (
        [-1, 1, 2, 4, 5],
        [("removed", (0, 120, 320, 180), None), ("added", None, (0, 0, 320, 40))],
    ),
}


def told(answer):
    return sorted((r.kind, r.box_before, r.box_after) for r in answer.regions if r.score > 0.5)


def near(found, wanted, slack=8):
    """Blank rows look alike: where an insertion begins and ends among them nobody can say."""
    assert [kind for kind, _, _ in found] == [kind for kind, _, _ in wanted]
    for (_, *boxes), (_, *others) in zip(found, wanted, strict=True):
        for box, other in zip(boxes, others, strict=True):
            assert (box is None) == (other is None)
            assert box is None or np.abs(np.subtract(box, other)).max() <= slack


@pytest.mark.parametrize("method", ["pixel", "spot"])
@pytest.mark.parametrize("name", CHANGES)
def test_what_was_inserted_is_told_and_what_shifted_is_not(method, name):
    parts, wanted = CHANGES[name]
    after = page(parts)
    there = spotdiff.compare(BEFORE, after, method=method, align="page", light="off")
    near(told(there), sorted(wanted, key=str))
    opposite = {"added": "removed", "removed": "added"}
    back = spotdiff.compare(after, BEFORE, method=method, align="page", light="off")
    near(told(back), sorted(((opposite[kind], new, old) for kind, old, new in wanted), key=str))
    assert "camera" not in there.text


def test_what_changed_in_a_part_that_shifted_is_told_in_both_pictures_rows():
    after = page([-1, 1, 2, 3, 4, 5])
    after[40 + 190 : 40 + 214, 100:150] = (200, 30, 30)
    answer = spotdiff.compare(BEFORE, after, method="pixel", align="page", light="off", join=12)
    changed = next(region for region in answer.regions if region.box_before and region.box_after)
    assert "parts of the page shifted by up to 40 px" in answer.text
    assert np.abs(np.subtract(changed.box_before, (100, 190, 150, 214))).max() <= 2
    assert np.abs(np.subtract(changed.box_after, (100, 230, 150, 254))).max() <= 2
    assert labels_in(answer, "before")[200, 120] == labels_in(answer, "after")[240, 120] == changed.label
    before_map, after_map = probability_maps(answer)
    assert before_map.shape == BEFORE.shape[:2]
    assert after_map.shape == after.shape[:2]
    assert after_map[20, 100] >= 128
    assert before_map[20, 100] < 128
    assert len(overlay_indices(answer)) == len(answer.labels)
    assert places(answer, changed)[0][1] in range(225, 236)


def columns(*, banner=0, left=0, right=0, scrolled=0, marked=False):
    """Two columns of text that lie `banner` rows further down and each some more, under a bar; 380 rows."""
    picture = np.full((380, 640, 3), 255, np.uint8)
    picture[:30] = (31, 58, 95)
    picture[30 : 30 + banner] = (255, 233, 168)
    for line in range(11):
        for column, off in ((20, left - scrolled), (340, right)):
            text = f"{column}:{line} " + "".join(chr(97 + (column + line * 5 + k * k) % 26) for k in range(20))
            at = 58 + banner + off + 24 * line + (line % 3 if column == 20 else line % 2)
            cv2.putText(picture[30 + banner :], text, (column, at - 30 - banner), 0, 0.45, (20, 20, 20), 1, cv2.LINE_AA)
    if marked:
        picture[200:216, 420:440] = (200, 30, 30)
    return picture


def test_parts_that_round_their_shift_each_by_itself_are_the_same():
    pair = columns(), columns(banner=42, right=1)
    for before, after, kind in ((*pair, "added"), (*pair[::-1], "removed")):
        answer = spotdiff.compare(before, after, preset="screens")
        strips = [one for one in answer.regions if one.kind == kind and (one.box_before or one.box_after)[1] == 30]
        assert len(answer.regions) <= 3
        assert len(strips) == 1
    answer = spotdiff.compare(columns(), columns(banner=42, right=1, marked=True), preset="screens")
    assert any(
        one.box_after and np.abs(np.subtract(one.box_after, (420, 200, 440, 216))).max() < 16 for one in answer.regions
    )


def test_what_moved_by_a_row_on_a_page_that_did_not_shift_is_told():
    assert spotdiff.compare(columns(), columns(right=1), preset="screens").verdict == "changed"
    assert spotdiff.compare(columns(), columns(left=1, right=1), preset="screens").verdict == "changed"


def test_a_column_that_scrolled_leaves_the_other_alone():
    answer = spotdiff.compare(columns(), columns(scrolled=31), preset="screens")
    assert answer.verdict == "changed"
    assert all(box[2] <= 330 for one in answer.regions for box in (one.box_before, one.box_after) if box)


def with_button(top, *, width):
    """A page with a button on blank ground in its middle."""
    picture = np.concatenate([page([1, 2], width=640), np.full((160, 640, 3), 255, np.uint8), page([3], width=640)])
    picture[top : top + 36, 60 : 60 + width] = (20, 90, 200)
    cv2.putText(picture, "Save", (80, top + 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize("lower", [132, 144, 200])
def test_a_thing_that_moved_on_blank_ground_is_no_shift_of_rows(lower):
    pair = with_button(130 + 2, width=120), with_button(lower + 24, width=120)
    for before, after in (pair, pair[::-1]):
        answer = spotdiff.compare(before, after, preset="screens")
        boxes = [box for region in answer.regions for box in (region.box_before, region.box_after) if box]
        assert answer.verdict == "changed"
        assert all(box[0] >= 56 and box[2] <= 184 for box in boxes)
        assert "shifted" not in answer.text


def test_rows_that_shifted_over_most_of_the_width_did_shift():
    answer = spotdiff.compare(with_button(132, width=500), with_button(144, width=500), preset="screens")
    assert sorted(region.kind for region in answer.regions) == ["added", "removed"]
    assert "shifted by up to 12 px" in answer.text


def test_masks_are_of_befores_rows():
    after = page([-1, 1, 2, 3, 4, 5])
    after[40 + 190 : 40 + 214, 100:150] = (200, 30, 30)
    for before_box in ([[90, 180, 160, 230]],):
        answer = spotdiff.compare(BEFORE, after, method="pixel", align="page", light="off", ignore=before_box)
        assert [region.kind for region in answer.regions] == ["added"]
        answer = spotdiff.compare(BEFORE, after, method="pixel", align="page", light="off", focus=before_box)
        assert all(region.box_before for region in answer.regions)


def test_pages_without_an_equal_row_lie_flush():
    answer = spotdiff.compare(BEFORE, cv2.add(BEFORE, (0, 3, 0, 0)), method="pixel", align="page", light="off")
    assert answer.verdict == "same"
    assert answer.alignment.model == "page"


def test_a_history_of_shifted_pages_is_brought_back():
    answer = spotdiff.compare(BEFORE, BEFORE, align="page", history=[page([-1, 1, 2, 3, 4, 5]), BEFORE])
    assert answer.verdict == "same"


rows_of = st.lists(st.integers(0, 6), max_size=30)


@given(rows_of, rows_of)
def test_every_row_is_matched_once_in_order_and_equal_ends_stay(before, after):
    one, other = (np.array(rows, np.uint8).reshape(-1, 1) for rows in (before, after))
    found = match_rows(one, other)
    assert len(found[0]) == len(found[1])
    for own, rows in zip(found, (before, after), strict=True):
        assert own[own >= 0].tolist() == list(range(len(rows)))
    assert not ((found[0] < 0) & (found[1] < 0)).any()
    start = next(
        (n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(map(len, (before, after)))
    )
    assert found[0][:start].tolist() == found[1][:start].tolist() == list(range(start))
