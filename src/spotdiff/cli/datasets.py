"""List the layouts of data that can be read, tell of one, or look into a folder."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from typing import Any

import click

from spotdiff.cli._terminal import say
from spotdiff.shown_text import printable

_OURS = "ours"
_TROUBLE = 2  # exit code when a pair is spoilt
_SHOWN = 20  # problems told one by one; --json tells all
_WIDTH = 100


@click.command()
@click.argument("name", required=False)
@click.option("--open", "opened", metavar="[NAME:]PATH", help="count and check the pairs in a folder")
@click.option("--split", default="", metavar="NAME", help="with --open: only this split")
@click.option("--workers", type=click.IntRange(0), default=2, show_default=True, help="with --open: threads")
@click.option("--json", "as_json", is_flag=True, help="answer as JSON")
def command(
    name: str | None,
    opened: str | None,
    split: str,
    workers: int,
    as_json: bool,  # noqa: FBT001 (click passes by name)
) -> int:
    """List the layouts of data that can be read, tell of one, or look into a folder.

    With --open every file of the folder is looked at, and everything that is wrong is told file by file.

    \b
    Examples: spotdiff datasets levir-cd
              spotdiff datasets --open levir-cd:LEVIR --split val
    Exit codes: 0, or 2 if --open finds an error.
    """  # noqa: D301 (click wants the character itself)
    if name is not None and opened is not None:
        raise click.UsageError("give a NAME or --open, not both")
    if opened is not None:
        return _inspect(opened, split, workers, as_json=as_json)
    if name is None:
        lines = _lines()
        click.echo(json.dumps(lines, indent=2) if as_json else printable(_table(lines)))
        return 0
    facts = _facts(name)
    click.echo(json.dumps(facts, indent=2) if as_json else printable(_describe(facts)))
    return 0


def _lines() -> dict[str, str]:
    """One line on every layout by name, ours first."""
    from spotdiff.data.published import published_summaries

    ours = "Folders before, after and mask (or t0 and t1, or A, B and label), or gone and new, or boxes."
    return {_OURS: ours, **published_summaries()}


def _table(lines: dict[str, str]) -> str:
    width = max(map(len, lines))
    return "\n".join(f"{name:<{width}}  {line}" for name, line in lines.items())


def _facts(name: str) -> dict[str, Any]:
    """What is known of a layout, by heading."""
    if name == _OURS:
        from spotdiff.data import open as open_module

        return {"name": name, "folders": textwrap.dedent(open_module.__doc__ or "").strip()}
    from spotdiff.data.published import get_published

    return {"name": name, **asdict(get_published(name).card)}


def _describe(facts: dict[str, Any]) -> str:
    if facts["name"] == _OURS:
        return str(facts["folders"])
    lines = [f"{facts['name']}: {facts['title']}", ""]
    for heading in ("shows", "size", "licence", "citation", "homepage", "splits", "folders", "values", "known_from"):
        lines += _entry(heading.replace("_", " "), facts[heading])
    return "\n".join(lines)


def _entry(heading: str, value: object) -> list[str]:
    """A heading with its value beside it, wrapped; several values one below the other."""
    if isinstance(value, dict):
        items = [f"{key}: {meaning}" for key, meaning in value.items()]
    elif isinstance(value, tuple):
        items = [", ".join(value)] if heading == "splits" else [str(item) for item in value]
    else:
        items = [str(value)]
    indent = " " * 12
    wrapped = [
        line
        for item in items
        for line in textwrap.wrap(item, _WIDTH - 12, subsequent_indent="  ", break_on_hyphens=False)
    ]
    return [(f"{heading:<12}" if number == 0 else indent) + line for number, line in enumerate(wrapped)]


def _inspect(named: str, split: str, workers: int, *, as_json: bool) -> int:
    from spotdiff.cli._progress_bar import watched
    from spotdiff.data import open_named
    from spotdiff.data.validate import inspect_samples, unpaired_files

    dataset = open_named(named, split=split)
    inspecting = inspect_samples(dataset, workers=workers)
    reports = list(watched(inspecting, len(dataset), unit="pairs", quiet=as_json))
    problems = [*unpaired_files(dataset), *(problem for report in reports for problem in report.problems)]
    changed = [report.changed for report in reports]
    counts = {
        "name": dataset.name,
        "pairs": len(dataset),
        "changed": changed.count(True),
        "unchanged": changed.count(False),
        "unknown": changed.count(None),
    }
    if as_json:
        click.echo(json.dumps({**counts, "problems": [asdict(problem) for problem in problems]}, indent=2))
    else:
        unknown = f", {counts['unknown']} unknown" if counts["unknown"] else ""
        pairs = "1 pair" if len(dataset) == 1 else f"{len(dataset)} pairs"
        say(f"{dataset.name}: {pairs}, {counts['changed']} changed, {counts['unchanged']} unchanged{unknown}")
        for problem in problems[:_SHOWN]:
            say(f"  {problem.severity}: {problem}")
        if len(problems) > _SHOWN:
            say(f"  and {len(problems) - _SHOWN} more; --json tells them all")
    return _TROUBLE if any(problem.severity == "error" for problem in problems) else 0
