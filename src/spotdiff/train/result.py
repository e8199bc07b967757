"""What a training came to: the figures before its first step and those of the weights it leaves, told plainly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.atomic_write import write_whole
from spotdiff.evaluate.tables import shown
from spotdiff.report.record import plain
from spotdiff.train.metrics_log import KEPT, MetricsLog

if TYPE_CHECKING:
    from collections.abc import Mapping

RUN, REPORT = "run.json", "report.md"
_ENOUGH = 20  # labelled pairs; the quarter that is held out of fewer says little
_NOT_FIGURES = ("step", "loss", "validation loss", "lr", "score", KEPT)


@dataclass(frozen=True, slots=True)
class Result:
    """What a training came to.

    Attributes:
        before: The row of the journal before the first step.
        after: That of the weights that the run leaves.
        last: The last row.
        from_weights: Whether it went on from weights that know the field.
        pairs: How many held-out pairs the figures are of.
        labelled: How many labelled pairs there are, learned from or held out; 0 where pairs are made.
    """

    before: Mapping[str, float]
    after: Mapping[str, float]
    last: Mapping[str, float]
    from_weights: bool
    pairs: int
    labelled: int = 0

    @property
    def better(self) -> bool | None:
        """Whether the weights it leaves are better than those it went on from; None where there were none."""
        return self.after["step"] > self.before["step"] if self.from_weights else None

    def text(self) -> str:
        """The judgement in a sentence or two; empty where there is nothing to compare with."""
        if not self.from_weights:
            return ""
        figures = f"score {shown(self.before['score'])} before"
        if self.better:
            after = f"{shown(self.after['score'])} after"
            outcome = f"Better than before on {self.pairs} held-out pairs: {figures}, {after}."
        else:
            outcome = (
                f"No better than before on {self.pairs} held-out pairs: {figures}, {shown(self.last['score'])} after "
                f"{self.last['step']:.0f} steps. The weights are those it began with."
            )
        if 0 < self.labelled < _ENOUGH:
            outcome += f" {self.pairs} held-out pairs are too few to be sure of that; label {_ENOUGH} pairs or more."
        return outcome

    def table(self) -> list[tuple[str, str, str]]:
        """Figure by figure: its name, before and after."""
        names = [name for name in self.after if name not in _NOT_FIGURES]
        return [(name, shown(self.before.get(name)), shown(self.after[name])) for name in names]

    def record(self) -> dict[str, Any]:
        """The same in JSON's own types; a figure that does not exist is None."""
        rows = {"before": self.before, "after": self.after, "last": self.last}
        record = {name: {key: value for key, value in row.items() if key != KEPT} for name, row in rows.items()}
        return {"better": self.better, "text": self.text(), "pairs": self.pairs, **plain(record)}


def result_of(log: MetricsLog, *, from_weights: bool, pairs: int, labelled: int = 0) -> Result | None:
    """The result so far; None where no weights were kept, or nobody knows what was before the first step."""
    kept, first = log.kept, log.first
    if not kept or first["step"]:
        return None
    return Result(first, kept, log.rows[-1], from_weights, pairs, labelled)


def write_result(folder: Path, result: Result) -> None:
    """Put the result into the run's record, and write its page.

    Raises:
        OSError: a file cannot be written.
    """
    path = folder / RUN
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    write_whole(path, (json.dumps(record | {"result": result.record()}, indent=2) + "\n").encode())
    write_whole(folder / REPORT, _page(result).encode())


def _page(result: Result) -> str:
    heads = ("on held-out pairs", *(f"step {row['step']:.0f}" for row in (result.before, result.after)))
    lines = [heads, ("---", "---:", "---:"), *result.table()]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    words = result.text()
    return f"# What the training came to\n\n{words}{2 * chr(10) if words else ''}{table}\n![curves](curves.png)\n"
