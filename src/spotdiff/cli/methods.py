"""List the ways to score a pair, or the parameters of one."""

from __future__ import annotations

import json
from typing import Any

import click

from spotdiff import plugins
from spotdiff.params import params_of
from spotdiff.shown_text import printable


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="answer as JSON")
def command(name: str | None, as_json: bool) -> None:  # noqa: FBT001 (click passes by name)
    """List the ways to score a pair, or the parameters of one.

    \b
    Example: spotdiff methods pixel
    """  # noqa: D301 (click wants the character itself)
    if name is None:
        known = plugins.summaries("methods")
        click.echo(json.dumps(known, indent=2) if as_json else printable(_listed(known)))
        return
    parameters = [
        {"name": field.name, "default": field.default, "range": known.range, "unit": known.unit, "help": known.help}
        for field, known in params_of(plugins.load("methods", name)).values()
    ]
    name = plugins.canonical("methods", name)
    method = {"name": name, "summary": plugins.summaries("methods").get(name, ""), "parameters": parameters}
    click.echo(json.dumps(method, indent=2) if as_json else printable(_table(method)))


def _listed(known: dict[str, str]) -> str:
    width = max(map(len, known), default=0)
    return "\n".join(f"{name:<{width}}  {line}" for name, line in known.items())


def _table(method: dict[str, Any]) -> str:
    heads = ("name", "default", "range", "unit", "help")
    rows = [tuple(_shown(parameter[head]) for head in heads) for parameter in method["parameters"]]
    if not rows:
        return f"{method['name']}: {method['summary']}\n\nIt has no parameters."
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (heads, *rows)]
    return "\n".join([f"{method['name']}: {method['summary']}", "", *(line.rstrip() for line in lines)])


def _shown(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
