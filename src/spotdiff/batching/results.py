"""The results of a batch: a table, an index page that leads to the pairs' own pages, JUnit XML, COCO detections."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from spotdiff.atomic_write import write_whole
from spotdiff.batching.manifest import read_index
from spotdiff.batching.pairs import Entry, OutputPaths
from spotdiff.csv_cells import csv_text
from spotdiff.errors import DataError, MissingExtra
from spotdiff.report.batch_row import BatchRow
from spotdiff.report.record import plain

if TYPE_CHECKING:
    from spotdiff.batching.compare import Done, Plan
    from spotdiff.report.batch_row import Outcome

KINDS = ("csv", "parquet")
COLUMNS = {
    "name": "string",
    "verdict": "string",
    "measured": "string",
    "before": "string",
    "after": "string",
    "score": "float64",
    "regions": "int64",
    "possible": "int64",
    "changed_fraction": "float64",
    "seconds": "float64",
    "text": "string",
    "error": "string",
    "sha256_before": "string",
    "sha256_after": "string",
}


REGIONS = "regions.csv"
REGION_COLUMNS = ("name", "number", "kind", "score", "box_before", "box_after", "area", "text", "page")
PAGES = "pages.csv"
PAGE_COLUMNS = ("name", "page", "verdict", "score", "reason")


def index_path(out: Path, *, kind: str) -> Path:
    """Where the index goes: index.parquet or index.csv.

    Args:
        out: The batch's folder.
        kind: csv or parquet.

    Raises:
        MissingExtra: Parquet is asked for and pyarrow is not installed.
    """
    if kind == "parquet" and find_spec("pyarrow") is None:
        raise MissingExtra("pyarrow", extra="scale")
    return out / f"index.{kind}"


def write_index_table(done: Sequence[Done], path: Path) -> None:
    """Write the index, whole or not at all; its name's ending says as what.

    Raises:
        OSError: it cannot be written.
    """
    rows = [index_row(result) for result in done]
    write_whole(path, _parquet(rows) if path.suffix == ".parquet" else _csv(rows))


def index_row(done: Done) -> dict[str, Any]:
    """A pair's row of the index, by its columns."""
    values = {name: getattr(done.row, name) for name in COLUMNS if hasattr(done.row, name)}
    values |= {"before": done.entry.before, "after": done.entry.after, "changed_fraction": done.changed_fraction}
    values |= {"measured": done.row.as_compared}
    values |= {"sha256_before": done.digests[0], "sha256_after": done.digests[1]}
    # names of files may hold what UTF-8 cannot say
    return {
        name: value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else plain(value)
        for name, value in ((name, values[name]) for name in COLUMNS)
    }


def write_regions_table(done: Sequence[Done], out: Path, path: Path) -> None:
    """Write a row a region of all records, whole or not at all.

    Raises:
        OSError: a record cannot be read, or the file cannot be written.
    """
    rows = [
        {
            "name": record["name"],
            "number": number,
            **{field: region[field] for field in ("kind", "score", "area", "text", "page")},
            **{field: _cell(region[field]) for field in ("box_before", "box_after")},
        }
        for record in records(done, out)
        for number, region in enumerate(record["regions"], 1)
    ]
    write_whole(path, _csv(rows, REGION_COLUMNS))


def write_pages_table(done: Sequence[Done], out: Path, path: Path) -> None:
    """Write a row a page of all records over pages, as it was compared, whole or not at all.

    Raises:
        OSError: a record cannot be read, or the file cannot be written.
    """
    rows = [{"name": record["name"], **page} for record in records(done, out) for page in record["pages"]]
    write_whole(path, _csv(rows, PAGE_COLUMNS))


def _cell(box: Sequence[int] | None) -> str:
    return "" if box is None else " ".join(map(str, box))


def _csv(rows: Sequence[dict[str, Any]], columns: Iterable[str] = COLUMNS) -> bytes:
    return csv_text(list(columns), rows).encode("utf-8")


def _parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([(name, kind) for name, kind in COLUMNS.items()])
    buffer = BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), buffer)
    return buffer.getvalue()


def read_done(out: Path) -> list[Done]:
    """The pairs of a batch as they were compared, from its index and its records.

    Raises:
        DataError: the index or a record cannot be read.
    """
    return [_done(row, out) for row in read_index(out)]


def _done(row: Mapping[str, str], out: Path) -> Done:
    from spotdiff.batching.compare import Done

    entry = Entry(row["name"], row["before"], row["after"])
    try:
        if row["measured"] in ("same", "changed", "unsure"):
            return Done.of(entry, json.loads(OutputPaths(out, entry.name).record.read_bytes()))
        verdict, seconds = cast("Outcome", row["measured"]), float(row["seconds"])
        digests = row["sha256_before"], row["sha256_after"]
        words = BatchRow(entry.name, verdict, seconds=seconds, text=row["text"], error=row["error"])
        return Done(entry, words, digests=digests)
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{entry.name}: its answer in {out} cannot be read; run the batch again") from None


def write_batch_page(done: Sequence[Done], plan: Plan, path: str | Path) -> None:
    """Write the index page; small pictures and pages of pairs are addressed from where it lies.

    Raises:
        OSError: it cannot be written.
    """
    from spotdiff.report.index import write_index

    page = Path(path)
    write_index((_linked(result, plan, page.parent) for result in done), page)


def write_batch_junit(done: Sequence[Done], path: str | Path, *, fail_on: Collection[str]) -> None:
    """Write the answers as JUnit XML, one test case a pair; trouble is an error, and what `fail_on` names a failure.

    Raises:
        OSError: it cannot be written.
    """
    from spotdiff.report.junit import write_junit

    write_junit((result.row for result in done), path, fail_on=fail_on)


def write_batch_coco(done: Sequence[Done], out: Path, path: str | Path) -> None:
    """Write the regions of all records as one COCO detection file.

    Raises:
        OSError: a record cannot be read, or the file cannot be written.
    """
    from spotdiff.report.coco import write_coco

    write_coco(records(done, out), path)


def records(done: Sequence[Done], out: Path) -> Iterator[dict[str, Any]]:
    """The records of the pairs that were compared, read from where they were written."""
    for result in done:
        if result.row.compared:
            yield json.loads(OutputPaths(out, result.row.name).record.read_bytes())


def _linked(done: Done, plan: Plan, folder: Path) -> BatchRow:
    row, paths = done.row, OutputPaths(plan.out, done.row.name)
    if row.verdict == "trouble":
        return row
    before, after = (os.path.relpath(thumb, folder) for thumb in paths.thumbs)
    return replace(
        row,
        href=os.path.relpath(paths.page, folder) if plan.has_page(row.as_compared) else "",
        thumb_before=None if row.verdict == "new" else before,
        thumb_after=None if row.verdict == "missing" else after,
    )
