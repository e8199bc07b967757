"""A batch for people and programs: an index page that leads to the pairs' own pages, JUnit XML, COCO detections."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.batch.entry import Places

if TYPE_CHECKING:
    from spotdiff.batch.work import Done, Plan
    from spotdiff.report.batch_row import BatchRow


def write_batch_page(done: Sequence[Done], plan: Plan, path: str | Path) -> None:
    """Write the index page; small pictures and pages of pairs are addressed from where it lies.

    Raises:
        OSError: it cannot be written.
    """
    from spotdiff.report.index import write_index

    page = Path(path)
    write_index((_linked(one, plan, page.parent) for one in done), page)


def write_batch_junit(done: Sequence[Done], path: str | Path) -> None:
    """Write the answers as JUnit XML, one test case a pair.

    Raises:
        OSError: it cannot be written.
    """
    from spotdiff.report.junit import write_junit

    write_junit((one.row for one in done), path)


def write_batch_coco(done: Sequence[Done], out: Path, path: str | Path) -> None:
    """Write the regions of all records as one COCO detection file.

    Raises:
        OSError: a record cannot be read, or the file cannot be written.
    """
    from spotdiff.report.coco import write_coco

    write_coco(records(done, out), path)


def records(done: Sequence[Done], out: Path) -> Iterator[dict[str, Any]]:
    """The records of the pairs that were compared, read from where they were written."""
    for one in done:
        if not one.row.error:
            yield json.loads(Places(out, one.row.name).record.read_bytes())


def _linked(done: Done, plan: Plan, folder: Path) -> BatchRow:
    row, places = done.row, Places(plan.out, done.row.name)
    if row.error:
        return row
    before, after = (os.path.relpath(thumb, folder) for thumb in places.thumbs)
    href = os.path.relpath(places.page, folder) if plan.has_page(row.verdict) else ""
    return replace(row, href=href, thumb_before=before, thumb_after=after)
