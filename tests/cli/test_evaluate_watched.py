"""`evaluate --events` and `evaluate --frames` on films made here."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

av = pytest.importorskip("av")
from watching.scene.scene_toys import HERE, noisy, place, with_thing  # noqa: E402 (after the check for av)

CLASSIC = ("--method", "classic", "--describe", "off", "--workers", 0)


def write_clip(folder, name, *, comes=4.0, seconds=18, fps=4, scenario="event", truth=True):
    """A film in which a thing is left, and its truth."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    with av.open(str(folder / f"{name}.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *place().shape[1::-1], "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "18", "bf": "0"}
        for number in range(round(seconds * fps)):
            there = number / fps >= comes
            shown = noisy(with_thing(place()) if there else place(), rng)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24")))
        container.mux(stream.encode(None))
    if truth:
        events = [{"kind": "left", "box": HERE, "time": comes}] if comes < seconds else []
        said = {"scenario": scenario, "seconds": seconds, "events": events}
        (folder / f"{name}.json").write_text(json.dumps(said), encoding="utf-8")


def strictly(text):
    """JSON as other programs read it, where NaN is no number."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    write_clip(folder, "a")
    write_clip(folder, "b", comes=99, seconds=8, scenario="calm")
    return folder


def test_events(spotdiff, clips, tmp_path):
    ran = spotdiff("evaluate", clips, "--events", *CLASSIC, "--out", tmp_path, "--json", tmp_path / "x.json")
    assert ran.code == 0
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[0] == ["events"]
    assert [line[0] for line in lines[2:5]] == ["spotdiff", "calm", "event"]
    said = strictly((tmp_path / "events.json").read_text())
    assert said == strictly((tmp_path / "x.json").read_text())
    assert (said["clips"], said["happened"], said["found"], said["told"]) == (2, 1, 1, 1)
    assert said["recall"] == said["precision"] == said["label_right"] == 1
    assert said["false_per_day"] == 0
    assert said["error"] < 1
    assert [one["name"] for one in said["each"]] == ["a", "b"]
    (pair,) = said["each"][0]["pairs"]
    assert pair[1]["kind"] == "left"
    assert said["each"][0]["frames"] == 72


def test_figures_of_nothing_are_null(spotdiff, clips, tmp_path):
    quiet = tmp_path / "quiet"
    write_clip(quiet, "b", comes=99, seconds=4, scenario="calm")
    ran = spotdiff("evaluate", quiet, "--events", *CLASSIC, "--json", "-")
    assert (ran.code, ran.err) == (0, "")
    said = strictly(ran.out)
    assert said["recall"] is said["precision"] is said["error"] is None
    assert said["delay"] == [None, None]


def test_several_folders_and_processes_say_the_same(spotdiff, clips, tmp_path):
    write_clip(tmp_path / "more", "c", comes=99, seconds=4, scenario="calm")
    told = []
    for workers in (1, 2):
        options = (*CLASSIC[:-1], workers, "--quiet", "--json", tmp_path / "x.json")
        ran = spotdiff("evaluate", clips, tmp_path / "more", "--events", *options)
        assert (ran.code, ran.out, ran.err) == (0, "", "")
        told.append([one | {"cost": 0} for one in strictly((tmp_path / "x.json").read_text())["each"]])
    assert [one["name"] for one in told[0]] == ["a", "b", "c"]
    assert told[0] == told[1]


def write_frames(folder, *, size=(48, 36)):
    for name in ("input", "groundtruth"):
        (folder / name).mkdir(parents=True)
    for number in range(1, 9):
        picture, truth = np.full((size[1], size[0], 3), 90, np.uint8), np.zeros(size[::-1], np.uint8)
        if number > 5:
            picture[8:28, 8:30], truth[8:28, 8:30] = (20, 30, 240), 255
        cv2.imwrite(str(folder / "input" / f"in{number:06}.png"), picture)
        cv2.imwrite(str(folder / "groundtruth" / f"gt{number:06}.png"), truth)


def test_frames(spotdiff, tmp_path):
    for name in ("set/night/street", "set/day/road"):
        write_frames(tmp_path / name)
    ran = spotdiff("evaluate", tmp_path / "set", "--frames", "--out", tmp_path / "out")
    assert ran.code == 0
    said = strictly((tmp_path / "out" / "frames.json").read_text())
    assert [(one["film"], one["model"]) for one in said[:5]] == [
        *(("road", model) for model in ("median", "mog2", "knn", "vibe")),
        ("street", "median"),
    ]
    assert {one["frames"] for one in said} == {7}
    assert all(one["f1"] > 0.9 for one in said if one["model"] == "median")
    assert ran.out.splitlines()[0] == "frames"
    assert len(ran.out.splitlines()) >= 10


def test_a_film_where_one_stands(spotdiff, tmp_path, monkeypatch):
    write_frames(tmp_path / "road")
    monkeypatch.chdir(tmp_path / "road")
    ran = spotdiff("evaluate", ".", "--frames", "--json", "-")
    assert {one["film"] for one in strictly(ran.out)} == {"road"}


def test_mistakes_are_one_line_and_2(spotdiff, tmp_path, clips):
    write_frames(tmp_path / "a" / "road")
    write_frames(tmp_path / "b" / "road")
    write_frames(tmp_path / "c" / "bad")
    (tmp_path / "c" / "bad" / "input" / "in000003.png").write_text("x")
    write_clip(tmp_path / "broken", "a", seconds=1)
    (tmp_path / "broken" / "a.json").write_text("{}")
    write_clip(tmp_path / "torn", "a", seconds=1)
    (tmp_path / "torn" / "a.mp4").write_bytes(b"no film")
    for asked, said in (
        (("nowhere", "--events"), "no clips"),
        ((tmp_path / "broken", "--events", *CLASSIC), "a.json"),
        ((tmp_path / "torn", "--events", *CLASSIC), "a.mp4"),
        ((clips, "--events", "--method", "classic", "--method", "ssim"), "one method"),
        ((clips, "--frames"), "groundtruth"),
        ((tmp_path, "--frames"), "two films are named road"),
        ((tmp_path / "c", "--frames"), "in000003.png"),
    ):
        ran = spotdiff("evaluate", *asked, "--quiet")
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), (asked, ran)
        assert said in ran.err
