from dataclasses import replace

import cv2
import numpy as np

from spotdiff.report.cutouts import cutout, region_cutouts, write_cutouts
from spotdiff.report.own_pixels import SIDES, labels_in

HOMOGRAPHY = np.array([[1.9, 0.12, -9], [-0.08, 2.1, 14], [2e-5, -3e-5, 1.0]])


def test_changed_pixels_stay_and_nothing_else(any_comparison):
    for side in SIDES:
        pixels = getattr(any_comparison.pair, side).pixels
        cut, kept = cutout(any_comparison, side), labels_in(any_comparison, side) > 0
        assert np.array_equal(cut[..., 3] == 255, kept)
        assert np.array_equal(cut[kept, :3], pixels[kept])
        assert not cut[~kept].any()


def test_each_region_is_cut_to_its_own_pixels(comparison_of, region):
    touching = [region(1, "added", (20, 30, 60, 70)), region(7, "removed", (60, 30, 70, 40))]
    comparison = comparison_of(touching, after_size=(330, 280), matrix=HOMOGRAPHY)
    found = dict(region_cutouts(comparison, "before"))
    assert [cut.shape for cut in found.values()] == [(40, 40, 4), (10, 10, 4)]
    assert np.array_equal(found[touching[1]][..., :3], comparison.pair.before.pixels[30:40, 60:70])
    labels = labels_in(comparison, "after")
    for each, cut in region_cutouts(comparison, "after"):
        assert (cut[..., 3] > 0).sum() == (labels == each.label).sum() > 0


def test_transparency_of_the_picture_stays(changed):
    alpha = np.full((120, 160), 100, np.uint8)
    alpha[:50] = 0
    comparison = replace(changed, pair=replace(changed.pair, before=replace(changed.pair.before, alpha=alpha)))
    cut = cutout(comparison, "before")
    assert not cut[:50].any()
    assert cut[60, 30, 3] == 100


def test_files_are_named_by_picture_and_number(changed, tmp_path):
    whole = write_cutouts(changed, tmp_path, stem="yard/1")
    assert [path.name for path in whole] == ["1.before.cutout.png", "1.after.cutout.png"]
    each = write_cutouts(changed, tmp_path, each=True)
    assert [path.name for path in each] == [f"{side}.cutout.{n}.png" for side in SIDES for n in (1, 2, 3)]
    saved = cv2.cvtColor(cv2.imread(str(whole[1]), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)
    assert np.array_equal(saved, cutout(changed, "after"))


def test_nothing_changed_gives_empty_cutouts(same, tmp_path):
    assert write_cutouts(same, tmp_path, each=True) == []
    assert not cutout(same, "after").any()
