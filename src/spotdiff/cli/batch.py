"""Compare many pairs: a table of them, or two folders."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotdiff.cli._options import comparison_options, fail_on_option, page_option, read_options, settings_option
from spotdiff.errors import OptionError
from spotdiff.options import ALL_PAGES
from spotdiff.output_files import check_outputs, file_identity

if TYPE_CHECKING:
    from spotdiff.batch import Done, Plan
    from spotdiff.batch.manifest import Manifest
    from spotdiff.batch.pairs import Entry
    from spotdiff.options import Options


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
    help="with --report: which pairs get a page of their own; changed means unsure ones too",
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
    pictures or options have changed are compared anew. index.csv has a row a pair, regions.csv a row a region.

    \b
    Example: spotdiff batch baseline shots --out answers --preset screens --overlays answers/overlays
    Exit codes: 2 if any pair had trouble, else 1 if any changed, is new or missing, else 3 if any is unsure, else 0.
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.batch import Plan, inputs_of, run
    from spotdiff.batch.approve import mend
    from spotdiff.batch.judge import Criteria, check_told
    from spotdiff.batch.pairs import OutputPaths
    from spotdiff.batch.results import REGIONS, index_path, write_index_table, write_regions_table
    from spotdiff.cli._batch_summary import Summary, batch_text, exit_code
    from spotdiff.cli._progress_bar import watched

    start, folder = time.perf_counter(), Path(out)
    options = _options(asked)
    table = index_path(folder, kind=index)
    for path in mend(folder):
        click.echo(
            f"spotdiff: an approval that was stopped had left {path} beside the new baseline; it was taken away",
            err=True,
        )
    entries = _entries(pairs, folder)
    criteria = Criteria.read(judged_by) if judged_by else Criteria()
    check_told(criteria, told_at=options.sensitivity)
    shown = pages if report else "off"
    drawn = Path(overlays) if overlays else None
    plan = Plan(folder, options, maps=maps, thumbs=report is not None, pages=shown, overlays=drawn)
    read = [*pairs, *inputs_of(entries, plan), *filter(None, (judged_by,))]
    named = [OutputPaths(folder, entry.name).overlay(drawn) for entry in entries] if drawn else []
    files: list[str | Path] = [
        table,
        folder / REGIONS,
        *plan.logs,
        *named,
        *filter(None, (report, junit, coco, json_to)),
    ]
    check_outputs(files, read)
    if options.page == ALL_PAGES and (maps or coco or overlays or plan.pages != "off"):
        told = "--maps, --coco, --overlays and the reports of pairs show one page: give its number as --page"
        raise OptionError(f"{told}, or leave them, with --pages off beside --report")
    done = list(watched(run(entries, plan, workers=workers), len(entries), unit="pairs", quiet=quiet))
    place = {entry.name: position for position, entry in enumerate(entries)}
    done.sort(key=lambda one: place[one.row.name])
    page, xml = (os.path.relpath(path, folder) if path else "" for path in (report, junit))
    replace(_manifest(pairs, options), report=page, junit=xml, pages=shown).write(folder)
    done = [one.judged(criteria, folder, language=options.language) for one in done]
    write_index_table(done, table)
    write_regions_table(done, folder, folder / REGIONS)
    _write_reports(done, plan, report=report, junit=junit, coco=coco, fail_on=fail_on)
    summary = Summary.of(done, index=table, seconds=time.perf_counter() - start)
    if json_to:
        summary.write(json_to)
    if not quiet and json_to != "-":
        click.echo(batch_text(done, summary))
    if summary.first_trouble:
        click.echo(f"spotdiff: {summary.trouble_line}", err=True)
    return exit_code((one.row.verdict for one in done), fail_on)


def _options(asked: dict[str, Any]) -> Options:
    from spotdiff.evaluate import check_method

    options = read_options(**asked)
    check_method(options)  # a method without weights must not become trouble with every pair
    return options


def _entries(pairs: Sequence[str], out: Path) -> list[Entry]:
    """The pairs of a table, of two folders, or of one picture and a folder.

    Raises:
        OptionError: none of these is given.
        DataError: they cannot be used.
    """
    from spotdiff.batch import pairs_of_folders, pairs_of_golden, pairs_of_table

    if len(pairs) == 2 and Path(pairs[0]).is_file():
        return pairs_of_golden(*pairs, besides=out)
    if len(pairs) == 2:
        if file_identity(out) in map(file_identity, pairs):
            raise OptionError(f"--out {out} is one of the folders compared; choose another")
        return pairs_of_folders(*pairs, besides=out)
    if len(pairs) == 1 and not Path(pairs[0]).is_dir():
        return pairs_of_table(pairs[0])
    raise OptionError(
        "batch takes a table of pairs, two folders, or a picture and a folder: spotdiff batch PAIRS --out DIR"
    )


def _manifest(pairs: Sequence[str], options: Options) -> Manifest:
    from spotdiff.batch.manifest import Manifest

    language = str(Path(options.language).resolve()) if options.language.endswith(".po") else options.language
    where = Manifest(str(Path.cwd()), sensitivity=options.sensitivity, language=language)
    if len(pairs) == 1:
        return replace(where, table=pairs[0])
    first, after = pairs
    return (
        replace(where, golden=first, after=after)
        if Path(first).is_file()
        else replace(where, before=first, after=after)
    )


def _write_reports(
    done: Sequence[Done],
    plan: Plan,
    *,
    report: str | None,
    junit: str | None,
    coco: str | None,
    fail_on: frozenset[str],
) -> None:
    from spotdiff.batch.results import write_batch_coco, write_batch_junit, write_batch_page

    if report:
        write_batch_page(done, plan, report)
    if junit:
        write_batch_junit(done, junit, fail_on=fail_on)
    if coco:
        write_batch_coco(done, plan.out, coco)
