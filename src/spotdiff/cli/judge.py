"""Decide a batch anew from its records, or find the threshold that good and bad pairs tell."""

from __future__ import annotations

import fnmatch
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from spotdiff.cli._options import fail_on_option
from spotdiff.errors import DataError, OptionError


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
    """Decide anew what is stored in OUT, without looking at a pixel; the index's verdicts are written over.

    Without any criterion the verdicts are those of the batch again. With --good and --bad the threshold that parts
    them best is found and written to a settings file, which `spotdiff batch --settings` takes.

    \b
    Example: spotdiff judge answers --good "ok/*" --bad "broken/*"
    Exit codes: as of batch.
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.batching.judge import Criteria, learn, verdict_of
    from spotdiff.batching.manifest import Manifest, read_index
    from spotdiff.batching.results import write_verdicts
    from spotdiff.cli._batch_summary import exit_code
    from spotdiff.report.batch_row import OUTCOMES

    folder = Path(out)
    manifest, rows = Manifest.read(folder), read_index(folder)
    criteria = Criteria(sensitivity, min_score, max_pixels, max_fraction)
    if sensitivity is not None and sensitivity > manifest.sensitivity:
        reason = f"fainter regions than those told at {manifest.sensitivity:g} were not kept"
        raise OptionError(f"{reason}: run spotdiff batch with --sensitivity {sensitivity:g} once, then judge")
    records = {
        row["name"]: _record(folder, row["name"]) for row in rows if row["verdict"] in ("same", "changed", "unsure")
    }
    found: dict[str, object] = {}
    if good or bad:
        if criteria.given:
            raise OptionError("--good and --bad find the criterion; give none beside them")
        learned = learn(_chosen(good, records), _chosen(bad, records))
        criteria = learned.criteria
        target = Path(written) if written else folder / "settings.toml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(criteria.to_toml(), encoding="utf-8")
        found = {**criteria.given, "precision": learned.precision, "recall": learned.recall, "settings": str(target)}
    elif written:
        raise OptionError("--settings is where --good and --bad write what they find")
    verdicts = {name: verdict_of(record, criteria) for name, record in records.items()}
    decided = [verdicts.get(row["name"], row["verdict"]) for row in rows]
    write_verdicts(folder, decided)
    counts = Counter(decided)
    if as_json:
        click.echo(json.dumps({"pairs": len(rows), **counts, **found}, indent=2))
    else:
        if found:
            name, value = next(iter(criteria.given.items()))
            click.echo(
                f"{name} {value:g}: precision {found['precision']:.3f}, recall {found['recall']:.3f}. "
                f"Wrote {found['settings']}"
            )
        by_verdict = ", ".join(f"{counts[verdict]} {verdict}" for verdict in OUTCOMES if counts[verdict])
        click.echo(f"{len(rows)} pair{'' if len(rows) == 1 else 's'}: {by_verdict}. Index: {folder / 'index.csv'}")
    return exit_code(decided, fail_on)


def _record(folder: Path, name: str) -> Mapping[str, Any]:
    from spotdiff.batching.pairs import OutputPaths

    path = OutputPaths(folder, name).record
    try:
        record: Mapping[str, Any] = json.loads(path.read_bytes())
        return {key: record[key] for key in ("verdict", "regions", "before", "method")}
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path} cannot be read; run the batch again") from None


def _chosen(names: str | None, records: Mapping[str, Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The records of names or patterns, parted by commas, or of a file with one a line."""
    if not names:
        return []
    text = Path(names).read_text(encoding="utf-8") if Path(names).is_file() else names.replace(",", "\n")
    chosen: dict[str, Mapping[str, Any]] = {}
    for pattern in filter(None, map(str.strip, text.splitlines())):
        fitting = {name: record for name, record in records.items() if fnmatch.fnmatchcase(name, pattern)}
        if not fitting:
            raise OptionError(f"no pair that was compared is called {pattern!r}")
        chosen |= fitting
    return list(chosen.values())
