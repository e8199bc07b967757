"""The files of methods side by side: compare.csv, compare.md, compare.html, and a plot a map."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import spotdiff
from spotdiff.evaluate.beside import Beside, beside
from spotdiff.evaluate.files import map_plots, write_all, write_map_plots, write_rows
from spotdiff.evaluate.report import summary_of
from spotdiff.report.markup import Html, element, join, page_file, write_page_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotdiff.evaluate.beside import Cell
    from spotdiff.evaluate.report import Report

SCHEMA = "spotdiff/evaluations/1"
_STYLE = """
main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 24px; margin-top: 22px; }
.wide, figure { overflow-x: auto; }
table { border-collapse: separate; border-spacing: 0; font-size: 0.92rem; }
th, td { padding: 7px 12px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { color: var(--muted); font-weight: 600; }
th[scope="colgroup"] { border-left: 1px solid var(--line); text-align: left; color: var(--ink); }
th[scope="row"] { position: sticky; left: 0; background: var(--panel); color: var(--ink); text-align: left; }
td b { color: var(--accent); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 560px), 1fr)); gap: 20px; }
svg.pr { max-width: 100%; height: auto; }
"""


def write_several(reports: Sequence[Report], folder: str | Path) -> tuple[Path, ...]:
    """Write the table and the plots of all methods, and each method's own files in a folder below.

    Returns:
        The paths of the table and of the plots, then each method's folder.

    Raises:
        OSError: a file cannot be written.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    table = beside(reports)
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


def several_to_json(reports: Sequence[Report]) -> str:
    """The summaries of all methods as one JSON text.

    Returns:
        {schema, version, methods: [{label, method, options, datasets: [...]}]}.
    """
    parts = ("method", "options", "datasets")
    methods = [
        {"label": label, **{part: summary[part] for part in parts}}
        for label, summary in ((label, summary_of(each)) for label, each in _by_label(reports).items())
    ]
    said = {"schema": SCHEMA, "version": spotdiff.__version__, "methods": methods}
    return json.dumps(said, indent=2, allow_nan=False) + "\n"


def to_markdown(table: Beside) -> str:
    """The table in Markdown, the best figures bold."""
    heads = ["dataset", "method", *(column.name for column in table.columns)]
    lines = [heads, ["---", "---", *["---:"] * len(table.columns)]]
    lines += [[_escaped(row.dataset), _escaped(row.method), *map(_bold, row.cells)] for row in table.rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_html(table: Beside, plots: dict[str, str]) -> str:
    """The table, the best figures bold, and the plots by name, as one page that loads nothing."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    title = "Methods side by side"
    head = element(
        "head",
        _void("meta", charset="utf-8"),
        _void("meta", http_equiv="Content-Security-Policy", content=policy),
        _void("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Html(page_file("base.css") + _STYLE)),
    )
    shown = [element("figure", Html(plot)) for plot in plots.values()]
    best = element("p", "Bold: the best of a dataset's methods.", class_="muted")
    main = element("main", element("div", _table(table), class_="wide"), best, element("div", *shown, class_="plots"))
    foot = element("footer", f"Made by spotdiff {spotdiff.__version__}.")
    page = element("html", head, element("body", element("h1", title), main, foot), lang="en")
    return f"<!doctype html>\n{page}\n"


def _table(table: Beside) -> Html:
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


def _rows(table: Beside) -> list[dict[str, str]]:
    return [
        {"dataset": row.dataset, "method": row.method}
        | {
            column.name: "" if cell.value != cell.value else f"{cell.value:.6g}"
            for column, cell in zip(table.columns, row.cells, strict=True)
        }
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


def _bold(cell: Cell) -> str:
    return f"**{cell.text}**" if cell.best else cell.text


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", text)


def _void(name: str, **attributes: str) -> Html:
    """An element that has no children and no end."""
    return Html(element(name, **attributes).removesuffix(f"</{name}>"))
