"""One camera with everything that belongs to it: its feed, its watch, its desk, its appointments and its memory."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spotdiff.errors import DataError
from spotdiff.watching.camera import CameraWatch
from spotdiff.watching.desk import Desk
from spotdiff.watching.memory import recall, remember
from spotdiff.watching.reports import Opened
from spotdiff.watching.shifts import Shifts, shift_of, untidy_key
from spotdiff.watching.state import CameraState
from spotdiff.watching.store import StoreDown
from spotdiff.watching.store.disk import hold
from spotdiff.watching.values import HEALTH_KINDS, SCENE_KINDS

if TYPE_CHECKING:
    from datetime import tzinfo

    from spotdiff.video import Feed, Frame
    from spotdiff.watching.desk import Listener
    from spotdiff.watching.rules import Rules
    from spotdiff.watching.rules.settings import Camera
    from spotdiff.watching.scene.judge import Judge
    from spotdiff.watching.scene.scene import Scene
    from spotdiff.watching.store import Store
    from spotdiff.watching.values import Event

_SAVED = 60.0  # seconds between two savings of the memory


class Station:
    """A camera at work.

    Args:
        camera: Its settings.
        rules: Everything that is asked of the watch.
        feed: Its frames.
        store: Where its events are kept; its folder holds the memory and the reports of shifts, too.
        judge: Compares two looks.
        zone: Time zone of the rules.
        boot: Names the run of the machine, or of the replay.
        listener: Told of every event change.

    Attributes:
        frames: How many frames were looked at.
    """

    def __init__(
        self,
        camera: Camera,
        rules: Rules,
        feed: Feed,
        store: Store,
        *,
        judge: Judge,
        zone: tzinfo,
        boot: str,
        listener: Listener,
    ) -> None:
        self.camera, self.feed, self._store, self._listener = camera, feed, store, listener
        self.watch = CameraWatch(camera, rules, judge, zone=zone, boot=boot)
        self.desk = Desk(store, self.watch, self._heard)
        self._memory = store.folder / "memory" / f"{camera.name}.npz"
        self._approved = [one for one in rules.approved.values() if one.camera in ("", camera.name)]
        folder = store.folder / "shifts"
        self._seen_to = f"shifts:{camera.name}"
        last = store.kept(self._seen_to) if self._approved else None
        self._shifts = Shifts(
            self._approved,
            dict(rules.zones),
            zone=zone,
            folder=folder,
            judge=judge,
            last=datetime.fromisoformat(str(last)) if last else None,
            note=lambda said: self._note("shift", said),
        )
        self._growth = f"folder:{camera.name}"
        done = store.kept(self._growth) if feed.live and camera.grows else None
        self._done = datetime.fromisoformat(str(done)) if done else None  # earlier pictures of a folder that grows
        self._last: datetime | None = None
        self._saved = self._seconds = 0.0
        self._unsaved = self._recalled = False
        self.frames = 0
        self._recall_offline()
        self._hold = _held(store, camera.name)

    def take(self, frame: Frame) -> None:
        """See to a frame, and to everything that follows from it."""
        self.frames += 1
        if self._done is not None and frame.wall <= self._done:
            return
        if self.watch.scene is not None and not self._knows():
            return
        self._last, self._seconds = frame.wall, frame.seconds
        self.desk.cut(frame.seconds)  # after a gap the film forgets what came before it
        for report in self.watch.see(frame):
            self.desk.take(report, frame.wall, frame.seconds)
            if isinstance(report, Opened):
                self.desk.cut(frame.seconds)
        if self.watch.scene is None or not self._knows():
            return
        self._keep_appointments(frame, self.watch.scene)
        if self._unsaved or frame.seconds - self._saved >= _SAVED:
            self.save(frame.seconds)

    def _keep_appointments(self, frame: Frame, scene: Scene) -> None:
        if self._approved:
            template = self.watch.blank(frame)
            for report in self._shifts.see(scene, frame.wall, frame.seconds, template):
                self.desk.take(report, frame.wall, frame.seconds)

    def silent(self) -> None:
        """No frame has come: see whether that is an event."""
        status = self.feed.status
        wall = datetime.now(UTC)
        for report in self.watch.silent(status.since_frame, wall):
            self.desk.take(report, wall, status.since_frame)
        self.desk.cut(self._seconds + status.since_frame)

    def state(self) -> CameraState:
        """How the camera is doing."""
        now = self.feed.status
        return CameraState(
            self.camera.name,
            now.connected,
            now.since_frame,
            now.fps,
            self.frames,
            now.dropped,
            now.corrupt,
            now.restarts,
            now.trouble,
            self.desk.open,
        )

    def save(self, seconds: float) -> None:
        """Write the memory down."""
        self._saved, self._unsaved = seconds, False
        with suppress(StoreDown):  # something is seen to once more rather than never
            if self._shifts.last is not None:
                self._store.keep(self._seen_to, self._shifts.last.isoformat())
            if self._last is not None and self.feed.live and self.camera.grows:
                self._store.keep(self._growth, self._last.isoformat())
        scene = self.watch.scene
        if scene is not None:
            ids = {
                int(key.removeprefix("scene-")): name for key, name in self.desk.watched() if key.startswith("scene-")
            }
            try:
                remember(scene, self._memory, ids=ids)
            except OSError as error:  # a full disk: the watch goes on with the memory it has
                self._note("memory", f"could not be written: {error.strerror}")

    def close(self) -> None:
        """The end of the frames, or of the watch."""
        try:
            self.desk.cut(0.0, all_of_them=True)
            self.save(self._saved)
        finally:
            os.close(self._hold)
            self.feed.close()

    def _heard(self, event: Event, change: str) -> None:
        self._unsaved = True
        self._listener(event, change)

    def _note(self, what: str, said: str) -> None:
        with suppress(StoreDown):  # where not even that can be written, the rounds tell
            self._store.journal(what, said, self.camera.name)

    def _recall_offline(self) -> None:
        """A camera that was gone when the watch last ended may be so still: that is not told again."""
        for event in self._left_open(kind="offline"):
            self.watch.resume("offline")
            self.desk.adopt("offline", event)

    def _is_normal(self, name: str) -> bool:
        """Whether a person has said of an event that it is normal; False for one that is no longer kept."""
        try:
            return self._store.event(name).outcome == "normal"
        except DataError:
            return False

    def _left_open(self, *, kind: str | None = None) -> list[Event]:
        return self._store.events(camera=self.camera.name, state=("open", "acknowledged"), kind=kind)

    def _knows(self) -> bool:
        """Whether what an earlier run knew is taken up; while the database does not answer, frames are passed over."""
        if not self._recalled:
            with suppress(StoreDown):
                self._recall()
                self._recalled = True
        return self._recalled

    def _recall(self) -> None:
        """Take up what was open when the watch last ended, and what the place looked like."""
        known = {name for _, name in self.desk.watched()}
        kept = {one.id: one for one in self._left_open() if one.id not in known}
        scenes = {name: event for name, event in kept.items() if event.kind in SCENE_KINDS}
        scene = self.watch.scene
        numbers = recall(scene, self._memory, events=scenes, normal=self._is_normal) if scene is not None else {}
        self.watch.expect()
        for name, event in kept.items():
            if name in numbers:
                self.desk.adopt(f"scene-{numbers[name]}", event)
            elif event.kind in HEALTH_KINDS:
                self.watch.resume(event.kind)
                self.desk.adopt(event.kind, event)
            elif event.kind == "untidy" and (shift := shift_of(event, self._approved)):
                self.desk.adopt(untidy_key(shift), event)
            else:
                self.desk.take_leave(event)


def _held(store: Store, camera: str) -> int:
    """The handle of a lock: two watches would tell everything of a camera twice, and undo each other's memory.

    Raises:
        DataError: another process holds it.
    """
    path = store.folder / "memory" / f".{camera}.lock"
    path.parent.mkdir(exist_ok=True)
    handle = hold(path)
    if handle is None:
        raise DataError(f"{camera} is watched already, by another process that keeps its events in {store.folder}")
    return handle
