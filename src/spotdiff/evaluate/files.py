"""The files of an evaluation: summary.json, samples.csv, precision_recall.svg and precision_recall.csv."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.evaluate.plot import Line, precision_recall_svg
from spotdiff.evaluate.report import sample_row, summary_of

if TYPE_CHECKING:
    from spotdiff.evaluate.report import Report


def write_all(reports: Sequence[Report], folder: str | Path) -> tuple[Path, ...]:
    """Write all four files and return their paths; the folder is made when missing.

    Raises:
        OSError: a file cannot be written.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    names = ("summary.json", "samples.csv", "precision_recall.svg", "precision_recall.csv")
    summary, samples, plot, curves = (root / name for name in names)
    summary.write_text(to_json(reports), encoding="utf-8")
    _write_rows(samples, _sample_rows(reports))
    plot.write_text(plot_of(reports), encoding="utf-8")
    _write_rows(curves, _curve_rows(reports))
    return summary, samples, plot, curves


def to_json(reports: Sequence[Report]) -> str:
    """The summary of all reports as text that ends in a line feed; numbers keep six significant digits."""
    return json.dumps(summary_of(reports), indent=2, allow_nan=False) + "\n"


def plot_of(reports: Sequence[Report]) -> str:
    """Precision against recall of all reports in one SVG."""
    lines = [Line(r.dataset, _note(r), r.curve) for r in reports if r.curve is not None]
    return precision_recall_svg(lines, title=f"{reports[0].method['name']}: precision and recall")


def _note(report: Report) -> str:
    if report.pixels is not None:
        return f"pixels, F1 {report.pixels.f1:.3f}, AP {report.pixels.average_precision:.3f}"
    if report.objects is not None:
        return f"objects, {report.objects.recall:.3f} found, {report.objects.precision:.3f} right"
    return "pictures" if report.pictures is None else f"pictures, AUC {report.pictures.auc:.3f}"


def _sample_rows(reports: Iterable[Report]) -> Iterator[dict[str, Any]]:
    for report in reports:
        for outcome in report.outcomes:
            yield {"dataset": report.dataset, **sample_row(outcome)}


def _curve_rows(reports: Iterable[Report]) -> Iterator[dict[str, Any]]:
    for report in reports:
        if report.curve is None:
            continue
        points = zip(report.curve.thresholds, report.curve.precision, report.curve.recall, strict=True)
        for threshold, precision, recall in points:
            row = {"threshold": f"{threshold:.6g}", "precision": f"{precision:.6g}", "recall": f"{recall:.6g}"}
            yield {"dataset": report.dataset, "level": report.curve.level, **row}


def _write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    each = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(each[0]) if each else ["dataset"])
        writer.writeheader()
        writer.writerows(each)
