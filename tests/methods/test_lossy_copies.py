"""Copies of one picture in forms that do not keep every colour are the same; what changed in such a copy is told."""

from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

import spotdiff
from spotdiff.image.lossy_forms import loses_colours


def scene(seed=3):
    """A room, not of one place: smooth ground in many hues, things with edges, and noise of a camera."""
    rng = np.random.default_rng(seed)
    ground = cv2.resize(rng.uniform(60, 210, (6, 8, 3)).astype(np.float32), (480, 360), interpolation=cv2.INTER_CUBIC)
    for _ in range(24):
        x, y = rng.integers(0, 440), rng.integers(0, 320)
        colour = rng.uniform(0, 255, 3).tolist()
        cv2.rectangle(
            ground, (int(x), int(y)), (int(x + rng.integers(8, 60)), int(y + rng.integers(8, 60))), colour, -1
        )
    return np.clip(ground + rng.normal(0, 2, ground.shape), 0, 255).astype(np.uint8)


def saved(pixels, form):
    image, file = Image.fromarray(pixels), BytesIO()
    name, _, quality = form.partition(" ")
    if name == "palette":
        image = image.quantize(256)
    elif name == "dithered":
        image = image.quantize(palette=image.quantize(256), dither=Image.Dither.FLOYDSTEINBERG)
    options = {"quality": int(quality)} if name in ("JPEG", "WEBP") else {}
    image.save(file, name if options else (quality or "PNG"), **options)
    return file.getvalue()


BEFORE = scene()
AFTER = BEFORE.copy()
AFTER[200:212, 300:312] = 255 - AFTER[200:212, 300:312].mean((0, 1)).astype(np.uint8) // 2
FORMS = ["JPEG 60", "JPEG 75", "JPEG 95", "WEBP 70", "palette PNG", "palette GIF", "dithered PNG", "dithered GIF"]


@pytest.mark.parametrize("first", ["PNG", "JPEG 90"])
@pytest.mark.parametrize("form", FORMS)
def test_a_copy_in_another_form_is_the_same_and_a_change_in_it_is_told(form, first):
    before = saved(BEFORE, first)
    same = spotdiff.compare(before, saved(BEFORE, form), method="pixel", describe="off")
    assert same.verdict == "same", same.reason
    changed = spotdiff.compare(before, saved(AFTER, form), method="pixel", describe="off")
    assert changed.verdict == "changed"
    middles = [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2) for box in (r.box_after for r in changed.likely)]
    assert middles
    block = 16  # pixels that a JPEG codes at a time: round what changed, within one, it rings
    assert all(300 - block <= x <= 312 + block and 200 - block <= y <= 212 + block for x, y in middles)


def test_without_it_and_with_no_threshold_every_pixel_counts():
    files = saved(BEFORE, "PNG"), saved(BEFORE, "dithered PNG")
    for settings in ({"loss": False}, {"threshold": 0.0}):
        assert spotdiff.compare(*files, method="pixel", settings=settings, describe="off").verdict == "changed"


@pytest.mark.parametrize(("form", "lossy"), [*((form, True) for form in FORMS), ("PNG", False), ("BMP", False)])
def test_forms(form, lossy):
    assert (
        loses_colours(saved(BEFORE, form), np.array(Image.open(BytesIO(saved(BEFORE, form))).convert("RGB"))) == lossy
    )


def test_a_drawing_of_few_colours_keeps_them_in_a_palette():
    page = np.full((200, 300, 3), 255, np.uint8)
    cv2.putText(page, "1,204.50", (30, 60), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (20, 20, 20), 1, cv2.LINE_AA)
    changed = page.copy()
    changed[120:122, 100:103] = 0
    assert not loses_colours(saved(page, "palette PNG"), page)
    answer = spotdiff.compare(saved(page, "palette PNG"), saved(changed, "palette PNG"), method="pixel", describe="off")
    assert answer.verdict == "changed"
