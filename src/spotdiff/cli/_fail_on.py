"""Which verdicts a verb over many pairs fails on."""

from __future__ import annotations

import click

KINDS = ("changed", "unsure", "new", "missing")


def _read(_: click.Context, __: click.Parameter, value: str) -> frozenset[str]:
    kinds = frozenset(part.strip() for part in value.split(",") if part.strip())
    if kinds == {"never"}:
        return frozenset()
    if unknown := sorted(kinds - {*KINDS}):
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(KINDS)} and never")
    return kinds


fail_on_option = click.option(
    "--fail-on",
    default=",".join(KINDS),
    show_default=True,
    callback=_read,
    metavar="KIND,...|never",
    help="verdicts that make the exit code other than 0; trouble always does",
)
