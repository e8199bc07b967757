"""Compare many pairs: a table of them, or two folders."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotdiff.cli._options import comparison_options, fail_on_option, page_option, read_options, settings_option
from spotdiff.cli._terminal import say
from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from spotdiff.cli._batch_summary import Summary
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
    help="with --report: which pairs get a page of their own; changed means unsure, new and missing ones too",
)
@click.option("--junit", metavar="FILE.xml", help="write the answers as JUnit XML, for build servers")
@click.option("--coco", metavar="FILE.json", help="write the regions as COCO detections")
@click.option("--json", "json_to", metavar="FILE|-", help="write counts and troubles as JSON; - is standard output")
@click.option("--index", type=click.Choice(("csv", "parquet")), default="csv", show_default=True, help="kind of index")
@click.option("--overlays", metavar="DIR", help="write NAME.png a pair: after, dimmed, with what changed drawn on it")
@settings_option
@fail_on_option
@click.option(
    "--engine",
    type=click.Choice(("local", "ray")),
    default="local",
    show_default=True,
    help="ray: on the cluster of RAY_ADDRESS, or of this machine; answers go to DIR/parts/*.parquet, DIR may be a URL",
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
    engine: str,
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
    from spotdiff.cli._batch_summary import Summary, batch_text
    from spotdiff.cli._progress_bar import watched

    start = time.perf_counter()
    options = read_options(**asked)
    if engine == "ray":
        wanted = {
            "maps": maps,
            "report": report,
            "junit": junit,
            "coco": coco,
            "overlays": overlays,
            "settings": judged_by,
        }
        _check_files_of_ray({**wanted, "index": index if index != "csv" else None})
        return _on_ray(pairs, out, options, workers=workers, quiet=quiet, json_to=json_to, fail_on=fail_on)
    if "://" in out:
        raise OptionError(f"--out {out}: answers go to a URL with --engine ray; else give a folder")
    job = BatchJob(
        pairs,
        Path(out),
        options,
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
        say(
            f"spotdiff: an approval that was stopped had left {path} beside the new baseline; it was taken away",
            err=True,
        )
    done = job.run(
        workers=workers,
        show=lambda done, total: watched(done, total, unit="pairs", quiet=quiet),
        besides=[json_to] if json_to else [],
        tell=_tell,
    )
    summary = Summary.of(done, index=job.index_path, seconds=time.perf_counter() - start)
    return _report(summary, batch_text(done, summary), quiet=quiet, json_to=json_to, fail_on=fail_on)


def _tell(line: str) -> None:
    say(f"spotdiff: {line}", err=True)


def _check_files_of_ray(wanted: Mapping[str, object]) -> None:
    for name, value in wanted.items():
        if value:
            raise OptionError(f"--engine ray writes Parquet files alone; leave --{name}")


def _on_ray(
    pairs: tuple[str, ...],
    out: str,
    options: Options,
    *,
    workers: int | None,
    quiet: bool,
    json_to: str | None,
    fail_on: frozenset[str],
) -> int:
    from spotdiff.batching.on_ray import RayBatch
    from spotdiff.cli._batch_summary import Summary
    from spotdiff.cli._progress_bar import watched

    start = time.perf_counter()
    count, answered = RayBatch.of(pairs, out, options, workers=workers, tell=_tell).run()
    shown = watched(answered, count, unit="pairs", quiet=quiet)
    index = f"{out.rstrip('/')}/parts"
    summary = Summary.counted(shown, index=index, seconds=lambda: time.perf_counter() - start)
    return _report(summary, summary.line, quiet=quiet, json_to=json_to, fail_on=fail_on)


def _report(summary: Summary, text: str, *, quiet: bool, json_to: str | None, fail_on: frozenset[str]) -> int:
    from spotdiff.cli._batch_summary import exit_code

    if json_to:
        summary.write(json_to)
    if not quiet and json_to != "-":
        say(text)
    if summary.first_trouble:
        say(f"spotdiff: {summary.trouble_line}", err=True)
    return exit_code(summary.verdicts, fail_on)
