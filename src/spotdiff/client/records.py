"""What a server knows, as its JSON has it: the keys of each object and what they hold."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Verdict = Literal["same", "changed", "unsure"]
Decision = Literal["approved", "rejected", "undone"]
RegionKind = Literal["none", "added", "removed", "replaced", "changed", "moved", "ignore"]
RunState = Literal["queued", "running", "stopped", "done", "failed"]
Figures = dict[str, float | str | None]  # a figure that does not exist is None


class ComparisonSummary(TypedDict):
    """A comparison in a list."""

    id: str
    verdict: Verdict
    score: float
    regions: int
    text: str
    before_name: str
    after_name: str
    place: str | None
    batch: str
    decision: Literal["approved", "rejected"] | None
    created: str
    url: str


class ReviewQueue(TypedDict):
    """Comparisons that were asked for, the oldest first, how many there are, and of which batches and places."""

    counts: dict[str, int]
    batches: list[str]
    places: list[str]
    comparisons: list[ComparisonSummary]


class DecisionMade(TypedDict):
    """Who decided what on a comparison; `at` is ISO 8601 in UTC."""

    comparison: str
    decision: Decision
    who: str
    place: str | None
    batch: str
    before_name: str
    after_name: str
    verdict: Verdict
    at: str


class Shape(TypedDict):
    """Something drawn on one picture, in its own pixels: a polygon, a box by its corners, or the path of a brush."""

    kind: Literal["added", "removed", "changed", "moved", "ignore"]
    side: Literal["before", "after"]
    form: NotRequired[Literal["polygon", "box", "brush"]]
    points: list[list[float]]
    width: NotRequired[float]


class Annotations(TypedDict):
    """What a person says of a comparison: its regions by their numbers from 1 on, and what it missed."""

    regions: dict[str, RegionKind]
    shapes: list[Shape]
    revision: int
    who: str
    at: str | None


class TrainingSummary(TypedDict):
    """A training in a list; `settings` are what was asked, `pairs` the corrected comparisons when it was begun."""

    id: str
    place: str | None
    labelled_set: str | None
    state: RunState
    settings: dict[str, Any]
    pairs: int
    who: str
    problem: str | None
    created: str
    finished: str | None
    url: str


class Training(TrainingSummary):
    """A training, how far it has come, and what it came to: `result` has `better`, `text` and figures."""

    progress: dict[str, float | None] | None
    journal: list[Figures]
    result: dict[str, Any] | None
    samples: list[str]


class Trainings(TypedDict):
    """What a place has learned; `used` is the training whose weights it is compared with, None for those that ship."""

    used: str | None
    pairs: int
    trainings: list[TrainingSummary]


class MeasurementSummary(TrainingSummary):
    """A measurement in a list; `settings` are what was asked."""


class Measurement(MeasurementSummary):
    """A measurement: its table has a row a method, its charts are addresses of SVG files."""

    table: list[Figures]
    charts: list[str]


class LabelledSet(TypedDict):
    """A labelled set that a server was started with."""

    name: str
    pairs: int


class Measurements(TypedDict):
    """What was measured on a place or a labelled set."""

    pairs: int
    measurements: list[MeasurementSummary]


class Event(TypedDict):
    """Something that is so at a place until it is closed; times are ISO 8601 in UTC, `files` addresses by role."""

    id: str
    camera: str
    kind: str
    state: Literal["open", "acknowledged", "closed"]
    zone: str
    box: list[int] | None
    box_before: list[int] | None
    first_seen: str
    confirmed: str
    closed: str | None
    outcome: str
    seconds: float
    confirmed_seconds: float
    closed_seconds: float | None
    score: float
    text: str
    url: str
    files: dict[str, str]


class EventShown(Event):
    """An event, and what a person says of it."""

    acknowledged_by: str
    note: str


class Zone(TypedDict):
    """A part of the picture and the rule that holds there; what is left out is as usual."""

    name: str
    polygon: NotRequired[list[list[float]]]
    cameras: NotRequired[list[str]]
    what: NotRequired[list[str]]
    min_area: NotRequired[int]
    dwell: NotRequired[float]
    days: NotRequired[str]
    hours: NotRequired[str]
    sensitivity: NotRequired[float]
    tell: NotRequired[list[str]]


class WatchStatus(TypedDict):
    """How a watch is doing, and each of its cameras."""

    running: bool
    trouble: str
    written: str | None
    cameras: list[dict[str, Any]]
    store_waiting: int
    store_trouble: str
