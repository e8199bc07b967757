"""Inspections: at given times the place is held against its baseline, a picture that somebody approved."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.image import load_picture
from spotdiff.image.resize import enlarge, resize_mask, shrink, shrink_mask
from spotdiff.report.html import write_page
from spotdiff.report.record import write_json
from spotdiff.watching.event import Closed, Event, EventPictures, Opened
from spotdiff.watching.event_texts import inspection_text
from spotdiff.watching.rules.schedule import days_of, due_times
from spotdiff.watching.scene.judge import region_bounds
from spotdiff.watching.zones import min_score, zone_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, tzinfo
    from pathlib import Path

    from spotdiff.types import Bytes, Comparison, Region
    from spotdiff.video import Frame
    from spotdiff.watching.event import EventChange
    from spotdiff.watching.rules.settings import Inspection, Zone
    from spotdiff.watching.scene.judge import Judge
    from spotdiff.watching.scene.scene import Scene
    from spotdiff.watching.scene.working_sizes import Sizes

_IN = 0.5  # share of a thing's ground that must be in one of the zones
_FRESH = 5.0  # seconds that the median may be old: a camera that is covered shows no tidy place


class Inspections:
    """Makes the inspections of one camera when they are due.

    Args:
        rules: The inspections of this camera.
        zones: All zones, by name.
        zone: The time zone of the inspections.
        folder: Where the reports are written.
        judge: Compares two looks.
        last: The latest moment that an earlier run has seen to.
        note: Called with why a report could not be written, as on a full disk; what is out of place is an event all
            the same.

    Attributes:
        last: The latest moment seen to; None before the first, and without inspections.
    """

    def __init__(
        self,
        rules: Sequence[Inspection],
        zones: dict[str, Zone],
        *,
        zone: tzinfo,
        folder: Path,
        judge: Judge,
        last: datetime | None = None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._rules, self._zones, self._zone, self._folder, self._judge = rules, zones, zone, folder, judge
        self._baselines = {rule.name: load_picture(rule.picture).pixels for rule in rules}
        self.last, self._note = last, note

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inspections."""
        return tuple(self._baselines)

    def inspect(self, scene: Scene, frame: Frame, template: Event) -> Iterator[EventChange]:
        """Make every inspection that came due since the last call; a clock that went back makes none again.

        While the camera shows nothing that can be trusted, or the method fails, they wait.

        Args:
            scene: The camera's scene.
            frame: The latest frame.
            template: An event of this camera and moment, to be filled in.
        """
        if not self._rules:
            return
        last = self.last or frame.wall
        if scene.median is None or frame.seconds - scene.median.seconds > _FRESH:
            return
        self.last = max(frame.wall, last)
        for rule in self._rules:
            for moment in due_times(rule.times, days_of(rule.days), self._zone, after=last, until=frame.wall):
                looks = shrink(self._baselines[rule.name], scene.sizes.work), scene.median.work
                answer = self._judge.compare(*looks)
                if answer is None:
                    self.last = last
                    return
                event = replace(template, seconds=frame.seconds)
                yield from self._conclude(rule, answer, moment, event, sizes=scene.sizes, looks=looks)

    def _conclude(
        self,
        rule: Inspection,
        answer: Comparison,
        moment: datetime,
        template: Event,
        *,
        sizes: Sizes,
        looks: tuple[Bytes, Bytes],
    ) -> Iterator[EventChange]:
        local = moment.astimezone(self._zone).strftime("%Y-%m-%d_%H%M")
        self._write(replace(answer, name=f"{rule.name} {local}"), f"{template.camera}_{rule.name}_{local}")
        if answer.verdict == "unsure":
            return  # the report says why; it is neither in order nor out of it
        regions = self._out_of_place(rule, answer, sizes)
        key = inspection_key(rule.name)
        yield Closed(key, "replaced" if regions else "recovered", template.seconds)
        if regions:
            before, after = (enlarge(picture, sizes.own) for picture in looks)
            mask = np.isin(np.asarray(answer.labels), [region.label for region in regions])
            pictures = EventPictures(before, after, resize_mask(mask, sizes.own))
            event = self._event(rule, regions, template, sizes, answer)
            yield Opened(key, event, pictures, (template.seconds - 1, template.seconds))

    def _write(self, answer: Comparison, name: str) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_page(answer, self._folder / f"{name}.html")
            write_json(answer, self._folder / f"{name}.json")
        except OSError as error:
            self._note(f"{name} could not be written: {error.strerror}")

    def _out_of_place(self, rule: Inspection, answer: Comparison, sizes: Sizes) -> list[Region]:
        """The regions of an answer that are sure enough and lie in one of the zones."""
        labels = answer.labels
        if labels is None:
            return []
        zones = [self._zones[name] for name in rule.zones]
        least = min_score(max((zone.sensitivity for zone in zones), default=0.5))
        grounds = [zone_mask(zone, sizes) for zone in zones]
        regions = []
        for region in answer.regions:
            mask = shrink_mask(labels == region.label, sizes.small)
            area = max(int(mask.sum()), 1)
            inside = not grounds or any((mask & ground).sum() >= _IN * area for ground in grounds)
            if region.score >= least and inside:
                regions.append(region)
        return regions

    def _event(
        self, rule: Inspection, regions: Sequence[Region], template: Event, sizes: Sizes, answer: Comparison
    ) -> Event:
        descriptions = [self._judge.describe(answer, region) for region in regions]
        return replace(
            template,
            kind="untidy",
            zone=rule.zones[0] if len(rule.zones) == 1 else "",
            box=sizes.source_box(region_bounds(regions)),
            score=max(region.score for region in regions),
            text=inspection_text(self._judge.catalogue, rule.name, descriptions),
            inspection=rule.name,
        )


def inspection_key(name: str) -> str:
    """The key of what is reported of an inspection."""
    return f"untidy-{name}"
