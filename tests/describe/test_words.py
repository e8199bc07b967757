"""What is told of a comparison is what is in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.describe.words import Words
from spotdiff.errors import OptionError
from spotdiff.language.parse import parse
from spotdiff.options import Options
from spotdiff.pipeline import compare_pair
from spotdiff.types import Evidence, Extraction, Pair, Picture, Region


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A method that sees something and is not sure enough of it."""

    extraction: ClassVar[Extraction] = Extraction(min_area=4, sure=0.9)

    def score(self, pair):
        change = np.zeros(pair.before.pixels.shape[:2], np.float32)
        change[40:80, 60:120] = 0.6
        return Evidence(change, np.zeros_like(change), directed=True)


PLAIN = {"method": "pixel", "align": "off", "light": "off"}


def square(box):
    left, top, right, bottom = box
    return (((left, top), (right - 1, top), (right - 1, bottom - 1), (left, bottom - 1)),)


def region(kind, box, *, score=0.9, to=None, likely=True):
    return Region(kind, score, 100, box, to or box, square(box), square(to or box), likely=likely)


@pytest.fixture
def pair():
    before = np.full((300, 300, 3), 120, np.uint8)
    after = before.copy()
    before[20:60, 20:60] = (200, 20, 20)
    after[20:60, 20:60] = (20, 40, 200)
    after[200:280, 110:190] = (20, 140, 30)
    return Pair(Picture(before), Picture(after))


def said(pair, *regions, **settings):
    return [one.text for one in Words(**settings).describe(pair, regions)]


def test_kind_colour_and_place(pair):
    assert said(pair, region("added", (110, 200, 190, 280))) == ["Something green was added at the bottom."]
    assert said(pair, region("removed", (20, 20, 60, 60))) == ["Something red was removed from the top left."]
    replaced = "Something red was replaced by something blue at the top left."
    assert said(pair, region("replaced", (20, 20, 60, 60))) == [replaced]


def test_one_colour_is_not_replaced_by_the_same(pair):
    pair.after.pixels[20:60, 20:60] = (140, 20, 20)
    answer = said(pair, region("replaced", (20, 20, 60, 60)))
    assert answer == ["Something red was replaced by something else at the top left."]


def test_what_moved_within_a_third_goes_some_way(pair):
    (text,) = said(pair, region("moved", (20, 20, 60, 60), to=(40, 20, 80, 60)))
    assert text == "Something red moved to the right at the top left."
    (text,) = said(pair, region("moved", (20, 20, 60, 60), to=(220, 220, 260, 260)))
    assert text == "Something red moved from the top left to the bottom right."


def test_the_less_sure_the_more_hedged(pair):
    hedges = ({"score": 0.9}, {"score": 0.3}, {"score": 0.9, "likely": False})
    texts = [said(pair, region("added", (110, 200, 190, 280), **hedge))[0] for hedge in hedges]
    assert [("seems to" in text, text.startswith("Possibly")) for text in texts] == [
        (False, False),
        (True, False),
        (False, True),
    ]


def test_a_colour_that_nobody_can_name_is_not_named():
    noise = np.random.default_rng(0).integers(0, 255, (100, 100, 3), np.uint8)
    pair = Pair(Picture(noise), Picture(noise))
    (text,) = said(pair, region("added", (20, 20, 60, 60)))
    assert text == "Something large was added at the centre."


def test_named_areas_and_neighbours(pair):
    areas = {"gate": ((0, 0), (100, 0), (100, 100), (0, 100))}
    some = [region("removed", (20, 20, 60, 60)), region("added", (70, 20, 110, 60))]
    assert said(pair, *some, areas=areas) == [
        "Something red was removed from the top left (gate).",
        "Something grey was added at the top left (gate), right of change 1.",
    ]


def test_areas_from_every_kind_of_file(tmp_path):
    before = np.zeros((90, 90, 3), np.uint8)
    after = before.copy()
    after[10:25, 10:25] = 255
    corners = [[0, 0], [40, 0], [40, 40], [0, 40]]
    files = {
        "a.json": json.dumps({"gate": corners}),
        "b.json": json.dumps({"areas": {"gate": corners}}),
        "c.json": json.dumps({"shapes": [{"label": "gate", "points": corners}], "version": "5"}),
        "d.toml": f"[areas]\ngate = {corners}",
        "e.toml": f"gate = {corners}",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        found = spotdiff.compare(before, after, areas=tmp_path / name, **PLAIN)
        assert "(gate)" in found.regions[0].text, name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"gate": 3}',
        '{"gate": [[0, 0], [1, 1]]}',
        '{"gate": [[0, 0], [1, "x"], [2, 2]]}',
        '{"gate": "abc"}',
        '{"shapes": [1]}',
        '{"gate": [[0, 0], [1e99, 1], [NaN, 2]]}',
        "\udcff",
    ],
)
def test_wrong_areas_are_told_in_one_line(tmp_path, text):
    path = tmp_path / "areas.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(OptionError) as told:
        spotdiff.compare(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9, 3), np.uint8), areas=path)
    assert "\n" not in str(told.value)


def test_areas_of_no_kind_at_all():
    with pytest.raises(OptionError, match="areas takes a file"):
        spotdiff.compare(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9, 3), np.uint8), areas=3)


def test_the_whole_pair_in_a_sentence(texture):
    before = texture(160, 120)
    after = before.copy()
    after[20:50, 20:50] = (250, 20, 20)
    found = spotdiff.compare(before, after, **PLAIN)
    assert found.text == "One thing seems to have been added."
    assert parse(found.regions[0].text)[0].spot.place == "top left"


def test_same_says_what_was_checked(texture):
    before = texture(160, 120)
    darker = (before * 0.8).astype(np.uint8)
    found = spotdiff.compare(before, darker)
    assert found.verdict == "same"
    assert found.text.startswith("No change found. All of the picture was compared, aligned to about")
    assert "the light is darker" in found.text
    found = spotdiff.compare(texture(seed=1), texture(seed=2), language="zh")
    assert found.verdict == "unsure"
    assert found.text.startswith("无法确定")


@pytest.mark.parametrize("factor", [0.6, 0.95, 1.0, 1.3])
def test_the_light_is_named_as_it_is(texture, factor):
    before = (40 + 0.5 * texture(160, 120).astype(np.float32)).astype(np.uint8)
    after = np.clip(before * factor, 0, 255).astype(np.uint8)
    text = spotdiff.compare(before, after, method="classic").text
    assert ("darker" in text) == (factor < 0.9)
    assert ("brighter" in text) == (factor > 1.1)


def test_an_unknown_language_is_told():
    with pytest.raises(OptionError, match="no language"):
        spotdiff.compare(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9, 3), np.uint8), language="klingon")


def test_other_pixels_are_no_moved_camera(texture):
    small = cv2.resize(texture(), (160, 120), interpolation=cv2.INTER_AREA)
    assert "camera" not in spotdiff.compare(texture(), small, method="classic").text


@pytest.mark.parametrize(("degrees", "zoom"), [(8, 1.0), (0, 1.1)])
def test_a_camera_that_turned_or_zoomed_moved(texture, degrees, zoom):
    matrix = cv2.getRotationMatrix2D((160, 120), degrees, zoom)
    after = cv2.warpAffine(texture(), matrix, (320, 240), borderMode=cv2.BORDER_REFLECT)
    assert "the camera moved" in spotdiff.compare(texture(), after, method="classic").text


def test_what_was_ignored_was_not_compared(texture):
    after = texture()
    after[20:32, 20:32] = (250, 20, 20)
    found = spotdiff.compare(texture(), after, ignore=[(18, 18, 34, 34)], method="classic")
    assert found.text.startswith("No change found. 99% of the picture was compared")


def test_pictures_laid_flush_are_told_in_before(texture):
    before = np.full((100, 100, 3), 120, np.uint8)
    after = np.full((300, 300, 3), 120, np.uint8)
    after[70:96, 70:96] = (220, 20, 20)
    focus = {"focus": [(0, 0, 100, 100)], **PLAIN}
    (region,) = spotdiff.compare(before, after, **focus).regions
    assert region.text == "Something red seems to have been added at the bottom right."
    found = spotdiff.compare(before, np.full((300, 300, 3), 120, np.uint8), **focus)
    assert found.text.startswith("No change found. All of the picture was compared")


def test_nothing_is_stated_of_an_unsure_pair(texture):
    pair = Pair(Picture(texture()), Picture(texture(seed=1)))
    found = compare_pair(pair, Doubtful(), Options(align="off", light="off"))
    assert found.verdict == "unsure"
    assert found.regions
    assert all(region.text.startswith("Possibly") for region in found.regions)


def test_stripes_have_no_colour():
    striped = np.full((200, 200, 3), 120, np.uint8)
    striped[20:148, 20:148] = (220, 20, 20)
    striped[20:148, 20:148].reshape(128, 16, 8, 3)[:, :, 4:] = (20, 20, 220)
    pair = Pair(Picture(np.full((200, 200, 3), 120, np.uint8)), Picture(striped))
    assert said(pair, region("added", (20, 20, 148, 148))) == ["Something large was added at the centre."]


@pytest.mark.parametrize(
    "asked",
    [
        {"describe": "off", "describe_settings": {"a": 1}},
        {"describe_settings": {"language": "zh"}},
        {"describe": "captioner", "language": "zh", "describe_settings": {"weights": "x"}},
    ],
)
def test_settings_that_would_do_nothing_are_refused(asked):
    with pytest.raises(OptionError):
        spotdiff.compare(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9, 3), np.uint8), **asked)
