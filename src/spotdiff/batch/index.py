"""The table of a batch's answers, one row a pair: Parquet or CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.errors import MissingExtra
from spotdiff.files import write_whole

if TYPE_CHECKING:
    from spotdiff.batch.work import Done

KINDS = ("auto", "csv", "parquet")
COLUMNS = {
    "name": "string",
    "before": "string",
    "after": "string",
    "verdict": "string",
    "score": "float64",
    "regions": "int64",
    "changed_fraction": "float64",
    "seconds": "float64",
    "text": "string",
    "error": "string",
}


def index_path(out: Path, *, kind: str) -> Path:
    """Where the index goes: index.parquet or index.csv.

    Args:
        out: The batch's folder.
        kind: csv, parquet, or auto for Parquet where pyarrow is installed.

    Raises:
        MissingExtra: Parquet is asked for and pyarrow is not installed.
    """
    installed = find_spec("pyarrow") is not None
    if kind == "parquet" and not installed:
        raise MissingExtra("pyarrow", extra="scale")
    return out / ("index.parquet" if kind != "csv" and installed else "index.csv")


def write_index_table(done: Sequence[Done], path: Path) -> None:
    """Write the index, whole or not at all; its name's ending says as what.

    Raises:
        OSError: it cannot be written.
    """
    rows = [_row(one) for one in done]
    write_whole(path, _parquet(rows) if path.suffix == ".parquet" else _csv(rows))


def _row(done: Done) -> dict[str, Any]:
    values = {name: getattr(done.row, name) for name in COLUMNS if hasattr(done.row, name)}
    values |= {"before": done.entry.before, "after": done.entry.after, "changed_fraction": done.changed_fraction}
    return {name: _sayable(values[name]) for name in COLUMNS}


def _sayable(value: object) -> object:
    """A text without what UTF-8 cannot say, which names of files may hold; anything else as it is."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    text = StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([(name, kind) for name, kind in COLUMNS.items()])
    buffer = BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), buffer)
    return buffer.getvalue()
