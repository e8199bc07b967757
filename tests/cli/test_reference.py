"""The reference of the command line says what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

import click
import pytest

from spotdiff.cli import verbs

PROJECT = Path(__file__).parents[2]
TOOL = runpy.run_path(str(PROJECT / "tools" / "cli_reference.py"))
PAGE = (PROJECT / "docs" / "cli.md").read_text(encoding="utf-8")
COMPARISON, *SECTIONS = PAGE.split("\n## ")[1:]


def test_it_is_current():
    assert TOOL["reference"]() == PAGE, "run: python tools/cli_reference.py"


@pytest.mark.parametrize("verb", verbs.list_commands(click.Context(verbs)))
def test_every_option_of_every_verb_is_there(verb):
    (section,) = (text for text in SECTIONS if text.startswith(f"{verb}\n"))
    if TOOL["LINK"] in section:
        section += COMPARISON
    command = verbs.get_command(click.Context(verbs), verb)
    commands = [command, *getattr(command, "commands", {}).values()]
    options = [param for each in commands for param in each.params if isinstance(param, click.Option)]
    assert [option.opts[0] for option in options if f"`{option.opts[0]}" not in section] == []
    assert "Example" in section


def test_choices_and_defaults_stand_beside_their_option():
    assert "| `--align auto\\|off\\|shift" in COMPARISON
    assert "| `--preset NAME` |  |" in COMPARISON
    (line,) = (line for line in COMPARISON.splitlines() if "`--sensitivity" in line)
    assert line.startswith("| `--sensitivity FLOAT` | `0.5` | 0 reports only the obvious")
