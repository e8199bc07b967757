"""What the analyser of a camera reports becomes events in the store, and is told to a listener."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from spotdiff.errors import DataError
from spotdiff.watching.event import Amended, Closed, Opened
from spotdiff.watching.event_texts import scene_text
from spotdiff.watching.events import StoreDown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from spotdiff.language.catalogue import Catalogue
    from spotdiff.watching.event import Event, EventChange
    from spotdiff.watching.events import Store
    from spotdiff.watching.frame_analyser import FrameAnalyser

_MOST = 200  # changes that wait while nothing can be written
Listener = Callable[["Event", str], None]  # an event as it is now; opened, amended, acknowledged, closed or unkept


@dataclass(slots=True)
class _PendingChange:
    """A change that is not written yet."""

    change: EventChange
    wall: datetime
    announced: bool = False  # that it could not be written


@dataclass(slots=True)
class _PendingClip:
    """A clip that waits for its last frames."""

    event: str
    first: float
    last: float


class EventRecorder:
    """Keeps the events of one camera.

    Args:
        store: Where they are kept.
        analyser: Of the camera; clips are cut from its buffer, and it learns what a person calls normal.
        listener: Called with every event that changes, in order.
        catalogue: The language of the events.
    """

    def __init__(self, store: Store, analyser: FrameAnalyser, listener: Listener, catalogue: Catalogue) -> None:
        self._store, self._analyser, self._listener, self._catalogue = store, analyser, listener, catalogue
        self._open: dict[str, Event] = {}  # by the key of the change that opened it
        self._clips: list[_PendingClip] = []
        self._changes: deque[_PendingChange] = deque()
        self._why, self._dropped = "", False  # why a change could not be written; whether one was given up

    @property
    def open_events(self) -> tuple[Event, ...]:
        """The events that are not closed."""
        return tuple(self._open.values())

    def open_ids(self) -> Iterator[tuple[str, str]]:
        """The key of every open event, with its id."""
        return ((key, event.id) for key, event in self._open.items())

    @property
    def unkept(self) -> str:
        """Why something that was reported is not written, in one line; "" where all is."""
        return f"what was seen could not be kept: {self._why}" if self._changes or self._dropped else ""

    def adopt(self, key: str, event: Event) -> None:
        """An event of an earlier run is still watched, under this key."""
        self._open[key] = event

    def abandon(self, event: Event, wall: datetime) -> None:
        """An event of an earlier run cannot be watched on from `wall`: its camera, or the memory of it, is another.

        Raises:
            StoreDown: it cannot be written.
        """
        if self._store.event(event.id).state != "closed":
            closed = max(wall, event.first_seen)
            self._listener(self._store.change(event.id, state="closed", closed=closed, outcome="gone"), "closed")

    def record(self, change: EventChange, wall: datetime, seconds: float) -> None:
        """Write a change of an event.

        Args:
            change: What the analyser reports.
            wall: When, aware.
            seconds: The same on the source's clock.
        """
        when = wall - timedelta(seconds=seconds - change.seconds) if isinstance(change, Closed) else wall
        self._changes.append(_PendingChange(change, when))
        self.write_pending()

    def write_pending(self) -> None:
        """Write what was reported; where nothing at all can be written, that waits, the oldest first.

        The listener is told at once of a new event that cannot be kept, as `unkept` and without an id, and again with
        its id when it is.
        """
        while self._changes:
            pending = self._changes[0]
            try:
                if isinstance(pending.change, Opened):
                    self._record_opened(pending.change)
                elif self._is_open(pending.change.key):
                    self._record_change(pending.change, pending.wall)
            except StoreDown as down:
                self._why = str(down)
                break
            self._changes.popleft()
        for pending in self._changes:
            if isinstance(pending.change, Opened) and not pending.announced:
                pending.announced = True
                self._listener(pending.change.event, "unkept")
        while len(self._changes) > _MOST:
            self._changes.popleft()
            self._dropped = True

    def cut_clips(self, seconds: float, *, all_of_them: bool = False) -> None:
        """Keep the clips whose last frame has come; those that cannot be written wait."""
        self.write_pending()
        for clip in [clip for clip in self._clips if all_of_them or seconds >= clip.last]:
            self._clips.remove(clip)
            frames = self._analyser.buffer.between(clip.first, clip.last)
            if len(frames) < 2:
                continue
            try:
                with suppress(DataError):  # thrown away meanwhile, as on a full disk
                    self._store.attach_clip(clip.event, frames)
            except StoreDown:  # while the database is down, a closed event takes none
                self._clips.append(clip)

    def follow(self) -> None:
        """Take over what people said of the open events since.

        Raises:
            StoreDown: the database does not answer.
        """
        for key in list(self._open):
            self._take_over(key)

    def _take_over(self, key: str) -> None:
        """What a person said of an open event goes before what the analyser sees of it."""
        event = self._open[key]
        now = self._store.event(event.id)
        if now.state == event.state:
            return
        self._open[key] = now
        if now.state == "closed":
            del self._open[key]
            if now.outcome == "normal":
                self._analyser.accept(key)
        self._listener(now, now.state)

    def _is_open(self, key: str) -> bool:
        """Whether an event is open, also by what people have said of it since."""
        if key in self._open:
            with suppress(StoreDown):  # what cannot be read cannot have been said by anybody else, either
                self._take_over(key)
        return key in self._open

    def _record_opened(self, change: Opened) -> None:
        if change.key in self._open:
            return
        event = self._store.add(change.event, change.pictures)
        self._open[change.key] = event
        self._clips.append(_PendingClip(event.id, *change.clip))
        self._listener(event, "opened")

    def _record_change(self, change: Amended | Closed, when: datetime) -> None:
        event = self._open[change.key]
        if isinstance(change, Closed):
            event = self._store.change(event.id, state="closed", closed=when, outcome=change.outcome)
            del self._open[change.key]
            self._listener(event, "closed")
            return
        event = self._store.change(
            event.id,
            kind=change.kind,
            box=change.box,
            box_before=change.box_before,
            score=change.score,
            text=scene_text(self._catalogue, change.kind, change.description, event.zone),
        )
        self._open[change.key] = event
        self._listener(event, "amended")
