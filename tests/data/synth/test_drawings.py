"""Drawings as scenes, and parts of a picture painted with other parts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotdiff.data.synth import Materials, PairRecipe, Synthesis
from spotdiff.data.synth import drawings as module
from spotdiff.data.synth.clone_patches import patches
from spotdiff.data.synth.cutouts import cutout_of
from spotdiff.data.synth.drawings import drawing
from spotdiff.data.synth.materials import StoredImage

PLAIN = {
    "light": 0.0,
    "shadows": 0.0,
    "dim": 0.0,
    "camera": "still",
    "sensor": 0.0,
    "texture_motion": 0.0,
    "size": 96,
    "covered": 0.0,
}


@pytest.mark.parametrize("paint", [*module._DRAWINGS, module.screen, module._empty], ids=lambda paint: paint.__name__)
@pytest.mark.parametrize("side", [8, 33, 160])
def test_every_drawing_at_every_size(paint: object, side: int) -> None:
    for seed in range(12):
        picture = paint(np.random.default_rng(seed), side)  # type: ignore[operator]
        assert picture.shape == (side, side, 3)
        assert picture.dtype == np.uint8


def test_drawings_differ_and_show_something() -> None:
    made = [drawing(np.random.default_rng(seed), 96, screens=0.3)[0] for seed in range(30)]
    assert len({picture.tobytes() for picture in made}) == 30
    assert sum(picture.std() > 5 for picture in made) >= 28


def test_an_etched_board_has_two_levels() -> None:
    for seed in range(10):
        picture = module._etched(np.random.default_rng(seed), 96)
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) <= 2


def test_share_of_drawn_scenes() -> None:
    grey = np.full((64, 64, 3), 127, np.uint8)
    photo = StoredImage("grey.png", cv2.imencode(".png", grey)[1].tobytes())
    materials = Materials((photo,), ())

    def plain(share: float) -> int:
        recipe = PairRecipe(**PLAIN, drawn=share, unchanged=1.0, distractors=0, inpaint=0.0)  # type: ignore[arg-type]
        return sum(Synthesis(recipe, materials, 3)[n].before.std() < 1 for n in range(40))

    assert plain(0.0) == 40
    assert plain(1.0) <= 2
    assert 5 <= plain(0.5) <= 35


def test_a_patch_shows_the_place_and_another() -> None:
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (60, 60, 3), np.uint8)
    shape = cutout_of(np.full((8, 10, 4), 255, np.uint8), "blob")
    here, other = patches(rng, picture, shape, (20, 30))
    assert np.array_equal(here.pixels, picture[30:38, 20:30])
    assert other.pixels.shape == here.pixels.shape
    assert not np.array_equal(other.pixels, here.pixels)


@pytest.mark.parametrize("at", [(-4, -4), (57, 58), (0, 0)])
def test_a_patch_over_the_edge(at: tuple[int, int]) -> None:
    picture = np.arange(60 * 60 * 3, dtype=np.uint32).reshape(60, 60, 3).astype(np.uint8)
    here, _ = patches(np.random.default_rng(0), picture, cutout_of(np.full((8, 8, 4), 255, np.uint8), "blob"), at)
    assert here.size == (8, 8)


def test_patched_pairs_changed_in_both_pictures_at_one_place() -> None:
    recipe = PairRecipe(**PLAIN, patched=1.0, text=0.0, unchanged=0.0, most_changes=1, distractors=0, inpaint=0.0)  # type: ignore[arg-type]
    source = Synthesis(recipe, Materials(), 5)
    changed = [pair for pair in (source[n] for n in range(20)) if pair.changed]
    assert len(changed) >= 15
    for pair in changed:
        assert [place.kind for place in pair.places] == ["replaced"]
        assert np.array_equal(pair.gone, pair.new)
        same = ~pair.gone & pair.counted_before & pair.counted_after
        assert np.array_equal(pair.before[same], pair.after[same])
