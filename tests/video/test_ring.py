from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from types import SimpleNamespace

import numpy as np
import pytest

from spotdiff.errors import LoadError
from spotdiff.video import Frame
from spotdiff.video import ring as rings
from spotdiff.video.ring import RingReader, RingWriter

WALL = datetime(2024, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)


@pytest.fixture
def ring():
    reader = RingReader()
    writer = RingWriter(reader.address)
    yield reader, writer
    if writer._memory is not None:
        writer._memory.close()
    writer._board.close()
    reader.remove()


def frame(number, tools, size=(64, 48)):
    return Frame(tools.grey(number, size), number, number / 3, WALL + timedelta(seconds=number))


def test_frames_cross_unchanged(ring, tools):
    reader, writer = ring
    assert reader.last == -1
    writer.reading("yard/ä\udcff.png")
    writer.write(frame(0, tools))
    taken = reader.read(reader.last)
    assert np.array_equal(taken.pixels, tools.grey(0))
    assert (taken.seconds, taken.wall, taken.file) == (0.0, WALL, "yard/ä\udcff.png")
    assert reader.file == "yard/ä\udcff.png"


def test_the_newest_takes_the_place_of_the_oldest(ring, tools):
    reader, writer = ring
    for number in range(5):
        writer.write(frame(number, tools))
    assert reader.last == 4
    assert tools.number_of(reader.read(4).pixels) == 4
    assert tools.number_of(reader.read(3).pixels) == 3
    assert reader.read(2) is None
    assert reader.read(5) is None


def test_a_frame_that_is_replaced_while_it_is_copied_is_not_handed_on(ring, tools, monkeypatch):
    reader, writer = ring
    writer.write(frame(0, tools))
    writer.write(frame(1, tools))

    def copying(*args):
        found = np.frombuffer(*args)
        writer.write(frame(2, tools))  # into the slot that is just read
        return found

    monkeypatch.setattr(rings, "np", SimpleNamespace(frombuffer=np.frombuffer, uint8=np.uint8))
    room = rings.np.frombuffer

    def once(*args):
        rings.np.frombuffer = room
        return copying(*args)

    rings.np.frombuffer = once
    assert reader.read(0) is None


def test_memory_grows_with_the_frames_and_never_with_time(ring, tools):
    reader, writer = ring
    seen = []
    for number, size in enumerate([(64, 48)] * 5 + [(320, 240)] * 5 + [(16, 16)] * 5 + [(640, 360)] * 5):
        writer.write(frame(number, tools, size))
        taken = reader.read(number)
        assert taken.pixels.shape == (size[1], size[0], 3)
        assert tools.number_of(taken.pixels) == number
        seen.append(len(tools.shared()))
    assert max(seen) == 2
    assert len(reader._blocks) == 1


def test_blocks_of_a_writer_that_nobody_listened_to_are_removed(ring, tools):
    reader, writer = ring
    for number, size in enumerate([(8, 8), (16, 16), (32, 32), (64, 64)]):
        writer.write(frame(number, tools, size))
    assert len(tools.shared()) == 5
    reader.read(3)
    assert len(tools.shared()) == 2


def test_a_block_that_a_killed_writer_could_not_tell_of_is_removed(tools):
    from multiprocessing.shared_memory import SharedMemory

    reader = RingReader()
    lost = SharedMemory(f"{reader.name}-1", create=True, size=100)
    lost.close()
    reader.remove()
    assert tools.shared() == []


def test_full_shared_memory_is_told(ring, tools, monkeypatch):
    _, writer = ring
    monkeypatch.setattr(rings.shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    with pytest.raises(LoadError, match="shared memory is full"):
        writer.write(frame(0, tools))


def test_the_gap_between_frames_is_learnt_and_forgotten(ring, monkeypatch):
    reader, writer = ring
    now = [50.0]
    monkeypatch.setattr(rings, "time", SimpleNamespace(monotonic=lambda: now[0]))
    assert reader.beat == reader.came == 0
    for gap in (0.1, 0.1, 4.0):
        writer.frame_came()
        now[0] += gap
    writer.frame_came()
    assert reader.gap == pytest.approx(4.0)
    assert reader.came == reader.beat == now[0]
    for _ in range(30):
        now[0] += 0.1
        writer.frame_came()
    assert reader.gap == pytest.approx(0.1)
    writer.damaged()
    assert reader.damaged == 1


class WatchedWords:
    """The words of a board; whoever reads or writes those of a slot without the lock is noted."""

    def __init__(self, words, lock):
        self.words, self.lock, self.unlocked = words, lock, []

    def _note(self, place):
        if rings._HEAD <= place < rings._HEAD + rings.SLOTS * rings._WORDS and self.lock.acquire(block=False):
            self.lock.release()
            self.unlocked.append(place)

    def __getitem__(self, place):
        self._note(place)
        return self.words[place]

    def __setitem__(self, place, value):
        self._note(place)
        self.words[place] = value

    def release(self):
        self.words.release()


def test_the_numbers_of_a_slot_are_touched_under_the_lock_alone(ring, tools):
    reader, writer = ring
    lock = reader.address.lock
    for side in (reader, writer):
        side._board.ints, side._board.floats = (WatchedWords(w, lock) for w in (side._board.ints, side._board.floats))
    for number in range(4):
        writer.write(frame(number, tools))
        assert tools.number_of(reader.read(number).pixels) == number
    assert [words.unlocked for side in (reader, writer) for words in (side._board.ints, side._board.floats)] == [[]] * 4


def test_a_writer_that_keeps_the_lock_holds_nobody_up(ring, tools, monkeypatch):
    reader, writer = ring
    writer.reading("a.png")
    writer.write(frame(0, tools))
    reader.address.lock.acquire()  # as one does that was killed inside
    begun = time.monotonic()
    assert reader.read(0) is None
    assert reader.stuck
    assert reader.file == ""
    assert time.monotonic() - begun < 10 * rings.LOCK_TIMEOUT
    reader.writer_is_gone = True
    assert tools.number_of(reader.read(0).pixels) == 0
    assert reader.file == "a.png"
    reader.writer_is_gone = False
    reader.address.lock.release()
    assert reader.read(0) is not None
    assert not reader.stuck


def write_for_ever(address, size):
    writer = RingWriter(address)
    pixels = np.empty((size[1], size[0], 3), np.uint8)
    for number in range(10**9):
        pixels[:] = number % 251
        writer.write(Frame(pixels, number, float(number), WALL))


def test_no_frame_is_torn_while_a_process_writes_as_fast_as_it_can(tools):
    reader = RingReader()
    process = get_context("fork").Process(target=write_for_ever, args=(reader.address, (320, 240)), daemon=True)
    process.start()
    try:
        end, read = time.monotonic() + 20, 0
        while read < 300 and time.monotonic() < end:
            number = reader.last
            taken = reader.read(number) if number >= 0 else None
            if taken is not None:
                assert taken.pixels.min() == taken.pixels.max() == number % 251
                assert taken.seconds == number
                read += 1
    finally:
        process.kill()
        process.join()
        process.close()
        reader.remove()
    assert read == 300
