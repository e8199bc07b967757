"""Measure a method on pairs with a known truth."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotdiff.cli._options import comparison_options, read_options
from spotdiff.errors import DataError, OptionError

if TYPE_CHECKING:
    from spotdiff.data import Dataset
    from spotdiff.evaluate import Report
    from spotdiff.options import Options


@click.command()
@click.argument("data", nargs=-1, metavar="DATA...")
@click.option("--split", default="", metavar="NAME", help="only the names in NAME.txt of each dataset")
@comparison_options
@click.option("--out", metavar="DIR", help="write summary.json, samples.csv, precision_recall.svg and its .csv")
@click.option("--json", "json_to", metavar="FILE|-", help="write the figures as JSON; - is standard output")
@click.option("--workers", type=click.IntRange(0), metavar="N", help="processes; default: one a processor")
@click.option("--quiet", "-q", is_flag=True, help="say nothing; for use with --out or --json")
def command(
    data: tuple[str, ...],
    split: str,
    out: str | None,
    json_to: str | None,
    workers: int | None,
    quiet: bool,  # noqa: FBT001 (click passes by name)
    **asked: Any,  # noqa: ANN401 (the fields of Options)
) -> int:
    """Measure a method on pairs with a known truth.

    DATA is a folder with before/ and after/ (or t0/ and t1/, or A/ and B/), whose pictures belong together by name, and
    mask/NAME.png (255 changed, 0 not, 170 and 85 not counted) or boxes/NAME.json; or a folder of such folders.

    \b
    Example: spotdiff evaluate yard hall --method ssim --out measured
    Exit codes: 0, or 2 if any pair could not be compared.
    """  # noqa: D301 (click wants the character itself)
    if not data:
        raise OptionError("evaluate takes one dataset or more: spotdiff evaluate DATA")
    options = read_options(**asked)
    datasets = _datasets(data, split)
    _warn(datasets)
    reports = [_report(dataset, options, workers=workers, quiet=quiet) for dataset in datasets]
    written = _write(reports, out, json_to)
    if not quiet and json_to != "-":
        _show(reports, written)
    return _trouble(reports)


def _datasets(data: Sequence[str], split: str) -> list[Dataset]:
    """Every dataset that was asked for, also inside folders of them.

    Raises:
        DataError: there is none, or two would be told apart by nothing.
    """
    from spotdiff.data import find_datasets, open_dataset

    if split:
        found = [open_dataset(path, split=split) for path in data]
    else:
        found = [open_dataset(path) for folder in data for path in find_datasets(folder)]
    names = [dataset.name for dataset in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"two datasets are named {twice[0]}; rename one folder, or evaluate them one by one")
    return found


def _warn(datasets: Sequence[Dataset]) -> None:
    for dataset in datasets:
        if dataset.odd:
            more = f", and {len(dataset.odd) - 1} more like it" if len(dataset.odd) > 1 else ""
            click.echo(f"spotdiff: {dataset.name}: {dataset.odd[0]}{more}; left out", err=True)


def _report(dataset: Dataset, options: Options, *, workers: int | None, quiet: bool) -> Report:
    from spotdiff.cli._progress import watched
    from spotdiff.evaluate import outcomes_of, report_of

    outcomes = outcomes_of(dataset, options, workers=workers)
    return report_of(dataset, watched(outcomes, len(dataset), unit="pairs", quiet=quiet), options)


def _write(reports: Sequence[Report], out: str | None, json_to: str | None) -> list[str]:
    """Write what was asked for and return the paths; standard output is not among them."""
    from spotdiff.evaluate.files import to_json, write_all

    written = [] if out is None else [str(path) for path in write_all(reports, out)]
    if json_to == "-":
        sys.stdout.write(to_json(reports))
    elif json_to is not None:
        path = Path(json_to)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_json(reports), encoding="utf-8")
        written.append(json_to)
    return written


def _show(reports: Sequence[Report], written: Sequence[str]) -> None:
    """Print the tables; their titles and heads stand out on a terminal."""
    from spotdiff.evaluate.tables import aligned, tables

    for table in tables(reports):
        title, heads, *rows = aligned(table)
        click.echo("\n".join([click.style(title, bold=True), click.style(heads, dim=True), *rows, ""]))
    for path in written:
        click.echo(f"Wrote {path}")


def _trouble(reports: Sequence[Report]) -> int:
    """2 when a sample could not be compared, with the first one told on standard error; else 0."""
    failed = [f"{report.dataset}/{o.name}: {o.error}" for report in reports for o in report.outcomes if o.error]
    if not failed:
        return 0
    some = "a pair had trouble and counts" if len(failed) == 1 else f"{len(failed)} pairs had trouble and count"
    click.echo(f"spotdiff: {some} in no figure: {failed[0]}", err=True)
    return 2
