"""Measure one method or several on pairs with a known truth."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotdiff.cli._evaluate_captions import measure_captions
from spotdiff.cli._methods_option import read_candidates, several_methods
from spotdiff.cli._options import comparison_options
from spotdiff.cli._terminal import say, say_table
from spotdiff.errors import DataError, OptionError
from spotdiff.output_files import check_outputs, file_identities, file_identity

if TYPE_CHECKING:
    from spotdiff.data import Dataset
    from spotdiff.evaluate import Report
    from spotdiff.evaluate.robustness import RobustnessPoint
    from spotdiff.evaluate.tables import Table
    from spotdiff.options import Options


@click.command()
@click.argument("data", nargs=-1, metavar="DATA...")
@click.option("--split", default="", metavar="NAME", help="only the names in NAME.txt of each dataset")
@several_methods
@comparison_options
@click.option("--captions", is_flag=True, help="measure what is said of captioned pairs, not what is marked")
@click.option("--captioner", "captioners", multiple=True, metavar="FILE", help="with --captions, weights; repeatable")
@click.option("--events", is_flag=True, help="DATA are labelled clips: measure what a watch tells of them")
@click.option("--frames", is_flag=True, help="DATA are films with a truth for each frame: measure background models")
@click.option("--swap", is_flag=True, help="compare each pair exchanged as well, and tell how well the answers fit")
@click.option("--robustness", is_flag=True, help="also with after moved, turned, relit, shaded and made noisy")
@click.option(
    "--most", type=click.IntRange(1), default=20, show_default=True, metavar="N", help="pairs of a set for --robustness"
)
@click.option("--out", metavar="DIR", help="write summary.json, samples.csv, precision_recall.svg and more")
@click.option("--json", "json_to", metavar="FILE|-", help="write the figures as JSON; - is standard output")
@click.option("--workers", type=click.IntRange(0), metavar="N", help="processes; default: one a processor")
@click.option("--quiet", "-q", is_flag=True, help="say nothing; for use with --out or --json")
def command(
    data: tuple[str, ...],
    split: str,
    methods: tuple[str, ...],
    captions: bool,  # noqa: FBT001 (click passes by name)
    captioners: tuple[str, ...],
    events: bool,  # noqa: FBT001
    frames: bool,  # noqa: FBT001
    swap: bool,  # noqa: FBT001
    robustness: bool,  # noqa: FBT001
    most: int,
    out: str | None,
    json_to: str | None,
    workers: int | None,
    quiet: bool,  # noqa: FBT001
    **given: Any,  # noqa: ANN401 (the fields of Options)
) -> int:
    """Measure one method or several on pairs with a known truth.

    DATA is a folder with before/ and after/ (or t0/ and t1/, or A/ and B/), whose pictures belong together by name, and
    mask/NAME.png (255 changed, 0 not, 170 and 85 not counted), gone/NAME.png and new/NAME.png, or boxes/NAME.json; or a
    folder of such folders; or LAYOUT:PATH for a published set. --set METHOD.field=value is for one of several methods.

    With --captions it is pairs with sentences: a folder of `spotdiff synth --recipe captions`, or spot-the-diff:PATH,
    clevr-change:PATH, image-editing-request:PATH.

    With --events it is a folder of `spotdiff synth --recipe clips`; with --frames one that holds input/ and
    groundtruth/, as CDnet has them.

    \b
    Example: spotdiff evaluate yard hall --method ssim --out measured
    Example: spotdiff evaluate yard --method classic --method network=run/weights.safetensors --out measured
    Example: spotdiff evaluate pairs --captions --captioner run/weights.safetensors --out measured
    Exit codes: 0, or 2 if any pair could not be compared.
    """  # noqa: D301 (click wants the character itself)
    if not data:
        raise OptionError("evaluate takes one dataset or more: spotdiff evaluate DATA")
    if events or frames or captions or captioners:
        _check_outputs([], data, out, json_to)
    if events or frames:
        return _film(data, methods, events=events, out=out, json_to=json_to, workers=workers, quiet=quiet, **given)
    if captions or captioners:
        (_, options), *more = read_candidates(methods, **given).items()
        if more:
            raise OptionError("--captions takes one method")
        if swap or robustness or options.describe == "off" or options.language != "en":
            raise OptionError("--captions is of English words, without --swap, --robustness and --describe off")
        return measure_captions(data, split, options, captioners, out=out, json_to=json_to, quiet=quiet)
    candidates = read_candidates(methods, **given)
    datasets = _datasets(data, split)
    _check_plots(out)
    files = [path for dataset in datasets for sample in dataset for path in sample.files]
    named = [path for options in candidates.values() for path in options.files()]
    _check_outputs([*files, *named], [], out, json_to)
    _warn(datasets)
    reports = _reports(datasets, candidates, workers=workers, quiet=quiet, swap=swap)
    rows = _strengths(datasets, candidates, workers=workers, quiet=quiet, most=most) if robustness else []
    written = _write(reports, rows, out, json_to)
    if not quiet and json_to != "-":
        _show(_tables(reports, rows), written)
    return _trouble(reports)


def _film(data: Sequence[str], methods: tuple[str, ...], *, events: bool, workers: int | None, **given: Any) -> int:  # noqa: ANN401
    from spotdiff.cli._evaluate_watching import measure_events, measure_frames

    written = {name: given.pop(name) for name in ("out", "json_to", "quiet")}
    if not events:
        return measure_frames(data, **written)
    (_, options), *more = read_candidates(methods, **given).items()
    if more:
        raise OptionError("--events takes one method")
    return measure_events(data, options, workers=workers, **written)


def _datasets(data: Sequence[str], split: str) -> list[Dataset]:
    """Every dataset that was asked for, also inside folders of them.

    Raises:
        DataError: there is none, or two would be told apart by nothing.
    """
    datasets = [dataset for text in data for dataset in _opened(text, split)]
    names = [dataset.name for dataset in datasets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"two datasets are named {twice[0]}; rename one folder, or evaluate them one by one")
    return datasets


def _opened(text: str, split: str) -> list[Dataset]:
    from spotdiff.data import find_datasets, open_dataset, open_named

    if split or (":" in text and not Path(text).exists()):
        return [open_named(text, split=split)]
    return [open_dataset(path) for path in find_datasets(text)]


def _warn(datasets: Sequence[Dataset]) -> None:
    for dataset in datasets:
        if dataset.odd:
            more = f", and {len(dataset.odd) - 1} more like it" if len(dataset.odd) > 1 else ""
            say(f"spotdiff: {dataset.name}: {dataset.odd[0]}{more}; left out", err=True)


def _reports(
    datasets: Sequence[Dataset], candidates: Mapping[str, Options], *, workers: int | None, quiet: bool, swap: bool
) -> list[Report]:
    from spotdiff.cli._progress_bar import watched
    from spotdiff.evaluate import outcomes_of, report_of
    from spotdiff.methods import check_method

    for options in candidates.values():
        check_method(options)  # a wrong setting of the last method must not be told after the work of the first
    made = []
    for label, options in candidates.items():
        for dataset in datasets:
            outcomes = outcomes_of(dataset, options, workers=workers, swap=swap)
            shown = watched(outcomes, len(dataset), unit="pairs", quiet=quiet)
            made.append(report_of(dataset, shown, options, label=label))
    return made


def _strengths(
    datasets: Sequence[Dataset], candidates: Mapping[str, Options], *, workers: int | None, quiet: bool, most: int
) -> list[RobustnessPoint]:
    from spotdiff.cli._progress_bar import watched
    from spotdiff.evaluate.robustness import perturbed_outcomes, robustness_points, spread

    made = []
    for label, options in candidates.items():
        for dataset in datasets:
            samples = spread(dataset, most)
            outcomes = perturbed_outcomes(samples, options, workers=workers)
            shown = watched(outcomes, len(samples), unit="pairs", quiet=quiet)
            made += robustness_points(shown, dataset=dataset.name, method=label)
    return made


def _check_outputs(files: Sequence[str | Path], folders: Sequence[str], out: str | None, json_to: str | None) -> None:
    """Refuse to write over files that are read, or that lie in folders whose every file is.

    Raises:
        OptionError: it would happen.
    """
    check_outputs([json_to] if json_to else [], files, folders=folders)
    holding = {*folders, *(os.path.dirname(path) for path in files)}  # noqa: PTH120 (of every file of a dataset)
    if out is not None and file_identity(out) in file_identities(holding):
        raise OptionError(f"--out {out} holds files that are read; choose another folder")


def _check_plots(out: str | None) -> None:
    """Find out before hours of work whether what is to be written can be drawn."""
    from spotdiff.report.plots import require_plots

    if out is not None:
        require_plots()


def _write(
    reports: Sequence[Report], rows: Sequence[RobustnessPoint], out: str | None, json_to: str | None
) -> list[str]:
    """Write what was asked for and return the paths; standard output is not among them."""
    written: list[str] = []
    if out is not None:
        from spotdiff.evaluate.leaderboard import write_leaderboard
        from spotdiff.evaluate.report_files import write_all
        from spotdiff.evaluate.robustness import write_robustness

        write = write_leaderboard if _several(reports) else write_all
        written += map(str, (*write(reports, out), *(write_robustness(rows, out) if rows else ())))
    if json_to == "-":
        sys.stdout.write(_json(reports))
    elif json_to is not None:
        path = Path(json_to)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_json(reports), encoding="utf-8")
        written.append(json_to)
    return written


def _json(reports: Sequence[Report]) -> str:
    from spotdiff.evaluate.leaderboard import leaderboard_to_json
    from spotdiff.evaluate.report_files import to_json

    return leaderboard_to_json(reports) if _several(reports) else to_json(reports)


def _several(reports: Sequence[Report]) -> bool:
    return len({report.label for report in reports}) > 1


def _tables(reports: Sequence[Report], rows: Sequence[RobustnessPoint]) -> list[Table]:
    from spotdiff.evaluate.leaderboard import leaderboard_tables
    from spotdiff.evaluate.robustness import robustness_table
    from spotdiff.evaluate.tables import tables

    made = leaderboard_tables(reports) if _several(reports) else tables(reports)
    return [*made, robustness_table(rows)] if rows else made


def _show(shown: Sequence[Table], written: Sequence[str]) -> None:
    """Print the tables; their titles and heads stand out on a terminal."""
    from spotdiff.evaluate.tables import aligned

    for table in shown:
        title, heads, *rows = aligned(table)
        say_table(title, heads, [*rows, ""])
    for path in written:
        say(f"Wrote {path}")


def _trouble(reports: Sequence[Report]) -> int:
    """2 when a sample could not be compared, with the first one told on standard error; else 0."""
    several = _several(reports)
    failed = [
        f"{report.label + ': ' if several else ''}{report.dataset}/{o.name}: {o.error}"
        for report in reports
        for o in report.outcomes
        if o.error
    ]
    if not failed:
        return 0
    some = "a pair had trouble and counts" if len(failed) == 1 else f"{len(failed)} pairs had trouble and count"
    say(f"spotdiff: {some} in no figure: {failed[0]}", err=True)
    return 2
