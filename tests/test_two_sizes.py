"""Pictures of two sizes: what only one of them shows is told, or nothing is said."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

import spotdiff

METHODS = ("spot", "pixel", "classic", "ssim")


def drawn(width=400, height=300, seed=0):
    """A page of boxes and lines."""
    rng = np.random.default_rng(seed)
    page = np.full((height, width, 3), 245, np.uint8)
    for _ in range(40):
        x, y, w, h = rng.integers(0, (width, height, 60, 30))
        cv2.rectangle(page, (int(x), int(y)), (int(x + w), int(y + h)), rng.integers(0, 255, 3).tolist(), -1)
    return page


def grown(page, right=0, below=0):
    height, width = page.shape[:2]
    larger = np.full((height + below, width + right, 3), 245, np.uint8)
    larger[:height, :width] = page
    return larger


def lossy(page):
    return cv2.imdecode(cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 85])[1], cv2.IMREAD_COLOR)


@pytest.mark.parametrize("align", ["auto", "off"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("right", "below", "boxes"),
    [
        (0, 60, [(0, 300, 400, 360)]),
        (80, 0, [(400, 0, 480, 300)]),
        (80, 60, [(400, 0, 480, 360), (0, 300, 400, 360)]),
    ],
)
def test_what_a_page_grew_by_is_added_and_exchanged_removed(method, align, right, below, boxes):
    page = drawn()
    larger = grown(page, right, below)
    there = spotdiff.compare(page, larger, method=method, align=align)
    assert there.verdict == "changed"
    assert [(region.kind, region.box_before, region.box_after) for region in there.regions] == [
        ("added", None, box) for box in boxes
    ]
    back = spotdiff.compare(larger, page, method=method, align=align)
    assert [(region.kind, region.box_before, region.box_after) for region in back.regions] == [
        ("removed", box, None) for box in boxes
    ]
    assert there.changed_pixels == back.changed_pixels == larger[..., 0].size - page[..., 0].size
    assert "camera" not in there.text + back.text


def test_one_grew_to_the_right_and_the_other_downwards():
    page = drawn()
    answer = spotdiff.compare(grown(page, below=50), grown(page, right=70))
    assert {(region.kind, region.box_before, region.box_after) for region in answer.regions} == {
        ("removed", (0, 300, 400, 350), None),
        ("added", None, (400, 0, 470, 300)),
    }


def test_what_changed_besides_is_told_too():
    page = drawn()
    larger = grown(page, below=60)
    larger[100:140, 200:260] = (250, 0, 0)
    kinds = {region.kind: region for region in spotdiff.compare(page, larger, method="pixel").regions[:1]}
    assert kinds["added"].box_after == (0, 300, 400, 360)
    answer = spotdiff.compare(page, larger)
    assert any(
        region.box_after and region.box_after[1] in range(90, 110) and region.box_after[3] in range(130, 150)
        for region in answer.regions
    )


def test_a_lossy_page_that_grew():
    page = drawn(height=304)  # whole blocks of 16 pixels: else the last one is compressed anew
    answer = spotdiff.compare(lossy(page), lossy(grown(page, below=60)))
    assert [(region.kind, region.box_after) for region in answer.regions] == [("added", (0, 304, 400, 364))]


def test_new_rows_that_do_not_count_are_not_told():
    page = drawn()
    answer = spotdiff.compare(page, grown(page, below=60), focus=[[0, 0, 400, 300]])
    assert answer.verdict == "same"


@pytest.mark.parametrize("method", METHODS)
def test_a_banner_over_the_page_or_a_part_cut_out_of_it_is_no_same(method):
    page = drawn()
    banner = np.concatenate([np.full((50, 400, 3), 200, np.uint8), page])
    for before, after in ((page, banner), (banner, page), (page, page[60:250, 90:350]), (page[60:250, 90:350], page)):
        assert spotdiff.compare(before, after, method=method).verdict != "same"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [(1, 1), (400, 1), (1, 300), (8, 6), (23, 17)])
def test_a_picture_too_small_to_show_the_other_is_unsure_both_ways(method, size):
    page = drawn()
    small = cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    for before, after in ((page, small), (small, page)):
        answer = spotdiff.compare(before, after, method=method)
        assert answer.verdict == "unsure"
        assert f"{size[0]}x{size[1]}" in answer.reason


def test_a_picture_at_another_resolution_shows_the_same():
    page = cv2.GaussianBlur(drawn(), (0, 0), 2)
    half = cv2.resize(page, (200, 150), interpolation=cv2.INTER_AREA)
    assert spotdiff.compare(page, half).verdict == spotdiff.compare(half, page).verdict == "same"


def test_a_history_of_another_size_is_laid_on_the_picture():
    page = drawn()
    answer = spotdiff.compare(page, page, history=[grown(page, below=40), page])
    assert answer.verdict == "same"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("noise", "level"), [(0, 20), (2, 20), (2, 128), (0, 250)])
def test_a_plain_page_that_grew_is_not_stretched(method, noise, level):
    def page(height, seed):
        plain = np.full((height, 400, 3), float(level))
        return np.clip(plain + np.random.default_rng(seed).normal(0, noise, plain.shape), 0, 255).astype(np.uint8)

    there = spotdiff.compare(page(300, 1), page(420, 2), method=method)
    assert there.verdict == "changed"
    assert [(region.kind, region.box_after) for region in there.likely] == [("added", (0, 300, 400, 420))]
    back = spotdiff.compare(page(420, 2), page(300, 1), method=method)
    assert [(region.kind, region.box_before) for region in back.likely] == [("removed", (0, 300, 400, 420))]


@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
def test_a_part_of_equal_proportions_is_not_all_of_the_picture(share, texture):
    whole = texture(400, 300, seed=3)
    height, width = round(300 * share), round(400 * share)
    top, left = (300 - height) // 2, (400 - width) // 2
    part = np.ascontiguousarray(whole[top : top + height, left : left + width])
    for pair in ((whole, part), (part, whole)):
        answer = spotdiff.compare(*pair)
        assert answer.verdict == "unsure"
        assert answer.alignment.matrix[0, 0] == pytest.approx(1, abs=0.01)


def test_a_resized_copy_is_the_same(texture):
    whole = texture(400, 300, seed=3)
    for factor in (0.5, 0.8, 1.7):
        copy = cv2.resize(whole, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        assert spotdiff.compare(whole, copy).verdict == spotdiff.compare(copy, whole).verdict == "same"


@pytest.mark.parametrize("align", ["off", "page"])
def test_ssim_answers_though_both_share_less_than_a_window(align, texture):
    strip, whole = texture(200, 5, seed=1), texture(200, 100, seed=2)
    for pair in ((strip, whole), (whole, strip)):
        answer = spotdiff.compare(*pair, method="ssim", align=align)
        assert answer.verdict == "changed"
        assert answer.evidence.notes["mean_ssim"] < 1


@pytest.mark.parametrize(("right", "below"), [(40, 0), (200, 0), (0, 100), (1, 0), (0, 1)])
def test_a_shaded_page_that_grew_is_not_stretched(right, below):
    def shaded(width, height):
        shade = np.linspace(60, 180, height)[:, None, None]
        return np.broadcast_to(shade, (height, width, 3)).astype(np.uint8)

    answer = spotdiff.compare(shaded(400, 300), shaded(400 + right, 300 + below))
    assert answer.verdict == "changed"
    assert "added" in [region.kind for region in answer.likely]
