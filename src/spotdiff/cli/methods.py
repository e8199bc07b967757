"""List the ways to score a pair, or the parameters of one."""

from __future__ import annotations

import json
from typing import Any

import click

from spotdiff import plugins
from spotdiff.params import params_of


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
        click.echo(json.dumps(known, indent=2) if as_json else _listed(known))
        return
    found = {"name": name, "summary": plugins.summaries("methods").get(name, ""), "parameters": _parameters(name)}
    click.echo(json.dumps(found, indent=2) if as_json else _table(found))


def _listed(known: dict[str, str]) -> str:
    width = max(map(len, known), default=0)
    return "\n".join(f"{name:<{width}}  {line}" for name, line in known.items())


def _parameters(name: str) -> list[dict[str, Any]]:
    return [
        {"name": field.name, "default": field.default, "range": known.range, "unit": known.unit, "help": known.help}
        for field, known in params_of(plugins.load("methods", name)).values()
    ]


def _table(found: dict[str, Any]) -> str:
    heads = ("name", "default", "range", "unit", "help")
    rows = [tuple(_shown(parameter[head]) for head in heads) for parameter in found["parameters"]]
    if not rows:
        return f"{found['name']}: {found['summary']}\n\nIt has no parameters."
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (heads, *rows)]
    return "\n".join([f"{found['name']}: {found['summary']}", "", *(line.rstrip() for line in lines)])


def _shown(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
