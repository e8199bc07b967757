"""A whole batch, from what names its pairs to its index and reports: what the command and `spotdiff.batch` do."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spotdiff.batching.compare import Done, Plan
from spotdiff.batching.judge import Criteria, check_sensitivity
from spotdiff.batching.manifest import Manifest
from spotdiff.batching.pairs import Entry, OutputPaths, Tell, pairs_of_folders, pairs_of_golden, pairs_of_table, unheard
from spotdiff.batching.results import (
    PAGES,
    REGIONS,
    index_path,
    write_batch_coco,
    write_batch_junit,
    write_batch_page,
    write_index_table,
    write_pages_table,
    write_regions_table,
)
from spotdiff.batching.run import inputs_of, run
from spotdiff.batching.stale_reports import EarlierRun
from spotdiff.errors import OptionError
from spotdiff.methods import check_method
from spotdiff.options import ALL_PAGES, Options
from spotdiff.output_files import check_outputs, file_identity
from spotdiff.report.batch_row import FAILING

Name = str | Path


@dataclass(frozen=True, slots=True)
class BatchJob:
    """What a batch is run on, how, and what is written.

    Attributes:
        pairs: A table of pairs, two folders, or a picture and a folder.
        out: Folder of the answers.
        options: How to compare.
        maps: Write `NAME.before.png` and `NAME.after.png`.
        report: Page of all pairs; None for none.
        pages: Beside the report, which pairs get a page of their own: off, changed (also unsure, new, missing), or all.
        junit: File of JUnit XML; None for none.
        coco: File of COCO detections; None for none.
        index: Kind of index, csv or parquet.
        overlays: Folder of an overlay for each pair; None for none.
        criteria: File of what `spotdiff judge` found; None for none.
        fail_on: Verdicts that count as failures in the JUnit XML, beside trouble.
    """

    pairs: tuple[Name, ...]
    out: Path
    options: Options
    maps: bool = False
    report: Name | None = None
    pages: str = "changed"
    junit: Name | None = None
    coco: Name | None = None
    index: str = "csv"
    overlays: Name | None = None
    criteria: Name | None = None
    fail_on: Collection[str] = FAILING

    @property
    def index_path(self) -> Path:
        """Where the index goes.

        Raises:
            MissingExtra: it is to be Parquet and pyarrow is not installed.
        """
        return index_path(self.out, kind=self.index)

    def run(
        self,
        *,
        workers: int | None,
        show: Callable[[Iterable[Done], int], Iterator[Done]] = lambda done, total: iter(done),
        besides: Sequence[Name] = (),
        tell: Tell = unheard,
    ) -> list[Done]:
        """Compare all pairs, write everything, and return them in their order.

        Args:
            workers: See `spotdiff.batching.run`.
            show: Hands the pairs on as they are done, of which there are so many in all.
            besides: Further files that the caller writes.
            tell: Hears in a line each which pictures are hidden, and which reports of an earlier run were taken away.

        Raises:
            OptionError: an option cannot be, the pairs are none of those three, or a file would be written over.
            DataError: the table, a folder or the criteria cannot be used.
            MissingExtra: the table or index is Parquet and pyarrow is not installed.
            OSError: a file cannot be written.
        """
        check_method(self.options)  # a method without weights must not become trouble with every pair
        entries, criteria = (
            entries_of(self.pairs, out=self.out, tell=tell),
            Criteria.read(self.criteria) if self.criteria else Criteria(),
        )
        check_sensitivity(criteria, compared_at=self.options.sensitivity)
        drawn = Path(self.overlays) if self.overlays else None
        shown = self.pages if self.report else "off"
        plan = Plan(self.out, self.options, maps=self.maps, thumbs=self.report is not None, pages=shown, overlays=drawn)
        self._check(entries, plan, besides)
        earlier = EarlierRun.of(self.out)
        done = list(show(run(entries, plan, workers=workers), len(entries)))
        place = {entry.name: position for position, entry in enumerate(entries)}
        done.sort(key=lambda pair: place[pair.row.name])
        manifest = self._manifest()
        manifest.write(self.out)
        done = [pair.judged(criteria, self.out, language=self.options.language) for pair in done]
        self._write(done, plan)
        for line in [] if earlier is None else earlier.take_away_stale(self.index_path, manifest):
            tell(line)
        return done

    def _check(self, entries: Sequence[Entry], plan: Plan, besides: Sequence[Name]) -> None:
        """Refuse outputs that would be written over something, or show one page where all are compared."""
        overlays = plan.overlays
        named = [OutputPaths(self.out, entry.name).overlay(overlays) for entry in entries] if overlays else []
        reports = [path for path in (self.report, self.junit, self.coco, *besides) if path]
        criteria = [self.criteria] if self.criteria else []
        files: list[Name] = [self.index_path, self.out / REGIONS, self.out / PAGES, *plan.logs, *named, *reports]
        check_outputs(files, [*self.pairs, *inputs_of(entries, plan), *criteria])
        if self.options.page == ALL_PAGES and (self.maps or self.coco or overlays or plan.pages != "off"):
            problem = "maps, coco, overlays and the pages of pairs show one page of a file: give its number"
            raise OptionError(f"{problem}, or leave them, with pages off beside a report")

    def _manifest(self) -> Manifest:
        language = self.options.language
        language = str(Path(language).resolve()) if language.endswith(".po") else language
        placed = {
            name: os.path.relpath(path, self.out)
            for name, path in (("report", self.report), ("junit", self.junit))
            if path
        }
        first, *others = (str(name) for name in self.pairs)
        if not others:
            named = {"table": first}
        else:
            named = {"golden" if Path(first).is_file() else "before": first, "after": others[0]}
        shown = self.pages if self.report else "off"
        sensitivity = self.options.sensitivity
        return Manifest(str(Path.cwd()), sensitivity=sensitivity, language=language, pages=shown, **named, **placed)

    def _write(self, done: Sequence[Done], plan: Plan) -> None:
        write_index_table(done, self.index_path)
        write_regions_table(done, self.out, self.out / REGIONS)
        if self.options.page == ALL_PAGES:
            write_pages_table(done, self.out, self.out / PAGES)
        else:
            (self.out / PAGES).unlink(missing_ok=True)  # of an earlier run
        if self.report:
            write_batch_page(done, plan, self.report)
        if self.junit:
            write_batch_junit(done, self.junit, fail_on=self.fail_on)
        if self.coco:
            write_batch_coco(done, self.out, self.coco)


def entries_of(names: Sequence[Name], *, out: Path, tell: Tell = unheard) -> list[Entry]:
    """The pairs of a table, of two folders, or of one picture and a folder.

    Args:
        names: What names them.
        out: Folder of the answers, in which no pictures are looked for.
        tell: Hears in a line of pictures that are hidden, and so are not compared.

    Raises:
        OptionError: they are none of the three, or answers would go into a folder that is compared.
        DataError: the table or a folder cannot be used.
        MissingExtra: the table is Parquet and pyarrow is not installed.
    """
    pairs = [str(name) for name in names]
    if len(pairs) == 2 and Path(pairs[0]).is_file():
        return pairs_of_golden(*pairs, besides=out, tell=tell)
    if len(pairs) == 2:
        if file_identity(out) in map(file_identity, pairs):
            raise OptionError(f"{out} is one of the folders compared; choose another for the answers")
        return pairs_of_folders(*pairs, besides=out, tell=tell)
    if len(pairs) == 1 and not Path(pairs[0]).is_dir():
        return pairs_of_table(pairs[0])
    raise OptionError("batch takes a table of pairs, two folders, or a picture and a folder")
