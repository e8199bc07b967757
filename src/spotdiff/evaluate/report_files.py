"""The files of an evaluation: summary.json, samples.csv, precision_recall.svg and precision_recall.csv.

Where there are masks, also maps.csv with the figures of each map, maps_precision_recall.csv with its curve and
precision_recall_MAP.svg with the curve drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.csv_cells import csv_text
from spotdiff.evaluate.map_metrics import ALL
from spotdiff.evaluate.report import sample_row, summary_of
from spotdiff.evaluate.tables import shown
from spotdiff.report.plots import Line, precision_recall_svg

if TYPE_CHECKING:
    from spotdiff.evaluate.aggregate import Curve
    from spotdiff.evaluate.report import Report


def write_all(reports: Sequence[Report], folder: str | Path) -> tuple[Path, ...]:
    """Write all files and return their paths; the folder is made when missing.

    Raises:
        OSError: a file cannot be written.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    names = ("summary.json", "samples.csv", "precision_recall.svg", "precision_recall.csv")
    summary, samples, plot, curves = (root / name for name in names)
    summary.write_text(to_json(reports), encoding="utf-8")
    write_rows(samples, _sample_rows(reports))
    plot.write_text(plot_of(reports), encoding="utf-8")
    write_rows(curves, _curve_rows(reports))
    return summary, samples, plot, curves, *_write_maps(reports, root)


def _write_maps(reports: Sequence[Report], root: Path) -> list[Path]:
    """The files of the maps; none where no dataset has masks."""
    figures = list(_map_rows(reports))
    if not figures:
        return []
    table, curves = root / "maps.csv", root / "maps_precision_recall.csv"
    write_rows(table, figures)
    write_rows(curves, _map_curve_rows(reports))
    return [table, curves, *write_map_plots(reports, root)]


def write_map_plots(reports: Sequence[Report], folder: Path) -> list[Path]:
    """Draw precision against recall of each map, one curve a report, and return the paths of the SVG files."""
    paths = []
    for name, plot in map_plots(reports).items():
        paths.append(folder / f"precision_recall_{name}.svg")
        paths[-1].write_text(plot, encoding="utf-8")
    return paths


def map_plots(reports: Sequence[Report]) -> dict[str, str]:
    """The same plots as SVG texts by the map's name; only those of maps that are true somewhere."""
    plots = {}
    for name in ALL:
        known = [(r, r.map_curves[name], r.maps.maps[name]) for r in reports if r.maps and name in r.map_curves]
        lines = [
            Line(_line_name(report, reports), f"F1 {shown(metrics.f1)}, AP {shown(metrics.average_precision)}", curve)
            for report, curve, metrics in known
        ]
        if lines:
            plots[name] = precision_recall_svg(lines, title=f"{name}: precision and recall")
    return plots


def _line_name(report: Report, reports: Sequence[Report]) -> str:
    """What tells a report from the others: its method, its dataset, or both."""
    several_methods = len({each.label for each in reports}) > 1
    several_datasets = len({each.dataset for each in reports}) > 1
    if several_methods and several_datasets:
        return f"{report.label}, {report.dataset}"
    return report.label if several_methods else report.dataset


def _map_rows(reports: Iterable[Report]) -> Iterator[dict[str, Any]]:
    for report in reports:
        for name, figures in report.maps.maps.items() if report.maps else ():
            values = {key: written(value) for key, value in asdict(figures).items()}
            yield {"dataset": report.dataset, "map": name, **values}


def _map_curve_rows(reports: Iterable[Report]) -> Iterator[dict[str, Any]]:
    for report in reports:
        for name, curve in report.map_curves.items():
            for row in _points(curve):
                yield {"dataset": report.dataset, "map": name, **row}


def to_json(reports: Sequence[Report]) -> str:
    """The summary of all reports as text that ends in a line feed; numbers keep six significant digits."""
    return json.dumps(summary_of(reports), indent=2, allow_nan=False) + "\n"


def plot_of(reports: Sequence[Report]) -> str:
    """Precision against recall of all reports in one SVG."""
    lines = [Line(r.dataset, _note(r), r.curve) for r in reports if r.curve is not None]
    return precision_recall_svg(lines, title=f"{reports[0].method['name']}: precision and recall")


def _note(report: Report) -> str:
    if report.pixels is not None:
        return f"pixels, F1 {shown(report.pixels.f1)}, AP {shown(report.pixels.average_precision)}"
    if report.objects is not None:
        return f"objects, {shown(report.objects.recall)} found, {shown(report.objects.precision)} right"
    return "pictures" if report.pictures is None else f"pictures, AUC {shown(report.pictures.auc)}"


def _sample_rows(reports: Iterable[Report]) -> Iterator[dict[str, Any]]:
    for report in reports:
        for outcome in report.outcomes:
            yield {"dataset": report.dataset, **sample_row(outcome)}


def _curve_rows(reports: Iterable[Report]) -> Iterator[dict[str, Any]]:
    for report in reports:
        if report.curve is None:
            continue
        for row in _points(report.curve):
            yield {"dataset": report.dataset, "level": report.curve.level, **row}


def _points(curve: Curve) -> Iterator[dict[str, str]]:
    for threshold, precision, recall in zip(curve.thresholds, curve.precision, curve.recall, strict=True):
        yield {"threshold": written(threshold), "precision": written(precision), "recall": written(recall)}


def written(value: float) -> str:
    """A figure as a cell of a CSV table: six significant digits, empty where there is none."""
    return "" if value != value else f"{value:.6g}"


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a CSV table whose columns are the keys of the first row."""
    each = list(rows)
    text = csv_text(list(each[0]) if each else ["dataset"], each, end="\r\n")
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
