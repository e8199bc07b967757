"""Panes whose rows shifted beside columns that stayed: what was put in or taken out is told, what shifted not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.align.panes import find_panes

WIDTH, HEIGHT, TOP, ROW = 900, 620, 70, 34
TABLE = 210, 700  # columns of the table; a menu stands on the left of it, and a list of events on the right
ROWS = tuple(range(14))


def write(canvas, text, x, y):
    cv2.putText(canvas, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (25, 25, 25), 1, cv2.LINE_AA)


def cell(row, column):
    return f"{row * 13 + column * 7} " + chr(97 + (row * 5 + column) % 26) * (3 + row % 4)


def page(rows=ROWS, *, events=tuple(range(20)), changed=None):
    """A console: menu, table of rows and list of events; `changed` is a row and the text of its third cell."""
    canvas = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    canvas[:50] = (30, 60, 120)
    canvas[50:, :190] = (240, 240, 245)
    canvas[50:, 720:] = (250, 248, 240)
    for item in range(14):
        write(canvas, f"Menu {item} {chr(65 + item) * 4}", 16, 90 + item * 37)
    for place, event in enumerate(events):
        write(canvas, f"Event {event * 37 % 101} u{event}", 736, 80 + place * 26)
    for place, row in enumerate(rows):
        y = TOP + place * ROW
        canvas[y, TABLE[0] : TABLE[1]] = 215
        for column in range(4):
            text = changed[1] if changed and (row, column) == (changed[0], 2) else cell(row, column)
            write(canvas, text, TABLE[0] + 8 + column * 120, y + 22)
    return canvas


def without(*rows):
    return tuple(row for row in ROWS if row not in rows)


CHANGES = {
    "a row less": ({"rows": without(7)}, [("removed", 7)]),
    "two rows less, apart": ({"rows": without(3, 9)}, [("removed", 3), ("removed", 9)]),
    "a row more": ({"rows": (*ROWS[:5], 77, *ROWS[5:])}, [("added", 5)]),
    "one less, one more": ({"rows": (*without(2)[:9], 77, *without(2)[9:])}, [("removed", 2), ("added", 9)]),
}


def tops(answer):
    """Kinds, and which row of the table each box stands in."""
    return [
        (region.kind, (region.place[1][1] + region.place[1][3]) // 2)
        for region in sorted(answer.regions, key=lambda region: region.place[1][1])
    ]


@pytest.mark.parametrize("name", CHANGES)
def test_rows_of_a_table_beside_columns_that_stay_are_told_as_rows(name):
    changed, wanted = CHANGES[name]
    answer = spotdiff.compare(page(), page(**changed), preset="screens", describe="off")
    found = tops(answer)
    assert [kind for kind, _ in found] == [kind for kind, _ in wanted]
    for (_, middle), (_, row) in zip(found, wanted, strict=True):
        assert abs(middle - (TOP + row * ROW + ROW / 2)) <= ROW / 2
    for region in answer.regions:
        left, top, right, bottom = region.place[1]
        assert left >= TABLE[0] - 4
        assert right <= TABLE[1]
        assert abs(bottom - top - ROW) <= 2


def test_what_is_ignored_of_a_row_counts_nowhere():
    top = TOP + 7 * ROW
    half, whole = (400, top - ROW, TABLE[1], top + 2 * ROW), (TABLE[0] - 4, top - ROW, TABLE[1], top + 2 * ROW)
    plain, less, none = (
        spotdiff.compare(page(), page(without(7)), preset="screens", describe="off", ignore=boxes)
        for boxes in ((), (half,), (whole,))
    )
    assert 0 < less.changed_pixels < 0.5 * plain.changed_pixels
    assert less.regions[0].area < 0.5 * plain.regions[0].area
    assert not none.changed_pixels


def test_exchanged_pages_have_the_mirrored_answer():
    pages = page(), page(without(7))
    ways = [spotdiff.compare(*order, preset="screens", describe="off") for order in (pages, pages[::-1])]
    (removed,), (added,) = (way.regions for way in ways)
    assert (removed.kind, added.kind) == ("removed", "added")
    assert removed.box_before == added.box_after


def test_a_list_beside_a_table_shifts_by_itself_and_both_are_told():
    after = page(without(7), events=tuple(n for n in range(20) if n != 4))
    found = spotdiff.compare(page(), after, preset="screens", describe="off").regions
    assert [region.kind for region in found] == ["removed", "removed"]
    assert sorted(region.box_before[0] >= TABLE[1] for region in found) == [False, True]


def test_a_cell_that_changed_in_a_row_that_shifted_is_told_where_each_picture_has_it():
    after = page(without(3), changed=(10, "OVERDUE"))
    found = spotdiff.compare(page(), after, preset="screens", describe="off").regions
    (row,) = [region for region in found if region.kind == "removed"]
    cells = [region for region in found if region is not row]
    assert row.box_before[1] == pytest.approx(TOP + 3 * ROW, abs=ROW / 2)
    assert cells
    assert all(abs(cell.box_before[1] - TOP - 10 * ROW - ROW / 2) <= ROW / 2 for cell in cells)
    assert all(cell.box_before[1] - cell.box_after[1] == ROW for cell in cells)


def test_what_stays_beside_the_pane_is_compared_as_ever():
    after = page(without(7))
    after[300:330, 40:90] = (200, 30, 30)
    found = spotdiff.compare(page(), after, preset="screens", describe="off").regions
    boxes = [region.place[1] for region in found]
    assert any(box[0] < 190 for box in boxes)
    assert any(region.kind == "removed" and region.box_before[0] >= TABLE[0] - 4 for region in found)


def test_a_button_that_moved_a_word_and_a_row_written_anew_are_no_shift():
    ground = np.full((300, 400, 3), 255, np.uint8)
    moved = [ground.copy(), ground.copy()]
    cv2.rectangle(moved[0], (100, 100), (160, 125), (20, 90, 200), -1)
    cv2.rectangle(moved[1], (100, 160), (160, 185), (20, 90, 200), -1)
    words = [ground.copy(), ground.copy()]
    write(words[0], "4 of 11 rooms are free", 40, 100)
    write(words[1], "8 of 17 rooms are free", 40, 100)
    for before, after in (moved, words, (page(), page((*ROWS[:5], 77, *ROWS[6:]))), (page(), page())):
        assert find_panes(before, after) == ()
