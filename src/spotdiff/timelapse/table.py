"""The steps of a series for programs: as CSV, one row a picture and area, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotdiff.csv_cells import csv_text
from spotdiff.report.record import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spotdiff.timelapse.step import Change, Step

SCHEMA = "spotdiff/progress/1"
COLUMNS = (
    "date",
    "picture",
    "area",
    "since_first",
    "since_last",
    "changed_pixels",
    "verdict",
    "text",
    "changed_pixels_last",
    "verdict_last",
    "text_last",
    "last",
    "dated_by",
    "reason",
)


def progress_csv(steps: Iterable[Step]) -> str:
    """A row a picture and area.

    `since_first` and `since_last` are shares from 0 to 1 and empty where nobody can say; then `reason` says why. The
    verdict is that of the area: first, same, changed, unsure or trouble. What ends in `_last` is about the comparison
    with the picture named in `last`, the rest about that with the first.
    """
    return csv_text(COLUMNS, (row for step in steps for row in _rows(step)))


def progress_record(steps: Iterable[Step], *, name: str = "") -> dict[str, Any]:
    """The steps as a dict of JSON's own types."""
    return {"schema": SCHEMA, "name": name, "steps": [_record(step) for step in steps]}


def verdict_in(step: Step, area: str, change: Change | None) -> str:
    """first, same, changed, unsure or trouble: what a comparison of the step says of one area."""
    if step.error:
        return "trouble"
    if change is None:
        return "first"
    part = change.parts[area]
    if part.share is None:
        return "unsure"
    return "changed" if part.changed else "same"


def _rows(step: Step) -> Iterator[dict[str, object]]:
    for area in step.areas:
        first, last = (None if change is None else change.parts[area] for change in (step.first, step.last))
        reasons = dict.fromkeys(step.why_not(area, change) for change in (step.first, step.last))
        yield {
            "date": step.taken.isoformat(),
            "picture": step.picture.name.encode("utf-8", "replace").decode(),
            "area": area,
            "since_first": _number(step.since_first[area]),
            "since_last": _number(step.since_last[area]),
            "changed_pixels": "" if first is None or first.share is None else first.changed,
            "verdict": verdict_in(step, area, step.first),
            "text": "" if first is None else first.text,
            "changed_pixels_last": "" if last is None or last.share is None else last.changed,
            "verdict_last": verdict_in(step, area, step.last),
            "text_last": "" if last is None else last.text,
            "last": "" if step.last is None else step.last.against.encode("utf-8", "replace").decode(),
            "dated_by": step.dated_by,
            "reason": "; ".join(reason for reason in reasons if reason),
        }


def _number(share: float | None) -> str:
    return "" if share is None else f"{share:.6f}"


def _record(step: Step) -> dict[str, Any]:
    return {
        "picture": step.picture.name,
        "date": step.taken.isoformat(),
        "dated_by": step.dated_by,
        "error": step.error,
        "since_first": plain(step.since_first),
        "since_last": plain(step.since_last),
        "first": _change(step.first),
        "last": _change(step.last),
    }


def _change(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    parts = {
        name: {
            "share": plain(part.share),
            "changed_pixels": part.changed,
            "compared_pixels": part.compared,
            "text": part.text,
            "reason": part.reason,
        }
        for name, part in change.parts.items()
    }
    return {
        "against": change.against,
        "verdict": change.verdict,
        "reason": change.reason,
        "text": change.text,
        "areas": parts,
    }
