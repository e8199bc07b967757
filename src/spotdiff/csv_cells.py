"""Cells of CSV tables that no spreadsheet takes for a formula, and the texts that such cells stand for.

What begins with `=`, `+`, `-`, `@`, a tab or a line end is written behind a `'`, as spreadsheets mark a text; so is
what begins like such a cell. Reading takes the mark away: every text comes back as it was. Numbers stay as they are.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_END = "\r\n"
_MARKED = re.compile(r"'*[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def cell_of(value: object) -> object:
    """A value as it is written into a table.

    Examples:
        >>> cell_of("=1+1"), cell_of("roof"), cell_of("-0.5"), cell_of("'=x"), cell_of(-2)
        ("'=1+1", 'roof', '-0.5', "''=x", -2)
    """
    is_formula = isinstance(value, str) and _MARKED.match(value) and not _NUMBER.fullmatch(value)
    return f"'{value}" if is_formula else value


def text_of(cell: str | None) -> str:
    """The text that a cell stands for; a row that ends too early has none.

    Examples:
        >>> text_of("'=1+1"), text_of("'roof'"), text_of("''=x"), text_of("=1"), text_of(None)
        ('=1+1', "'roof'", "'=x", '=1', '')
    """
    text = cell or ""
    return text[1:] if text.startswith("'") and _MARKED.match(text) else text


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, end: str = "\n") -> str:
    """A table with a line of names; what a row has no value for stays empty."""
    lines = _Lines(end)
    writer = csv.writer(lines, lineterminator=_END)  # else Python leaves a carriage return in a cell without quotes
    writer.writerow(map(cell_of, columns))
    writer.writerows([cell_of(row.get(name, "")) for name in columns] for row in rows)
    return "".join(lines.written)


class _Lines:
    """Takes the lines of a table, each with another end than it came with."""

    def __init__(self, end: str) -> None:
        self._end, self.written = end, list[str]()

    def write(self, line: str) -> None:
        self.written.append(line.removesuffix(_END) + self._end)
