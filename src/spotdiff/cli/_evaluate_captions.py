"""`evaluate --captions`: what describers and captioners say, held against what is known."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotdiff.atomic_write import write_whole
from spotdiff.shown_text import printable

if TYPE_CHECKING:
    from spotdiff.data.captioned import CaptionedPair
    from spotdiff.evaluate.captions import Row, System
    from spotdiff.options import Options


def measure_captions(
    data: Sequence[str],
    split: str,
    options: Options,
    captioners: Sequence[str],
    *,
    out: str | None,
    json_to: str | None,
    quiet: bool,
) -> int:
    """Measure, print a table, write table, figures and sentences; 0.

    Raises:
        DataError: there are no captioned pairs, or a file holds no captioner.
    """
    from spotdiff.cli._progress_bar import watched
    from spotdiff.data.captioned import open_captions
    from spotdiff.evaluate.captions import markdown, row

    pairs = [pair for folder in data for pair in open_captions(folder, split=split)]
    rows = []
    for name, system in _systems(pairs, options, captioners).items():
        sentences = watched(map(system, pairs), len(pairs), unit="pairs", quiet=quiet)
        rows.append(row(name, pairs, list(sentences)))
    if out:
        write_whole(Path(out) / "captions.md", markdown(rows).encode())
        write_whole(Path(out) / "captions.json", _json(rows).encode())
        write_whole(Path(out) / "sentences.jsonl", _sentences(pairs, rows).encode())
    if json_to == "-":
        sys.stdout.write(_json(rows))
    elif json_to:
        write_whole(Path(json_to), _json(rows).encode())
    if not quiet and json_to != "-":
        click.echo(printable(markdown(rows)), nl=False)
    return 0


def _systems(pairs: Sequence[CaptionedPair], options: Options, captioners: Sequence[str]) -> Mapping[str, System]:
    from dataclasses import replace

    from spotdiff.describe.captioner import Captioner
    from spotdiff.evaluate.captions import blind, own_regions, true_regions, whole_picture

    systems: dict[str, System] = {"blind": blind(pairs)}
    if all(pair.facts is not None for pair in pairs):
        systems["words, true regions"] = true_regions
    systems[f"{options.describe}, own regions"] = own_regions(options)
    for file in captioners:
        regions = Captioner(file).captioner().regions
        with_captioner = replace(options, describe="captioner", describe_settings={"weights": file})
        systems[file] = own_regions(with_captioner) if regions else whole_picture(file)
    return systems


def _json(rows: Sequence[Row]) -> str:
    return json.dumps([_figures(row) for row in rows], indent=2) + "\n"


def _figures(row: Row) -> dict[str, Any]:
    from spotdiff.metrics.facts import SLOTS

    shares = {slot: row.facts.of(slot) for slot in SLOTS} | {"all": row.facts.all}
    facts = {
        name: {"said": share.stated, "right": share.right, "known": share.known, "f1": _number(share.f1)}
        for name, share in shares.items()
    }
    false, whole = _number(row.facts.false_statements), _number(row.facts.wholly_right)
    wording = {name: round(value, 4) for name, value in row.wording.items()}
    return {"system": row.name, "facts": facts, "false_statements": false, "wholly_right": whole, "wording": wording}


def _number(value: float) -> float | None:
    return round(value, 4) if value == value else None


def _sentences(pairs: Sequence[CaptionedPair], rows: Sequence[Row]) -> str:
    """One line a pair: what is true, and what each system said."""
    lines = []
    for number, pair in enumerate(pairs):
        sentences = {row.name: row.sentences[number] for row in rows}
        lines.append(
            json.dumps({"name": pair.name, "references": pair.sentences, "said": sentences}, ensure_ascii=False)
        )
    return "\n".join(lines) + "\n"
