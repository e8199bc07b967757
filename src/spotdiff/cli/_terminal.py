"""What verbs say: names, labels, addresses and errors of others reach no terminal raw."""

from __future__ import annotations

from collections.abc import Iterable

import click

from spotdiff.shown_text import printable


def say(text: str = "", *, err: bool = False) -> None:
    """Write a text and a line end, with control characters written out and passwords of URLs hidden."""
    click.echo(printable(text), err=err)


def say_table(title: str, heads: str, rows: Iterable[str]) -> None:
    """Write a table; its title and heads stand out on a terminal."""
    styled = click.style(printable(title), bold=True), click.style(printable(heads), dim=True)
    click.echo("\n".join([*styled, *map(printable, rows)]))
