from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime

import pytest
from PIL import Image

from spotdiff.clock import in_utc
from spotdiff.errors import LoadError
from spotdiff.image.capture_time import date_in_name, natural_key
from spotdiff.video import open_feed
from spotdiff.video.folders import folder_frames
from spotdiff.video.values import FeedOptions, Task


@pytest.fixture(autouse=True)
def zone(monkeypatch):
    """This machine stands two hours east of Greenwich."""
    monkeypatch.setenv("TZ", "XXX-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def put(tmp_path, tools):
    """Puts a numbered picture into a folder."""
    folder = tmp_path / "yard"
    folder.mkdir()

    def put(name, number, *, taken="", offset="", mtime=None):
        image = Image.fromarray(tools.grey(number))
        exif = image.getexif()
        if taken:
            inner = exif.get_ifd(0x8769)
            inner[0x9003] = taken
            if offset:
                inner[0x9011] = offset
        image.save(folder / name, exif=exif) if taken else image.save(folder / name)
        if mtime is not None:
            os.utime(folder / name, (mtime, mtime))
        return folder / name

    put.folder = folder
    return put


def read(folder, tools, **options):
    heartbeat = tools.Heartbeat()
    task = Task(str(folder), "folder", FeedOptions(**options), whole=True)
    return list(folder_frames(task, heartbeat)), heartbeat


def numbers(frames, tools):
    return [tools.number_of(frame.pixels) for frame in frames]


def test_pictures_come_in_the_order_people_count(put, tools):
    for name, number in (("a10.png", 3), ("a2.jpg", 2), ("A1.webp", 1), ("b1.bmp", 4), ("b02.tiff", 5)):
        put(name, number, mtime=1_700_000_000)
    put.folder.joinpath("notes.txt").write_text("x")
    put.folder.joinpath(".hidden.png").write_bytes(b"x")
    put.folder.joinpath("below").mkdir()
    frames, heartbeat = read(put.folder, tools, every=0.5)
    assert numbers(frames, tools) == [1, 2, 3, 4, 5]
    assert [frame.seconds for frame in frames] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert frames[0].wall == datetime.fromtimestamp(1_700_000_000, UTC)
    assert heartbeat.names == ["A1.webp", "a2.jpg", "a10.png", "b1.bmp", "b02.tiff"]


def test_names_are_counted_also_in_other_scripts():
    names = ["x٣.png", "x12.png", "x2.png", "x.png", "2.png", "10.png"]
    assert sorted(names, key=natural_key) == ["2.png", "10.png", "x.png", "x2.png", "x٣.png", "x12.png"]


def test_the_time_is_that_of_the_picture_then_of_its_name_then_of_the_disk(put, tools):
    put("1.jpg", 1, taken="2024:01:31 10:00:00")
    put("2.jpg", 2, taken="2024:01:31 12:00:30", offset="+04:00")
    put("3_20240131_100100.png", 3)
    put("4_2024-01-31T08-02-00Z.png", 4)
    put("5.png", 5, mtime=1_706_688_240)
    frames, _ = read(put.folder, tools)
    eight = datetime(2024, 1, 31, 8, tzinfo=UTC)
    assert [(frame.wall - eight).total_seconds() for frame in frames] == [0, 30, 60, 120, 240]
    assert [frame.seconds for frame in frames] == [0, 30, 60, 120, 121]  # the disk's time is told, but not counted with


@pytest.mark.parametrize(
    ("stem", "moment"),
    [
        ("20240131_235959", "2024-01-31T21:59:59+00:00"),
        ("cam1_2024-01-31T23-59-59_hall", "2024-01-31T21:59:59+00:00"),
        ("PXL_20240131_235959123", "2024-01-31T21:59:59.123000+00:00"),
        ("20240131235959", "2024-01-31T21:59:59+00:00"),
        ("2024.01.31 23h59m59s", "2024-01-31T21:59:59+00:00"),
        ("x20240131T235959Z", "2024-01-31T23:59:59+00:00"),
        ("99990131_235959", None),
        ("20241331_235959", None),
        ("1202401312359590", None),
        ("IMG_1234", None),
    ],
)
def test_times_in_names(stem, moment):
    found = date_in_name(stem, to_the_second=True)
    assert (in_utc(found).isoformat() if found else None) == moment


def test_orders_by_time(put, tools):
    put("a.jpg", 2, taken="2024:01:31 10:00:02", mtime=1_700_000_001)
    put("b.jpg", 1, taken="2024:01:31 10:00:01", mtime=1_700_000_003)
    put("c.jpg", 3, taken="2024:01:31 10:00:03", mtime=1_700_000_000)
    assert numbers(read(put.folder, tools, order="taken")[0], tools) == [1, 2, 3]
    assert numbers(read(put.folder, tools, order="mtime")[0], tools) == [3, 2, 1]
    for name in "abc":
        (put.folder / f"{name}.jpg").unlink()
    put("x.png", 5, mtime=1_700_000_010)
    put("y.png", 4, mtime=1_700_000_000)
    frames, _ = read(put.folder, tools, order="mtime")
    assert [frame.seconds for frame in frames] == [0, 10]


def test_seconds_only_rise(put, tools):
    for name, taken in (("1", "10:00:05"), ("2", "10:00:05"), ("3", "10:00:00"), ("4", "10:00:30")):
        put(f"{name}.jpg", int(name), taken=f"2024:01:31 {taken}")
    frames, _ = read(put.folder, tools, every=0.25)
    assert [frame.seconds for frame in frames] == [0, 0.25, 0.5, 25]


def test_damaged_pictures_are_counted_and_left_out(put, tools):
    for number in (1, 2, 3):
        put(f"{number}.jpg", number)
    whole = (put.folder / "2.jpg").read_bytes()
    (put.folder / "2.jpg").write_bytes(whole[: len(whole) // 2])
    frames, heartbeat = read(put.folder, tools)
    assert numbers(frames, tools) == [1, 3]
    assert heartbeat.lost == 1
    with open_feed(str(put.folder)) as feed:
        assert [frame.number for frame in tools.all_of(feed)] == [0, 1]
        assert feed.status.corrupt == 1
        assert not feed.live


def test_folders_without_pictures_are_told(put):
    with pytest.raises(LoadError, match="no pictures in this folder"):
        open_feed(str(put.folder))
    (put.folder / "a.png").write_bytes(b"half")
    with pytest.raises(LoadError, match="none of the pictures"):
        open_feed(str(put.folder))


def test_a_growing_folder_waits_until_a_picture_is_whole(put, tools):
    put("1.jpg", 1)
    with open_feed(str(put.folder), grows=True, every=0.2) as feed:
        assert feed.live
        assert tools.number_of(tools.until(feed, bool).pixels) == 1
        whole = tools.jpeg(tools.grey(2, (640, 480)))
        half = put.folder / "2.jpg"
        half.write_bytes(whole[: len(whole) // 2])
        tools.until(feed, lambda frame: feed.status.corrupt == 1)
        assert feed.status.frames == 1
        put("3.jpg", 3)
        assert tools.number_of(tools.until(feed, bool).pixels) == 3
        half.write_bytes(whole)
        frame = tools.until(feed, bool)
        assert tools.number_of(frame.pixels) == 2
        assert (frame.number, frame.dropped) == (2, 0)
        assert feed.status.corrupt == 1
        assert feed.status.connected
        (put.folder / "4.jpg").write_bytes(whole)
        assert tools.until(feed, bool).number == 3
        assert not feed.ended


def test_a_picture_is_left_alone_while_somebody_writes_to_it(put, tools, monkeypatch):
    from types import SimpleNamespace

    from spotdiff.video import folders

    growing = put("1.jpg", 1)  # what is written behind its end does not keep it from being read
    (put.folder / "2.jpg").write_bytes(growing.read_bytes()[:300])
    looks = []

    def sleep(seconds):
        looks.append(seconds)
        if len(looks) <= 3:
            growing.write_bytes(growing.read_bytes() + b"x")
        elif len(looks) == 8:
            put("3.jpg", 3)

    monkeypatch.setattr(folders, "time", SimpleNamespace(sleep=sleep))
    heartbeat = tools.Heartbeat()
    task = Task(str(put.folder), "folder", FeedOptions(grows=True, every=0.4), whole=True)
    frames = folder_frames(task, heartbeat)
    assert tools.number_of(next(frames).pixels) == 1
    assert looks == [0.1] * 4
    assert tools.number_of(next(frames).pixels) == 3
    assert len(looks) == 9
    assert heartbeat.names.count("2.jpg") == 1  # it is not tried again before it changes
    assert heartbeat.lost == 1


def test_an_empty_folder_may_grow(put, tools):
    with open_feed(str(put.folder), grows=True, every=0.2) as feed:
        assert feed.next(timeout=0.2) is None
        put("1.png", 7)
        assert tools.number_of(tools.until(feed, bool).pixels) == 7
        (put.folder / "1.png").unlink()
        for _ in range(2):  # two looks that find nothing
            beat = feed._decoders[0].ring.beat
            tools.until(feed, lambda frame, beat=beat: feed._decoders[0].ring.beat > beat)
        put("1.png", 8)  # a name may come again
        assert tools.number_of(tools.until(feed, bool).pixels) == 8


def test_no_picture_of_a_growing_folder_is_dropped(put, tools):
    for number in range(6):
        put(f"{number}.png", number)
    with open_feed(str(put.folder), grows=True, every=0.2) as feed:
        tools.until(feed, lambda frame: feed._decoders[0].ring.last >= 0)
        time.sleep(0.3)  # time to read them all
        rest = [tools.until(feed, bool) for _ in range(6 - feed.status.frames)]
    assert rest[-1].number == 5
    assert feed.status.dropped == 0


def test_a_growing_folder_that_goes_and_comes_repeats_nothing(put, tools):
    away = put.folder.with_name("away")
    for number in (1, 2):
        put(f"{number}_2024-01-31T10-00-0{number}Z.png", number)
    with open_feed(str(put.folder), grows=True, every=0.2) as feed:
        seen = [tools.until(feed, bool), tools.until(feed, bool)]
        put.folder.rename(away)
        tools.until(feed, lambda frame: feed.status.restarts)
        assert "No such file" in feed.status.trouble
        assert not feed.status.connected
        away.rename(put.folder)
        put("3_2024-01-31T10-00-03Z.png", 3)
        seen.append(tools.until(feed, bool))
        os.kill(feed.pid, signal.SIGKILL)
        put("4_2024-01-31T10-00-04Z.png", 4)
        seen.append(tools.until(feed, bool))
    assert numbers(seen, tools) == [1, 2, 3, 4]
    assert [frame.seconds for frame in seen] == [0, 1, 2, 3]
    assert [frame.number for frame in seen] == [0, 1, 2, 3]
    assert all(frame.dropped == 0 for frame in seen)


def test_a_new_process_starts_after_what_is_done(put, tools):
    from spotdiff.video.folders import _done_before
    from spotdiff.video.values import Resumed

    for number in (1, 2, 3, 10):
        put(f"{number}.png", number, mtime=1_700_000_000 - number)

    def done(after, order="name"):
        return _done_before(put.folder, Resumed(after, None, 0.0), order, tools.Heartbeat())

    assert done("2.png") == {"1.png", "2.png"}
    assert done("2.png", "mtime") == {"10.png", "3.png", "2.png"}
    assert done("4.png") == {"1.png", "2.png", "3.png"}  # it was removed meanwhile
    assert _done_before(put.folder, None, "name", tools.Heartbeat()) == set()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["crashes", "hangs"])
def test_a_picture_that_brings_the_decoder_down_or_holds_it_up_twice_is_passed_over(put, tools, monkeypatch, how):
    from spotdiff.video import feed as feeds
    from spotdiff.video.decoder_process import Decoder

    resumed = []
    start = Decoder.__init__

    def note(self, task):
        resumed.append(task.resumed and task.resumed.after)
        start(self, task)

    monkeypatch.setattr(Decoder, "__init__", note)
    for number in (1, 2, 3):
        put(f"{number}.png", number)
    with open_feed(str(put.folder), grows=True, every=0.2, patience=0.2) as feed:
        assert tools.number_of(tools.until(feed, bool).pixels) == 1
        for _ in range(2):
            before = feed.status.restarts
            tools.until(feed, lambda frame: feed.pid is not None and feed._decoders[0].ring.file == "3.png")
            os.kill(feed.pid, how)
            feed._file = "2.png"
            with monkeypatch.context() as patch:
                patch.setattr(feeds, "HANG", 0.3)
                tools.until(feed, lambda frame, before=before: feed.status.restarts > before)
        assert feed.status.trouble.endswith("twice at 3.png, which is left out")
        assert feed.status.corrupt == 1
        tools.until(feed, lambda frame: len(resumed) == 3)
    assert resumed == [None, "2.png", "3.png"]


@pytest.mark.parametrize("grows", [True, False])
def test_what_is_called_like_a_picture_and_is_no_file_is_passed_over(put, tools, grows):
    put("1.png", 1)
    os.mkfifo(put.folder / "2.png")
    (put.folder / "3.png").mkdir()
    (put.folder / "4.png").symlink_to("2.png")
    (put.folder / "5.png").symlink_to("nowhere.png")
    put("6.png", 6)
    with open_feed(str(put.folder), grows=grows, every=0.2) as feed:
        assert numbers([tools.until(feed, bool), tools.until(feed, bool)], tools) == [1, 6]
