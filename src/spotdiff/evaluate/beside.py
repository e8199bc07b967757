"""Several methods, or one with several weights, side by side: one table, the best figure of each column marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotdiff.evaluate.maps import ALL
from spotdiff.evaluate.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from spotdiff.evaluate.report import Report

    Read = Callable[[Report], float | None]

_OBJECTIVES = {"larger": max, "smaller": min}


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of every method.

    Attributes:
        group: What it is about; a table for people holds one group.
        head: Its name.
        read: The figure of a report; None or NaN where there is none.
        better: larger, smaller, or empty where neither is.
        whole: Whether it is a whole number.
    """

    group: str
    head: str
    read: Read
    better: str = "larger"
    whole: bool = False

    @property
    def name(self) -> str:
        """Group and head, which together name one column only."""
        return f"{self.group} {self.head}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure as it is shown.

    Attributes:
        value: The figure; NaN where there is none.
        text: For people; "-" for none.
        best: Whether no other method has a better one on this dataset, and some method a worse one.
    """

    value: float
    text: str
    best: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A method on a dataset.

    Attributes:
        dataset: Its name.
        method: The method's label.
        cells: One a column.
    """

    dataset: str
    method: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """The table.

    Attributes:
        columns: Those for which some method has a figure.
        rows: A dataset's methods one after the other, in the order given.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def beside(reports: Sequence[Report]) -> Beside:
    """The table of several reports, dataset by dataset; figures that no report has are left out."""
    datasets = list(dict.fromkeys(report.dataset for report in reports))
    ordered = [report for name in datasets for report in reports if report.dataset == name]
    values = {column.name: [_number(column.read(report)) for report in ordered] for column in COLUMNS}
    columns = tuple(column for column in COLUMNS if any(value == value for value in values[column.name]))
    best = {
        (column.name, name): _best(
            [v for v, r in zip(values[column.name], ordered, strict=True) if r.dataset == name], column
        )
        for column in columns
        for name in datasets
    }
    rows = [
        Row(
            report.dataset,
            report.label,
            tuple(_cell(values[c.name][index], c, best[c.name, report.dataset]) for c in columns),
        )
        for index, report in enumerate(ordered)
    ]
    return Beside(columns, tuple(rows))


def beside_tables(reports: Sequence[Report]) -> list[Table]:
    """The same as tables for people, one a group, without rows that hold no figure; the best figures bear a star."""
    whole = beside(reports)
    several = len({row.dataset for row in whole.rows}) > 1
    made = []
    for group in dict.fromkeys(column.group for column in whole.columns):
        places = [index for index, column in enumerate(whole.columns) if column.group == group]
        heads = ("dataset", "method") if several else ("method",)
        rows = [
            (*((row.dataset,) if several else ()), row.method, *(_starred(row.cells[i]) for i in places))
            for row in whole.rows
            if any(row.cells[i].value == row.cells[i].value for i in places)
        ]
        made.append(Table(group, (*heads, *(whole.columns[i].head for i in places)), tuple(rows)))
    return made


def _starred(cell: Cell) -> str:
    return f"{cell.text}*" if cell.best else f"{cell.text} "


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _best(values: Sequence[float], column: Column) -> float:
    """The best of a dataset's figures; NaN where none is better than another."""
    known = [value for value in values if value == value]
    if not column.better or len(set(known)) < 2:
        return float("nan")
    return float(_OBJECTIVES[column.better](known))


def _cell(value: float, column: Column, best: float) -> Cell:
    if value != value:
        return Cell(value, "-", best=False)
    return Cell(value, f"{value:.0f}" if column.whole else f"{value:.3f}", best=value == best)


def _of_level(level: str, name: str) -> Read:
    """A figure of one level of a report."""
    return lambda report: getattr(getattr(report, level), name, None)


def _of_map(kind: str, name: str) -> Read:
    def read(report: Report) -> float | None:
        figures = report.maps.maps.get(kind) if report.maps else None
        return None if figures is None else float(getattr(figures, name))

    return read


def _every_column() -> Iterator[Column]:
    for name, head in (("f1", "F1"), ("iou", "IoU"), ("f1_per_picture", "F1/picture"), ("average_precision", "AP")):
        yield Column("answer", head, _of_level("pixels", name))
    for kind in ALL:
        for name, head in (
            ("precision", "P"),
            ("recall", "R"),
            ("f1", "F1"),
            ("iou", "IoU"),
            ("average_precision", "AP"),
        ):
            yield Column(kind, head, _of_map(kind, name))
    for name, head in (("recall", "recall"), ("precision", "precision"), ("f1", "F1"), ("average_precision", "AP")):
        yield Column("boxes", head, _of_level("objects", name))
    yield Column("boxes", "kind right", _of_level("objects", "kind_right"))
    yield Column("pictures", "caught", _of_level("pictures", "caught"))
    yield Column("pictures", "AUC", _of_level("pictures", "auc"))
    yield Column("pictures", "false alarms", _of_level("pictures", "false_alarms"), "smaller")
    yield Column("pictures", "false area", _of_level("pictures", "false_fraction"), "smaller")
    for name, head in (("verdicts", "verdicts"), ("gone", "gone IoU"), ("new", "new IoU"), ("kinds", "kinds")):
        yield Column("exchanged", head, _of_level("swap", name))
    yield Column("cost", "s/pair", lambda report: report.seconds, "smaller")
    yield Column("cost", "parameters", lambda report: report.parameters, "smaller", whole=True)
    yield Column("cost", "trouble", lambda report: report.trouble, "smaller", whole=True)


COLUMNS = tuple(_every_column())
