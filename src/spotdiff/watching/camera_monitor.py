"""One camera at work: its feed, the analysis of its frames, its events, inspections and the snapshot on the disk."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from spotdiff.errors import DataError, SpotdiffError
from spotdiff.file_lock import try_lock
from spotdiff.watching.event import HEALTH_KINDS, SCENE_KINDS, Opened
from spotdiff.watching.event_recorder import EventRecorder
from spotdiff.watching.events import StoreDown
from spotdiff.watching.frame_analyser import FrameAnalyser
from spotdiff.watching.inspections import Inspections, inspection_key
from spotdiff.watching.scene.isolated_judge import IsolatedJudge
from spotdiff.watching.scene_state import load_snapshot, save_snapshot
from spotdiff.watching.status import CameraStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from spotdiff.video import Feed, Frame
    from spotdiff.watching.event import Event
    from spotdiff.watching.event_recorder import Listener
    from spotdiff.watching.events import Store
    from spotdiff.watching.rules import Rules
    from spotdiff.watching.rules.settings import Camera
    from spotdiff.watching.scene.judge import Judge

_SAVED = 60.0  # seconds between two snapshots


class CameraMonitor:
    """A camera at work.

    Args:
        camera: Its settings.
        rules: The rules of the watch.
        feed: Its frames.
        store: Where its events are kept; its folder holds the snapshot and the reports of inspections, too.
        judge: Compares two looks.
        zone: Time zone of the rules.
        boot: Names the run of the machine, or of the replay.
        listener: Called with every event that changes.

    Attributes:
        judge: Compares the looks of this camera.
        frames: How many frames were looked at.
        latest: The last of them; None before the first.
        fault: Why the last of them could not be seen to, in one line; "" where it was.
        failed: Why one of all could not be; "" where all were.

    Raises:
        DataError: another process watches this camera.
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
        self._seconds = 0.0
        self.judge = IsolatedJudge(judge, seconds=lambda: self._seconds, note=lambda text: self._note("method", text))
        self.analyser = FrameAnalyser(camera, rules, self.judge, zone=zone, boot=boot)
        self.recorder = EventRecorder(store, self.analyser, self._changed, judge.catalogue)
        self._snapshot = store.folder / "memory" / f"{camera.name}.npz"
        own = [rule for rule in rules.inspections.values() if rule.camera in ("", camera.name)]
        self._inspected_fact, self._seen_fact = f"shifts:{camera.name}", f"folder:{camera.name}"  # names in the store
        last = store.fact(self._inspected_fact) if own else None
        self._inspections = Inspections(
            own,
            dict(rules.zones),
            zone=zone,
            folder=store.folder / "shifts",
            judge=self.judge,
            last=datetime.fromisoformat(str(last)) if last else None,
            note=lambda text: self._note("shift", text),
        )
        seen = store.fact(self._seen_fact) if feed.live and camera.grows else None
        self._seen_until = datetime.fromisoformat(str(seen)) if seen else None  # earlier pictures of a growing folder
        self._last: datetime | None = None
        self._saved = 0.0
        self._unsaved = self._restored = False
        self.frames = 0
        self.fault = self.failed = ""
        self.latest: Frame | None = None
        for event in self._left_open(kind="offline"):  # the camera may still be gone: that is not reported again
            self.analyser.resume_fault("offline")
            self.recorder.adopt("offline", event)
        self._lock = _lock(store, camera.name)

    def attempt(self, work: Callable[[], None]) -> None:
        """Do what may fail for this camera without an end to the others; it is tried again with the next frame."""
        try:
            work()
        except Exception as error:  # a rejected row, an odd frame, a mistake of ours
            reason = " ".join(str(error).split())
            known = isinstance(error, SpotdiffError)
            self.fault = reason if known else f"{type(error).__name__}{reason and ': '}{reason}"
            if self.fault != self.failed:
                self._note("fault", self.fault)
            self.failed = self.fault
        else:
            self.fault = ""

    def process(self, frame: Frame) -> None:
        """See to a frame, and to everything that follows from it."""
        self.frames += 1
        self.latest = frame
        if self._seen_until is not None and frame.wall <= self._seen_until:
            return
        if self.analyser.scene is not None and not self._restore(frame.wall):
            return
        self._last, self._seconds = frame.wall, frame.seconds
        self.recorder.cut_clips(frame.seconds)  # after a gap the buffer forgets what came before it
        for change in self.analyser.analyse(frame):
            self.recorder.record(change, frame.wall, frame.seconds)
            if isinstance(change, Opened):
                self.recorder.cut_clips(frame.seconds)
        scene = self.analyser.scene
        if scene is None or not self._restore(frame.wall):
            return
        for change in self._inspections.inspect(scene, frame, self.analyser.event_template(frame)):
            self.recorder.record(change, frame.wall, frame.seconds)
        if self._unsaved or frame.seconds - self._saved >= _SAVED:
            self.save(frame.seconds)

    def check_silence(self) -> None:
        """No frame has come: see whether that is an event."""
        since_frame = self.feed.status.since_frame
        wall = datetime.now(UTC)
        for change in self.analyser.check_silence(since_frame, wall):
            self.recorder.record(change, wall, since_frame)
        self.recorder.cut_clips(self._seconds + since_frame)

    def status(self) -> CameraStatus:
        """How the camera is doing."""
        feed = self.feed.status
        return CameraStatus(
            self.camera.name,
            feed.connected and not self.fault,
            feed.since_frame,
            feed.fps,
            self.frames,
            feed.dropped,
            feed.corrupt,
            feed.restarts,
            self.fault or feed.trouble,
            self.recorder.open_events,
            self.judge.trouble,
        )

    def save(self, seconds: float) -> None:
        """Write down what the place looks like and what was seen to."""
        self._saved, self._unsaved = seconds, False
        with suppress(StoreDown):  # something is seen to once more rather than never
            if self._inspections.last is not None:
                self._store.set_fact(self._inspected_fact, self._inspections.last.isoformat())
            if self._last is not None and self.feed.live and self.camera.grows:
                self._store.set_fact(self._seen_fact, self._last.isoformat())
        if self.analyser.scene is not None:
            ids = {
                int(key.removeprefix("scene-")): name
                for key, name in self.recorder.open_ids()
                if key.startswith("scene-")
            }
            try:
                save_snapshot(self.analyser.scene, self._snapshot, ids=ids)
            except OSError as error:  # a full disk: the watch goes on with the snapshot it has
                self._note("memory", f"could not be written: {error.strerror}")

    def close(self) -> None:
        """The end of the frames, or of the watch."""
        try:
            if self.feed.ended and self._restored:
                self.attempt(self._finish)
            self.recorder.cut_clips(0.0, all_of_them=True)
            self.save(self._saved)
        finally:
            os.close(self._lock)
            self.feed.close()

    def _finish(self) -> None:
        if self._last is not None:
            for change in self.analyser.finish():
                self.recorder.record(change, self._last, self._seconds)

    def _changed(self, event: Event, change: str) -> None:
        self._unsaved = True
        self._listener(event, change)

    def _note(self, what: str, text: str) -> None:
        with suppress(StoreDown):  # where not even that can be written, the status says so
            self._store.journal(what, text, self.camera.name)

    def _is_normal(self, name: str) -> bool:
        """Whether a person has said of an event that it is normal; False for one that is no longer kept."""
        try:
            return self._store.event(name).outcome == "normal"
        except DataError:
            return False

    def _left_open(self, *, kind: str | None = None) -> list[Event]:
        return self._store.events(camera=self.camera.name, state=("open", "acknowledged"), kind=kind)

    def _restore(self, wall: datetime) -> bool:
        """Whether what an earlier run knew is taken up; while the database does not answer, frames are passed over."""
        if not self._restored:
            with suppress(StoreDown):
                self._adopt_open_events(wall)
                self._restored = True
        return self._restored

    def _adopt_open_events(self, wall: datetime) -> None:
        """Take up what was open when the watch last ended, and what the place looked like."""
        adopted = {name for _, name in self.recorder.open_ids()}
        events = {event.id: event for event in self._left_open() if event.id not in adopted}
        scene_events = {name: event for name, event in events.items() if event.kind in SCENE_KINDS}
        scene = self.analyser.scene
        numbers: dict[str, int] = {}
        if scene is not None:
            numbers = load_snapshot(scene, self._snapshot, events=scene_events, is_normal=self._is_normal)
        self.analyser.expect_reference()
        for name, event in events.items():
            if name in numbers:
                self.recorder.adopt(f"scene-{numbers[name]}", event)
            elif event.kind in HEALTH_KINDS:
                self.analyser.resume_fault(event.kind)
                self.recorder.adopt(event.kind, event)
            elif event.kind == "untidy" and event.inspection in self._inspections.names:
                self.recorder.adopt(inspection_key(event.inspection), event)
            else:
                self.recorder.abandon(event, wall)


def _lock(store: Store, camera: str) -> int:
    """The handle of a lock: two watches would report everything of a camera twice, and undo each other's snapshot.

    Raises:
        DataError: another process holds it.
    """
    path = store.folder / "memory" / f".{camera}.lock"
    path.parent.mkdir(exist_ok=True)
    handle = try_lock(path)
    if handle is None:
        raise DataError(f"{camera} is watched already, by another process that keeps its events in {store.folder}")
    return handle
