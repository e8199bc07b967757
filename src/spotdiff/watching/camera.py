"""One camera's watch: frames in, reports out. It knows no store and no clock but that of the frames."""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.watching.film import Film
from spotdiff.watching.health import Health, whole
from spotdiff.watching.intruders import Entered, Intruders, Left
from spotdiff.watching.reports import Amended, Ended, Opened
from spotdiff.watching.scene.scales import Scales, enlarged, shrunk, stretched
from spotdiff.watching.scene.scene import Became, Came, Scene
from spotdiff.watching.scene.steady import moved_by, shown_by
from spotdiff.watching.told import health_text, intrusion_text, scene_text
from spotdiff.watching.values import Event, Witness
from spotdiff.watching.zones import Ground

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from spotdiff.types import Box, Bytes, Mask
    from spotdiff.video import Frame
    from spotdiff.watching.health import Ail
    from spotdiff.watching.reports import Report
    from spotdiff.watching.rules.settings import Camera, Rules
    from spotdiff.watching.scene.judge import Judge
    from spotdiff.watching.scene.scene import Went
    from spotdiff.watching.scene.still import Still

_GAP = 10.0  # seconds without a frame that are an event
_LATE = 5.0  # times the usual gap between frames that are, too
_GAPS, _FEW = 25, 3  # gaps that the usual one is taken from; fewer tell nothing
_ODD = 5  # frames of another size after which the camera gives pictures of that size
_FRESH = 5.0  # seconds that a still look may be old to hold a moving thing against it
_TURNED = 0.06  # of the picture's width that the view must have moved by
_CONTEXT = 30.0  # seconds that the film reaches back beyond the longest dwell
_LONGEST_FILM = 900.0


class CameraWatch:
    """The watch over one camera.

    Args:
        camera: Its settings.
        rules: Everything that is asked of the watch.
        judge: Compares two looks.
        zone: Time zone of the rules' days and hours.
        boot: Names the run of the machine, or of the replay, whose clock the frames count on.
    """

    def __init__(self, camera: Camera, rules: Rules, judge: Judge, *, zone: tzinfo, boot: str) -> None:
        self.camera, self._rules, self._judge, self._zone, self._boot = camera, rules, judge, zone, boot
        self._zones = rules.zones_of(camera.name)
        longest = max((one.dwell for one in self._zones), default=0.0)
        self._film = Film(span=min(longest + rules.before + rules.after + _CONTEXT, _LONGEST_FILM))
        self._health, self._intruders = Health(), Intruders()
        self.scene: Scene | None = None
        self._ground: Ground | None = None
        self._last: Frame | None = None
        self._offline = False
        self._odd = 0  # frames of another size, one after the other
        self._gaps: deque[float] = deque(maxlen=_GAPS)

    @property
    def film(self) -> Film:
        """The latest frames."""
        return self._film

    def see(self, frame: Frame) -> Iterator[Report]:
        """Take in a frame; what it brings to light."""
        yield from self._back(frame)
        self._last = frame
        if self._passing(frame):
            self._interrupt()
            return
        yield from self._left_behind(frame)
        scene, ground = self._prepared(frame)
        ground.now = frame.wall.astimezone(self._zone)
        if whole(frame.pixels):
            self._film.add(frame.seconds, frame.pixels)
        work = shrunk(frame.pixels, scene.scales.work)
        for ail in self._health.see(work, frame.seconds):
            yield from self._ails(ail, frame, work)
        if self._health.suspicious:
            self._interrupt()
            return
        for happening in scene.see(work, frame.seconds):
            yield from self._of_scene(happening, frame, ground, scene)
        if scene.still is not None and frame.seconds - scene.still.seconds < _FRESH:
            for seen in self._entering(work, frame.seconds, ground, scene, scene.still):
                yield self._of_intruders(seen, frame, scene)

    def silent(self, seconds: float, wall: datetime) -> Iterator[Report]:
        """No frame has come for so many seconds; call it now and then while a live source gives none."""
        if not self._offline and seconds >= self._late():
            self._offline = True
            since = self._last.seconds if self._last else 0.0
            text = health_text("offline", self.camera.name)
            event = self._event("offline", wall - timedelta(seconds=seconds), since, wall, since + seconds, text)
            picture = self._last.pixels if self._last else None
            yield Opened("offline", event, Witness(picture, None, None), (since - self._rules.before, since))

    def blank(self, frame: Frame) -> Event:
        """An event of this camera and moment that says nothing yet."""
        return self._event("", frame.wall, frame.seconds, frame.wall, frame.seconds, "")

    def resume(self, kind: str) -> None:
        """A fault that an earlier run told of is still on until frames show otherwise."""
        if kind == "offline":
            self._offline = True
        else:
            self._health.ill = kind

    def expect(self) -> None:
        """The view that the scene remembers is usual, whatever the camera shows now."""
        if self.scene is not None and self.scene.regimes is not None:
            self._health.expect(self.scene.regimes.now.work)

    def accept(self, key: str) -> None:
        """A person says that what was reported under this key is normal now."""
        if self.scene is None:
            return
        if key.startswith("scene-"):
            self.scene.accept(int(key.removeprefix("scene-")))
        elif key in ("turned", "covered", "blurred"):
            self._health.learn_anew()
            if key == "turned":
                self._ground = None

    def _interrupt(self) -> None:
        if self.scene is not None:
            self.scene.interrupt()

    def _fits(self, frame: Frame) -> bool:
        """Whether a frame is of the view, and the size, that the scene remembers."""
        size = frame.pixels.shape[1::-1]
        return self.scene is not None and self._ground is not None and self.scene.scales.own == size

    def _passing(self, frame: Frame) -> bool:
        """Whether a frame of another size may be a slip of the camera: only several are a change of it."""
        self._odd = 0 if self._ground is None or self._fits(frame) else self._odd + 1
        return 0 < self._odd < _ODD

    def _left_behind(self, frame: Frame) -> Iterator[Ended]:
        """What was told of a scene that is remembered no more cannot be watched on."""
        if self.scene is not None and not self._fits(frame):
            for told in [one for one in self.scene.differences if one.announced]:
                yield Ended(f"scene-{told.number}", "gone", frame.seconds)

    def _prepared(self, frame: Frame) -> tuple[Scene, Ground]:
        """The scene; a new one for the first frame, and for pictures of another size."""
        if self.scene is None or self._ground is None or not self._fits(frame):
            scales = Scales.of(frame.pixels, side=self.camera.side)
            self._ground = Ground(self._zones, scales)
            self.scene = Scene(scales, self._judge, asks=self._ground.asks)
        return self.scene, self._ground

    def _back(self, frame: Frame) -> Iterator[Report]:
        """Report a gap before this frame, and its end."""
        last = self._last
        if last is not None:
            if len(self._gaps) >= _FEW:  # pictures of a folder may be far apart from the first on
                yield from self.silent(frame.seconds - last.seconds, frame.wall)
            self._gaps.append(frame.seconds - last.seconds)
        if self._offline:
            self._offline = False
            self._interrupt()
            yield Ended("offline", "recovered", frame.seconds)

    def _late(self) -> float:
        """Seconds after which a frame is missing: folders may get one a minute, and that is no fault."""
        if len(self._gaps) < _FEW:
            return math.inf if self.camera.grows else _GAP
        return max(_GAP, _LATE * statistics.median(self._gaps))

    def _ails(self, ail: Ail, frame: Frame, work: Bytes) -> Iterator[Report]:
        if not ail.began:
            yield Ended(ail.kind, "recovered", ail.seconds)
            return
        if ail.kind == "turned" and not self._truly_turned(work):
            self._health.learn_anew()
            return
        before = self.scene.regimes.now.work if self.scene and self.scene.regimes else None
        wall = frame.wall - timedelta(seconds=frame.seconds - ail.seconds)
        text = health_text(ail.kind, self.camera.name)
        event = self._event(ail.kind, wall, ail.seconds, frame.wall, frame.seconds, text)
        clip = (ail.seconds - self._rules.before, ail.seconds + self._rules.after)
        yield Opened(ail.kind, event, Witness(before, frame.pixels, None), clip)

    def _truly_turned(self, work: Bytes) -> bool:
        """Whether the view is another one, and not the same in another light."""
        if self.scene is None or self.scene.regimes is None:
            return False
        answer = self._judge.compare(self.scene.regimes.now.work, work)
        if answer.evidence is None:
            return True
        height, width = work.shape[:2]
        corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], float).T
        moved = answer.alignment.matrix @ corners
        return bool(np.abs(moved[:2] / moved[2] - corners[:2]).max() > _TURNED * width)

    def _of_scene(
        self, happening: Came | Became | Went, frame: Frame, ground: Ground, scene: Scene
    ) -> Iterator[Report]:
        key = f"scene-{happening.number}"
        if isinstance(happening, Came):
            yield self._opened(key, happening, frame, ground, scene)
        elif isinstance(happening, Became):
            found, scales = happening.judged, scene.scales
            before = None if found.box_before is None else scales.box_in_own(found.box_before)
            yield Amended(key, found.kind, scales.box_in_own(found.box), before, found.score, found.text)
        else:
            yield Ended(key, happening.outcome, frame.seconds)

    def _opened(self, key: str, came: Came, frame: Frame, ground: Ground, scene: Scene) -> Opened:
        found, scales = came.judged, scene.scales
        zone = ground.zone_of(came.ground, found.kind)
        name = zone.name if zone else ""
        wall = frame.wall - timedelta(seconds=frame.seconds - came.seconds)
        text = scene_text(found.kind, found.text, name)
        event = self._event(found.kind, wall, came.seconds, frame.wall, frame.seconds, text)
        event = replace(
            event,
            zone=name,
            box=scales.box_in_own(found.box),
            box_before=None if found.box_before is None else scales.box_in_own(found.box_before),
            score=found.score,
        )
        before, after = (enlarged(picture, scales.own) for picture in (came.before, came.after))
        witness = Witness(before, after, stretched(found.mask, scales.own))
        return Opened(key, event, witness, (came.seconds - self._rules.before, came.seconds + self._rules.after))

    def _entering(
        self, work: Bytes, seconds: float, ground: Ground, scene: Scene, still: Still
    ) -> Iterator[Entered | Left]:
        """Who enters a zone or has left it; the frame is laid on the reference, as the still look is."""
        scales = scene.scales
        small = shrunk(moved_by(work, *scene.offset), scales.small)
        part = scales.small[0] / scales.work[0]
        shown = shown_by(scales.small, scene.offset[0] * part, scene.offset[1] * part)
        asking = [(zone, where & shown) for zone, where in ground.asking("intrusion")]
        return self._intruders.see(small, still, seconds, asking, area=scales.small_area)

    def _of_intruders(self, seen: Entered | Left, frame: Frame, scene: Scene) -> Report:
        if isinstance(seen, Left):
            return Ended(f"intrusion-{seen.zone}", "gone", seen.seconds)
        wall = frame.wall - timedelta(seconds=frame.seconds - seen.seconds)
        text = intrusion_text(seen.zone.name)
        event = self._event("intrusion", wall, seen.seconds, frame.wall, frame.seconds, text)
        factor = scene.scales.work[0] / scene.scales.small[0]
        box: Box = tuple(round(edge * factor) for edge in seen.box)  # type: ignore[assignment]
        event = replace(event, zone=seen.zone.name, box=scene.scales.box_in_own(box))
        mask: Mask = stretched(seen.mask, scene.scales.own)
        before = None if scene.still is None else enlarged(scene.still.work, scene.scales.own)
        clip = (seen.seconds - self._rules.before, seen.seconds + self._rules.after)
        x, y = (edge * scene.scales.own[0] / scene.scales.work[0] for edge in scene.offset)
        after = moved_by(frame.pixels, x, y)
        return Opened(f"intrusion-{seen.zone.name}", event, Witness(before, after, mask), clip)

    def _event(self, kind: str, first: datetime, since: float, now: datetime, seconds: float, text: str) -> Event:
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
            text=text,
            seconds=since,
            confirmed_seconds=seconds,
            boot=self._boot,
        )
