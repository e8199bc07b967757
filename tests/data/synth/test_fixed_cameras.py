"""Pictures of fixed cameras: two of their times are a pair, what passed by is not counted, what was put there is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from spotdiff.data.synth import Materials, Synthesis, get_pair_recipe
from spotdiff.data.synth.fixed_cameras import FixedCamera, Moments, open_fixed_cameras, structure_shared
from spotdiff.errors import DataError

SIDE = 512
PASSER = (slice(280, 340), slice(120, 150))


def place(level, *, passer=False):
    """A place with texture in the light of an hour, and somebody who passes."""
    coarse = np.random.default_rng(4).integers(30, 220, (32, 32, 3)).astype(np.uint8)
    picture = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).astype(float)
    if passer:
        picture[PASSER] = np.random.default_rng(8).integers(0, 255, (60, 30, 1))
    noise = np.random.default_rng(int(level * 100)).normal(0, 2, picture.shape)
    return np.clip(picture * level + noise, 0, 255).astype(np.uint8)


def stored(pictures):
    return tuple((f"{n}.png", cv2.imencode(".png", p[..., ::-1])[1].tobytes()) for n, p in enumerate(pictures))


def camera(count=10):
    levels = np.linspace(0.5, 1.1, count)
    return FixedCamera("yard", stored([place(level, passer=number == 3) for number, level in enumerate(levels)]))


def enlarged(mask):
    return cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST) > 0


def test_who_passed_by_is_alone_and_light_is_not():
    view = camera()
    alone = enlarged(view.alone(3))
    assert alone[PASSER].mean() > 0.8
    alone[260:360, 100:170] = False
    assert not alone.any()
    assert not any(view.alone(number).any() for number in range(10) if number != 3)


def test_with_few_pictures_nobody_knows():
    assert not camera(5).alone(3).any()


def test_what_is_too_large_for_a_passer_is_weather():
    pictures = [place(level) for level in np.linspace(0.6, 1.0, 10)]
    pictures[2][:200] = np.random.default_rng(1).integers(0, 255, (200, SIDE, 1))
    assert not FixedCamera("fog", stored(pictures)).alone(2).any()


def test_structure_is_shared_whatever_the_light():
    grey = cv2.cvtColor(place(1.0), cv2.COLOR_RGB2GRAY)
    assert structure_shared(grey, (grey * 0.6).astype(np.uint8)).min() > 0.5
    assert structure_shared(grey, grey[::-1].copy()).mean() < 0.6


def pairs(count=24, **changes):
    materials = Materials(photos=(), cutouts=(), views=(camera(),))
    recipe = get_pair_recipe("plain", {"size": 96, "moments": 1.0, "inpaint": 0.0, **changes})
    source = Synthesis(recipe, materials, seed=3)
    return [source[number] for number in range(count)]


def test_two_times_of_one_place_without_a_change():
    for pair in pairs(unchanged=1.0, distractors=0):
        assert pair.facts["moments"]
        assert not pair.changed
        assert not np.array_equal(pair.before, pair.after)
        assert pair.counted_before.mean() > 0.8


def test_what_was_put_there_is_the_truth():
    seen = 0
    for pair in pairs(unchanged=0.0, distractors=0, smallest=0.02, moved=0.0, replaced=0.0, patched=0.0, text=0.0):
        for place_ in pair.places:
            mask = pair.gone if place_.kind == "removed" else pair.new
            left, top, right, bottom = place_.box_before
            assert mask[top:bottom, left:right].any()
            seen += 1
    assert seen > 20


def test_what_is_put_into_a_darker_time_is_darker_and_throws_its_shadow_there():
    before, after = (np.full((64, 64, 3), level, np.uint8) for level in (200, 100))
    staged, pasted = before.copy(), np.zeros((64, 64), np.uint8)
    staged[10:20, 10:20], pasted[10:20, 10:20] = 180, 255
    staged[40:50, 40:50] = 150  # a shadow of three quarters
    put = Moments(before, after, pasted * 0).lit_as_after(before, staged, pasted)
    assert put[15, 15, 0] == pytest.approx(90, abs=1)
    assert put[45, 45, 0] == pytest.approx(75, abs=1)
    assert put[30, 30, 0] == 100


def test_who_passed_by_is_not_counted():
    with_passer = pairs(unchanged=1.0, distractors=0, count=60)
    assert any(not pair.counted_before.all() for pair in with_passer)
    assert not any(pair.changed for pair in with_passer)
    without = Materials(views=(FixedCamera("yard", stored([place(level) for level in np.linspace(0.5, 1.1, 10)])),))
    recipe = get_pair_recipe("plain", {"size": 96, "moments": 1.0, "inpaint": 0.0, "unchanged": 1.0, "distractors": 0})
    assert all(Synthesis(recipe, without, seed=3)[number].counted_before.all() for number in range(60))


def test_a_folder_of_cameras(tmp_path):
    for name, count in (("yard", 3), ("gate", 2)):
        (tmp_path / name).mkdir()
        for number, (_, data) in enumerate(camera(count).pictures):
            (tmp_path / name / f"{number}.png").write_bytes(data)
    materials = Materials.open(views=tmp_path)
    assert [(view.name, len(view.pictures)) for view in materials.views] == [("gate", 2), ("yard", 3)]
    (tmp_path / "gate" / "1.png").unlink()
    with pytest.raises(DataError, match="a camera needs two"):
        open_fixed_cameras(tmp_path, suffixes={".png"})
    with pytest.raises(DataError, match="holds no cameras"):
        open_fixed_cameras(tmp_path / "gate", suffixes={".png"})


def test_a_damaged_picture_is_named():
    view = FixedCamera("yard", (("a.png", b"no picture"), ("b.png", b"")))
    with pytest.raises(DataError, match=r"a\.png cannot be decoded"):
        view.picture(0)
