"""The settings of a watch as values; each field says what it is for, for the reader, the check and the docs alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import TypedDict

from spotdiff.errors import OptionError
from spotdiff.options import Options
from spotdiff.params import check, hint, param
from spotdiff.watching.event import SCENE_KINDS
from spotdiff.watching.rules.schedule import Hours, clock_of, days_of

WHAT = (*SCENE_KINDS, "intrusion", "untidy")
_WEEK, _YEAR = 604_800, 31_622_400  # seconds; a longer span is a slip of the pen
Polygon = tuple[tuple[float, float], ...]  # corners (x, y) in the source's own pixels


@dataclass(frozen=True)
class Camera:
    """Where pictures of a place come from.

    Attributes:
        name: Names it in events.
        source: A folder, a film, a webcam's number or the address of a stream.
    """

    name: str
    source: str = param("", "folder, film, webcam number or address of a stream")
    fps: float = param(5.0, "frames looked at in a second", low=0.01, high=60)
    side: int = param(640, "longer side of the pictures that are compared", low=160, high=1920, unit="px")
    order: str = param("name", "how a folder's pictures are ordered", choices=("name", "taken", "mtime"))
    every: float = param(1.0, "time between a folder's pictures that do not say when", low=0.001, high=_YEAR, unit="s")
    grows: bool = param(False, "whether a folder gets new pictures that are waited for")
    patience: float = param(
        5.0, "without a frame for so long a live camera is started again", low=0.5, high=3600, unit="s"
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Zone:
    """A part of the picture and the rule that holds there.

    Attributes:
        name: Names it in events; "" for the whole picture.
        polygon: Its outline; () for the whole picture.
        cameras: Names of those it is on; () for all.
    """

    name: str
    polygon: Polygon = ()
    cameras: tuple[str, ...] = param((), "cameras it is on; all when left out")
    what: tuple[str, ...] = param(SCENE_KINDS, f"what is told: {', '.join(WHAT)}")
    min_area: int = param(0, "smallest thing told", low=0, unit="px of the source")
    dwell: float = param(10.0, "how long a difference stays before it is told", low=0, high=_WEEK, unit="s")
    days: str = param("", "days it holds, such as mon-fri; all when empty")
    hours: str = param("", "hours it holds, such as 20:00-06:00; all when empty")
    sensitivity: float = param(0.5, "0 tells only the obvious, 1 everything that might be", low=0, high=1)
    tell: tuple[str, ...] = param((), "sinks that are told; all when left out")

    def __post_init__(self) -> None:
        check(self)
        for word in self.what:
            if word not in WHAT:
                raise OptionError(f"what takes {', '.join(WHAT)}; not {word!r}{hint(word, WHAT)}")
        Hours.of(self.days, self.hours)

    @property
    def when(self) -> Hours:
        """The days and hours it holds."""
        return Hours.of(self.days, self.hours)


@dataclass(frozen=True)
class Inspection:
    """A baseline, which is a picture that somebody approved, and when the place should look like it.

    Attributes:
        name: Names it in events and reports.
    """

    name: str
    camera: str = param("", "the camera; may be left out where there is one only")
    picture: str = param("", "file of the approved picture, from the same camera")
    at: tuple[str, ...] = param((), "times of the day, such as 18:00")
    days: str = param("", "days, such as mon-fri; all when empty")
    zones: tuple[str, ...] = param((), "zones that count; the whole picture when left out")
    tell: tuple[str, ...] = param((), "sinks that are told; all when left out")

    def __post_init__(self) -> None:
        check(self)
        days_of(self.days)
        _ = self.times

    @property
    def times(self) -> tuple[time, ...]:
        """The times of the day."""
        return tuple(clock_of(text) for text in self.at)


class WatchSettings(TypedDict, total=False):
    """Settings of a whole watch by name, for whoever takes them as keywords; see `Rules`."""

    evidence: str
    timezone: str
    keep_days: float
    keep_gb: float
    reserve_mb: int
    before: float
    after: float
    metrics: int


@dataclass(frozen=True)
class Rules:
    """Everything that a person wants of a watch.

    Attributes:
        cameras, zones: By name.
        inspections: By name; the table `approved` of the file.
        sinks: Settings of each sink by name.
        options: How two looks are compared.
    """

    cameras: Mapping[str, Camera]
    zones: Mapping[str, Zone] = field(default_factory=dict)
    inspections: Mapping[str, Inspection] = field(default_factory=dict)
    sinks: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    store: str = param("watch/events.db", "where events are kept: a file, or postgresql://...")
    evidence: str = param("", "folder of stills and clips; beside the store's file when empty")
    timezone: str = param("", "of days and hours, such as Europe/Berlin; the machine's when empty")
    keep_days: float = param(
        30.0, "evidence of closed events is kept so long; 0 for ever", low=0, high=36_500, unit="days"
    )
    keep_gb: float = param(10.0, "most evidence kept; 0 for no limit", low=0, high=999_999, unit="GB")
    reserve_mb: int = param(256, "room kept free so that a full disk loses no event", low=0, high=999_999, unit="MB")
    before: float = param(5.0, "seconds of a clip before the event", low=0, high=60, unit="s")
    after: float = param(5.0, "seconds of a clip after the event", low=0, high=60, unit="s")
    metrics: int = param(0, "port of the Prometheus metrics; 0 for none", low=0, high=65535)

    def __post_init__(self) -> None:
        check(self)

    def zones_of(self, camera: str) -> tuple[Zone, ...]:
        """The zones on a camera; the whole picture where there is none at all."""
        if not self.zones:
            return (Zone(""),)
        return tuple(zone for zone in self.zones.values() if not zone.cameras or camera in zone.cameras)
