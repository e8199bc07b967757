import base64
import io

import numpy as np
import pytest
from PIL import Image

from spotdiff.image.resize import shrink_within
from spotdiff.report.data_uri import file_uri, heat_file, picture_uri, thumbnail
from spotdiff.types import Picture

NOISE = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
FLAT = np.full((60, 90, 3), (200, 30, 40), np.uint8)


def opened(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_photographs_are_jpeg_and_drawings_exact():
    assert opened(picture_uri(Picture(NOISE))).format == "JPEG"
    drawing = opened(picture_uri(Picture(FLAT)))
    assert drawing.format == "PNG"
    assert np.array_equal(np.asarray(drawing), FLAT)


def test_transparency_is_kept_where_there_is_any():
    alpha = np.full((60, 90), 255, np.uint8)
    assert opened(picture_uri(Picture(NOISE, alpha))).format == "JPEG"
    alpha[:30] = 0
    assert np.array_equal(np.asarray(opened(picture_uri(Picture(NOISE, alpha))))[..., 3], alpha)


@pytest.mark.parametrize(
    ("shape", "small"), [((60, 90, 3), (40, 60, 3)), ((90, 1), (60, 1)), ((20, 30), (20, 30))], ids=str
)
def test_only_long_sides_shrink(shape, small):
    assert shrink_within(np.zeros(shape, np.uint8), 60).shape == small


def test_heat_is_clear_at_0_and_opaque_and_bright_at_1():
    heat = np.asarray(opened(file_uri(heat_file(np.array([[0, 0.5, 1]], np.float32)))).convert("RGBA")).astype(int)[0]
    assert heat[0, 3] == 0
    assert heat[2, 3] > 220
    assert heat[0, :3].sum() < heat[1, :3].sum() < heat[2, :3].sum()


def test_a_thumbnail_is_a_small_jpeg():
    picture = Image.open(io.BytesIO(thumbnail(Picture(NOISE), max_side=45)))
    assert (picture.format, picture.size) == ("JPEG", (45, 30))
