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
from spotdiff.batching.judge import Criteria, judgement_of
from spotdiff.batching.pairs import Entry, OutputPaths, pictures_in
from spotdiff.cache_key import content_digest
from spotdiff.errors import SpotdiffError
from spotdiff.language.catalogue import get_catalogue
from spotdiff.language.judged import judged_text
from spotdiff.options import ALL_PAGES
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
        return *maps, *thumbs, *overlays, *([paths.page] if self.has_page(row.as_compared) else [])

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
        digests: SHA-256 of the files of before and after that were looked at; "" for what is no file.
    """

    entry: Entry
    row: BatchRow
    changed_fraction: float = 0.0
    resumed: bool = False
    pages_left_out: bool = False
    digests: tuple[str, str] = ("", "")

    @classmethod
    def of(cls, entry: Entry, record: Mapping[str, Any], *, resumed: bool = False) -> Done:
        """The pair that a record is of."""
        several = max(record[side]["pages"] for side in ("before", "after")) > 1
        left_out = several and not record["pages"]
        digests = record["before"]["sha256"], record["after"]["sha256"]
        return cls(entry, BatchRow.of(record), record["changed_fraction"], resumed, left_out, digests)

    def judged(self, criteria: Criteria, out: Path, *, language: str) -> Done:
        """The pair with what its record comes to under some criteria, in words of a language."""
        if not criteria.given or not self.row.compared:
            return self
        found = judgement_of(json.loads(OutputPaths(out, self.row.name).record.read_bytes()), criteria)
        if not found.reason:
            return self
        text = judged_text(found.verdict, found.reason, self.row.text, get_catalogue(language))
        return replace(self, row=replace(self.row, verdict=found.verdict, measured=self.row.verdict, text=text))


def compare_entry(entry: Entry, *, plan: Plan) -> Done:
    """Compare a pair and write what the plan wants; whatever goes wrong with it becomes its row.

    The record comes last and whole: where it is, the other files are too.
    """
    start = time.perf_counter()
    paths = OutputPaths(plan.out, entry.name)
    try:
        # before the pictures are read: what is written in between is then known to be something else
        digests = content_digest(entry.before), content_digest(entry.after)
        options = entry.options(plan.options)
        return (_unpaired if entry.only else _compared)(entry, paths, plan, options, digests)
    except (SpotdiffError, OSError) as error:
        error_text = str(error)
    except MemoryError:
        error_text = "not enough memory; use fewer --workers, or smaller pictures"
    except Exception as error:  # a fault of ours in one pair must not take the others with it
        error_text = f"a bug in spotdiff: {type(error).__name__}: {error}"
    return failed(entry, paths, error_text, seconds=time.perf_counter() - start)


def _unpaired(entry: Entry, paths: OutputPaths, _: Plan, options: Options, digests: tuple[str, str]) -> Done:
    """A sound picture that only one side has, as its row: new or missing; an answer from an earlier run goes."""
    from spotdiff.image import load_picture

    path, other = (entry.after, "earlier") if entry.only == "new" else (entry.before, "later")
    load_picture(path, options=options.changed(page=1) if options.page == ALL_PAGES else options)
    done = failed(entry, paths, "")
    verdict: Outcome = "new" if entry.only == "new" else "missing"
    row = BatchRow(entry.name, verdict, text=f"{path} has no counterpart in the {other} pictures")
    return replace(done, row=row, digests=digests)


def failed(entry: Entry, paths: OutputPaths, error: str, *, seconds: float = 0.0) -> Done:
    """The pair as trouble; an answer to it from an earlier run is taken away."""
    if entry.placed:
        for path in paths.all():
            with suppress(OSError):  # its folder cannot be one: then there is no such file either
                path.unlink(missing_ok=True)
    return Done(entry, BatchRow.trouble(entry.name, " ".join(error.split()), seconds=seconds))


def _compared(entry: Entry, paths: OutputPaths, plan: Plan, options: Options, digests: tuple[str, str]) -> Done:
    from spotdiff.pipeline import compare

    earlier = pictures_in(entry.history, called="its history") if entry.history else ()
    comparison = compare(entry.before, entry.after, options=options, history=earlier, name=entry.name)
    return _written(comparison, entry, paths, plan, digests)


def _written(comparison: Comparison, entry: Entry, paths: OutputPaths, plan: Plan, digests: tuple[str, str]) -> Done:
    from spotdiff.report.data_uri import thumbnail
    from spotdiff.report.html import write_page
    from spotdiff.report.maps import write_maps
    from spotdiff.report.overlay import write_overlay
    from spotdiff.report.record import to_json, to_record

    record = to_record(comparison)
    for side, digest in zip(("before", "after"), digests, strict=True):
        record[side]["sha256"] = digest
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
