"""Maps held against true maps: added, removed, changed, unchanged, and what is gone, new or either, whatever the kind.

Truth and answer are each two maps, `gone` (in before, without counterpart in after) and `new` (the other way round), in
one frame. The four maps follow from them: removed is gone without new, added is new without gone, changed is both on
one place, unchanged is neither. A picture's figures come from its own pixels; a set's from all pixels together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.metrics import masks
from spotdiff.metrics.masks import LEVELS, Counts, Levels
from spotdiff.metrics.ratios import count_known, mean_known

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Map, Mask

    Maps = Mapping[str, Map]

FOUR = ("added", "removed", "changed", "unchanged")
SIDES = ("gone", "new", "any")
ALL = (*FOUR, *SIDES)
KINDLESS = ("unchanged", "any")  # all that can be told where the truth knows places only
SURE = 0.5  # this and above is what an answer calls changed
ALARM = 0.001  # share of an unchanged picture that must be called changed for a false alarm
_ROUNDING = 1e-3  # a sum of two chances may exceed 1 by rounding
_FIRST = ("changed", "added", "removed", "unchanged")  # who gets a pixel that two of the four claim alike


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """One picture's maps counted against its truth.

    Attributes:
        levels: Levels of each map on the pixels where it is true and where it is not, by the map's name.
        answers: Counts of the answer, by the same names: of the four maps the largest, of the others those from 0.5.
        changed: Whether anything did, where it counts.
        called: Share of the counted pixels that the answer calls gone or new; NaN where none counts.
    """

    levels: Mapping[str, Levels]
    answers: Mapping[str, Counts]
    changed: bool
    called: float


@dataclass(frozen=True, slots=True)
class MapMetrics:
    """How right one map is.

    Attributes:
        precision, recall, accuracy, f1, iou: Of the answer on all pixels together; see `spotdiff.metrics.masks`.
        average_precision: Over all thresholds, on all pixels together; NaN where the map is true nowhere.
        precision_per_picture, recall_per_picture, accuracy_per_picture: Means over the pictures where something was
            called so, where something is so, and where anything counts; NaN without any.
        f1_per_picture, iou_per_picture: Means over the pictures where something is so or was called so; likewise.
        precision_pictures, recall_pictures, accuracy_pictures, f1_pictures: How many pictures these are.
    """

    precision: float
    recall: float
    accuracy: float
    f1: float
    iou: float
    average_precision: float
    precision_per_picture: float
    recall_per_picture: float
    accuracy_per_picture: float
    f1_per_picture: float
    iou_per_picture: float
    precision_pictures: int
    recall_pictures: int
    accuracy_pictures: int
    f1_pictures: int


@dataclass(frozen=True, slots=True)
class MapReport:
    """The figures of a set.

    Attributes:
        pictures: How many.
        unchanged: In how many of them nothing changed.
        maps: Figures by the map's name, in the order of `ALL`; only those that the truth of some picture gives.
        false_alarms: Share of the unchanged pictures of which `ALARM` or more is called changed; NaN without any.
        false_fraction: Mean share of an unchanged picture that is called changed; NaN without any.
    """

    pictures: int
    unchanged: int
    maps: Mapping[str, MapMetrics]
    false_alarms: float
    false_fraction: float


@dataclass(slots=True)
class MapScores:
    """What has been counted so far; pictures may come one by one or in batches, in any order.

    Attributes:
        levels: Levels of all pictures together, by the map's name.
        answers: Every picture's counts, by the map's name.
        false: Share called changed, of every unchanged picture.
        pictures: How many there were.

    Examples:
        >>> gone, new, nothing = np.array([[0.9, 0.1]]), np.array([[0.2, 0.8]]), np.array([[False, False]])
        >>> scores = MapScores()
        >>> scores.add(gone, new, np.array([[True, False]]), nothing)
        >>> report = scores.report()
        >>> report.maps["removed"].f1, report.maps["added"].precision
        (1.0, 0.0)
    """

    levels: dict[str, Levels] = field(default_factory=dict)
    answers: dict[str, list[Counts]] = field(default_factory=dict)
    false: list[float] = field(default_factory=list)
    pictures: int = 0

    def add(
        self,
        gone: Map,
        new: Map,
        truth_gone: Mask,
        truth_new: Mask,
        counted: Mask | None = None,
        *,
        four: Maps | None = None,
        directed: bool = True,
    ) -> None:
        """Count a picture, or a batch of them; see `tally`.

        Args:
            gone: (H, W) or (N, H, W) in [0, 1].
            new: Likewise.
            truth_gone: bool of the same shape.
            truth_new: bool of the same shape; it is taken as it lies, on the frame of `gone`.
            counted: bool of the same shape, False for pixels to leave out; None for all.
            four: The method's own maps by the names in `FOUR`, each of the same shape; None where it has none.
            directed: False where the truth knows changed places only.

        Raises:
            ValueError: shapes differ, or a map leaves [0, 1].
        """
        _check(gone, new, truth_gone, truth_new, counted, *(four or {}).values())
        planes = (-1, *gone.shape[-2:])
        use = np.ones(gone.shape, bool) if counted is None else counted
        stacks = [array.reshape(planes) for array in (gone, new, truth_gone, truth_new, use)]
        own = {name: each.reshape(planes) for name, each in (four or {}).items()}
        for index, plane in enumerate(zip(*stacks, strict=True)):
            its = {name: each[index] for name, each in own.items()}
            self.add_tally(tally(*plane, four=its or None, directed=directed))

    def add_tally(self, picture: Tally) -> None:
        """Count a picture that was tallied elsewhere."""
        self.pictures += 1
        if not picture.changed and picture.called == picture.called:
            self.false.append(picture.called)
        for name, levels in picture.levels.items():
            self.levels[name] = self.levels[name] + levels if name in self.levels else levels
            self.answers.setdefault(name, []).append(picture.answers[name])

    def report(self) -> MapReport:
        """The figures of everything counted so far."""
        false = np.array(self.false, np.float64)
        return MapReport(
            pictures=self.pictures,
            unchanged=len(false),
            maps={name: map_metrics(self.levels[name], self.answers[name]) for name in ALL if name in self.levels},
            false_alarms=mean_known(false >= ALARM),
            false_fraction=mean_known(false),
        )


def tally(
    gone: Map,
    new: Map,
    truth_gone: Mask,
    truth_new: Mask,
    counted: Mask | None = None,
    *,
    four: Maps | None = None,
    directed: bool = True,
) -> Tally:
    """One picture's maps, (H, W) each, counted against its truth; see `MapScores.add`.

    Maps are counted at 256 levels, which moves a score by 0.002 at most; the answer is read from the maps as given.
    """
    if counted is not None:  # so that what does not count costs nothing below
        gone, new = gone[counted], new[counted]
        truth_gone, truth_new = truth_gone[counted], truth_new[counted]
        four = None if four is None else {name: each[counted] for name, each in four.items()}
    names = ALL if directed else KINDLESS
    answer, truth = true_maps(gone >= SURE, new >= SURE), true_maps(truth_gone, truth_new)
    if four is not None and directed:
        answer |= _largest(four)
    shown = {**(four or four_maps(gone, new)), "gone": gone, "new": new, "any": np.maximum(gone, new)}
    return Tally(
        levels={name: _levels(shown[name], truth[name]) for name in names},
        answers={name: _counts(answer[name], truth[name]) for name in names},
        changed=bool(truth["any"].any()),
        called=float(answer["any"].mean()) if gone.size else float("nan"),
    )


def four_maps(gone: Map, new: Map) -> dict[str, Map]:
    """The four maps, as the chances of two independent events; they sum to 1.

    Examples:
        >>> {name: float(each[0]) for name, each in four_maps(np.array([0.5]), np.array([1.0])).items()}
        {'added': 0.5, 'removed': 0.0, 'changed': 0.5, 'unchanged': 0.0}
    """
    return {
        "added": new * (1 - gone),
        "removed": gone * (1 - new),
        "changed": gone * new,
        "unchanged": (1 - gone) * (1 - new),
    }


def true_maps(gone: Mask, new: Mask) -> dict[str, Mask]:
    """All seven maps of a truth, by name."""
    either = gone | new
    four = {"added": new & ~gone, "removed": gone & ~new, "changed": gone & new, "unchanged": ~either}
    return {**four, "gone": gone, "new": new, "any": either}


def map_metrics(levels: Levels, answers: Sequence[Counts]) -> MapMetrics:
    """The figures of one map.

    Args:
        levels: Of all pictures together.
        answers: Counts of the answer, one a picture.
    """
    each, every = _stacked(answers), total(answers)
    ratios = {name: getattr(masks, name) for name in ("precision", "recall", "accuracy", "f1", "iou")}
    own = {name: ratio(each) for name, ratio in ratios.items()}
    counted = {f"{name}_pictures": count_known(own[name]) for name in ("precision", "recall", "accuracy", "f1")}
    figures = {name: float(ratio(every)) for name, ratio in ratios.items()}
    figures |= {f"{name}_per_picture": mean_known(values) for name, values in own.items()}
    return MapMetrics(average_precision=masks.average_precision(levels), **figures, **counted)  # type: ignore[arg-type]


def total(answers: Sequence[Counts]) -> Counts:
    """The counts of all pictures together."""
    each = _stacked(answers)
    return Counts(int(each.tp.sum()), int(each.fp.sum()), int(each.fn.sum()), int(each.tn.sum()))


def _stacked(answers: Sequence[Counts]) -> Counts:
    tp, fp, fn, tn = np.array([(c.tp, c.fp, c.fn, c.tn) for c in answers], np.int64).reshape(-1, 4).T
    return Counts(tp, fp, fn, tn)


def _largest(maps: Maps) -> dict[str, Mask]:
    """Where each of the four is the largest."""
    winner = np.argmax([maps[name] for name in _FIRST], axis=0)
    return {name: winner == index for index, name in enumerate(_FIRST)}


def _levels(chances: Map, truth: Mask) -> Levels:
    # 0.5 becomes 128 and anything below it 127 or less, so that the answer's threshold stays one of the levels
    shown: Bytes = (chances * (LEVELS - 1) + 0.5).astype(np.uint8)
    changed, every = (np.bincount(each, minlength=LEVELS).astype(np.int64) for each in (shown[truth], shown.ravel()))
    return Levels(changed, every - changed)


def _counts(answer: Mask, truth: Mask) -> Counts:
    tp, called, true = (int(np.count_nonzero(each)) for each in (answer & truth, answer, truth))
    return Counts(tp, called - tp, true - tp, truth.size - called - true + tp)


def _check(*arrays: NDArray[np.generic] | None) -> None:
    given = [array for array in arrays if array is not None]
    shapes = {array.shape for array in given}
    if len(shapes) > 1 or given[0].ndim < 2:
        raise ValueError(
            f"maps and masks have one shape (H, W) or (N, H, W), not {', '.join(map(str, sorted(shapes)))}"
        )
    for chances in given:
        if (
            chances.dtype != bool
            and chances.size
            and not (chances.min() >= -_ROUNDING and chances.max() <= 1 + _ROUNDING)
        ):
            raise ValueError(f"a map lies in [0, 1], not {chances.min()} to {chances.max()}")
