"""Several methods, or one with several weights, side by side, the best figure of each column marked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import spotdiff
from spotdiff.evaluate.map_metrics import ALL
from spotdiff.evaluate.report import summary_of
from spotdiff.evaluate.report_files import map_plots, write_all, write_map_plots, write_rows, written
from spotdiff.evaluate.tables import Table, shown
from spotdiff.report.markup import Html, element, join, whole_page, write_page_file
from spotdiff.report.plots import in_page

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
        text: For people; `none` where there is none.
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
class Leaderboard:
    """The table.

    Attributes:
        columns: Those for which some method has a figure.
        rows: A dataset's methods one after the other, in the order given.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def leaderboard(reports: Sequence[Report]) -> Leaderboard:
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
    return Leaderboard(columns, tuple(rows))


def leaderboard_tables(reports: Sequence[Report]) -> list[Table]:
    """The same as tables for people, one a group, without rows that hold no figure; the best figures bear a star."""
    table = leaderboard(reports)
    several = len({row.dataset for row in table.rows}) > 1
    tables = []
    for group in dict.fromkeys(column.group for column in table.columns):
        places = [index for index, column in enumerate(table.columns) if column.group == group]
        heads = ("dataset", "method") if several else ("method",)
        rows = [
            (
                *((row.dataset,) if several else ()),
                row.method,
                *(f"{row.cells[i].text}{'*' if row.cells[i].best else ' '}" for i in places),
            )
            for row in table.rows
            if any(row.cells[i].value == row.cells[i].value for i in places)
        ]
        tables.append(Table(group, (*heads, *(table.columns[i].head for i in places)), tuple(rows)))
    return tables


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _best(values: Sequence[float], column: Column) -> float:
    """The best of a dataset's figures; NaN where none is better than another."""
    known = [value for value in values if value == value]
    if not column.better or len(set(known)) < 2:
        return float("nan")
    return float(_OBJECTIVES[column.better](known))


def _cell(value: float, column: Column, best: float) -> Cell:
    return Cell(value, shown(value, 0 if column.whole else 3), best=value == best)


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
    yield Column("answer", "pictures of F1/picture", _of_level("pixels", "f1_pictures"), "", whole=True)
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
    for name, head in (("gone_pairs", "pairs of gone IoU"), ("new_pairs", "pairs of new IoU")):
        yield Column("exchanged", head, _of_level("swap", name), "", whole=True)
    yield Column("cost", "s/pair", lambda report: report.seconds, "smaller")
    yield Column("cost", "parameters", lambda report: report.parameters, "smaller", whole=True)
    yield Column("cost", "trouble", lambda report: report.trouble, "smaller", whole=True)


COLUMNS = tuple(_every_column())


SCHEMA = "spotdiff/evaluations/1"


def write_leaderboard(reports: Sequence[Report], folder: str | Path) -> tuple[Path, ...]:
    """Write the table and the plots of all methods, and each method's own files in a folder below.

    Returns:
        The paths of the table and of the plots, then each method's folder.

    Raises:
        OSError: a file cannot be written.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    table = leaderboard(reports)
    csv, md, html = (root / f"compare.{ending}" for ending in ("csv", "md", "html"))
    write_rows(csv, _rows(table))
    md.write_text(to_markdown(table), encoding="utf-8")
    write_page_file(to_html(table, map_plots(reports)), html)
    plots = write_map_plots(reports, root)
    own: list[Path] = []
    for number, (label, each) in enumerate(_by_label(reports).items(), start=1):
        own.append(root / f"{number}_{_file_name(label)}")
        write_all(each, own[-1])
    return csv, md, html, *plots, *own


def leaderboard_to_json(reports: Sequence[Report]) -> str:
    """The summaries of all methods as one JSON text.

    Returns:
        {schema, version, methods: [{label, method, options, datasets: [...]}]}.
    """
    parts = ("method", "options", "datasets")
    methods = [
        {"label": label, **{part: summary[part] for part in parts}}
        for label, summary in ((label, summary_of(each)) for label, each in _by_label(reports).items())
    ]
    whole = {"schema": SCHEMA, "version": spotdiff.__version__, "methods": methods}
    return json.dumps(whole, indent=2, allow_nan=False) + "\n"


def to_markdown(table: Leaderboard) -> str:
    """The table in Markdown, the best figures bold."""
    heads = ["dataset", "method", *(column.name for column in table.columns)]
    lines = [heads, ["---", "---", *["---:"] * len(table.columns)]]
    lines += [
        [
            _escaped(row.dataset),
            _escaped(row.method),
            *(f"**{cell.text}**" if cell.best else cell.text for cell in row.cells),
        ]
        for row in table.rows
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_html(table: Leaderboard, plots: dict[str, str]) -> str:
    """The table, the best figures bold, and the plots by name, as one page that loads nothing."""
    shown = [element("figure", in_page(plot)) for plot in plots.values()]
    best = element("p", "Bold: the best of a dataset's methods.", class_="muted")
    wide = element("div", _table(table), class_="wide", role="region", aria_label="Figures", tabindex=0)
    parts = wide, best, element("div", *shown, class_="plots")
    title = "Methods side by side"
    return whole_page(
        style="leaderboard.css",
        title=title,
        head=element("h1", title),
        main=join(element("main", *parts), "\n"),
    )


def _table(table: Leaderboard) -> Html:
    groups: dict[str, int] = {}
    for column in table.columns:
        groups[column.group] = groups.get(column.group, 0) + 1
    above = [element("th", group, colspan=count, scope="colgroup") for group, count in groups.items()]
    heads = [element("th", column.head, scope="col") for column in table.columns]
    named = [element("th", name, scope="col") for name in ("method", "dataset")]
    rows = [
        element(
            "tr",
            element("th", row.method, scope="row"),
            element("td", row.dataset),
            *(element("td", element("b", cell.text) if cell.best else cell.text) for cell in row.cells),
        )
        for row in table.rows
    ]
    blank = element("td", colspan=2)
    top = element("thead", element("tr", blank, *above), element("tr", *named, *heads))
    return element("table", top, element("tbody", join(*rows)), class_="panel")


def _rows(table: Leaderboard) -> list[dict[str, str]]:
    return [
        {"dataset": row.dataset, "method": row.method}
        | {column.name: written(cell.value) for column, cell in zip(table.columns, row.cells, strict=True)}
        for row in table.rows
    ]


def _by_label(reports: Sequence[Report]) -> dict[str, list[Report]]:
    return {label: [r for r in reports if r.label == label] for label in dict.fromkeys(r.label for r in reports)}


def _file_name(label: str) -> str:
    """A file's name that tells the label.

    Examples:
        >>> _file_name("fused=runs/1/weights.safetensors")
        'fused_runs_1_weights.safetensors'
    """
    return re.sub(r"[^\w.-]+", "_", label)


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", text)
