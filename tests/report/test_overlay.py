import colorsys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from spotdiff.errors import OptionError
from spotdiff.report.colours import KIND_COLOURS
from spotdiff.report.overlay import overlay, palette, write_overlay
from spotdiff.types import KINDS


def test_unchanged_is_dim_grey_and_follows_the_picture(same):
    drawn = overlay(same)
    assert drawn.shape == same.aligned.after.pixels.shape
    assert (drawn[..., 0] == drawn[..., 1]).all()
    assert (drawn[..., 1] == drawn[..., 2]).all()
    assert drawn.max() <= 120
    grey = cv2.cvtColor(same.aligned.after.pixels, cv2.COLOR_RGB2GRAY)
    assert np.corrcoef(grey.ravel(), drawn[..., 0].ravel())[0, 1] > 0.99


@pytest.mark.parametrize("kind", KINDS)
def test_changed_pixels_have_the_colour_of_their_kind(kind, comparison_of, region):
    comparison = comparison_of([region(3, kind, (40, 30, 140, 90))], size=(400, 300))
    inside = overlay(comparison)[35:85, 45:135].reshape(-1, 3).astype(float)
    hues = {other: colorsys.rgb_to_hsv(*colour)[0] for other, colour in KIND_COLOURS.items()}
    hue = colorsys.rgb_to_hsv(*inside.mean(0))[0]
    assert min(hues, key=lambda other: abs(hues[other] - hue)) == kind


def test_only_labelled_pixels_boxes_and_tags_are_coloured(changed):
    drawn = overlay(changed).astype(int)
    coloured = np.ptp(drawn, axis=2) > 12
    assert coloured[changed.labels > 0].all()
    assert not coloured[95:, 5:60].any()


def test_a_box_frames_every_place_of_a_moved_thing(comparison_of, region):
    thing = region(1, "moved", (100, 100, 140, 130), (250, 200, 290, 230))
    drawn = overlay(comparison_of([thing], size=(400, 300)))
    ink = np.array(KIND_COLOURS["moved"])
    for left, top, right, bottom in (thing.box_before, thing.box_after):
        assert (drawn[top - 1, left:right] == ink).all()
        assert (drawn[bottom, left:right] == ink).all()


def test_the_surest_is_drawn_on_top(comparison_of, region):
    boxes = (40, 60, 100, 120), (41, 60, 100, 120)
    sure, unsure = region(1, "added", boxes[0], score=0.9), region(2, "removed", boxes[1], score=0.4)
    comparison = comparison_of([sure, unsure], size=(400, 300))
    assert overlay(comparison)[59, 50].tolist() == list(KIND_COLOURS["added"])


def test_what_is_only_possible_is_drawn_when_asked_for(comparison_of, region):
    sure, faint = region(1, "added", (40, 60, 100, 120)), region(2, "removed", (200, 150, 260, 210), score=0.4)
    answer = comparison_of([sure, replace(faint, likely=False)], size=(400, 300))
    with_it, without = overlay(answer, possible=True), overlay(answer)
    there, elsewhere = np.s_[140:220, 190:270], np.s_[:130, :180]
    assert (np.ptp(with_it[there].astype(int), axis=2) > 12).any()
    assert np.array_equal(without[there], overlay(comparison_of([sure], size=(400, 300)))[there])
    assert np.array_equal(without[elsewhere], with_it[elsewhere])


def test_a_region_that_nobody_knows_is_shown_as_changed(comparison_of):
    comparison = comparison_of([])
    comparison.labels[10:20, 10:20] = 9
    assert (np.ptp(overlay(comparison)[10:20, 10:20].astype(int), axis=2) > 12).all()


def test_refused_is_the_dimmed_picture(refused):
    assert overlay(refused).shape == (80, 60, 3)


def test_the_file_holds_the_overlay(any_comparison, tmp_path):
    path = tmp_path / "deep" / "overlay.png"
    write_overlay(any_comparison, path)
    assert np.array_equal(cv2.imread(str(path))[..., ::-1], overlay(any_comparison))


def test_another_format_is_refused(changed, tmp_path):
    with pytest.raises(OptionError, match=r"end its name in \.png"):
        write_overlay(changed, tmp_path / "overlay.jpg")


def test_the_palette_fits_an_indexed_picture():
    colours = palette()
    assert colours.dtype == np.uint8
    assert len(colours) <= 256
