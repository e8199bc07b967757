"""What an evaluation found: one report a dataset, as JSON and as rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

import spotdiff
from spotdiff.evaluate.aggregate import (
    Curve,
    ObjectMetrics,
    PictureMetrics,
    PixelMetrics,
    curve_of,
    map_curves,
    map_report,
    object_metrics,
    picture_metrics,
    pixel_metrics,
)
from spotdiff.evaluate.map_metrics import ALL
from spotdiff.evaluate.swap_consistency import swap_metrics
from spotdiff.methods import get_method
from spotdiff.metrics import masks
from spotdiff.metrics.ratios import share
from spotdiff.report.maps import CHANGED
from spotdiff.report.record import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spotdiff.data import Dataset
    from spotdiff.evaluate.evaluate_sample import Outcome
    from spotdiff.evaluate.map_metrics import MapReport
    from spotdiff.evaluate.swap_consistency import SwapMetrics
    from spotdiff.options import Options

SCHEMA = "spotdiff/evaluation/1"


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """How a method did on a dataset. Samples that could not be compared count in no figure but `trouble`.

    Attributes:
        dataset: Its name.
        method: {name, parameters}.
        options: The other options of the comparison.
        outcomes: One a sample, in the dataset's order.
        verdicts: How many pictures got each verdict.
        trouble: How many samples could not be compared.
        seconds: Median wall time of a comparison; NaN of none.
        pictures, pixels, objects: Figures at each level that the truth allows, else None.
        curve: Precision against recall at the finest of them.
        odd: Files that belong to no sample, one line each.
        label: What tells the method from others beside it; its name where nothing else does.
        maps: Figures of each map; None without masks.
        map_curves: Precision against recall of each map, by its name.
        swap: How well the answers fit those to the exchanged pairs; None where that was not asked.
        parameters: How many numbers the method has learned; None where it has learned none.
        weights: Digest of the weights it used, or "".
    """

    dataset: str
    method: Mapping[str, Any]
    options: Mapping[str, Any]
    outcomes: tuple[Outcome, ...]
    verdicts: Mapping[str, int]
    trouble: int
    seconds: float
    pictures: PictureMetrics | None
    pixels: PixelMetrics | None
    objects: ObjectMetrics | None
    curve: Curve | None
    odd: tuple[str, ...] = ()
    label: str = ""
    maps: MapReport | None = None
    map_curves: Mapping[str, Curve] = field(default_factory=dict)
    swap: SwapMetrics | None = None
    parameters: int | None = None
    weights: str = ""

    @property
    def unsure(self) -> float:
        """Share of the pictures with the verdict `unsure`; NaN of none."""
        compared = sum(self.verdicts.values())
        return share(self.verdicts["unsure"], compared)

    def summary(self) -> dict[str, Any]:
        """The report in JSON's own types, without the samples; a figure that does not exist is None."""
        figures = {
            level: None if figure is None else plain(asdict(figure))
            for level, figure in (
                ("pictures", self.pictures),
                ("pixels", self.pixels),
                ("objects", self.objects),
                ("maps", self.maps),
                ("swap", self.swap),
            )
        }
        return {
            "dataset": self.dataset,
            "pairs": len(self.outcomes),
            "trouble": self.trouble,
            "verdicts": dict(self.verdicts),
            "unsure": plain(self.unsure),
            "seconds": plain(self.seconds),
            **figures,
            "odd": list(self.odd),
            "parameters": self.parameters,
            "weights": self.weights or None,
        }


def report_of(dataset: Dataset, outcomes: Iterable[Outcome], options: Options, *, label: str = "") -> Report:
    """The report of all outcomes of a dataset, which may come in any order.

    Args:
        dataset: What was compared.
        outcomes: One a sample.
        options: How it was compared.
        label: What tells the method from others beside it; its name when empty.
    """
    method = get_method(options.method, options.settings)
    by_name = {outcome.name: outcome for outcome in outcomes}
    every = tuple(by_name[sample.name] for sample in dataset)
    fine = [o for o in every if o.verdict is not None]
    verdicts = [o.verdict for o in fine]
    return Report(
        dataset=dataset.name,
        method={"name": options.method, "parameters": asdict(method)},  # type: ignore[call-overload]
        options={f.name: getattr(options, f.name) for f in fields(options) if f.name not in ("method", "settings")},
        outcomes=every,
        verdicts={verdict: verdicts.count(verdict) for verdict in ("same", "changed", "unsure")},
        trouble=len(every) - len(fine),
        seconds=float(np.median([o.seconds for o in fine])) if fine else float("nan"),
        pictures=picture_metrics(fine),
        pixels=pixel_metrics(fine),
        objects=object_metrics(fine),
        curve=curve_of(fine),
        odd=dataset.odd,
        label=label or options.method,
        maps=map_report(fine),
        map_curves=map_curves(fine),
        swap=swap_metrics([o.swap for o in fine if o.swap is not None]),
        parameters=getattr(method, "parameters_learned", None),
        weights=next((o.weights for o in fine if o.weights), ""),
    )


def summary_of(reports: Sequence[Report]) -> dict[str, Any]:
    """Several reports of one method as one JSON object.

    Returns:
        {schema, version, method, options, datasets: [...]}.
    """
    first = reports[0]
    return {
        "schema": SCHEMA,
        "version": spotdiff.__version__,
        "method": plain(first.method),
        "options": plain(first.options),
        "datasets": [report.summary() for report in reports],
    }


def sample_row(outcome: Outcome) -> dict[str, Any]:
    """One sample as a row of a table; None where the truth does not say."""
    pixels, boxes = outcome.pixels, outcome.detections
    counts = None if pixels is None else pixels.at(CHANGED)
    row = {
        "name": outcome.name,
        "changed": outcome.changed,
        "verdict": outcome.verdict or "trouble",
        "score": outcome.score,
        "regions": outcome.regions,
        "f1": None if counts is None else float(masks.f1(counts)),
        **{name: getattr(counts, name, None) for name in ("tp", "fp", "fn", "tn")},
        "boxes": None if boxes is None else boxes.reached.size,
        "boxes_found": None if boxes is None else int((~np.isnan(boxes.reached)).sum()),
        "extra": None if boxes is None else boxes.extra,
        "seconds": outcome.seconds,
        "error": outcome.error,
        "changed_fraction": outcome.fraction,
        **{f"f1_{name}": _map_f1(outcome, name) for name in ALL},
        **{f"swap_{name}": getattr(outcome.swap, name, None) for name in ("verdict", "gone", "new")},
    }
    return {key: plain(value) for key, value in row.items()}


def _map_f1(outcome: Outcome, name: str) -> float | None:
    counts = None if outcome.maps is None else outcome.maps.answers.get(name)
    return None if counts is None else float(masks.f1(counts))
