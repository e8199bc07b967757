"""Decide a batch anew from its records, or find the threshold that good and bad pairs tell."""

from __future__ import annotations

import fnmatch
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotdiff.atomic_write import write_whole
from spotdiff.cli._options import fail_on_option
from spotdiff.cli._terminal import say
from spotdiff.errors import DataError, OptionError
from spotdiff.input_files import read_text
from spotdiff.output_files import check_outputs
from spotdiff.params import hint

if TYPE_CHECKING:
    from spotdiff.batching import Done
    from spotdiff.batching.judge import Learned
    from spotdiff.batching.manifest import Manifest


@click.command()
@click.argument("out", metavar="OUT")
@click.option("--sensitivity", type=float, metavar="S", help="as of compare, up to that of the batch")
@click.option("--min-score", type=float, metavar="S", help="regions of a smaller score do not count")
@click.option("--max-pixels", type=int, metavar="N", help="pixels that may change")
@click.option("--max-fraction", type=float, metavar="F", help="share of the picture that may change, 0 to 1")
@click.option("--good", metavar="NAMES", help="pairs that are as they should be: names or patterns, or a file of them")
@click.option("--bad", metavar="NAMES", help="pairs that are not")
@click.option("--settings", "written", metavar="FILE", help="where to write what was found; default: OUT/settings.toml")
@fail_on_option
@click.option("--json", "as_json", is_flag=True, help="print the counts as JSON")
def command(
    out: str,
    sensitivity: float | None,
    min_score: float | None,
    max_pixels: int | None,
    max_fraction: float | None,
    good: str | None,
    bad: str | None,
    written: str | None,
    fail_on: frozenset[str],
    as_json: bool,  # noqa: FBT001 (click passes by name)
) -> int:
    """Decide anew what is stored in OUT, without looking at a pixel; index, page and JUnit XML are written over.

    Without any criterion the verdicts are those of the batch again, which the index keeps as "measured". With --good
    and --bad the threshold that parts them best is found and written to a settings file, which `spotdiff batch` and
    `spotdiff compare` take as --settings.

    \b
    Example: spotdiff judge answers --good "ok/*" --bad "broken/*"
    Exit codes: as of batch.
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.batching.judge import Criteria, check_sensitivity
    from spotdiff.batching.manifest import Manifest
    from spotdiff.batching.results import read_done, write_index_table
    from spotdiff.cli._batch_summary import exit_code
    from spotdiff.report.batch_row import OUTCOMES

    folder = Path(out)
    manifest, done = Manifest.read(folder), read_done(folder)
    criteria = Criteria(sensitivity, min_score, max_pixels, max_fraction)
    check_sensitivity(criteria, compared_at=manifest.sensitivity)
    learned = None
    if good or bad:
        if criteria.given:
            raise OptionError("--good and --bad find the criterion; give none beside them")
        target = Path(written) if written else folder / "settings.toml"
        learned = _learned(good, bad, done, folder)
        criteria = learned.criteria
        check_outputs([target], [folder / "index.csv", *filter(None, (good, bad))])
        write_whole(target, criteria.to_toml().encode())
    elif written:
        raise OptionError("--settings is where --good and --bad write what they find")
    done = [pair.judged(criteria, folder, language=manifest.language) for pair in done]
    write_index_table(done, folder / "index.csv")
    _rewrite_reports(done, folder, manifest, fail_on)
    counts = Counter(pair.row.verdict for pair in done)
    if as_json:
        figures = {} if learned is None else _figures(learned, target)
        click.echo(json.dumps({"pairs": len(done), **counts, **figures}, indent=2))
    else:
        if learned is not None:
            say(_learned_text(learned, target))
        by_verdict = ", ".join(f"{counts[verdict]} {verdict}" for verdict in OUTCOMES if counts[verdict])
        say(f"{len(done)} pair{'' if len(done) == 1 else 's'}: {by_verdict}. Index: {folder / 'index.csv'}")
    return exit_code(counts, fail_on)


def _learned(good: str | None, bad: str | None, done: Sequence[Done], folder: Path) -> Learned:
    """The criterion that the pairs of both names tell; those that were never compared count as not judged."""
    from spotdiff.batching.judge import learn

    chosen = [_chosen(names, [pair.row.name for pair in done]) for names in (good, bad)]
    if both := set(chosen[0]).intersection(chosen[1]):
        raise OptionError(f"{min(both)} is among the good pairs and among the bad ones")
    compared = {pair.row.name for pair in done if pair.row.compared}
    records = ([_record(folder, name) for name in names if name in compared] for names in chosen)
    never = sum(name not in compared for names in chosen for name in names)
    learned = learn(*records)
    return replace(learned, not_judged=learned.not_judged + never)


def _figures(learned: Learned, target: Path) -> dict[str, object]:
    figures = {"precision": learned.precision, "recall": learned.recall, "not_judged": learned.not_judged}
    return {**learned.criteria.given, **figures, "settings": str(target)}


def _learned_text(learned: Learned, target: Path) -> str:
    ((name, value),) = learned.criteria.given.items()
    left = f"{learned.not_judged} pair{'' if learned.not_judged == 1 else 's'} could not be judged. "
    figures = f"precision {learned.precision:.3f}, recall {learned.recall:.3f}"
    return f"{name} {value:g}: {figures}. {left if learned.not_judged else ''}Wrote {target}"


def _rewrite_reports(done: Sequence[Done], folder: Path, manifest: Manifest, fail_on: frozenset[str]) -> None:
    """The page and the JUnit XML of all pairs, where the batch had written them and they are still there."""
    from spotdiff.batching import Plan
    from spotdiff.batching.results import write_batch_junit, write_batch_page
    from spotdiff.options import Options

    report, junit = (folder / path if path else None for path in (manifest.report, manifest.junit))
    if report is not None and report.is_file():
        write_batch_page(done, Plan(folder.resolve(), Options(), pages=manifest.pages), report.resolve())
    if junit is not None and junit.is_file():
        write_batch_junit(done, junit, fail_on=fail_on)


def _record(folder: Path, name: str) -> Mapping[str, Any]:
    from spotdiff.batching.pairs import OutputPaths

    path = OutputPaths(folder, name).record
    try:
        record: Mapping[str, Any] = json.loads(path.read_bytes())
        return {key: record[key] for key in ("verdict", "regions", "before", "method")}
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path} cannot be read; run the batch again") from None


def _chosen(names: str | None, known: Sequence[str]) -> list[str]:
    """The known names that names or patterns fit, parted by commas, or those of a file with one a line.

    Raises:
        OptionError: one fits none.
        DataError: the file is no text.
    """
    if not names:
        return []
    is_file = "\0" not in names and os.path.exists(names) and not os.path.isdir(names)  # noqa: PTH110, PTH112 (Path's own raise)
    text = read_text(Path(names), pipe=True) if is_file else names.replace(",", "\n")
    chosen: dict[str, None] = {}
    for pattern in filter(None, map(str.strip, text.splitlines())):
        fitting = [name for name in known if name == pattern or fnmatch.fnmatchcase(name, pattern)]
        if not fitting:
            raise OptionError(f"no pair of the batch is called {pattern!r}{hint(pattern, known)}")
        chosen |= dict.fromkeys(fitting)
    return list(chosen)
