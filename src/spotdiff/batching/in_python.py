"""A batch from Python: the command's, with its answers as a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from spotdiff.batching.approve import mend
from spotdiff.batching.compare import PAGES
from spotdiff.batching.job import BatchJob, Name
from spotdiff.batching.results import KINDS
from spotdiff.errors import OptionError
from spotdiff.options import Options, OptionValues, shows_options
from spotdiff.params import hint
from spotdiff.report.batch_row import OUTCOMES, BatchRow

if TYPE_CHECKING:
    from spotdiff.report.batch_row import Outcome


@dataclass(frozen=True, slots=True, eq=False)
class BatchResult:
    """What came of a batch.

    Attributes:
        rows: A row a pair, in the order of the pairs: name, verdict, score, regions, text, error.
        index: The file of those rows; the record of a pair lies beside it as NAME.json.
        resumed: How many answers were taken over from an earlier run into the same folder.
    """

    rows: tuple[BatchRow, ...]
    index: Path
    resumed: int = 0

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many pairs have each verdict: changed, new, missing, unsure, trouble and same."""
        tally = Counter(row.verdict for row in self.rows)
        return {verdict: tally[verdict] for verdict in OUTCOMES}

    def __repr__(self) -> str:
        counts_text = ", ".join(f"{number} {verdict}" for verdict, number in self.counts.items() if number)
        return f"<BatchResult {counts_text or 'of no pairs'}: {self.index}>"


@shows_options
def batch(
    before: Name,
    after: Name | None = None,
    *,
    out: Name,
    options: Options | None = None,
    preset: str | None = None,
    maps: bool = False,
    report: Name | None = None,
    pages: str = "changed",
    junit: Name | None = None,
    coco: Name | None = None,
    index: str = "csv",
    overlays: Name | None = None,
    criteria: Name | None = None,
    workers: int | None = 0,
    **changes: Unpack[OptionValues],
) -> BatchResult:
    """Compare many pairs, as `spotdiff batch` does; nothing is printed.

    A pair that cannot be compared is a row with its error. Run again, only pairs whose pictures or options have changed
    are compared anew.

    Args:
        before: A table of pairs (CSV or Parquet with the columns name, before, after), the folder of the earlier
            pictures, or the one picture that those of the other folder are held against.
        after: The folder of the later pictures; None beside a table.
        out: Folder of the answers: NAME.json a pair, the index, regions.csv, and pages.csv of all pages.
        options: How to compare; `Options()` when None.
        preset: Options by what is compared, see `compare`; `changes` go over it.
        maps: Write `NAME.before.png` and `NAME.after.png`: how sure every pixel is.
        report: HTML file of a page of all pairs.
        pages: Beside the report, which pairs get a page of their own: off, changed (also unsure, new, missing), or all.
        junit: File of JUnit XML, for build servers.
        coco: File of the regions as COCO detections.
        index: Kind of index, csv or parquet.
        overlays: Folder of an overlay for each pair.
        criteria: File of criteria that `spotdiff judge` found.
        workers: Processes that compare; 0 for none but this one, None for one a processor. A script that starts some
            needs `if __name__ == "__main__":` around its work.
        changes: Single options by name; see `Options`.

    Raises:
        OptionError: an option cannot be, the pairs are none of those three, or a file would be written over.
        DataError: the table, a folder or the criteria cannot be used.
        MissingExtra: the table or index is Parquet and pyarrow is not installed.
        OSError: a file cannot be written.
    """
    for name, value, known in (("pages", pages, PAGES), ("index", index, KINDS)):
        if value not in known:
            raise OptionError(f"{name} takes one of {', '.join(known)}, not {value!r}{hint(str(value), known)}")
    job = BatchJob(
        (before,) if after is None else (before, after),
        Path(out),
        Options.asked(options, preset=preset, **changes),
        maps=maps,
        report=report,
        pages=pages,
        junit=junit,
        coco=coco,
        index=index,
        overlays=overlays,
        criteria=criteria,
    )
    mend(job.out)
    done = job.run(workers=workers)
    return BatchResult(tuple(one.row for one in done), job.index_path, sum(one.resumed for one in done))
