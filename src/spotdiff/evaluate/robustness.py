"""How right a method stays when the second picture is perturbed: robustness curves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from spotdiff.batching.pool import Died, each
from spotdiff.batching.run import processors
from spotdiff.data.dataset import read_truth
from spotdiff.errors import SpotdiffError
from spotdiff.evaluate.aggregate import object_metrics, picture_metrics, pixel_metrics
from spotdiff.evaluate.evaluate_sample import Outcome, judge
from spotdiff.evaluate.perturbations import STRENGTHS, Perturbation, perturbations, perturbed
from spotdiff.evaluate.report_files import write_rows, written
from spotdiff.evaluate.tables import Table, shown
from spotdiff.image import load_picture
from spotdiff.methods import get_method
from spotdiff.pipeline import compare
from spotdiff.report.plots import Panel, panels_svg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spotdiff.data import Dataset, Sample
    from spotdiff.options import Options

    Outcomes = dict[Perturbation | None, Outcome]

MOST = 20  # pairs, unless asked otherwise: each is compared some twenty times


@dataclass(frozen=True, slots=True)
class RobustnessPoint:
    """A method on a dataset whose second pictures were perturbed.

    Attributes:
        dataset: Its name.
        method: The method's label.
        disturbance: The perturbation; "none" for the pictures as they are.
        strength: How much of it, 0 for none.
        unit: Of the strength.
        pairs: How many could be compared.
        f1: Of pixels where there are masks, else of tight boxes; NaN without either.
        caught: Share of the changed pairs called changed; NaN without any.
        false_alarms: Share of the unchanged pairs called changed; NaN without any.
    """

    dataset: str
    method: str
    disturbance: str
    strength: float
    unit: str
    pairs: int
    f1: float
    caught: float
    false_alarms: float


def spread(dataset: Dataset, most: int) -> tuple[Sample, ...]:
    """At most so many samples with truth, spread evenly over the dataset."""
    known = [sample for sample in dataset if sample.has_truth]
    count = min(most, len(known))
    return tuple(known[index * len(known) // count] for index in range(count))


def perturbed_outcomes(samples: Sequence[Sample], options: Options, *, workers: int | None = 0) -> Iterator[Outcomes]:
    """What came of each sample, as it is (None) and with each perturbation, in the order in which they are done.

    Args:
        samples: What to compare.
        options: How.
        workers: See `spotdiff.evaluate.evaluate`.

    Raises:
        OptionError: there is no such method, or a parameter has a value it cannot have.
    """
    get_method(options.method, options.settings)
    count = min(len(samples), processors() if workers is None else workers)
    for _, result in each(partial(_all_of, options=options), samples, workers=count):
        yield {} if isinstance(result, Died) else result


def robustness_points(outcomes: Iterable[Outcomes], *, dataset: str, method: str) -> list[RobustnessPoint]:
    """The curves: first the pictures as they are, then every perturbation by its strength."""
    every = list(outcomes)
    return [
        _point([each[what] for each in every if what in each], what, dataset=dataset, method=method)
        for what in (None, *perturbations())
    ]


def _all_of(sample: Sample, options: Options) -> Outcomes:
    """One sample with each perturbation; nothing where its files cannot be read, which the evaluation itself tells."""
    try:
        truth = read_truth(sample)
        before, after = (load_picture(path, options=options) for path in (sample.before, sample.after))
        made: Outcomes = {None: judge(compare(before, after, options=options, name=sample.name), truth)}
        for number, what in enumerate(perturbations()):
            rng = np.random.default_rng([crc32(sample.name.encode()), number])
            shown, known = perturbed(after, truth, what, rng=rng)
            made[what] = judge(compare(before, shown, options=options, name=sample.name), known)
    except (SpotdiffError, OSError, MemoryError):
        return {}
    return {what: replace(outcome, maps=None) for what, outcome in made.items()}


def _point(outcomes: Sequence[Outcome], what: Perturbation | None, *, dataset: str, method: str) -> RobustnessPoint:
    pictures, nan = picture_metrics(outcomes), float("nan")
    return RobustnessPoint(
        dataset=dataset,
        method=method,
        disturbance="none" if what is None else what.name,
        strength=0.0 if what is None else what.strength,
        unit="" if what is None else what.unit,
        pairs=len(outcomes),
        f1=_f1(outcomes),
        caught=nan if pictures is None else pictures.caught,
        false_alarms=nan if pictures is None else pictures.false_alarms,
    )


def _f1(outcomes: Sequence[Outcome]) -> float:
    pixels = pixel_metrics(outcomes)
    if pixels is not None:
        return pixels.f1
    objects = object_metrics(outcomes)
    return float("nan") if objects is None else objects.f1


def write_robustness(rows: Sequence[RobustnessPoint], folder: str | Path) -> tuple[Path, Path]:
    """Write robust.csv and robust.svg and return their paths; the folder is made when missing.

    Raises:
        OSError: a file cannot be written.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    table, plot = root / "robust.csv", root / "robust.svg"
    write_rows(table, [{key: _text(value) for key, value in asdict(row).items()} for row in rows])
    lines = _lines(rows)
    panels = [
        _panel(name, unit, sorted({0.0, *steps}), list(lines.values())) for name, (unit, steps) in STRENGTHS.items()
    ]
    svg = panels_svg(panels, list(lines), title="F1 where something befalls after", unit="F1")
    plot.write_text(svg, encoding="utf-8")
    return table, plot


def _panel(name: str, unit: str, strengths: Sequence[float], lines: Sequence[Sequence[RobustnessPoint]]) -> Panel:
    """F1 over the strengths of one disturbance, none of it among them; strengths stand at equal steps."""
    points = []
    for rows in lines:
        known = {row.strength: row.f1 for row in rows if row.disturbance in (name, "none") and row.f1 == row.f1}
        points.append([(strengths.index(strength), known[strength]) for strength in sorted(known)])
    return Panel(f"{name}, {unit}", [f"{strength:g}" for strength in strengths], points)


def robustness_table(rows: Sequence[RobustnessPoint]) -> Table:
    """F1 at every strength for people, a column for each method on each dataset that has any."""
    lines = _lines(rows)
    marks = list(dict.fromkeys((row.disturbance, row.unit, row.strength) for row in rows))
    f1_of = {(line, row.disturbance, row.strength): row.f1 for line, each in lines.items() for row in each}
    cells = [
        (
            f"{name}, {unit}" if unit else name,
            f"{strength:g}",
            *(shown(f1_of[line, name, strength]) for line in lines),
        )
        for name, unit, strength in marks
    ]
    return Table("robustness, F1", ("disturbance", "strength", *lines), tuple(cells))


def _lines(rows: Sequence[RobustnessPoint]) -> dict[str, list[RobustnessPoint]]:
    """The rows of each method on each dataset that has any F1, by what tells them apart."""
    several = len({row.dataset for row in rows}) > 1
    made: dict[str, list[RobustnessPoint]] = {}
    for row in rows:
        made.setdefault(f"{row.method}, {row.dataset}" if several else row.method, []).append(row)
    return {line: each for line, each in made.items() if any(row.f1 == row.f1 for row in each)}


def _text(value: object) -> str:
    return written(value) if isinstance(value, float) else str(value)
