"""Measure how far the named areas of a site have changed, over a dated series of pictures."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotdiff.cli._options import comparison_options, read_options
from spotdiff.cli._terminal import say
from spotdiff.output_files import check_outputs

if TYPE_CHECKING:
    from spotdiff.timelapse import Step


@click.command()
@click.argument("folder", metavar="FOLDER")
@click.option(
    "--out", required=True, metavar="DIR", help="folder of index.html, progress.csv and what is kept to resume"
)
@comparison_options
@click.option(
    "--order",
    type=click.Choice(("taken", "name", "mtime")),
    default="taken",
    show_default=True,
    help="of the pictures: by date (EXIF, else the name, else the file's time), by name, or by the file's time",
)
@click.option("--json", "json_to", metavar="FILE|-", help="write the steps as JSON; - is standard output")
@click.option("--quiet", "-q", is_flag=True, help="say nothing but what had trouble")
def command(
    folder: str,
    out: str,
    order: str,
    json_to: str | None,
    quiet: bool,  # noqa: FBT001 (click passes by name)
    **options: Any,  # noqa: ANN401 (the fields of Options)
) -> int:
    """Measure how far the named areas of a site have changed, over a dated series of pictures.

    Every picture of FOLDER is compared with the first and with the one before it. The areas are polygons in pixels of
    the first picture; without --areas the whole picture is one. Run it again, and only pairs whose pictures, areas or
    options have changed are compared anew.

    \b
    Example: spotdiff progress site --areas areas.toml --out progress
    Exit codes: 0 written, 2 trouble.
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.cli._progress_bar import watched
    from spotdiff.methods import check_method
    from spotdiff.report.plots import require_plots
    from spotdiff.timelapse import measure_progress, progress_csv, progress_page, progress_record, series

    require_plots()
    compared_with = read_options(**options)
    check_method(compared_with)  # a method without weights must not become trouble with every pair
    pictures, place = series(folder, order=order), Path(out)
    page, table = place / "index.html", place / "progress.csv"
    inputs: list[str | Path] = [*(picture.path for picture in pictures), *compared_with.files()]
    check_outputs([page, table, *filter(None, [json_to])], inputs)
    name = Path(folder).resolve().name
    steps = list(
        watched(
            measure_progress(pictures, options=compared_with, keep=place), len(pictures), unit="pictures", quiet=quiet
        )
    )
    _write(page, progress_page(steps, title=f"Progress: {name}"))
    _write(table, progress_csv(steps))
    if json_to:
        text = json.dumps(progress_record(steps, name=name), indent=2) + "\n"
        if json_to == "-":
            sys.stdout.write(text)
        else:
            _write(Path(json_to), text)
    if not quiet and json_to != "-":
        say(_summary(steps, (page, table), order=order))
    if trouble := _trouble(steps):
        say(f"spotdiff: {trouble}", err=True)
    return 0


def _write(path: Path, text: str) -> None:
    from spotdiff.atomic_write import write_whole

    write_whole(path, text.encode("utf-8", "replace"))


def _summary(steps: Sequence[Step], written: Sequence[Path], *, order: str) -> str:
    from spotdiff.timelapse.page import day, latest, percent

    areas = steps[0].areas
    width = max(len(area) for area in areas)
    lines = [f"{len(steps)} pictures from {day(steps[0])} to {day(steps[-1])}"]
    for area in areas:
        step = latest(steps, area)
        share, recent = percent(step.since_first[area]), percent(step.since_last[area])
        lines.append(f"  {area:<{width}}  {share:>6} since the first, {recent:>6} since the one before, on {day(step)}")
    unsure = [step for step in steps if step.first is not None and step.first.verdict == "unsure"]
    lines += [f"  unsure: {step.picture.name}: {step.first.reason}" for step in unsure[:20] if step.first]
    undated = [step.picture.name for step in steps if step.dated_by == "mtime"] if order != "mtime" else []
    if undated:
        some = ", ".join(undated[:5]) + (f" and {len(undated) - 5} more" if len(undated) > 5 else "")
        lines.append(f"  no date in {some}: the file's time was taken; put dates in the names, or --order name")
    resumed = sum(step.resumed for step in steps)
    lines += [f"{resumed} pictures taken over from an earlier run"] if resumed else []
    return "\n".join([*lines, *(f"Wrote {path}" for path in written)])


def _trouble(steps: Sequence[Step]) -> str:
    bad = [step for step in steps if step.error]
    if not bad:
        return ""
    some = "a picture" if len(bad) == 1 else f"{len(bad)} pictures"
    name, error = bad[0].picture.name, bad[0].error
    return f"{some} had trouble: {error if name in error else f'{name}: {error}'}"
