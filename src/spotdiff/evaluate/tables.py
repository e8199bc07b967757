"""The figures as tables for people, one a level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from spotdiff.evaluate.report import Report

    Column = tuple[str, Callable[[Any], object]]

PIXELS: tuple[Column, ...] = (
    ("F1", lambda f: f.f1),
    ("precision", lambda f: f.precision),
    ("recall", lambda f: f.recall),
    ("F1/picture", lambda f: f.f1_per_picture),
    ("of", lambda f: f.f1_pictures),
    ("AP", lambda f: f.average_precision),
    ("best F1", lambda f: f.best_f1),
    ("at", lambda f: f.best_threshold),
)
OBJECTS: tuple[Column, ...] = (
    ("form", lambda f: f.form),
    ("true", lambda f: f.true),
    ("found", lambda f: f.found),
    ("recall", lambda f: f.recall),
    ("precision", lambda f: f.precision),
    ("extra/picture", lambda f: f.extra_per_picture),
    ("kind right", lambda f: f.kind_right),
    ("F1", lambda f: f.f1),
    ("AP", lambda f: f.average_precision),
    ("AP of kind", lambda f: f.average_precision_of_kind),
)
PICTURES: tuple[Column, ...] = (
    ("changed", lambda f: f.changed),
    ("unchanged", lambda f: f.unchanged),
    ("caught", lambda f: f.caught),
    ("false alarms", lambda f: f.false_alarms),
    ("AUC", lambda f: f.auc),
    ("false area", lambda f: f.false_fraction),
)
MAPS: tuple[Column, ...] = (
    ("map", lambda f: f[0]),
    ("precision", lambda f: f[1].precision),
    ("recall", lambda f: f[1].recall),
    ("accuracy", lambda f: f[1].accuracy),
    ("F1", lambda f: f[1].f1),
    ("IoU", lambda f: f[1].iou),
    ("AP", lambda f: f[1].average_precision),
    ("F1/picture", lambda f: f[1].f1_per_picture),
    ("IoU/picture", lambda f: f[1].iou_per_picture),
    ("of", lambda f: f[1].f1_pictures),
)
SWAP: tuple[Column, ...] = (
    ("pairs", lambda f: f.pairs),
    ("verdicts", lambda f: f.verdicts),
    ("gone", lambda f: f.gone),
    ("of", lambda f: f.gone_pairs),
    ("new", lambda f: f.new),
    ("of", lambda f: f.new_pairs),
    ("regions", lambda f: f.regions),
    ("kinds", lambda f: f.kinds),
)
_ALL: tuple[Column, ...] = (
    ("pairs", lambda r: len(r.outcomes)),
    ("same", lambda r: r.verdicts["same"]),
    ("changed", lambda r: r.verdicts["changed"]),
    ("unsure", lambda r: r.verdicts["unsure"]),
    ("trouble", lambda r: r.trouble),
    ("s/pair", lambda r: r.seconds),
)


NONE = "none"  # shown where a figure would be a share of nothing


@dataclass(frozen=True, slots=True)
class Table:
    """A table for people.

    Attributes:
        title: What its figures are about.
        heads: Names of the columns; the first names the dataset.
        rows: Cells as they are shown; see `shown`.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(reports: Sequence[Report]) -> list[Table]:
    """The answers, and a table for each level that any dataset has a truth for."""
    wanted: list[tuple[str, tuple[Column, ...], Callable[[Report], Iterable[object]]]] = [
        ("answers", _ALL, lambda report: [report]),
        ("pictures", PICTURES, lambda report: _known(report.pictures)),
        ("pixels", PIXELS, lambda report: _known(report.pixels)),
        ("objects", OBJECTS, lambda report: _known(report.objects)),
        ("maps", MAPS, lambda report: report.maps.maps.items() if report.maps else ()),
        ("exchanged", SWAP, lambda report: _known(report.swap)),
    ]
    made = []
    for title, columns, parts in wanted:
        known = [(report.dataset, part) for report in reports for part in parts(report)]
        rows = tuple((name, *(shown(read(figures)) for _, read in columns)) for name, figures in known)
        if rows:
            made.append(Table(title, ("dataset", *(head for head, _ in columns)), rows))
    return made


def shown(value: object, digits: int = 3) -> str:
    """A figure for people; `none` where there is none.

    Examples:
        >>> shown(0.25), shown(7), shown(float("nan")), shown(None)
        ('0.250', '7', 'none', 'none')
    """
    if value is None or value != value:  # NaN equals nothing
        return NONE
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def aligned(table: Table) -> list[str]:
    r"""A table as lines of equal width: title, heads, rows; names stand to the left and figures to the right.

    Examples:
        >>> print("\n".join(aligned(Table("pixels", ("dataset", "F1"), (("yard", "0.910"), ("hall of wax", "none"))))))
        pixels
        dataset         F1
        yard         0.910
        hall of wax   none
    """
    lines = [table.heads, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = [
        "  ".join(cell.rjust(width) if index else cell.ljust(width) for index, (cell, width) in enumerate(pairs))
        for pairs in (zip(line, widths, strict=True) for line in lines)
    ]
    return [table.title, *shown]


def _known(figures: object) -> list[object]:
    return [] if figures is None else [figures]
