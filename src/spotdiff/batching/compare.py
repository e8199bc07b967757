"""One pair of a batch, from its files to its record: what a worker process does."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.atomic_write import write_whole
from spotdiff.batching.judge import Criteria, judgement_of
from spotdiff.batching.pairs import Entry, OutputPaths, pictures_in
from spotdiff.errors import SpotdiffError, error_line, is_out_of_memory
from spotdiff.language.catalogue import get_catalogue
from spotdiff.language.judged import judged_text
from spotdiff.options import ALL_PAGES
from spotdiff.report.batch_row import BatchRow, Outcome

if TYPE_CHECKING:
    from spotdiff.image.large_file import LargeFile
    from spotdiff.image.load import Opened
    from spotdiff.options import Options
    from spotdiff.types import Comparison, Picture

    Source = Opened | LargeFile

RESUME_LOG = ".resume.jsonl"
PAGES = ("off", "changed", "all")

_NO_MEMORY = "not enough memory; use fewer workers, or smaller pictures"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done for every pair of a batch.

    Attributes:
        out: Folder of the answers.
        options: How to compare.
        maps: Write the probability maps too.
        thumbs: Write small pictures for an index page.
        pages: Write a report for each pair: off, changed (also unsure, new, missing), or all.
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

    def thumbs_of(self, paths: OutputPaths) -> tuple[Path, ...]:
        """The small pictures of a pair, which need no comparison; none where none are asked for."""
        return paths.thumbs if self.thumbs else ()

    def compared_files(self, row: BatchRow, paths: OutputPaths) -> tuple[Path, ...]:
        """The files besides the record that only a comparison gives."""
        maps = paths.maps if self.maps else ()
        overlays = () if self.overlays is None else (paths.overlay(self.overlays),)
        return *maps, *overlays, *([paths.page] if self.has_page(row.as_compared) else [])

    def has_page(self, verdict: str) -> bool:
        """Does an answer with this verdict get a report of its own?"""
        differs = verdict in ("changed", "unsure", "new", "missing")
        return verdict != "trouble" and (self.pages == "all" or (self.pages == "changed" and differs))


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
        judgement = judgement_of(json.loads(OutputPaths(out, self.row.name).record.read_bytes()), criteria)
        if not judgement.reason:
            return self
        text = judged_text(judgement.verdict, judgement.reason, self.row.text, get_catalogue(language))
        return replace(self, row=replace(self.row, verdict=judgement.verdict, measured=self.row.verdict, text=text))


@dataclass(frozen=True, slots=True)
class Answered:
    """What a batch says of one pair that was dealt with, where nobody keeps more of it."""

    name: str
    verdict: str
    error: str
    resumed: bool


def complete(task: tuple[Entry, Done | None], *, plan: Plan) -> Done:
    """Write what the plan wants for a pair; whatever goes wrong with it becomes its row.

    The record comes last and whole: where it is, the other files are too.

    Args:
        task: The pair, and its answer of an earlier run where that wants nothing but small pictures.
        plan: What is written.
    """
    start = time.perf_counter()
    entry, answered = task
    paths = OutputPaths(plan.out, entry.name)
    try:
        if answered is not None:
            _write_thumbs(plan, paths, *_loaded(entry, plan))
            return answered
        options = entry.options(plan.options)
        return (_unpaired if entry.only else _compared)(entry, paths, plan, options)
    except (SpotdiffError, OSError) as error:
        error_text = error_line(error)
    except MemoryError:
        error_text = _NO_MEMORY
    except Exception as error:  # a fault of ours in one pair must not take the others with it
        error_text = _NO_MEMORY if is_out_of_memory(error) else f"a bug in spotdiff: {type(error).__name__}: {error}"
    return failed(entry, paths, error_text, seconds=time.perf_counter() - start)


def _loaded(entry: Entry, plan: Plan) -> tuple[Picture, Picture]:
    from spotdiff.image import load_pair

    pair = load_pair(entry.before, entry.after, options=entry.options(plan.options), history=_earlier(entry))
    return pair.before, pair.after


def _write_thumbs(plan: Plan, paths: OutputPaths, before: Picture | None, after: Picture | None) -> None:
    from spotdiff.report.data_uri import thumbnail

    for path, picture in zip(plan.thumbs_of(paths), (before, after), strict=False):
        if picture is not None:
            write_whole(path, thumbnail(picture))


def _unpaired(entry: Entry, paths: OutputPaths, plan: Plan, options: Options) -> Done:
    """A sound picture that only one side has, as its row: new or missing; an answer from an earlier run goes."""
    from spotdiff.report.unpaired import write_unpaired_page

    row, picture, digests = unpaired(entry, options)
    verdict = row.verdict
    done = failed(entry, paths, "")
    _write_thumbs(plan, paths, *((None, picture) if verdict == "new" else (picture, None)))
    if plan.has_page(verdict):
        write_unpaired_page(row, picture, paths.page)
    return replace(done, row=row, digests=digests)


def unpaired(entry: Entry, options: Options) -> tuple[BatchRow, Picture, tuple[str, str]]:
    """A picture that only one side has: its row, new or missing, itself, and SHA-256 of before's and after's files.

    Raises:
        LoadError: it cannot be read.
    """
    from spotdiff.image import load_picture, open_source

    verdict: Outcome = "new" if entry.only == "new" else "missing"
    path, other = (entry.after, "earlier") if verdict == "new" else (entry.before, "later")
    source = open_source(path, max_bytes=options.max_bytes)
    picture = load_picture(source, options=options.changed(page=1) if options.page == ALL_PAGES else options)
    row = BatchRow(entry.name, verdict, text=f"{path} has no counterpart in the {other} pictures")
    own = file_sha256(source)
    return row, picture, ("", own) if verdict == "new" else (own, "")


def _earlier(entry: Entry) -> Sequence[str]:
    return pictures_in(entry.history, called="its history") if entry.history else ()


def failed(entry: Entry, paths: OutputPaths, error: str, *, seconds: float = 0.0) -> Done:
    """The pair as trouble; an answer to it from an earlier run is taken away."""
    if entry.placed:
        discard(paths)
    return Done(entry, BatchRow.trouble(entry.name, " ".join(error.split()), seconds=seconds))


def discard(paths: OutputPaths) -> None:
    """Take away what an earlier run wrote for a pair."""
    for path in paths.all():
        with suppress(OSError):  # its folder cannot be one: then there is no such file either
            path.unlink(missing_ok=True)


def read_files(entry: Entry, options: Options) -> tuple[tuple[Source, Source], tuple[str, str]]:
    """The files of both pictures, read once, and SHA-256 of each: of what is compared, whatever is written meanwhile.

    Raises:
        LoadError: one cannot be read.
    """
    from spotdiff.image import open_picture
    from spotdiff.image.large_file import large_files

    before, after = (None if entry.history else large_files(entry.before, entry.after, options)) or (
        open_picture(path, options) for path in (entry.before, entry.after)
    )
    return (before, after), (file_sha256(before), file_sha256(after))


def file_sha256(source: Source) -> str:
    """SHA-256 of a file's bytes; "" for what is none, such as a series."""
    from spotdiff.image.large_file import LargeFile

    if isinstance(source, LargeFile):
        with Path(source.path).open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    data = getattr(source, "data", None)
    return sha256(data).hexdigest() if isinstance(data, bytes) else ""


def record_of(
    entry: Entry, sources: Sequence[Source], digests: Sequence[str], options: Options
) -> tuple[Comparison, dict[str, Any]]:
    """The answer for a pair whose files were read, and its record with their SHA-256.

    Raises:
        SpotdiffError: it cannot be compared.
    """
    from spotdiff.pipeline import compare
    from spotdiff.report.record import to_record

    comparison = compare(*sources, options=options, history=_earlier(entry), name=entry.name)
    record = to_record(comparison)
    for side, digest in zip(("before", "after"), digests, strict=True):
        record[side]["sha256"] = digest
    return comparison, record


def _compared(entry: Entry, paths: OutputPaths, plan: Plan, options: Options) -> Done:
    from spotdiff.report.html import write_page
    from spotdiff.report.maps import write_maps
    from spotdiff.report.overlay import write_overlay
    from spotdiff.report.record import to_json

    comparison, record = record_of(entry, *read_files(entry, options), options)
    if plan.maps:
        write_maps(comparison, plan.out, stem=entry.name)
    _write_thumbs(plan, paths, comparison.pair.before, comparison.pair.after)
    if plan.overlays is not None:
        write_overlay(comparison, paths.overlay(plan.overlays))
    if plan.has_page(comparison.verdict):
        write_page(comparison, paths.page)
    write_whole(paths.record, to_json(record).encode("ascii"))
    return Done.of(entry, record)
