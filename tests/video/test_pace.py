from __future__ import annotations

from types import SimpleNamespace

import pytest

from spotdiff.video import pace


@pytest.fixture
def clock(monkeypatch):
    """A machine's clock that only sleeping moves."""
    clock = SimpleNamespace(now=100.0, slept=[])

    def sleep(seconds):
        clock.slept.append(seconds)
        clock.now += seconds

    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: clock.now, sleep=sleep))
    return clock


@pytest.mark.parametrize(("rate", "fps", "taken"), [(60, 5, 50), (25, 5, 50), (5, 5, 50), (2, 5, 20), (7, 5, 50)])
def test_a_live_source_is_thinned_to_the_rate_asked_for(rate, fps, taken):
    limit = pace.RateLimit(fps)
    assert sum(limit.is_due(1000 + place / rate) for place in range(10 * rate)) == pytest.approx(taken, abs=1)


def test_a_camera_that_is_not_punctual_loses_no_frames():
    limit = pace.RateLimit(5)
    early_and_late = [place / 5 + (0.03 if place % 2 else -0.03) for place in range(1, 50)]
    assert all(limit.is_due(1000 + moment) for moment in early_and_late)


def test_after_a_pause_there_is_no_rush():
    limit = pace.RateLimit(5)
    assert limit.is_due(1000)
    assert limit.is_due(1010)
    assert not limit.is_due(1010.09)
    assert limit.is_due(1010.2)


def test_playing_waits_for_each_frame_and_shows_signs_of_life(clock):
    frames = [SimpleNamespace(seconds=seconds) for seconds in (0.0, 1.0, 4.0)]
    beats, came = [], []
    for frame in pace.played(iter(frames), 2.0, lambda: beats.append(clock.now)):
        came.append((frame.seconds, clock.now))
    assert came == [(0.0, 100.0), (1.0, 100.5), (4.0, 102.0)]
    assert len(beats) >= 3
    assert list(pace.played(iter(frames), 0.0, beats.clear)) == frames
    assert clock.now == 102.0


def test_what_comes_in_bulk_is_decoders_to_its_own_times(clock):
    play = pace.PlayClock()
    for told in (50.0, 50.5, None, 51.0):
        play.wait(told)
    assert clock.now == pytest.approx(101.0)
    play.wait(500.0)  # a jump of the stream's clock is not slept through
    assert clock.now == pytest.approx(101.0)
    play.wait(500.5)
    assert clock.now == pytest.approx(101.5)
