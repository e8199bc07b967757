from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from spotdiff.video import feed as feeds
from spotdiff.video import open_feed

LONG = 4.0


def test_frames_of_a_camera_come_with_the_time_of_the_machine(camera, tools):
    server = camera(fps=25)
    opened, wall = time.monotonic(), datetime.now(UTC)
    with open_feed(server.url, fps=10, patience=2, speed=1.0) as feed:
        assert feed.live
        assert feed.name == "127.0.0.1"
        frames = [tools.until(feed, bool) for _ in range(12)]
        status = feed.status
    assert frames[0].pixels.shape == (48, 64, 3)
    assert all(one.seconds < other.seconds for one, other in pairwise(frames))
    assert all(one.number + other.dropped + 1 == other.number for one, other in pairwise(frames))
    assert 0 < frames[0].seconds <= time.monotonic() - opened
    assert wall < frames[0].wall < frames[-1].wall < datetime.now(UTC)
    measured = (frames[-1].wall - frames[0].wall) - timedelta(seconds=frames[-1].seconds - frames[0].seconds)
    assert abs(measured) < timedelta(seconds=0.1)
    assert status.connected
    assert status.trouble == ""
    assert status.restarts == 0
    assert status.frames == 12
    assert status.fps > 0


def test_the_newest_frame_wins_when_the_reader_is_slow(camera, tools):
    server = camera(fps=60)
    with open_feed(server.url, fps=60, patience=2) as feed:
        tools.until(feed, bool)
        taken = []
        for _ in range(10):
            time.sleep(0.15)
            before = server.sent
            taken.append(tools.until(feed, bool))
            assert before - tools.count_of(taken[-1].pixels) < 60  # a queue would be further behind at the end
        status = feed.status
    numbers = [frame.number for frame in taken]
    assert [frame.dropped for frame in taken[1:]] == [b - a - 1 for a, b in pairwise(numbers)]
    assert status.dropped >= sum(frame.dropped for frame in taken) > 20
    assert status.dropped == numbers[-1] + 1 - status.frames


def test_a_reader_is_woken_when_a_frame_comes(camera, tools, monkeypatch):
    monkeypatch.setattr(feeds, "_POLL", 100.0)
    server = camera(fps=50)
    with open_feed(server.url, fps=10, patience=2) as feed:
        frames = [feed.next(timeout=LONG) for _ in range(5)]
    assert all(frame.dropped < 10 for frame in frames)  # a sleeper would miss those of many seconds


def test_a_thinned_camera_drops_nothing(camera, tools):
    server = camera(fps=50)
    with open_feed(server.url, fps=5, patience=2) as feed:
        frames = [tools.until(feed, bool) for _ in range(6)]
        assert feed.status.dropped == 0
    assert [frame.number for frame in frames] == list(range(6))
    assert server.sent > 30


def test_a_camera_that_dies_is_found_again(camera, tools):
    server = camera()
    with open_feed(server.url, fps=25, patience=1) as feed:
        before = tools.until(feed, bool)
        server.stop()
        tools.until(feed, lambda frame: feed.status.restarts >= 2)
        status = feed.status
        assert not status.connected
        assert "hush" not in status.trouble
        assert "127.0.0.1" in status.trouble
        camera(port=server.port, size=(320, 240))
        after = tools.until(feed, lambda frame: frame is not None and frame.pixels.shape == (240, 320, 3))
        assert after.seconds > before.seconds
        assert after.number > before.number
        assert feed.status.connected
        assert feed.status.since_frame < status.since_frame


def test_a_camera_that_freezes_is_noticed_and_found_again(camera, tools):
    server = camera()
    with open_feed(server.url, fps=25, patience=0.7) as feed:
        tools.until(feed, bool)
        server.mode = "freezes"
        tools.until(feed, lambda frame: not feed.status.connected)
        tools.until(feed, lambda frame: feed.status.restarts >= 1)
        assert "nothing came for" in feed.status.trouble
        assert feed.next(timeout=0) is None
        restarts, seen = feed.status.restarts, server.served
        tools.until(feed, lambda frame: feed.status.restarts > restarts)
        assert server.served > seen
        server.mode = "plays"
        assert tools.until(feed, bool) is not None
        assert feed.status.connected


def test_garbage_is_survived(camera, tools):
    server = camera()
    with open_feed(server.url, fps=25, patience=0.7) as feed:
        tools.until(feed, bool)
        server.mode = "garbage"
        tools.until(feed, lambda frame: feed.status.restarts >= 1)
        server.mode = "plays"
        before = feed.status.frames
        tools.until(feed, lambda frame: feed.status.frames >= before + 3)
        assert feed.status.connected


def test_a_killed_decoder_is_replaced(camera, tools):
    server = camera()
    with open_feed(server.url, fps=25, patience=2) as feed:
        before, pid = tools.until(feed, bool), feed.pid
        os.kill(pid, signal.SIGSEGV)
        tools.until(feed, lambda frame: feed.status.restarts == 1)
        assert "SIGSEGV" in feed.status.trouble
        after = tools.until(feed, bool)
        assert feed.pid != pid
        assert after.seconds > before.seconds
        assert after.number > before.number


def test_a_decoder_that_hangs_is_killed(camera, tools):
    server = camera()
    with open_feed(server.url, fps=25, patience=0.7) as feed:
        tools.until(feed, bool)
        pid = feed.pid
        os.kill(pid, signal.SIGSTOP)
        tools.until(feed, lambda frame: feed.status.restarts == 1)
        assert tools.until(feed, bool) is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_nobody_there_is_no_error_and_tells_no_password(tools, capfd):
    with open_feed("rtsp://admin:hush-hush@127.0.0.1:9/live", patience=1) as feed:
        tools.until(feed, lambda frame: feed.status.restarts >= 1)
        assert not feed.status.connected
        assert feed.status.trouble == "rtsp://admin:***@127.0.0.1:9/live: Connection refused"
        assert "hush" not in repr(feed)
        assert "hush" not in repr(feed._task)
        assert not feed.ended
    assert capfd.readouterr().err == ""


def test_waits_grow_to_a_limit_and_start_again_after_a_good_time(monkeypatch):
    monkeypatch.setattr(feeds, "FIRST_WAIT", 1.0)
    monkeypatch.setattr(feeds, "LONGEST_WAIT", 60.0)
    monkeypatch.setattr(feeds.random, "uniform", lambda low, high: 1 + high / 1000)
    clock = [100.0]
    monkeypatch.setattr(feeds, "time", type("", (), {"monotonic": staticmethod(lambda: clock[0])}))
    from spotdiff.video.values import FeedOptions, Task

    feed = feeds.Feed(Task("rtsp://cam/", "stream", FeedOptions(), whole=False), name="", live=True)
    waits = []
    for _ in range(8):
        feed._give_up("no")
        waits.append(round(feed._due - clock[0]))
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]

    class Held:
        crashed, given, started = False, 7, 30.0
        ring = type("", (), {"last": 7, "damaged": 0})

        def kill(self):
            pass

    feed._decoders.append(Held())  # gave frames for 70 s
    feed._give_up("no")
    assert round(feed._due - clock[0]) == 1
    feed.close()


def test_the_limit_of_silence_follows_the_camera():
    from types import SimpleNamespace

    from spotdiff.video.values import FeedOptions, Task

    def limit(gap, beat, **keywords):
        task = Task("rtsp://cam/", "stream", FeedOptions(patience=5), **{"whole": False, **keywords})
        feed = feeds.Feed(task, name="", live=True)
        found = feed._limit(SimpleNamespace(ring=SimpleNamespace(gap=gap, beat=beat)))
        feed.close()
        return found

    assert limit(0.04, 1.0) == 5
    assert limit(10.0, 1.0) == 30
    assert limit(0.0, 0.0) == 15
    assert limit(0.0, 1.0, whole=True) == feeds.HANG


def test_a_film_by_url_is_played_in_time_or_replayed_whole(tmp_path, tools):
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    from http_stub import serving

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def copyfile(self, source, outputfile):
            with suppress(OSError):
                super().copyfile(source, outputfile)

    tools.make_film(tmp_path / "clip.ts", (tools.grey(number) for number in range(40)))
    (tmp_path / "live.m3u8").write_text(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.6,\nclip.ts\n#EXT-X-ENDLIST\n"
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    server.daemon_threads = True
    url = f"http://127.0.0.1:{server.server_address[1]}"
    with serving(server):
        with open_feed(f"{url}/live.m3u8", fps=25, replay=True) as feed:
            assert not feed.live
            whole = tools.all_of(feed)
        with open_feed(f"{url}/live.m3u8", fps=25, patience=2) as feed:
            live = [tools.until(feed, bool) for _ in range(15)]
    assert [tools.number_of(frame.pixels) for frame in whole] == list(range(40))
    shown = tools.number_of(live[-1].pixels) - tools.number_of(live[0].pixels)
    passed = live[-1].seconds - live[0].seconds
    assert passed == pytest.approx(shown / 25, abs=0.25)  # as it was filmed, not as fast as it was fetched


def test_status_may_be_asked_by_another_thread(camera, tools):
    server = camera()
    errors, stop = [], threading.Event()
    with open_feed(server.url, fps=25, patience=2) as feed:

        def ask():
            while not stop.is_set():
                try:
                    assert feed.status.frames >= 0
                except Exception as error:
                    errors.append(error)
                    return

        thread = threading.Thread(target=ask)
        thread.start()
        for _ in range(2):
            tools.until(feed, bool)
            os.kill(feed.pid, signal.SIGKILL)
            before = feed.status.restarts
            tools.until(feed, lambda frame, before=before: feed.status.restarts > before)
        stop.set()
        thread.join()
    assert errors == []


def test_frames_are_the_readers_own(camera, tools):
    server = camera()
    with open_feed(server.url, fps=25, patience=2) as feed:
        first = tools.until(feed, bool)
        kept = first.pixels.copy()
        for _ in range(5):
            tools.until(feed, bool)
        assert np.array_equal(first.pixels, kept)
        assert first.pixels.flags.writeable


def keep_the_lock(feed):
    """Take the ring's lock at the next moment at which a frame lies there, as a process does that is stopped inside."""
    end = time.monotonic() + 10 * LONG
    while feed._decoders[0].ring.last <= feed._decoders[0].given and time.monotonic() < end:
        time.sleep(0.01)
    assert feed._decoders[0].ring.address.lock.acquire(timeout=LONG)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_decoder_that_dies_or_hangs_with_the_lock_in_its_hand_is_replaced(camera, tools, number):
    server = camera()
    with open_feed(server.url, fps=25, patience=4) as feed:
        tools.until(feed, bool)
        pid = feed.pid
        keep_the_lock(feed)
        os.kill(pid, number)
        tools.until(feed, lambda frame: feed.status.restarts == 1)
        assert tools.until(feed, bool) is not None
        assert feed.pid != pid


def test_the_last_frame_of_a_dead_decoder_can_be_taken_though_it_kept_the_lock(film):
    with open_feed(str(film), fps=25) as feed:
        keep_the_lock(feed)
        os.kill(feed.pid, signal.SIGKILL)
        assert feed.next(timeout=LONG).number == 0
