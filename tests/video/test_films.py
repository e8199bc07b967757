from __future__ import annotations

import os
import random
import signal
import struct
import time
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from spotdiff.errors import LoadError, OptionError
from spotdiff.video import open_feed
from spotdiff.video.films import film_frames, on_grid
from spotdiff.video.values import FeedOptions, Task


def read(path, tools, **options):
    heartbeat = tools.Heartbeat()
    task = Task(str(path), "film", FeedOptions(**options), whole=True)
    return list(film_frames(task, heartbeat)), heartbeat


def test_a_replay_is_the_same_each_time_and_drops_nothing(film, tools):
    first, second = ([], [])
    for frames, pause in ((first, 0.0), (second, 0.01)):
        with open_feed(str(film), fps=25) as feed:
            assert not feed.live
            assert feed.name == "numbers"
            while not feed.ended:
                frame = feed.next(timeout=30)
                assert frame is not None or feed.ended
                frames.extend([frame] if frame else [])
                time.sleep(pause)
            assert feed.status.dropped == 0
            assert feed.status.frames == len(frames)
    assert [tools.number_of(frame.pixels) for frame in first] == list(range(50))
    assert [frame.number for frame in first] == list(range(50))
    assert all(frame.dropped == 0 for frame in first)
    for one, other in zip(first, second, strict=True):
        assert (one.number, one.seconds, one.wall) == (other.number, other.seconds, other.wall)
        assert np.array_equal(one.pixels, other.pixels)


def test_film_time_and_the_wall(film, tools):
    frames, heartbeat = read(film, tools, fps=5)
    assert [round(frame.seconds, 6) for frame in frames] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 1.96]
    assert [tools.number_of(frame.pixels) for frame in frames] == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 49]
    assert frames[0].wall == datetime(1970, 1, 1, tzinfo=UTC)
    assert frames[5].wall == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert heartbeat.beats >= 50
    start = datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert read(film, tools, start=start)[0][0].wall == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_pictures_that_the_decoder_holds_back_until_the_end_have_their_times(tmp_path, tools):
    path = tmp_path / "held.mp4"
    tools.make_film(path, [tools.grey(number) for number in range(30)], held=3)
    frames, _ = read(path, tools, fps=25)
    assert [round(frame.seconds * 25) for frame in frames] == list(range(30))
    assert [tools.number_of(frame.pixels) for frame in frames] == list(range(30))


def test_a_film_may_tell_when_it_was_made(tmp_path, tools):
    path = tmp_path / "made.mp4"
    tools.make_film(path, [tools.grey(1)] * 3, tags={"creation_time": "2023-02-03T04:05:06.000000Z"})
    assert read(path, tools)[0][0].wall == datetime(2023, 2, 3, 4, 5, 6, tzinfo=UTC)


def test_the_nearest_frames_are_taken_where_the_rate_varies(tmp_path, tools):
    times = [0, 90, 130, 180, 210, 290, 420, 1000, 1010, 1020, 1200]
    path = tmp_path / "vary.mkv"
    tools.make_film(path, (tools.grey(number) for number in range(len(times))), times=times)
    frames, _ = read(path, tools, fps=5)
    assert [round(1000 * frame.seconds) for frame in frames] == [0, 210, 420, 1000, 1200]
    assert [tools.number_of(frame.pixels) for frame in frames] == [0, 4, 6, 7, 10]


def test_the_grid_takes_each_thing_once():
    things = [(0.0, 0), (0.1, 1), (0.2, 2), (5.0, 3)]
    assert [thing for _, thing in on_grid(iter(things), 1.0)] == [0, 2, 3]
    assert [thing for _, thing in on_grid(iter(things), 100.0)] == [0, 1, 2, 3]
    assert list(on_grid(iter([]), 5.0)) == []


def test_only_frames_handed_on_become_rgb(film, tools, monkeypatch):
    from spotdiff.video import films

    made = []

    class Counting(films.ToRgb):
        def __call__(self, picture):
            made.append(picture)
            return super().__call__(picture)

    monkeypatch.setattr(films, "ToRgb", Counting)
    frames, _ = read(film, tools, fps=5)
    assert len(made) == len(frames) == 11


@pytest.mark.parametrize(
    ("name", "codec", "pixel"),
    [("a.mp4", "libx264", "yuv420p"), ("a.mp4", "libx264", "yuv444p"), ("a.avi", "mjpeg", "yuvj420p")],
)
def test_colours_come_through(tmp_path, tools, name, codec, pixel):
    colours = np.zeros((48, 96, 3), np.uint8)
    colours[:, :32], colours[:, 32:64], colours[:, 64:] = (220, 40, 30), (255, 255, 255), (10, 60, 200)
    path = tools.make_film(tmp_path / name, [colours] * 3, codec=codec, pixel=pixel)
    seen = read(path, tools)[0][0].pixels
    for left in (8, 40, 72):
        assert np.abs(seen[24, left].astype(int) - colours[24, left]).max() <= 6


def test_a_film_decoders_upright_by_its_note_is_turned(tmp_path, tools):
    picture = tools.grey(10, (64, 48))
    picture[:24] = 220
    path = tools.make_film(tmp_path / "turned.mp4", [picture] * 3)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    quarter_clockwise = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    data[at : at + 36] = struct.pack(">9i", *quarter_clockwise)
    path.write_bytes(data)
    seen = read(path, tools)[0][0].pixels
    assert seen.shape == (64, 48, 3)
    assert seen[:, 30:].min() > 180  # what was above is on the right after a quarter turn clockwise
    assert seen[:, :18].max() < 80


def noise(number, size=(160, 120)):
    rng = np.random.default_rng(number // 10)
    picture = rng.integers(0, 255, (size[1] // 4, size[0] // 4, 3), np.uint8).repeat(4, 0).repeat(4, 1)
    picture[:20, 2 * number : 2 * number + 20] = 255
    return picture


@pytest.mark.parametrize("suffix", ["mp4", "ts", "mkv"])
def test_damage_in_the_midst_costs_only_what_is_damaged(tmp_path, tools, suffix):
    path = tools.make_film(tmp_path / f"whole.{suffix}", (noise(number) for number in range(50)))
    whole, none = read(path, tools, fps=25)
    data = bytearray(path.read_bytes())
    middle, draw = len(data) // 2, random.Random(1)
    data[middle : middle + 3000] = draw.randbytes(3000)
    hurt_path = tmp_path / f"hurt.{suffix}"
    hurt_path.write_bytes(data)
    hurt, heartbeat = read(hurt_path, tools, fps=25)
    assert none.lost == 0
    assert heartbeat.lost >= 1
    assert len(whole) == 50
    assert 25 <= len(hurt) < 50
    assert hurt[-1].seconds == pytest.approx(whole[-1].seconds)
    by_time = {round(frame.seconds, 3): frame for frame in whole}
    for frame in hurt:  # no smears: what is handed on is what was filmed
        assert np.array_equal(frame.pixels, by_time[round(frame.seconds, 3)].pixels)
    with open_feed(str(hurt_path), fps=25) as feed:
        assert len(tools.all_of(feed)) == len(hurt)
        assert feed.status.corrupt == heartbeat.lost


@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_a_film_cut_short_is_shown_as_far_as_it_goes(tmp_path, tools, suffix):
    path = tools.make_film(tmp_path / f"cut.{suffix}", (noise(number) for number in range(50)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    frames, _ = read(path, tools, fps=25)
    assert 20 <= len(frames) <= 40


def test_the_size_of_the_frames_may_change(tmp_path, tools):
    small = tools.make_film(tmp_path / "small.ts", (tools.grey(number) for number in range(20)))
    large = tools.make_film(tmp_path / "large.ts", (tools.grey(number, (320, 240)) for number in range(20)))
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes() + small.read_bytes())
    with open_feed(str(both), fps=25) as feed:
        frames = tools.all_of(feed)
    assert {frame.pixels.shape for frame in frames} == {(48, 64, 3), (240, 320, 3)}
    assert frames[-1].pixels.shape == (48, 64, 3)
    times = [frame.seconds for frame in frames]
    assert times == sorted(set(times))
    assert len(frames) > 50
    assert times[-1] < 4


def test_what_is_no_film_is_told_in_one_line(tmp_path, tools):
    whole = tools.make_film(tmp_path / "whole.mp4", [tools.grey(1)] * 20).read_bytes()
    for name, data in (
        ("text.mp4", b"this is a text\n" * 100),
        ("empty.mp4", b""),
        ("headless.mp4", whole[: len(whole) // 2]),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(LoadError) as told:
            open_feed(str(tmp_path / name))
        assert name in str(told.value)
        assert "\n" not in str(told.value)


def test_sound_alone_is_no_film(tmp_path):
    import wave

    with wave.open(str(tmp_path / "song.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(1600))
    with pytest.raises(LoadError, match="no pictures in it, only audio"):
        open_feed(str(tmp_path / "song.wav"))


def test_a_film_can_be_played_no_faster_than_asked(film, tools):
    begun = time.monotonic()
    with open_feed(str(film), fps=5, speed=1.5) as feed:
        assert len(tools.all_of(feed)) == 11
    assert time.monotonic() - begun >= 1.96 / 1.5  # a slow machine only makes it longer


def test_the_death_of_its_decoder_is_told_and_hurts_nobody(film, tools):
    with open_feed(str(film), fps=25) as feed:
        assert feed.next(timeout=30) is not None
        os.kill(feed.pid, signal.SIGKILL)
        with pytest.raises(LoadError, match=r"died \(signal SIGKILL\)"):
            tools.all_of(feed)
        assert feed.ended
        assert feed.next(timeout=0) is None
        assert "died" in feed.status.trouble


def test_options_that_make_no_sense_are_refused(film, tmp_path):
    for keywords in (
        {"fps": 0},
        {"fps": float("nan")},
        {"speed": -1},
        {"grows": True},
        {"order": "colour"},
        {"patience": 0},
    ):
        with pytest.raises(OptionError):
            open_feed(str(film), **keywords)
    for source, keywords in (
        ("0", {"replay": True}),
        ("rtsp://cam/", {"speed": 2.0}),
        (str(tmp_path), {"grows": True, "replay": True}),
    ):
        with pytest.raises(OptionError):
            open_feed(source, **keywords)
