"""Events of a watch held against labelled clips: found, rightly called, in time, and how many for nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.clock import EPOCH
from spotdiff.data.read_json import read_json
from spotdiff.errors import DataError, error_line
from spotdiff.evaluate.tables import Table, shown
from spotdiff.metrics.ratios import share
from spotdiff.regions.boxes import iou

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from spotdiff.options import Options
    from spotdiff.types import Box, Bytes
    from spotdiff.watching.event import EventChange

_OVERLAP = 0.2  # intersection over union of two boxes of one thing
_APART = 15.0  # seconds between what is true and what is reported of one event, at most
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """One event of a clip's truth.

    Attributes:
        kind: left, taken or moved.
        box: Where it is, or was, for what is taken.
        box_before: Where a moved thing stood.
        time: The second since which it is so.
    """

    kind: str
    box: Box
    box_before: Box | None
    time: float


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """One event as a watch reported it.

    Attributes:
        kind: What it was called in the end.
        box, box_before: Where.
        time: Since which second, by the watcher.
        told: The second it was reported in.
    """

    kind: str
    box: Box
    box_before: Box | None
    time: float
    told: float


@dataclass(frozen=True, slots=True)
class Clip:
    """What a watcher made of one clip.

    Attributes:
        name: Of the clip.
        scenario: What it is for: event, or the one thing that happens in it.
        seconds: How long it is.
        pairs: Events that happened, each with what was reported of it, or None.
        false: What was reported for nothing.
        frames: How many were looked at.
        cost: Processor seconds that took.
    """

    name: str
    scenario: str
    seconds: float
    pairs: tuple[tuple[TrueEvent, ReportedEvent | None], ...]
    false: tuple[ReportedEvent, ...]
    frames: int
    cost: float


@dataclass(frozen=True, slots=True)
class EventMetrics:
    """Clips summed up; a share of nothing is not a number.

    Attributes:
        clips, happened, found, told: Counts; told are those that the watch reported.
        recall: Share of the events that were reported.
        precision: Share of what was reported that happened.
        label_right: Share of the found events, other than those reported as `changed`, that are called what they are.
        changed: Share of the found events that are reported as `changed`.
        error: 95th percentile of the error of the beginning, in seconds.
        delay: Median and 95th percentile of the seconds from the event to its report.
        false_per_day: Told for nothing, for each day that a camera is watched.
        milliseconds: Of the processor, for each frame looked at.
    """

    clips: int
    happened: int
    found: int
    told: int
    recall: float
    precision: float
    label_right: float
    changed: float
    error: float
    delay: tuple[float, float]
    false_per_day: float
    milliseconds: float


Frames = Iterable[tuple[float, "Bytes"]]  # (seconds, picture)
Watcher = Callable[[Frames], Iterable[ReportedEvent]]  # tells what it has seen, each event as it was called in the end


def read_clips(folder: str | Path) -> list[tuple[Path, dict[str, Any]]]:
    """The films of a folder with their truth, NAME.mp4 beside NAME.json, by name.

    Raises:
        DataError: there are none, or a truth cannot be read.
    """
    clips = []
    for path in sorted(Path(folder).glob("*.json")):
        film = path.with_suffix(".mp4")
        if not film.is_file():
            continue
        try:
            truth = read_json(path)
            _ = [_true_event(event) for event in truth["events"]], str(truth["scenario"]), float(truth["seconds"])
        except (DataError, ValueError, KeyError, TypeError, OverflowError) as error:
            raise DataError(
                f"{path}: no truth of a clip ({error_line(error)}); make some with spotdiff synth --recipe clips"
            ) from None
        clips.append((film, truth))
    if not clips:
        raise DataError(f"{folder}: no clips with their truth; make some with spotdiff synth --recipe clips")
    return clips


def default_watcher(options: Options) -> Watcher:
    """The watch with its default rules."""

    def watcher(frames: Frames) -> list[ReportedEvent]:
        from spotdiff.methods import get_method
        from spotdiff.video import Frame
        from spotdiff.watching.frame_analyser import FrameAnalyser
        from spotdiff.watching.rules import Camera, rules_of
        from spotdiff.watching.scene.judge import Judge

        rules = replace(rules_of([], names=[]), options=options)
        judge = Judge(get_method(options.method, options.settings), options)
        watch = FrameAnalyser(Camera("clip", ""), rules, judge, zone=UTC, boot="")
        reported: dict[str, ReportedEvent] = {}
        for number, (seconds, pixels) in enumerate(frames):
            frame = Frame(pixels, number, seconds, EPOCH + timedelta(seconds=seconds))
            for report in watch.analyse(frame):
                _note(reported, report)
        return list(reported.values())

    return watcher


def _note(reported: dict[str, ReportedEvent], report: EventChange) -> None:
    """Keep what a report says of scene events; faults of the camera are no events of the scene."""
    from spotdiff.watching.event import SCENE_KINDS, Amended, Opened

    if isinstance(report, Opened):
        event = report.event
        if event.kind in SCENE_KINDS and event.box is not None:
            name = f"{report.key}@{event.confirmed_seconds}"  # a key is free again once its event is over
            reported[name] = ReportedEvent(
                event.kind, event.box, event.box_before, event.seconds, event.confirmed_seconds
            )
    elif isinstance(report, Amended) and report.box is not None:
        name = next(name for name in reversed(reported) if name.startswith(f"{report.key}@"))
        reported[name] = replace(reported[name], kind=report.kind, box=report.box, box_before=report.box_before)


def watch_clip(film: Path, truth: Mapping[str, Any], watcher: Watcher) -> Clip:
    """Have a watcher watch one clip, and hold what it tells against the truth."""
    from spotdiff.video import open_feed

    seen = 0

    def frames() -> Iterator[tuple[float, Bytes]]:
        nonlocal seen
        with open_feed(str(film), replay=True) as feed:
            while not feed.ended:
                frame = feed.next(timeout=60.0)
                if frame is not None:
                    seen += 1
                    yield frame.seconds, frame.pixels

    start = time.process_time()
    reported = tuple(watcher(frames()))
    cost = time.process_time() - start
    pairs, false = matched([_true_event(event) for event in truth["events"]], reported)
    return Clip(film.stem, str(truth["scenario"]), float(truth["seconds"]), pairs, false, seen, cost)


def matched(
    happened: Sequence[TrueEvent], reported: Sequence[ReportedEvent]
) -> tuple[tuple[tuple[TrueEvent, ReportedEvent | None], ...], tuple[ReportedEvent, ...]]:
    """Each event with the report that fits it best, each report once; and the reports that fit none.

    A report fits where one of its boxes overlaps one of the event's by a fifth of their union and the beginning it
    tells is at most 15 seconds off.
    """
    left = list(reported)
    pairs: list[tuple[TrueEvent, ReportedEvent | None]] = []
    for event in sorted(happened, key=lambda event: event.time):
        best = max(left, key=lambda report: _fit(event, report), default=None)
        if best is not None and _fit(event, best) > 0:
            left.remove(best)
            pairs.append((event, best))
        else:
            pairs.append((event, None))
    return tuple(pairs), tuple(left)


def summed(clips: Sequence[Clip]) -> EventMetrics:
    """The figures of clips together."""
    import numpy as np

    pairs = [pair for clip in clips for pair in clip.pairs]
    found = [(event, report) for event, report in pairs if report is not None]
    named = [(event, report) for event, report in found if report.kind != "changed"]
    false = sum(len(clip.false) for clip in clips)
    errors = [abs(report.time - event.time) for event, report in found]
    delays = [report.told - event.time for event, report in found]
    return EventMetrics(
        clips=len(clips),
        happened=len(pairs),
        found=len(found),
        told=len(found) + false,
        recall=share(len(found), len(pairs)),
        precision=share(len(found), len(found) + false),
        label_right=share(sum(event.kind == report.kind for event, report in named), len(named)),
        changed=share(len(found) - len(named), len(found)),
        error=float(np.percentile(errors, 95)) if errors else math.nan,
        delay=(float(np.median(delays)), float(np.percentile(delays, 95))) if delays else (math.nan, math.nan),
        false_per_day=share(false, sum(clip.seconds for clip in clips) / _DAY),
        milliseconds=1000 * share(sum(clip.cost for clip in clips), sum(clip.frames for clip in clips)),
    )


def event_table(rows: Mapping[str, Sequence[Clip]]) -> Table:
    """Watchers side by side, by name; below each the kinds of clips in which nothing happens."""
    heads = ("watcher", "clips", "events", "recall", "precision", "label right", "changed", "false", "a day", "error s")
    lines = []
    for name, clips in rows.items():
        lines.append(_line(name, clips))
        scenarios = sorted({clip.scenario for clip in clips})
        lines += [_line(f"  {each}", [clip for clip in clips if clip.scenario == each]) for each in scenarios]
    return Table("events", (*heads, "told after s", "ms a frame"), tuple(lines))


def _line(name: str, clips: Sequence[Clip]) -> tuple[str, ...]:
    metrics = summed(clips)
    shares = (metrics.recall, metrics.precision, metrics.label_right, metrics.changed)
    counts = (str(metrics.clips), str(metrics.happened))
    false = str(metrics.told - metrics.found)
    rest = (metrics.false_per_day, metrics.error, metrics.delay[1], metrics.milliseconds)
    return (name, *counts, *(shown(value) for value in shares), false, *(shown(value, 1) for value in rest))


def _true_event(read: Mapping[str, Any]) -> TrueEvent:
    before = read.get("box_before")
    return TrueEvent(str(read["kind"]), _box(read["box"]), _box(before) if before else None, float(read["time"]))


def _box(sides: Sequence[int]) -> Box:
    left, top, right, bottom = (int(side) for side in sides)
    return left, top, right, bottom


def _fit(event: TrueEvent, report: ReportedEvent) -> float:
    if abs(report.time - event.time) > _APART:
        return 0.0
    boxes = [box for box in (report.box, report.box_before) if box is not None]
    best = max(iou(box, true) for box in boxes for true in (event.box, event.box_before) if true is not None)
    return best if best >= _OVERLAP else 0.0
