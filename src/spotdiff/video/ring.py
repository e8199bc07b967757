"""Frames from a decoding process to its parent, through shared memory.

A board of fixed size holds numbers about the writer and about the frames in two slots; the slots lie in a block
of their own, which is replaced by a larger one when frames grow. Only the writer writes and only the reader removes,
so that a writer may be killed at any moment.

A lock is held for the few numbers of a slot, never while pixels are copied: the writer takes a slot's number away
before it writes pixels and gives the new one after them, and a reader that finds another number after its copy than
before takes the next frame. The lock is what orders pixels and numbers also on processors that reorder memory. A reader
waits for it no longer than `LOCK_TIMEOUT`, since a writer may be stopped or killed inside. What stands alone in
one word (the last number, the heartbeat, counts) needs no lock.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.clock import from_microseconds, to_microseconds
from spotdiff.errors import LoadError

if TYPE_CHECKING:
    from datetime import datetime
    from multiprocessing.synchronize import Lock

    from spotdiff.types import Bytes
    from spotdiff.video.values import Frame

SLOTS = 2
LOCK_TIMEOUT = 0.2  # seconds; the lock is held for microseconds
_LAST, _BLOCK, _DAMAGED, _BEAT, _CAME, _GAP = range(6)  # words of the board
_HEAD, _WORDS = 8, 8  # where the slots' words begin, and how many each has
_NUMBER, _AT, _HEIGHT, _WIDTH, _SECONDS, _WALL, _CAPACITY = range(7)  # words of a slot
_NAMES, _NAME = 8 * (_HEAD + SLOTS * _WORDS), 1024  # bytes: where names begin, and room for each
_SIZE = _NAMES + (SLOTS + 1) * _NAME
_FILES = Path("/dev/shm")  # where Linux keeps shared memory
_MEMORY = 0.8  # share of the gap known so far that stays when a new one is seen


@dataclass(frozen=True, slots=True, eq=False)
class RingFrame:
    """A frame out of the ring, its pixels copied, and the file it was read from ("" for none)."""

    pixels: Bytes
    seconds: float
    wall: datetime
    file: str


@dataclass(frozen=True, slots=True, eq=False)
class RingAddress:
    """What the writer needs to find a ring; can only be handed to a process that is being started."""

    name: str
    lock: Lock


def _bytes_of(memory: SharedMemory) -> memoryview:
    if memory.buf is None:
        raise ValueError(f"{memory.name} was closed")
    return memory.buf


class _Board:
    """The words and names of the board, as both sides see them."""

    def __init__(self, memory: SharedMemory) -> None:
        self.memory = memory
        view = _bytes_of(memory)[:]
        self.ints = view[:_NAMES].cast("q")
        self.floats = view[:_NAMES].cast("d")
        self.names = view[_NAMES:_SIZE]

    def close(self) -> None:
        for view in (self.ints, self.floats, self.names):
            view.release()
        self.memory.close()

    def put_name(self, place: int, name: str) -> None:
        data = name.encode(errors="surrogateescape")[: _NAME - 2]
        at = place * _NAME
        self.names[at : at + 2 + len(data)] = len(data).to_bytes(2, "little") + data

    def name(self, place: int) -> str:
        at = place * _NAME
        length = int.from_bytes(self.names[at : at + 2], "little")
        return bytes(self.names[at + 2 : at + 2 + length]).decode(errors="surrogateescape")


class RingWriter:
    """The decoding process's side; it is also the `Heartbeat` of the readers."""

    def __init__(self, ring: RingAddress) -> None:
        self._name, self._lock = ring.name, ring.lock
        self._block, self._number, self._file = 0, 0, ""
        self._board = _Board(SharedMemory(ring.name))
        self._memory: SharedMemory | None = None

    def write(self, frame: Frame) -> None:
        """Put a frame into the slot that was written longest ago, and make it the last.

        Raises:
            LoadError: there is no room for it.
        """
        height, width = frame.pixels.shape[:2]
        memory = self._room_for(height * width * 3)
        slot, ints = self._number % SLOTS, self._board.ints
        word = _HEAD + slot * _WORDS
        with self._lock:
            ints[word + _NUMBER] = -1
        capacity = memory.size // SLOTS
        room = np.frombuffer(_bytes_of(memory), np.uint8, height * width * 3, slot * capacity)
        room.reshape(height, width, 3)[...] = frame.pixels
        with self._lock:
            ints[word + _AT], ints[word + _CAPACITY] = self._block, capacity
            ints[word + _HEIGHT], ints[word + _WIDTH] = height, width
            self._board.floats[word + _SECONDS] = frame.seconds
            ints[word + _WALL] = to_microseconds(frame.wall)
            self._board.put_name(slot, self._file)
            ints[word + _NUMBER] = ints[_LAST] = self._number
        self._number += 1

    def _room_for(self, size: int) -> SharedMemory:
        if self._memory is not None and self._memory.size // SLOTS >= size:
            return self._memory
        wanted = size * SLOTS
        if _FILES.is_dir() and shutil.disk_usage(_FILES).free < wanted:
            raise LoadError(f"shared memory is full: {_FILES} has no {wanted / 1e6:.0f} MB left")
        if self._memory is not None:
            self._memory.close()
        self._block += 1
        self._memory = SharedMemory(f"{self._name}-{self._block}", create=True, size=wanted)
        self._board.ints[_BLOCK] = self._block
        return self._memory

    def beat(self) -> None:
        """Tell that something was done."""
        self._board.floats[_BEAT] = time.monotonic()

    def frame_came(self) -> None:
        """Tell that a live frame was decoded, and learn how far frames are apart."""
        now, floats = time.monotonic(), self._board.floats
        if floats[_CAME]:
            floats[_GAP] = max(now - floats[_CAME], _MEMORY * floats[_GAP])
        floats[_CAME] = floats[_BEAT] = now

    def damaged(self) -> None:
        """Count something that could not be decoded."""
        self._board.ints[_DAMAGED] += 1

    def reading(self, file: str) -> None:
        """Note which file is about to be read; frames written from now on bear its name."""
        self._file = file
        with self._lock:
            self._board.put_name(SLOTS, file)
        self.beat()


class RingReader:
    """The parent's side: it makes the board, and removes it and the blocks.

    Attributes:
        name: Of the board in shared memory.
        writer_is_gone: Set by who knows it: nobody else holds the lock from then on, though a writer that was killed
            may never have given it back.
        stuck: The lock could not be had in time when it was last tried.
    """

    def __init__(self) -> None:
        self.name = f"sd{os.getpid():x}_{token_hex(4)}"
        self.writer_is_gone = self.stuck = False
        self._lock = get_context("spawn").Lock()
        self._board = _Board(SharedMemory(self.name, create=True, size=_SIZE))
        self._board.ints[_LAST] = -1
        self._blocks: dict[int, SharedMemory] = {}
        self._removed = 0

    @property
    def address(self) -> RingAddress:
        """For the writer."""
        return RingAddress(self.name, self._lock)

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """Hold the lock; False where it cannot be had."""
        if self.writer_is_gone:
            yield True
            return
        held = self._lock.acquire(timeout=LOCK_TIMEOUT)
        self.stuck = not held
        try:
            yield held
        finally:
            if held:
                self._lock.release()

    @property
    def last(self) -> int:
        """Number of the frame written last, from 0; -1 before the first."""
        return self._board.ints[_LAST]

    @property
    def damaged(self) -> int:
        """How much could not be decoded."""
        return self._board.ints[_DAMAGED]

    @property
    def beat(self) -> float:
        """When the writer last did something, on the machine's monotonic clock; 0 if it never did."""
        return self._board.floats[_BEAT]

    @property
    def came(self) -> float:
        """When a live frame was last decoded, on the machine's monotonic clock; 0 if none was."""
        return self._board.floats[_CAME]

    @property
    def gap(self) -> float:
        """Seconds between live frames, rather too long than too short; 0 before two came."""
        return self._board.floats[_GAP]

    @property
    def file(self) -> str:
        """The file that the writer went for last; "" for none, and where the lock cannot be had."""
        with self._locked() as held:
            return self._board.name(SLOTS) if held else ""

    def read(self, number: int) -> RingFrame | None:
        """A copy of a frame; None when a newer one has taken its place, and where the lock cannot be had."""
        ints, slot = self._board.ints, number % SLOTS
        word = _HEAD + slot * _WORDS
        with self._locked() as held:
            if not held or ints[word + _NUMBER] != number:
                return None
            block, capacity = ints[word + _AT], ints[word + _CAPACITY]
            height, width, wall = ints[word + _HEIGHT], ints[word + _WIDTH], ints[word + _WALL]
            seconds, file = self._board.floats[word + _SECONDS], self._board.name(slot)
        memory = self._block_at(block)
        if memory is None:
            return None
        room = np.frombuffer(_bytes_of(memory), np.uint8, height * width * 3, slot * capacity)
        pixels = room.reshape(height, width, 3).copy()
        with self._locked() as held:
            if not held or ints[word + _NUMBER] != number:
                return None
        return RingFrame(pixels, seconds, from_microseconds(wall), file)

    def _block_at(self, block: int) -> SharedMemory | None:
        """A block of slots; older ones, which no frame to come lies in, are removed."""
        if block not in self._blocks:
            if block <= self._removed:
                return None
            self._blocks[block] = SharedMemory(f"{self.name}-{block}")
        for old in range(self._removed + 1, block):
            self._remove_block(old)
        return self._blocks[block]

    def _remove_block(self, block: int) -> None:
        self._removed = max(self._removed, block)
        memory = self._blocks.pop(block, None)
        try:
            memory = memory or SharedMemory(f"{self.name}-{block}")
        except FileNotFoundError:
            return
        except ValueError:  # its writer was killed between making it and giving it a size
            (_FILES / f"{self.name}-{block}").unlink(missing_ok=True)
            return
        memory.close()
        memory.unlink()

    def remove(self) -> None:
        """Remove the board and all blocks, once the writer is dead; also those it had no time to tell of."""
        for block in range(self._removed + 1, self._board.ints[_BLOCK] + 2):
            self._remove_block(block)
        self._board.close()
        self._board.memory.unlink()
