import base64
import hashlib
import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

import spotdiff
from spotdiff.cli._comparison_text import comparison_text
from spotdiff.report.colours import KIND_COLOURS, css
from spotdiff.report.html import page, write_page
from spotdiff.report.markup import page_file
from spotdiff.report.record import to_record
from spotdiff.types import Picture


def data_of(reader) -> dict:
    return json.loads(next(text for text in reader.scripts if text.startswith("{")))


def test_the_page_loads_nothing(any_comparison, read):
    reader = read(page(any_comparison))
    assert reader.open == []
    for tag, attributes in reader.elements:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "srcset", "poster", "action", "data"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    policy = next(a["content"] for a in reader.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    for file in ("base.css", "report.css", "theme.js", "viewer.js", "report.js"):
        assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page_file(file)), file


def test_only_our_own_style_and_script_may_run(hostile, read):
    reader = read(page(hostile))
    policy = next(a["content"] for a in reader.all("meta") if a.get("http-equiv"))
    allowed = set(re.findall(r"'(sha256-[^']+)'", policy))
    kinds = [attributes.get("type", tag) for tag, attributes in reader.elements if tag in ("script", "style")]
    assert kinds == ["style", "application/json", "script"]
    texts = dict(zip(kinds, reader.scripts, strict=True))
    digests = {
        "sha256-" + base64.b64encode(hashlib.sha256(texts[k].encode()).digest()).decode() for k in ("style", "script")
    }
    assert digests == allowed


def test_hostile_words_stay_words(hostile, read):
    text = page(hostile)
    reader = read(text)
    assert "<b>" not in text.replace("<b>a/&lt;", "")  # the method's name is ours to set in bold, escaped
    assert not any("alert" in script for script in reader.scripts if not script.startswith("{"))
    assert "".join(reader.words).count("<script>alert(1)</script>") >= 6
    assert data_of(reader)["record"] == to_record(hostile)
    assert "$name ${style}" in "".join(reader.words)


def test_the_page_holds_the_record_and_where_things_are(changed, read):
    data = data_of(read(page(changed)))
    assert data["record"] == to_record(changed)
    assert data["common"] == [160, 120]
    assert data["places"] == [[[20, 30, 60, 70]], [[100, 10, 120, 30], [70, 80, 90, 100]], [[130, 90, 150, 110]]]


def test_frames_hold_both_pictures(refused, warped, read):
    assert data_of(read(page(refused)))["common"] == [90, 80]
    data = data_of(read(page(warped)))
    assert (data["placed"]["after"], data["record"]["after"]["size"]) == ([160, 120], [330, 280])


def test_regions_are_numbered_and_placed_as_in_the_terminal(changed, read):
    reader = read(page(changed))
    words, terminal = " ".join(reader.words), comparison_text(changed, sentences=True).splitlines()[-3:]
    for number, (region, where) in enumerate(zip(changed.regions, data_of(reader)["where"], strict=True), start=1):
        assert where
        assert f"#{number} {region.kind} {region.score:.2f}, {where}. " in words
        assert region.text in words
        assert terminal[number - 1].startswith(f"  {number}. {region.kind}")
        assert where in terminal[number - 1]


def test_what_is_only_possible_is_counted_apart_and_told_by_the_script_alone(changed, read):
    sure, *faint = changed.regions
    reader = read(page(replace(changed, regions=(sure, *(replace(region, likely=False) for region in faint)))))
    words = " ".join(reader.words)
    assert "One region" in reader.words
    assert "possible 2" in words
    assert (sure.text in words, faint[0].text in words) == (True, False)
    assert [region["likely"] for region in data_of(reader)["record"]["regions"]] == [True, False, False]


def test_an_unsure_answer_is_not_said_to_be_uncompared(changed, read):
    nothing = replace(changed, regions=(), verdict="unsure")
    assert "Not compared." not in read(page(nothing)).words


def test_a_taller_after_is_shown_whole(texture, read):
    """Laid flush: neither picture is scaled to the other, none is embedded twice, and none has what fills it up."""
    before, after = texture(120, 80), texture(120, 140, seed=2)
    after[:80] = before
    answer = spotdiff.compare(before, after, method="pixel")
    reader = read(page(answer))
    data = data_of(reader)
    assert (data["placed"]["before"], data["placed"]["after"], data["common"]) == ([120, 80], [120, 140], [120, 140])
    assert [a.get("class") for a in reader.all("img") if a["alt"]] == ["own", "own", "heat"]
    (added,) = answer.regions
    assert (added.box_before, data["where"], data["places"]) == (None, ["120x60 at 0,80"], [[[0, 80, 120, 140]]])
    shorter = data_of(read(page(spotdiff.compare(after, before, method="pixel"))))
    assert (shorter["placed"]["after"], shorter["where"]) == ([120, 80], ["120x60 at 0,80"])


@pytest.mark.parametrize(
    ("fixture", "verdict", "said"),
    [("changed", "Changed", "3 regions"), ("same", "Same", "Nothing changed."), ("refused", "Unsure", "Not compared.")],
)
def test_the_verdict_is_the_heading(request, fixture, verdict, said, read):
    words = read(page(request.getfixturevalue(fixture))).words
    assert verdict in words
    assert said in words


def test_pictures_are_embedded_once_and_heat_only_when_there_is_evidence(changed, warped, refused, read):
    def classes(comparison):
        return [a.get("class") for a in read(page(comparison)).all("img") if a["alt"]]

    assert classes(warped) == ["own", "aligned", "own", "heat"]
    assert classes(refused) == ["own", "own"]
    unmoved = replace(changed, aligned=changed.pair)
    assert classes(unmoved) == ["own", "own", "heat"]


def pixels_of(attributes):
    data = base64.b64decode(attributes["src"].partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def test_pages_laid_row_on_row_are_both_shown_in_the_frame_that_has_the_rows_of_both(stripes, inserted, read):
    reader = read(page(spotdiff.compare(stripes, inserted, preset="screens")))
    data = data_of(reader)
    assert data["common"] == [120, 100]
    assert data["placed"] == {"before": [120, 100], "after": [120, 100], "common": [120, 100]}
    laid, after = (
        pixels_of(a)
        for a in reader.all("img")
        if (a.get("data-size"), a.get("class")) in (("before", "aligned"), ("after", "own"))
    )
    assert (laid[30:50, :, 3] == 0).all()
    assert (np.delete(laid, slice(30, 50), axis=0)[..., 3] == 255).all()
    assert np.array_equal(laid[50:, :, :3], after[50:])


def test_big_pictures_are_made_small(changed, read):
    wide = Picture(np.random.default_rng(0).integers(0, 256, (30, 4100, 3), dtype=np.uint8))
    comparison = replace(changed, pair=replace(changed.pair, before=wide))
    source = next(a["src"] for a in read(page(comparison)).all("img") if a["alt"] == "The picture before")
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(source.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (15, 2000, 3)


def test_ids_are_unique_and_script_finds_them(changed, read):
    ids = [a["id"] for _, a in read(page(changed)).elements if "id" in a]
    assert len(ids) == len(set(ids))
    asked = set(re.findall(r'byId\("([\w-]+)"\)', page_file("report.js") + page_file("viewer.js")))
    assert asked <= set(ids)


def test_every_control_has_a_name(changed, read):
    reader = read(page(changed))
    labelled = {a["for"] for a in reader.all("label") if "for" in a}
    assert all(a.get("id") in labelled for a in reader.all("input"))
    assert all("alt" in a for a in reader.all("img"))
    assert reader.all("html")[0]["lang"] == "en"


def test_kinds_have_one_colour_everywhere():
    style = page_file("base.css")
    for kind, colour in KIND_COLOURS.items():
        assert f"--{kind}: {css(colour)};" in style


def test_the_same_comparison_gives_the_same_page(any_comparison, tmp_path):
    write_page(any_comparison, tmp_path / "deep" / "page.html")
    text = (tmp_path / "deep" / "page.html").read_text(encoding="utf-8")
    assert text == page(any_comparison).encode("utf-8", "replace").decode()
