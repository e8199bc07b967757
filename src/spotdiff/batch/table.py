"""Pairs from a table: CSV or Parquet with the columns name, before, after, and where wanted history."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spotdiff.batch.entry import Entry
from spotdiff.errors import DataError, MissingExtra

COLUMNS = ("name", "before", "after")
HISTORY = "history"  # a column that may be there: a folder of earlier pictures of the place


def pairs_of_table(path: str | Path) -> list[Entry]:
    """The pairs of a table, in its order; relative paths are relative to the table's folder.

    A row without one of the three values becomes an entry with an error.

    Raises:
        DataError: not a table, a column is missing, or it has no rows.
        MissingExtra: it is Parquet, and pyarrow is not installed.
    """
    path = Path(path)
    rows = _parquet(path) if _starts(path) == b"PAR1" else _csv(path)
    entries = [_entry(row, path.parent) for row in rows]
    if not entries:
        raise DataError(f"{path}: no pairs in it")
    return entries


def _starts(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None


def _csv(path: Path) -> Iterable[Mapping[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            _check_columns(path, reader.fieldnames or ())
            return list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a CSV table in UTF-8 ({error})") from None


def _parquet(path: Path) -> Iterable[Mapping[str, Any]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("pyarrow", extra="scale") from None
    try:
        names = pyarrow.parquet.read_schema(path).names
        _check_columns(path, names)
        wanted = [*COLUMNS, *([HISTORY] if HISTORY in names else [])]
        rows: list[Mapping[str, Any]] = pyarrow.parquet.read_table(path, columns=wanted).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a Parquet table ({str(error).splitlines()[0]})") from None
    return rows


def _check_columns(path: Path, columns: Iterable[str]) -> None:
    columns = list(columns)
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise DataError(f"{path}: no column {' and no '.join(missing)}; it takes the columns {', '.join(COLUMNS)}")


def _entry(row: Mapping[str, Any], folder: Path) -> Entry:
    values = {name: str(row[name]) if row.get(name) not in (None, "") else "" for name in (*COLUMNS, HISTORY)}
    empty = [name for name in COLUMNS[1:] if not values[name]]
    error = f"its row has no {' and no '.join(empty)}" if empty else ""
    before, after, history = (_found(values[name], folder) for name in ("before", "after", HISTORY))
    return Entry(values["name"], before, after, error, history=history)


def _found(path: str, folder: Path) -> str:
    return path if not path or "://" in path else str(folder / path)
