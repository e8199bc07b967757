"""Clips in a folder: whole films that play, the same again, gone on with."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import av
import numpy as np
import pytest

from spotdiff.data.synth import Materials
from spotdiff.data.synth.clips import ClipRecipe, frames_of, plan_clip, write_clips
from spotdiff.data.synth.clips.render import encode_film
from spotdiff.errors import DataError, MissingExtra

TINY = ClipRecipe(
    **{"width": 128, "height": 72, "fps": 5, "shortest": 9.0, "longest": 10.0, "quiet": 0.5},
    **{"calm": 3.0, "apart": 1.0, "stays": 4.0, "smallest": 0.01},
)


def films_in(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def made(materials, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips") / "set"
    return folder, list(write_clips(TINY, materials, folder, 3, seed=7))


def decoded(path):
    with av.open(str(path)) as container:
        return [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def test_what_is_in_the_folder(made):
    folder, written = made
    names = [f"{index:05d}.{end}" for index in range(3) for end in ("json", "mp4")]
    assert sorted(films_in(folder)) == sorted([*names, "clips.json", "contact.png"])
    assert [one.scenario for one in written] == ["event", "light", "event"]
    index = json.loads((folder / "clips.json").read_text())
    assert (index["schema"], index["seed"], index["recipe"]["fps"]) == ("spotdiff/clips/1", 7, 5)
    assert [clip["name"] for clip in index["clips"]] == ["00000", "00001", "00002"]
    truth = json.loads((folder / "00000.json").read_text())
    assert (truth["schema"], truth["size"], truth["scenario"]) == ("spotdiff/clip/1", [128, 72], "event")
    assert truth["events"]
    assert all(not name.startswith("/") for name in truth["materials"])


def test_films_show_the_frames(made, materials):
    folder, _ = made
    shown = decoded(folder / "00000.mp4")
    frames = list(frames_of(plan_clip(TINY, materials, 7, 0)))
    assert np.allclose([second for second, _ in shown], [second for second, _ in frames])
    losses = [np.abs(one.astype(int) - other).mean() for (_, one), (_, other) in zip(shown, frames, strict=True)]
    assert max(losses) < 8


def test_the_same_again_bit_for_bit(made, materials, tmp_path):
    folder, _ = made
    list(write_clips(TINY, materials, tmp_path / "again", 3, seed=7))
    assert films_in(tmp_path / "again") == films_in(folder)
    list(write_clips(TINY, materials, tmp_path / "other", 1, seed=8))
    assert films_in(tmp_path / "other")["00000.mp4"] != films_in(folder)["00000.mp4"]


def test_started_again_it_goes_on(made, materials, tmp_path):
    folder, _ = made
    for name, data in films_in(folder).items():
        if name not in ("00001.json", "00002.mp4", "contact.png"):
            (tmp_path / name).write_bytes(data)
    (tmp_path / ".00001.mp4.part").write_bytes(b"broken off")
    again = list(write_clips(TINY, materials, tmp_path, 3, seed=7))
    assert [one.fresh for one in again] == [False, True, True]
    found = films_in(tmp_path)
    assert {name: found[name] for name in films_in(folder)} == films_in(folder)


def test_other_clips_do_not_go_into_the_folder(made, materials, tmp_path):
    folder, _ = made
    before = films_in(folder)
    with pytest.raises(DataError, match="clips of another seed"):
        list(write_clips(TINY, materials, folder, 1, seed=8))
    with pytest.raises(DataError, match="another recipe and materials"):
        list(write_clips(replace(TINY, fps=4), Materials(), folder, 1, seed=7))
    assert films_in(folder) == before
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(DataError, match=r"not empty and holds no clips.json"):
        list(write_clips(TINY, materials, tmp_path, 1))


def test_a_truth_that_is_none_is_told(made, materials, tmp_path):
    folder, _ = made
    for name, data in films_in(folder).items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "00000.json").write_text("[]")
    with pytest.raises(DataError, match="tells of no clip"):
        list(write_clips(TINY, materials, tmp_path, 1, seed=7))


def test_workers_make_the_same(made, materials, tmp_path):
    folder, _ = made
    done = list(write_clips(TINY, materials, tmp_path, 2, seed=7, workers=1))
    assert [one.name for one in done] == ["00000", "00001"]
    assert (tmp_path / "00001.mp4").read_bytes() == (folder / "00001.mp4").read_bytes()


def test_gaps_are_in_the_times_of_the_film(materials, tmp_path):
    plan = plan_clip(replace(TINY, scenario="reconnect", shortest=20.0, longest=20.0), materials, 1, 0)
    gap = plan.disturbances[0]
    (tmp_path / "gap.mp4").write_bytes(encode_film(frames_of(plan), size=plan.size, fps=5, crf=23))
    times = [second for second, _ in decoded(tmp_path / "gap.mp4")]
    assert gap.kind == "reconnect"
    assert times[0] == 0
    assert not [second for second in times if gap.start <= second < gap.end]
    assert max(np.diff(times)) >= gap.end - gap.start
    assert len(times) == sum(not gap.start <= frame / 5 < gap.end for frame in range(plan.frames))


def test_a_scene_from_nothing(tmp_path):
    done = list(write_clips(TINY, Materials(), tmp_path / "drawn", 1))
    assert (done[0].scenario, done[0].fresh) == ("event", True)


def test_without_the_packer_it_says_what_to_install(materials, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"spotdiff\[watch\]"):
        list(write_clips(TINY, materials, tmp_path / "none", 1))
    assert not (tmp_path / "none").exists()
