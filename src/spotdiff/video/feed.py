"""A source as it is watched: frames one by one, whatever happens to the camera or to the process that decodes."""

from __future__ import annotations

import random
import threading
import time
import weakref
from collections import deque
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Self

from spotdiff.errors import LoadError, MissingExtra, OptionError
from spotdiff.video.decoder_process import Decoder
from spotdiff.video.source_names import source_kind, source_name, without_password
from spotdiff.video.values import FeedOptions, Frame, Resumed, Task

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType


FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds before a source is opened anew; doubled each time it fails
JITTER = 0.25  # share by which a wait is made longer at random, so that many cameras do not come back at once
HANG = 60.0  # seconds without a sign of life after which the decoding of a file has hung
_OPENING = 3  # how many times its patience a live source is given for its first frame
_GAPS = 3  # a camera is late after so many of the gaps between its frames
_POLL = 0.25  # seconds between two looks at the decoding process while a frame is waited for
_MEASURED = 20  # frames that the rate is measured over


def open_feed(
    source: str,
    *,
    name: str = "",
    fps: float = 5.0,
    replay: bool = False,
    speed: float = 0.0,
    start: datetime | None = None,
    order: str = "name",
    grows: bool = False,
    every: float = 1.0,
    patience: float = 5.0,
) -> Feed:
    """Open a source and start to decode it in a process of its own.

    Films and folders hand on every frame that is due, however long the reader takes, and the same ones each time.
    Cameras hand on the newest; what was not taken in time is dropped and counted. A script that calls this needs
    the usual `if __name__ == "__main__":`, for the new process loads it, too.

    Args:
        source: A folder of pictures, a film, a webcam (`0`, `webcam:0`, `/dev/video0`) or the URL of a stream.
        name: What to call it; made from the source if empty.
        fps: How many frames a second are handed on at most. Of a film those nearest to the grid of its own time; of
            a folder all.
        replay: A URL leads to a film: every frame counts, and it comes to an end.
        speed: How many times faster than real a film or folder is played; 0 is as fast as it goes. What is live
            has its own speed, which is 0 or 1.
        start: When a film starts; see `film_frames` for what holds without it.
        order: Of a folder's pictures: name, taken or mtime.
        grows: New pictures of the folder are waited for; the feed is then live, and still hands on every one.
        every: Seconds between pictures of a folder that tell no time.
        patience: Shortest time in seconds without a frame after which a live source is opened anew.

    Returns:
        The feed. A live one may not be connected yet, and tells by its `status` why.

    Raises:
        OptionError: a value is out of its range, or makes no sense for this source.
        LoadError: there is no such source, or a film or folder cannot be read at all.
        MissingExtra: films and streams need PyAV.
    """
    kind = source_kind(source)
    live = grows or (kind in ("webcam", "stream") and not replay)
    options = FeedOptions(
        fps=fps,
        speed=0.0 if live and speed == 1 else speed,
        order=order,
        every=every,
        grows=grows,
        patience=patience,
        start=start,
    )
    if grows and kind != "folder":
        raise OptionError(f"only a folder grows, not a {kind}")
    if replay and (kind == "webcam" or grows):
        raise OptionError("what is live cannot be replayed: there is no end to it")
    if live and options.speed:
        raise OptionError("what is live has its own speed: speed is for films and folders")
    if kind in ("film", "stream") and find_spec("av") is None:
        raise MissingExtra("PyAV", extra="watch")
    task = Task(source, kind, options, whole=kind == "folder" or not live, opened=time.monotonic())
    return Feed(task, name=name, live=live).begin()


@dataclass(frozen=True, slots=True)
class Status:
    """How a feed is.

    Attributes:
        connected: Its source gives frames, or could if there were new ones.
        since_frame: Seconds since the last frame came in, or since the feed was opened before the first.
        frames: Handed on so far.
        dropped: Not handed on because nobody took them in time.
        corrupt: Packets, frames and files that could not be decoded and were left out.
        restarts: How often the source had to be opened anew.
        trouble: Why it was last opened anew, in one line; "" if it never was.
        fps: Frames a second, measured over those taken last.
    """

    connected: bool
    since_frame: float
    frames: int
    dropped: int
    corrupt: int
    restarts: int
    trouble: str
    fps: float


class Feed:
    """One source, decoded in a process of its own; made by `open_feed`, used by one thread, and closed.

    Attributes:
        name: Short, for people; never holds a password.
        live: Goes on until it is closed: a webcam, a stream, or a folder that grows.
    """

    def __init__(self, task: Task, *, name: str, live: bool) -> None:
        self.name, self.live = name or source_name(task.source), live
        self._task, self._shown = task, without_password(task.source)
        self._ended, self._closed = False, False
        self._first: datetime | None = None
        self._last: Frame | None = None
        self._base = self._corrupt = self._frames = self._dropped = self._restarts = 0
        self._arrived, self._trouble = task.opened, ""
        self._wait, self._due = FIRST_WAIT, 0.0
        self._file = self._suspect = ""
        self._taken_at: deque[float] = deque(maxlen=_MEASURED)
        self._lock = threading.Lock()
        self._decoders: list[Decoder] = []  # one or none; shared with the finalizer, which must not know the feed
        self._finalizer = weakref.finalize(self, _kill_all, self._decoders)

    def __repr__(self) -> str:
        return f"Feed({self._shown!r}, name={self.name!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def ended(self) -> bool:
        """True once there will be no more frames: a film or folder is over, or the feed was closed."""
        return self._ended or self._closed

    @property
    def pid(self) -> int | None:
        """Of the process that decodes just now, or None."""
        return self._decoders[0].pid if self._decoders else None

    def next(self, *, timeout: float) -> Frame | None:
        """The next frame, or the newest of a live camera.

        Args:
            timeout: Seconds to wait for it; a little more only while a process has to be started or killed.

        Returns:
            The frame, or None if there was none in that time or there will be none, see `ended`.

        Raises:
            LoadError: a film or folder cannot be read, from its beginning or from here on.
        """
        deadline = time.monotonic() + timeout
        while not self.ended:
            frame = self._take()
            if frame is not None:
                return frame
            self._check_decoder()
            left = deadline - time.monotonic()
            if left <= 0:
                return self._take()
            if not self._ended:
                self._pause(min(left, _POLL))
        return None

    def _pause(self, seconds: float) -> None:
        if self._decoders:
            self._decoders[0].wait(seconds)
        else:
            time.sleep(seconds)

    def _take(self) -> Frame | None:
        decoder = self._decoders[0] if self._decoders else None
        taken = decoder.take() if decoder else None
        if decoder is None or taken is None:
            return None
        number = self._base + decoder.given
        dropped = number - (self._last.number + 1 if self._last else 0)
        frame = Frame(taken.pixels, number, taken.seconds, taken.wall, dropped)
        self._last = replace(frame, pixels=frame.pixels[:0])  # its numbers are needed, not its memory
        self._first, self._file = self._first or frame.wall, taken.file
        self._frames += 1
        self._dropped += dropped
        self._arrived = decoder.ring.came or time.monotonic()
        self._taken_at.append(time.monotonic())
        return frame

    def _check_decoder(self) -> None:
        """Check the decoding process: start it, note its end, replace it when it failed or hangs."""
        if not self._decoders:
            if time.monotonic() >= self._due:
                self._start()
            return
        decoder = self._decoders[0]
        decoder.receive()
        if decoder.has_frame:
            return
        if decoder.ended and not self.live:
            self._ended = True
            self._drop()
        elif decoder.done:
            self._give_up(decoder.trouble or f"{self._shown}: it came to an end")
        elif decoder.silent_for() > self._limit(decoder):
            self._give_up(f"{self._shown}: nothing came for {decoder.silent_for():.1f} s", hung=True)

    def _limit(self, decoder: Decoder) -> float:
        """Seconds without a sign of life after which a process is given up."""
        patience = self._task.options.patience
        if self._task.whole:
            return max(patience, HANG)
        return max(patience, _GAPS * decoder.ring.gap) if decoder.ring.beat else _OPENING * patience

    def _start(self) -> None:
        task = self._task
        if self._file:
            task = replace(task, resumed=Resumed(self._file, self._first, self._last.seconds if self._last else 0.0))
        try:
            self._decoders.append(Decoder(task))
        except OSError as error:
            self._give_up(f"{self._shown}: no process for it can be started ({error.strerror or error})")

    def _give_up(self, reason: str, *, hung: bool = False) -> None:
        """Give the process up, which may hang; a live source gets another after a while.

        Raises:
            LoadError: it is not live.
        """
        self._trouble = reason
        if self._decoders:
            decoder = self._decoders[0]
            if hung or decoder.crashed:
                self._note_failing_file(decoder.ring.file)
            if decoder.given >= 0 and time.monotonic() - decoder.started > self._wait:
                self._wait = FIRST_WAIT
        self._drop()
        if not self.live:
            self._ended = True
            raise LoadError(reason)
        self._restarts += 1
        self._due = time.monotonic() + self._wait * random.uniform(1, 1 + JITTER)
        self._wait = min(2 * self._wait, LONGEST_WAIT)

    def _note_failing_file(self, file: str) -> None:
        """A picture that brought the process down twice, or held it up, is not tried a third time."""
        if file == self._file:  # it was handed on: something else held the process up
            file = ""
        if file and file == self._suspect:
            self._file = file
            self._corrupt += 1
            self._trouble = f"{self._trouble}, twice at {file}, which is left out"
        self._suspect = file

    def _drop(self) -> None:
        """End the decoding process; the lock keeps `status` from looking into what is being taken away."""
        with self._lock:
            dropped = self._decoders[:]
            self._decoders.clear()
            for decoder in dropped:
                self._base += decoder.ring.last + 1
                self._corrupt += decoder.ring.damaged
        _kill_all(dropped)

    @property
    def status(self) -> Status:
        """How the feed is at this moment; nothing is done by asking, which any thread may."""
        with self._lock:
            decoder = self._decoders[0] if self._decoders else None
            arrived = max(self._arrived, decoder.ring.came if decoder else 0.0)
            return Status(
                connected=decoder is not None and self._gives(decoder),
                since_frame=time.monotonic() - arrived,
                frames=self._frames,
                dropped=self._dropped,
                corrupt=self._corrupt + (decoder.ring.damaged if decoder else 0),
                restarts=self._restarts,
                trouble=self._trouble,
                fps=self._rate(),
            )

    def _gives(self, decoder: Decoder) -> bool:
        if not self.live:
            return True
        return not decoder.done and bool(decoder.ring.beat) and decoder.silent_for() <= self._limit(decoder)

    def _rate(self) -> float:
        times = tuple(self._taken_at)
        passed = times[-1] - times[0] if len(times) > 1 else 0.0
        return (len(times) - 1) / passed if passed else 0.0

    def begin(self) -> Self:
        """Start the decoding process; a film or folder that ends is waited for until its first frame is there.

        Raises:
            LoadError: a film or folder cannot be read at all.
        """
        self._check_decoder()
        while not self.live and not self._ended and self._decoders[0].ring.last < 0:
            self._pause(_POLL)
            self._check_decoder()
        return self

    def close(self) -> None:
        """End the decoding process and free what it shared; never waits long, and may be called again."""
        if not self._closed:
            self._drop()
            self._closed = True
            self._finalizer.detach()


def _kill_all(decoders: list[Decoder]) -> None:
    while decoders:
        decoders.pop().kill()
