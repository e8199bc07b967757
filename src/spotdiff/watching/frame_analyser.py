"""One camera's frames in, changes of its events out. It knows no store and no clock but that of the frames."""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.image.resize import enlarge, resize_mask, shrink
from spotdiff.watching.event import HEALTH_KINDS, Amended, Closed, Event, EventPictures, Opened
from spotdiff.watching.event_texts import fault_text, intrusion_text, scene_text
from spotdiff.watching.frame_buffer import FrameBuffer
from spotdiff.watching.health import CameraHealth
from spotdiff.watching.intrusion import IntrusionDetector
from spotdiff.watching.scene.scene import Scene
from spotdiff.watching.scene.stabiliser import undo_offset, visible_after
from spotdiff.watching.scene.working_sizes import Sizes
from spotdiff.watching.zones import ZoneMap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from spotdiff.types import Box, Bytes
    from spotdiff.video import Frame
    from spotdiff.watching.event import EventChange
    from spotdiff.watching.health import HealthChange
    from spotdiff.watching.intrusion import Intrusion
    from spotdiff.watching.rules.settings import Camera, Rules
    from spotdiff.watching.scene.candidates import Candidate
    from spotdiff.watching.scene.judge import Judge
    from spotdiff.watching.scene.scene import SceneChange
    from spotdiff.watching.scene.temporal_median import MedianFrame

_OFFLINE = 10.0  # seconds without a frame that are an event, where a frame is late
_LATE = 5.0  # times the usual gap between frames that are late
_OUTAGE = 3.0  # seconds without a frame in which nothing was observed, where a frame is late
_GAPS, _FEW = 25, 3  # gaps that the usual one is taken from; fewer say nothing
_OTHER_SIZE = 5  # frames of another size after which the camera gives pictures of that size
_FRESH = 5.0  # seconds that a median may be old to hold a moving thing against it
_TURNED = 0.06  # of the picture's width that the view must have moved by
_CONTEXT = 30.0  # seconds that the buffer reaches back beyond the longest dwell
_LONGEST_BUFFER = 900.0


class FrameAnalyser:
    """Finds what happens at the place of one camera, and what befalls the camera.

    Args:
        camera: Its settings.
        rules: The rules of the watch.
        judge: Compares two looks.
        zone: Time zone of the rules' days and hours.
        boot: Names the run of the machine, or of the replay, whose clock the frames count on.

    Attributes:
        buffer: The latest frames.
        scene: The memory of the place; None before the first frame.
        last_frame: The latest frame; None before the first.
    """

    def __init__(self, camera: Camera, rules: Rules, judge: Judge, *, zone: tzinfo, boot: str) -> None:
        self.camera, self._rules, self._judge, self._zone, self._boot = camera, rules, judge, zone, boot
        self._zones = rules.zones_of(camera.name)
        longest = max((rule.dwell for rule in self._zones), default=0.0)
        self.buffer = FrameBuffer(span=min(longest + rules.before + rules.after + _CONTEXT, _LONGEST_BUFFER))
        self._health, self._intrusions = CameraHealth(), IntrusionDetector()
        self.scene: Scene | None = None
        self._zone_map: ZoneMap | None = None
        self.last_frame: Frame | None = None
        self._offline = False
        self._began = 0.0  # the second since which the present view is watched
        self._other_sizes = 0  # frames of another size, one after the other
        self._gaps: deque[float] = deque(maxlen=_GAPS)

    def analyse(self, frame: Frame) -> Iterator[EventChange]:
        """Take in a frame; what it brings to light."""
        yield from self._check_gap(frame)
        self.last_frame = frame
        if self._is_stray(frame):
            self._interrupt()
            return
        yield from self._close_other_view(frame)
        scene, zones = self._prepare(frame)
        zones.now = frame.wall.astimezone(self._zone)
        if self._health.is_whole(frame.pixels):
            self.buffer.add(frame.seconds, frame.pixels)
        work = shrink(frame.pixels, scene.sizes.work)
        for health_change in self._health.check(work, frame.seconds):
            yield from self._of_health(health_change, frame, work)
        if self._health.suspicious:
            self._interrupt()
            return
        for scene_change in scene.analyse(work, frame.seconds):
            yield self._of_scene(scene_change, frame, zones, scene)
        if scene.median is not None and frame.seconds - scene.median.seconds < _FRESH:
            for intrusion in self._detect_intrusions(work, frame.seconds, zones, scene, scene.median):
                yield self._of_intrusion(intrusion, frame, scene)

    def finish(self) -> Iterator[EventChange]:
        """The source has ended, and is no camera that may come back: what that brings to light."""
        if self.scene is None or self._zone_map is None or self.last_frame is None:
            return
        for change in self.scene.finish():
            yield self._of_scene(change, self.last_frame, self._zone_map, self.scene)

    def check_silence(self, seconds: float, wall: datetime) -> Iterator[Opened]:
        """No frame has come for so many seconds; call it now and then while a live source gives none."""
        if len(self._gaps) < _FEW:  # folders may get a picture a minute, and that is no fault
            limit = math.inf if self.camera.grows else _OFFLINE
        else:
            limit = max(_OFFLINE, _LATE * statistics.median(self._gaps))
        if not self._offline and seconds >= limit:
            self._offline = True
            last = self.last_frame
            since = last.seconds if last else 0.0
            event = self._event("offline", wall - timedelta(seconds=seconds), since, wall, since + seconds)
            pictures = EventPictures(last.pixels if last else None, None, None)
            yield Opened("offline", event, pictures, (since - self._rules.before, since))

    def event_template(self, frame: Frame) -> Event:
        """An event of this camera and moment that says nothing yet."""
        return self._event("", frame.wall, frame.seconds, frame.wall, frame.seconds)

    def resume_fault(self, kind: str) -> None:
        """A fault that an earlier run reported is still on until frames show otherwise."""
        if kind == "offline":
            self._offline = True
        else:
            self._health.fault = kind

    def expect_reference(self) -> None:
        """The view that the scene remembers is usual, whatever the camera shows now."""
        if self.scene is not None and self.scene.regimes is not None:
            self._health.expect_view(self.scene.regimes.now.work)

    def accept(self, key: str) -> None:
        """A person says that what was reported under this key is normal now."""
        if self.scene is None:
            return
        if key.startswith("scene-"):
            self.scene.accept(int(key.removeprefix("scene-")))
        elif key in ("turned", "covered", "blurred"):
            self._health.relearn()
            if key == "turned":
                self._zone_map = None

    def _interrupt(self) -> None:
        self._intrusions.interrupt()
        if self.scene is not None:
            self.scene.interrupt()

    def _check_gap(self, frame: Frame) -> Iterator[EventChange]:
        """Report a gap before this frame, and its end; what lies in it was not observed."""
        if self.last_frame is not None:
            gap = frame.seconds - self.last_frame.seconds
            if len(self._gaps) >= _FEW:  # pictures of a folder may be far apart from the first on
                yield from self.check_silence(gap, frame.wall)
                if gap > max(_OUTAGE, _LATE * statistics.median(self._gaps)):
                    self._health.interrupt()
                    self._interrupt()
            self._gaps.append(gap)
        if self._offline:
            self._offline = False
            self._health.interrupt()
            self._interrupt()
            yield Closed("offline", "recovered", frame.seconds)

    def _fits(self, frame: Frame) -> bool:
        """Whether a frame is of the view, and the size, that the scene remembers."""
        size = frame.pixels.shape[1::-1]
        return self.scene is not None and self._zone_map is not None and self.scene.sizes.own == size

    def _is_stray(self, frame: Frame) -> bool:
        """Whether a frame of another size may be a slip of the camera: only several are a change of it."""
        self._other_sizes = 0 if self._zone_map is None or self._fits(frame) else self._other_sizes + 1
        return 0 < self._other_sizes < _OTHER_SIZE

    def _close_other_view(self, frame: Frame) -> Iterator[Closed]:
        """What was reported of a scene that is remembered no more cannot be watched on."""
        if self.scene is not None and not self._fits(frame):
            yield from self._close_scene_events(self.scene, frame)

    def _close_scene_events(self, scene: Scene, frame: Frame) -> Iterator[Closed]:
        for candidate in scene.candidates:
            if candidate.reported:
                yield Closed(f"scene-{candidate.number}", "gone", frame.seconds)

    def _prepare(self, frame: Frame) -> tuple[Scene, ZoneMap]:
        """The scene; a new one for the first frame, and for pictures of another size."""
        if self.scene is None or self._zone_map is None or not self._fits(frame):
            sizes = Sizes.of(frame.pixels, side=self.camera.side)
            self._zone_map = ZoneMap(self._zones, sizes)
            self.scene = Scene(sizes, self._judge, criteria=self._zone_map.criteria)
            self._began = frame.seconds
        return self.scene, self._zone_map

    def _of_health(self, change: HealthChange, frame: Frame, work: Bytes) -> Iterator[EventChange]:
        if change.transition == "closed":
            if self.scene is not None:
                self.scene.return_to_sight(change.seconds)
            yield Closed(change.kind, "recovered", change.seconds)
            return
        if change.kind == "turned" and self._health.is_plain:
            yield from self._begin_anew(change, frame)
            return
        if change.kind == "turned" and not self._is_turned(work):
            self._health.relearn()
            return
        before = self.scene.regimes.now.work if self.scene and self.scene.regimes else None
        event = self._event(change.kind, self._wall(frame, change.seconds), change.seconds, frame.wall, frame.seconds)
        yield Opened(change.kind, event, EventPictures(before, frame.pixels, None), self._clip(change.seconds))

    def _begin_anew(self, change: HealthChange, frame: Frame) -> Iterator[EventChange]:
        """Where there was nothing to see there is a place: something had covered the camera since it was begun."""
        event = self._event("covered", self._wall(frame, self._began), self._began, frame.wall, frame.seconds)
        yield Opened("covered", event, EventPictures(None, frame.pixels, None), self._clip(change.seconds))
        yield Closed("covered", "recovered", change.seconds)
        if self.scene is not None:
            yield from self._close_scene_events(self.scene, frame)
        self._health.restart()
        self.scene = None

    def _is_turned(self, work: Bytes) -> bool:
        """Whether the view is another one, and not the same in another light."""
        if self.scene is None or self.scene.regimes is None:
            return False
        answer = self._judge.compare(self.scene.regimes.now.work, work)
        if answer is None or answer.evidence is None:
            return True
        height, width = work.shape[:2]
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float).T
        moved = answer.alignment.matrix @ corners
        return bool(np.abs(moved[:2] / moved[2] - corners[:2]).max() > _TURNED * width)

    def _of_scene(self, change: SceneChange, frame: Frame, zones: ZoneMap, scene: Scene) -> EventChange:
        candidate, sizes = change.candidate, scene.sizes
        key, judgement = f"scene-{candidate.number}", candidate.judgement
        if change.transition == "closed" or judgement is None:
            return Closed(key, "reverted", frame.seconds if change.ended is None else change.ended)
        box = sizes.source_box(judgement.box)
        box_before = None if judgement.box_before is None else sizes.source_box(judgement.box_before)
        if change.transition == "amended":
            return Amended(key, judgement.kind, box, box_before, judgement.score, judgement.text)
        zone = zones.zone_of(candidate.mask, judgement.kind)
        name = zone.name if zone else ""
        since = candidate.began
        event = replace(
            self._event(judgement.kind, self._wall(frame, since), since, frame.wall, frame.seconds),
            zone=name,
            box=box,
            box_before=box_before,
            score=judgement.score,
            text=scene_text(self._judge.catalogue, judgement.kind, judgement.text, name),
        )
        return Opened(key, event, self._pictures_of(candidate, sizes), self._clip(since))

    def _pictures_of(self, candidate: Candidate, sizes: Sizes) -> EventPictures:
        if candidate.judgement is None or candidate.pictures is None:
            return EventPictures(None, None, None)
        before, after = (enlarge(picture, sizes.own) for picture in candidate.pictures)
        return EventPictures(before, after, resize_mask(candidate.judgement.mask, sizes.own))

    def _detect_intrusions(
        self, work: Bytes, seconds: float, zones: ZoneMap, scene: Scene, median: MedianFrame
    ) -> Iterator[Intrusion]:
        """Who enters a zone or has left it; the frame is laid on the reference, as the median is."""
        sizes = scene.sizes
        small = shrink(undo_offset(work, *scene.offset), sizes.small)
        factor = sizes.small[0] / sizes.work[0]
        visible = visible_after(sizes.small, scene.offset[0] * factor, scene.offset[1] * factor)
        guarded = [(zone, ground & visible) for zone, ground in zones.zones_for("intrusion")]
        return self._intrusions.detect(small, median, seconds, guarded, area=sizes.small_area)

    def _of_intrusion(self, intrusion: Intrusion, frame: Frame, scene: Scene) -> EventChange:
        key, since, sizes = f"intrusion-{intrusion.zone}", intrusion.seconds, scene.sizes
        if intrusion.box is None or intrusion.mask is None or scene.median is None:
            return Closed(key, "gone", since)
        factor = sizes.work[0] / sizes.small[0]
        box: Box = tuple(round(edge * factor) for edge in intrusion.box)  # type: ignore[assignment]
        event = replace(
            self._event("intrusion", self._wall(frame, since), since, frame.wall, frame.seconds),
            zone=intrusion.zone,
            box=sizes.source_box(box),
            text=intrusion_text(self._judge.catalogue, intrusion.zone),
        )
        x, y = (edge * sizes.own[0] / sizes.work[0] for edge in scene.offset)
        before, after = enlarge(scene.median.work, sizes.own), undo_offset(frame.pixels, x, y)
        pictures = EventPictures(before, after, resize_mask(intrusion.mask, sizes.own))
        return Opened(key, event, pictures, self._clip(since))

    def _wall(self, frame: Frame, seconds: float) -> datetime:
        """A second of the source's clock on the wall's."""
        return frame.wall - timedelta(seconds=frame.seconds - seconds)

    def _clip(self, seconds: float) -> tuple[float, float]:
        return seconds - self._rules.before, seconds + self._rules.after

    def _event(self, kind: str, first: datetime, since: float, now: datetime, seconds: float) -> Event:
        """An event of the camera; its text where it is a fault."""
        return Event(
            id="",
            camera=self.camera.name,
            kind=kind,
            state="open",
            zone="",
            box=None,
            first_seen=first,
            confirmed=now,
            score=1.0,
            text=fault_text(self._judge.catalogue, kind, self.camera.name) if kind in HEALTH_KINDS else "",
            seconds=since,
            confirmed_seconds=seconds,
            boot=self._boot,
        )
