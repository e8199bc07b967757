"""One pair of a batch, from its files to its record: what a worker process does."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.atomic_write import write_whole
from spotdiff.batching.judge import Criteria, verdict_of
from spotdiff.batching.pairs import Entry, OutputPaths, pictures_in
from spotdiff.errors import SpotdiffError
from spotdiff.report.batch_row import BatchRow, Outcome

if TYPE_CHECKING:
    from spotdiff.options import Options
    from spotdiff.types import Comparison

RESUME_LOG = ".resume.jsonl"
PAGES = ("off", "changed", "all")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done for every pair of a batch.

    Attributes:
        out: Folder of the answers.
        options: How to compare.
        maps: Write the probability maps too.
        thumbs: Write small pictures for an index page.
        pages: Write a report for each pair: off, changed (and unsure), or all.
        overlays: Folder of an overlay for each pair; None for none.
    """

    out: Path
    options: Options
    maps: bool = False
    thumbs: bool = False
    pages: str = "off"
    overlays: Path | None = None

    @property
    def logs(self) -> tuple[Path, ...]:
        """The files that belong to no pair."""
        return (self.out / RESUME_LOG,)

    def products(self, row: BatchRow, paths: OutputPaths) -> tuple[Path, ...]:
        """The files that belong to an answer besides the record."""
        maps = paths.maps if self.maps else ()
        thumbs = paths.thumbs if self.thumbs else ()
        overlays = () if self.overlays is None else (paths.overlay(self.overlays),)
        return *maps, *thumbs, *overlays, *([paths.page] if self.has_page(row.verdict) else [])

    def has_page(self, verdict: str) -> bool:
        """Does an answer with this verdict get a report of its own?"""
        return self.pages == "all" or (self.pages == "changed" and verdict in ("changed", "unsure"))


@dataclass(frozen=True, slots=True)
class Done:
    """A pair that was dealt with.

    Attributes:
        entry: The pair.
        row: Its answer in a line, or its trouble.
        changed_fraction: Share of the picture that changed, 0 to 1.
        resumed: Was the answer taken over from an earlier run?
        pages_left_out: Have its files pages that were not compared?
    """

    entry: Entry
    row: BatchRow
    changed_fraction: float = 0.0
    resumed: bool = False
    pages_left_out: bool = False

    @classmethod
    def of(cls, entry: Entry, record: Mapping[str, Any], *, resumed: bool = False) -> Done:
        """The pair that a record is of."""
        several = max(record[side]["pages"] for side in ("before", "after")) > 1
        return cls(entry, BatchRow.of(record), record["changed_fraction"], resumed, several and not record["pages"])

    def judged(self, criteria: Criteria, out: Path) -> Done:
        """The pair with what its record comes to under some criteria."""
        if not criteria.given or not self.row.compared:
            return self
        record = json.loads(OutputPaths(out, self.row.name).record.read_bytes())
        return replace(self, row=replace(self.row, verdict=verdict_of(record, criteria)))


def compare_entry(entry: Entry, *, plan: Plan) -> Done:
    """Compare a pair and write what the plan wants; whatever goes wrong with it becomes its row.

    The record comes last and whole: where it is, the other files are too.
    """
    from spotdiff.pipeline import compare

    start = time.perf_counter()
    paths = OutputPaths(plan.out, entry.name)
    try:
        earlier = pictures_in(entry.history, called="its history") if entry.history else ()
        options = entry.options(plan.options)
        comparison = compare(entry.before, entry.after, options=options, history=earlier, name=entry.name)
        return _written(comparison, entry, paths, plan)
    except (SpotdiffError, OSError) as error:
        error_text = str(error)
    except MemoryError:
        error_text = "not enough memory; use fewer --workers, or smaller pictures"
    except Exception as error:  # a fault of ours in one pair must not take the others with it
        error_text = f"a bug in spotdiff: {type(error).__name__}: {error}"
    return failed(entry, paths, error_text, seconds=time.perf_counter() - start)


def unpaired(entry: Entry, paths: OutputPaths) -> Done:
    """A picture that only one side has, as its row: new or missing; an answer from an earlier run is taken away."""
    path, other = (entry.after, "earlier") if entry.only == "new" else (entry.before, "later")
    done = failed(entry, paths, "")
    verdict: Outcome = "new" if entry.only == "new" else "missing"
    return replace(done, row=BatchRow(entry.name, verdict, text=f"{path} has no counterpart in the {other} pictures"))


def failed(entry: Entry, paths: OutputPaths, error: str, *, seconds: float = 0.0) -> Done:
    """The pair as trouble; an answer to it from an earlier run is taken away."""
    if entry.placed:
        for path in paths.all():
            with suppress(OSError):  # its folder cannot be one: then there is no such file either
                path.unlink(missing_ok=True)
    return Done(entry, BatchRow.trouble(entry.name, " ".join(error.split()), seconds=seconds))


def _written(comparison: Comparison, entry: Entry, paths: OutputPaths, plan: Plan) -> Done:
    from spotdiff.report.data_uri import thumbnail
    from spotdiff.report.html import write_page
    from spotdiff.report.maps import write_maps
    from spotdiff.report.overlay import write_overlay
    from spotdiff.report.record import to_json, to_record

    record = to_record(comparison)
    if plan.maps:
        write_maps(comparison, plan.out, stem=entry.name)
    if plan.thumbs:
        for path, picture in zip(paths.thumbs, (comparison.pair.before, comparison.pair.after), strict=True):
            write_whole(path, thumbnail(picture))
    if plan.overlays is not None:
        write_overlay(comparison, paths.overlay(plan.overlays))
    if plan.has_page(comparison.verdict):
        write_page(comparison, paths.page)
    write_whole(paths.record, to_json(record).encode("ascii"))
    return Done.of(entry, record)
