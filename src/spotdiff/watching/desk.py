"""The desk: reports of cameras become events in the store, lines for programs and messages for people."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from spotdiff.errors import DataError
from spotdiff.watching.events import StoreDown
from spotdiff.watching.reports import Amended, Ended, Opened
from spotdiff.watching.told import scene_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from spotdiff.watching.camera import CameraWatch
    from spotdiff.watching.events import Store
    from spotdiff.watching.reports import Report
    from spotdiff.watching.values import Event

_MOST = 200  # reports that wait while nothing can be written
Listener = Callable[["Event", str], None]  # an event as it is now, and what became of it


@dataclass(slots=True)
class _Clip:
    """A clip that waits for its last frames."""

    event: str
    first: float
    last: float


class Desk:
    """Keeps the events of one camera.

    Args:
        store: Where they are kept.
        watch: The camera's watch, whose film the clips are cut from.
        listener: Told of every event change, in order.
    """

    def __init__(self, store: Store, watch: CameraWatch, listener: Listener) -> None:
        self._store, self._watch, self._listener = store, watch, listener
        self._open: dict[str, Event] = {}  # by the key of the report
        self._clips: list[_Clip] = []
        self._reports: deque[tuple[Report, datetime]] = deque(maxlen=_MOST)  # not made events of yet

    @property
    def open(self) -> tuple[Event, ...]:
        """The events that are not closed."""
        return tuple(self._open.values())

    def adopt(self, key: str, event: Event) -> None:
        """An event of an earlier run is still watched, under this key."""
        self._open[key] = event

    def take_leave(self, event: Event) -> None:
        """An event of an earlier run cannot be watched on: its camera, or the memory of it, is another."""
        now = self._store.change(event.id, state="closed", outcome="gone")
        self._listener(now, "closed")

    def take(self, report: Report, wall: datetime, seconds: float) -> None:
        """Make of a report what it says.

        Args:
            report: What the camera reports.
            wall: When, aware.
            seconds: The same on the source's clock.
        """
        when = wall - timedelta(seconds=seconds - report.seconds) if isinstance(report, Ended) else wall
        self._reports.append((report, when))
        self.settle()

    def settle(self) -> None:
        """Make events of what was reported; where nothing at all can be written, that waits, the oldest first."""
        while self._reports:
            report, when = self._reports[0]
            try:
                if isinstance(report, Opened):
                    self._opened(report)
                elif isinstance(report, Amended):
                    self._amended(report)
                elif report.key in self._open:
                    self._ended(report, when)
            except StoreDown:
                return
            self._reports.popleft()

    def cut(self, seconds: float, *, all_of_them: bool = False) -> None:
        """Keep the clips whose last frame has come."""
        self.settle()
        due = [clip for clip in self._clips if all_of_them or seconds >= clip.last]
        for clip in due:
            self._clips.remove(clip)
            frames = self._watch.film.between(clip.first, clip.last)
            if len(frames) > 1 and not self._kept(clip.event, frames):
                self._clips.append(clip)

    def _kept(self, event: str, frames: Sequence[tuple[float, bytes]]) -> bool:
        """Whether a clip needs no further try: while the database is down, a closed event takes none.

        An event that was thrown away meanwhile, as on a full disk, needs none.
        """
        try:
            self._store.attach_clip(event, frames)
        except StoreDown:
            return False
        except DataError:
            return True
        return True

    def follow(self) -> None:
        """See to what people said of the events since, through the store."""
        for key, event in list(self._open.items()):
            now = self._store.event(event.id)
            if now.state == event.state:
                continue
            self._open[key] = now
            if now.state == "closed":
                del self._open[key]
                if now.outcome == "normal":
                    self._watch.accept(key)
            self._listener(now, now.state)

    def watched(self) -> Iterator[tuple[str, str]]:
        """The key of every open event, with its id."""
        return ((key, event.id) for key, event in self._open.items())

    def _opened(self, report: Opened) -> None:
        if report.key in self._open:
            return
        event = self._store.add(report.event, report.witness)
        self._open[report.key] = event
        self._clips.append(_Clip(event.id, *report.clip))
        self._listener(event, "opened")

    def _amended(self, report: Amended) -> None:
        event = self._open.get(report.key)
        if event is None:
            return
        event = self._store.change(
            event.id,
            kind=report.kind,
            box=report.box,
            box_before=report.box_before,
            score=report.score,
            text=scene_text(report.kind, report.text, event.zone),
        )
        self._open[report.key] = event
        self._listener(event, "amended")

    def _ended(self, report: Ended, when: datetime) -> None:
        event = self._open[report.key]
        event = self._store.change(event.id, state="closed", closed=when, outcome=report.outcome)
        del self._open[report.key]
        self._listener(event, "closed")
