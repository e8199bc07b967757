"""The approved state: at given times the place is held against a picture that somebody approved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.image import load_picture
from spotdiff.report.html import write_page
from spotdiff.report.record import write_json
from spotdiff.watching.reports import Ended, Opened
from spotdiff.watching.rules.calendar import appointments, days_of
from spotdiff.watching.scene.scales import covered, enlarged, shrunk, stretched
from spotdiff.watching.told import untidy_text
from spotdiff.watching.values import Event, Witness
from spotdiff.watching.zones import painted, sure_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

    from spotdiff.types import Box, Bytes, Comparison, Mask, Region
    from spotdiff.watching.reports import Report
    from spotdiff.watching.rules.settings import Approved, Zone
    from spotdiff.watching.scene.judge import Judge
    from spotdiff.watching.scene.scales import Scales
    from spotdiff.watching.scene.scene import Scene

_IN = 0.5  # share of a thing's ground that must be in one of the zones
_FRESH = 5.0  # seconds that the still look may be old: a camera that is covered shows no tidy place


class Shifts:
    """Keeps the appointments of one camera.

    Args:
        approved: What was approved for this camera.
        zones: All zones, by name.
        zone: The time zone of the appointments.
        folder: Where the reports are written.
        judge: Compares two looks.
        last: The latest moment that an earlier run has seen to.
        note: Told why a report could not be written, as on a full disk; what is out of place is told all the same.

    Attributes:
        last: The latest moment seen to; None before the first.
    """

    def __init__(
        self,
        approved: Sequence[Approved],
        zones: dict[str, Zone],
        *,
        zone: tzinfo,
        folder: Path,
        judge: Judge,
        last: datetime | None = None,
        note: Callable[[str], None] = lambda said: None,
    ) -> None:
        self._approved, self._zones, self._zone, self._folder, self._judge = approved, zones, zone, folder, judge
        self._pictures = {one.name: load_picture(one.picture).pixels for one in approved}
        self.last, self._note = last, note

    def see(self, scene: Scene, wall: datetime, seconds: float, template: Event) -> Iterator[Report]:
        """Keep every appointment since the last call; a clock that went back brings none again.

        While the camera shows nothing that can be trusted, they wait.

        Args:
            scene: The camera's scene.
            wall: Now, aware.
            seconds: Now, on the source's clock.
            template: An event of this camera and moment, to be filled in.
        """
        last = self.last or wall
        if scene.still is None or seconds - scene.still.seconds > _FRESH:
            return
        self.last = max(wall, last)
        for one in self._approved:
            for moment in appointments(one.times, days_of(one.days), self._zone, after=last, until=wall):
                yield from self._held_against(one, scene, moment, replace(template, seconds=seconds))

    def _held_against(self, one: Approved, scene: Scene, moment: datetime, template: Event) -> Iterator[Report]:
        scales, still = scene.scales, scene.still
        if still is None:
            return
        usual = shrunk(self._pictures[one.name], scales.work)
        answer = self._judge.compare(usual, still.work)
        local = moment.astimezone(self._zone).strftime("%Y-%m-%d_%H%M")
        self._write(replace(answer, name=f"{one.name} {local}"), f"{template.camera}_{one.name}_{local}")
        if answer.verdict == "unsure":
            return  # the report says why; it is neither in order nor out of it
        out = self._out_of_place(one, answer, scales)
        key = untidy_key(one)
        yield Ended(key, "replaced" if out else "recovered", template.seconds)
        if out:
            yield self._opened(key, one, out, template, scales, (usual, still.work), answer)

    def _write(self, answer: Comparison, name: str) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_page(answer, self._folder / f"{name}.html")
            write_json(answer, self._folder / f"{name}.json")
        except OSError as error:
            self._note(f"{name} could not be written: {error.strerror}")

    def _out_of_place(self, one: Approved, answer: Comparison, scales: Scales) -> list[Region]:
        """The regions of an answer that are sure enough and lie in one of the zones."""
        zones = [self._zones[name] for name in one.zones]
        sure = sure_at(max((zone.sensitivity for zone in zones), default=0.5))
        grounds = [painted(zone, scales) for zone in zones]
        labels = answer.labels
        if labels is None:
            return []
        found = []
        for region in answer.regions:
            small = covered(labels == region.label, scales.small)
            area = max(int(small.sum()), 1)
            if region.score >= sure and (not grounds or any((small & g).sum() >= _IN * area for g in grounds)):
                found.append(region)
        return found

    def _opened(
        self,
        key: str,
        one: Approved,
        out: list[Region],
        template: Event,
        scales: Scales,
        shown: tuple[Bytes, Bytes],
        answer: Comparison,
    ) -> Opened:
        boxes = np.array([region.box_after or region.box_before for region in out])
        box: Box = (*(int(v) for v in boxes[:, :2].min(0)), *(int(v) for v in boxes[:, 2:].max(0)))  # type: ignore[assignment]
        text = untidy_text(one.name, [self._judge.say(answer, region) for region in out])
        event = replace(
            template,
            kind="untidy",
            zone=one.zones[0] if len(one.zones) == 1 else "",
            box=scales.box_in_own(box),
            score=max(region.score for region in out),
            text=text,
        )
        mask: Mask = np.isin(np.asarray(answer.labels), [region.label for region in out])
        before, after = (enlarged(picture, scales.own) for picture in shown)
        witness = Witness(before, after, stretched(mask, scales.own))
        return Opened(key, event, witness, (template.seconds - 1, template.seconds))


def untidy_key(shift: Approved) -> str:
    """The key of what is reported of a shift."""
    return f"untidy-{shift.name}"


def shift_of(event: Event, approved: Sequence[Approved]) -> Approved | None:
    """The shift that an event was reported of."""
    return next((one for one in approved if f"not as in {one.name}:" in event.text), None)
