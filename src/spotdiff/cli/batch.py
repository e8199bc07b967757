"""Compare many pairs: a table of them, or two folders."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from spotdiff.cli._options import comparison_options, fail_on_option, page_option, read_options, settings_option


@click.command()
@click.argument("pairs", nargs=-1, metavar="PAIRS | DIR DIR | GOLDEN DIR")
@click.option("--out", required=True, metavar="DIR", help="folder of the answers: NAME.json per pair, and an index")
@comparison_options
@page_option
@click.option("--maps", is_flag=True, help="write NAME.before.png and NAME.after.png: how sure every pixel is")
@click.option("--report", metavar="FILE.html", help="write a page of all pairs, with small pictures")
@click.option(
    "--pages",
    type=click.Choice(("off", "changed", "all")),
    default="changed",
    show_default=True,
    help="with --report: which pairs get a page of their own; changed means unsure, new and missing ones too",
)
@click.option("--junit", metavar="FILE.xml", help="write the answers as JUnit XML, for build servers")
@click.option("--coco", metavar="FILE.json", help="write the regions as COCO detections")
@click.option("--json", "json_to", metavar="FILE|-", help="write counts and troubles as JSON; - is standard output")
@click.option("--index", type=click.Choice(("csv", "parquet")), default="csv", show_default=True, help="kind of index")
@click.option("--overlays", metavar="DIR", help="write NAME.png a pair: after, dimmed, with what changed drawn on it")
@settings_option
@fail_on_option
@click.option("--workers", type=click.IntRange(0), metavar="N", help="processes; default: one a processor")
@click.option("--quiet", "-q", is_flag=True, help="say nothing; the exit code answers")
def command(
    pairs: tuple[str, ...],
    out: str,
    maps: bool,  # noqa: FBT001 (click passes by name)
    report: str | None,
    pages: str,
    junit: str | None,
    coco: str | None,
    json_to: str | None,
    index: str,
    workers: int | None,
    quiet: bool,  # noqa: FBT001
    overlays: str | None,
    judged_by: str | None,
    fail_on: frozenset[str],
    **asked: Any,  # noqa: ANN401 (the fields of Options)
) -> int:
    """Compare many pairs: a table with the columns name, before, after, two folders, or one picture and a folder.

    A table is CSV (commas, semicolons or tabs) or Parquet; its paths are relative to its folder, and columns history,
    preset, ignore and focus hold for their pair. Files of two folders belong together when their names are the same
    without extension; what only the later folder has is new, what only the earlier has is missing. One picture is held
    against each of a folder. A pair that cannot be compared is a row with its error. Run it again, and only pairs whose
    pictures or options have changed are compared anew. index.csv has a row a pair, regions.csv a
    row a region, and with --page all pages.csv a row a page.

    \b
    Example: spotdiff batch baseline shots --out answers --preset screens --overlays answers/overlays
    Exit codes: 2 if any pair had trouble, else 1 if any changed, is new or missing, else 3 if any is unsure, else 0.
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.batching.approve import mend
    from spotdiff.batching.job import BatchJob
    from spotdiff.cli._batch_summary import Summary, batch_text, exit_code
    from spotdiff.cli._progress_bar import watched

    start = time.perf_counter()
    job = BatchJob(
        pairs,
        Path(out),
        read_options(**asked),
        maps=maps,
        report=report,
        pages=pages,
        junit=junit,
        coco=coco,
        index=index,
        overlays=overlays,
        criteria=judged_by,
        fail_on=fail_on,
    )
    for path in mend(job.out):
        click.echo(
            f"spotdiff: an approval that was stopped had left {path} beside the new baseline; it was taken away",
            err=True,
        )
    done = job.run(
        workers=workers,
        show=lambda done, total: watched(done, total, unit="pairs", quiet=quiet),
        besides=[json_to] if json_to else [],
    )
    summary = Summary.of(done, index=job.index_path, seconds=time.perf_counter() - start)
    if json_to:
        summary.write(json_to)
    if not quiet and json_to != "-":
        click.echo(batch_text(done, summary))
    if summary.first_trouble:
        click.echo(f"spotdiff: {summary.trouble_line}", err=True)
    return exit_code((one.row.verdict for one in done), fail_on)
