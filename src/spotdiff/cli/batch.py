"""Compare many pairs: a table of them, or two folders."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotdiff.cli._options import comparison_options, page_option, read_options
from spotdiff.errors import OptionError
from spotdiff.options import ALL_PAGES
from spotdiff.output_files import check_outputs, file_identity

if TYPE_CHECKING:
    from spotdiff.batch import Done, Plan
    from spotdiff.batch.pairs import Entry
    from spotdiff.options import Options


@click.command()
@click.argument("pairs", nargs=-1, metavar="PAIRS | DIR DIR")
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
    help="with --report: which pairs get a page of their own; changed means unsure ones too",
)
@click.option("--junit", metavar="FILE.xml", help="write the answers as JUnit XML, for build servers")
@click.option("--coco", metavar="FILE.json", help="write the regions as COCO detections")
@click.option("--json", "json_to", metavar="FILE|-", help="write counts and troubles as JSON; - is standard output")
@click.option(
    "--index", type=click.Choice(("auto", "csv", "parquet")), default="auto", show_default=True, help="kind of index"
)
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
    **asked: Any,  # noqa: ANN401 (the fields of Options)
) -> int:
    """Compare many pairs: a CSV or Parquet table with the columns name, before, after, or two folders.

    Paths in a table are relative to its folder. Files of two folders belong together when their names are the same
    without extension. A pair that cannot be compared is a row with its error. Run it again, and only pairs whose
    pictures or options have changed are compared anew.

    \b
    Example: spotdiff batch pairs.csv --out answers --report answers/index.html
    Exit codes: 2 if any pair had trouble, else 1 if any changed, else 3 if any is unsure, else 0.
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.batch import Plan, inputs_of, run
    from spotdiff.batch.results import index_path, write_index_table
    from spotdiff.cli._batch_summary import Summary, batch_text, exit_code
    from spotdiff.cli._progress_bar import watched

    start, folder = time.perf_counter(), Path(out)
    options = _options(asked)
    table = index_path(folder, kind=index)
    entries = _entries(pairs, folder)
    plan = Plan(folder, options, maps=maps, thumbs=report is not None, pages=pages if report else "off")
    check_outputs(
        [table, *plan.logs, *filter(None, (report, junit, coco, json_to))], [*pairs, *inputs_of(entries, plan)]
    )
    if options.page == ALL_PAGES and (maps or coco or plan.pages != "off"):
        told = "--maps, --coco and the reports of pairs show one page: give its number as --page"
        raise OptionError(f"{told}, or leave them, with --pages off beside --report")
    done = list(watched(run(entries, plan, workers=workers), len(entries), unit="pairs", quiet=quiet))
    place = {entry.name: position for position, entry in enumerate(entries)}
    done.sort(key=lambda one: place[one.row.name])
    write_index_table(done, table)
    _write_reports(done, plan, report=report, junit=junit, coco=coco)
    summary = Summary.of(done, index=table, seconds=time.perf_counter() - start)
    if json_to:
        summary.write(json_to)
    if not quiet and json_to != "-":
        click.echo(batch_text(done, summary))
    if summary.first_trouble:
        click.echo(f"spotdiff: {summary.trouble_line}", err=True)
    return exit_code(done)


def _options(asked: dict[str, Any]) -> Options:
    from spotdiff.evaluate import check_method

    options = read_options(**asked)
    check_method(options)  # a method without weights must not become trouble with every pair
    return options


def _entries(pairs: Sequence[str], out: Path) -> list[Entry]:
    """The pairs of a table or of two folders.

    Raises:
        OptionError: neither one table nor two folders are given.
        DataError: they cannot be used.
    """
    from spotdiff.batch import pairs_of_folders, pairs_of_table

    if len(pairs) == 2:
        if file_identity(out) in map(file_identity, pairs):
            raise OptionError(f"--out {out} is one of the folders compared; choose another")
        return pairs_of_folders(*pairs, besides=out)
    if len(pairs) == 1 and not Path(pairs[0]).is_dir():
        return pairs_of_table(pairs[0])
    raise OptionError("batch takes one table of pairs, or two folders: spotdiff batch PAIRS --out DIR")


def _write_reports(
    done: Sequence[Done], plan: Plan, *, report: str | None, junit: str | None, coco: str | None
) -> None:
    from spotdiff.batch.results import write_batch_coco, write_batch_junit, write_batch_page

    if report:
        write_batch_page(done, plan, report)
    if junit:
        write_batch_junit(done, junit)
    if coco:
        write_batch_coco(done, plan.out, coco)
