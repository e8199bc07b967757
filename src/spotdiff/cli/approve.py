"""Make the later pictures of a batch the baseline, or undo that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spotdiff.cli._terminal import say
from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from spotdiff.batching.approval_log import Step

_MOST = 10  # pairs told by name


@click.command()
@click.argument("out", metavar="OUT")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="every pair that is not the same")
@click.option("--only", type=click.Choice(("changed", "unsure", "new", "missing")), help="of those only these")
@click.option("--undo", "undone", is_flag=True, help="undo the latest approval; again for the one before")
@click.option("--json", "as_json", is_flag=True, help="print what was done as JSON")
def command(
    out: str,
    names: tuple[str, ...],
    everything: bool,  # noqa: FBT001 (click passes by name)
    only: str | None,
    undone: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> int:
    """Make the later pictures of pairs of a batch their baseline: whole files, a new one beside the others, one less.

    Only what the batch looked at is approved: pictures that changed since are refused, and a pair in trouble is left.
    OUT is the folder of the answers. Who approved what, when, and the digests are in OUT/approvals.jsonl; what a
    baseline was is kept in OUT/.approved, for --undo.

    \b
    Example: spotdiff approve answers --only new
    Exit codes: 2 if a pair was in trouble, or of the pairs named none had anything to approve; else 0, also where --all
    or --only finds nothing.
    """  # noqa: D301 (click wants the character itself)
    from dataclasses import asdict

    from spotdiff.batching.approve import approve, undo

    if undone and (names or everything or only):
        raise OptionError("--undo takes back the latest approval as a whole; leave names, --all and --only")
    done = undo(Path(out)) if undone else approve(Path(out), names, everything=everything, only=only)
    if as_json:
        click.echo(json.dumps([asdict(step) for step in done.steps], indent=2))
    else:
        for step in done.steps:
            word = "undone  " if undone else "approved" if step.new else "deleted "
            say(f"{word}  {step.name}  {step.new or step.old}")
        for name in done.nothing_to_do:
            say(f"same      {name}  nothing to approve")
        say(_count_line(done.steps, undone=undone))
    for name, others in done.shared:
        say(f"spotdiff: {_shared_line(name, others)}", err=True)
    if done.trouble:
        say(f"spotdiff: {_trouble_line(done.trouble, out)}", err=True)
    elif names and not done.steps:
        say("spotdiff: of the pairs named none has anything to approve", err=True)
    return 2 if done.trouble or (names and not done.steps) else 0


def _count_line(steps: Sequence[Step], *, undone: bool) -> str:
    """How many baselines were approved, and how many deleted since the later pictures have none of them."""
    if not steps:
        return "Nothing to approve."
    if undone:
        return f"{_baselines(len(steps))} as before."
    deleted = sum(not step.new for step in steps)
    counts = [
        f"{_baselines(count)} {word}"
        for count, word in ((len(steps) - deleted, "approved"), (deleted, "deleted"))
        if count
    ]
    return f"{', '.join(counts)}."


def _baselines(count: int) -> str:
    return f"{count} baseline{'' if count == 1 else 's'}"


def _shared_line(name: str, others: Sequence[str]) -> str:
    some = ", ".join(others[:_MOST]) + (f" and {len(others) - _MOST} more" if len(others) > _MOST else "")
    return f"the baseline of {name} is that of {some}, too, and has changed for all of them"


def _trouble_line(trouble: Sequence[tuple[str, str]], out: str) -> str:
    (name, error), *others = trouble
    some = f"{len(trouble)} pairs were" if others else "a pair was"
    rest = f"; the others are in {Path(out, 'index.csv')}" if others else ""
    return f"{some} in trouble and left as before: {name}: {error}{rest}"
