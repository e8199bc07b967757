"""The reference of the command line, docs/cli.md, made from the options of the code.

python tools/cli_reference.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from spotdiff.cli import verbs
from spotdiff.cli._options import comparison_options

TARGET = Path(__file__).parents[1] / "docs" / "cli.md"
SHARED = "Options of a comparison"
HEAD = f"""# The command line

Made from the code by `python tools/cli_reference.py`; `spotdiff VERB --help` says the same.
Exit codes of compare, batch and judge: 0 same, 1 changed (also new or missing), 2 trouble, 3 unsure.

## {SHARED}
"""
LINK = f"and all [options of a comparison](#{SHARED.lower().replace(' ', '-')})"


def reference() -> str:
    """The whole page."""
    shared = click.command()(comparison_options(lambda **_: None))
    options = [param for param in shared.params if isinstance(param, click.Option)]
    parts = [HEAD + table(options)]
    with click.Context(verbs, info_name="spotdiff") as context:
        parts += sections(verbs, context, options)
    return "\n".join(parts)


def sections(group: click.Group, context: click.Context, shared: Sequence[click.Option]) -> Iterator[str]:
    """A section a verb; a group of verbs is followed by its own."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        with click.Context(command, info_name=name, parent=context) as own:
            yield section(command, own, shared)
            if isinstance(command, click.Group):
                yield from sections(command, own, shared)


def section(command: click.Command, context: click.Context, shared: Sequence[click.Option]) -> str:
    """What a verb is called, what it says of itself, and its options."""
    words = context.command_path.split()[1:]
    arguments = [p.metavar or str(p.name).upper() for p in command.params if isinstance(p, click.Argument)]
    usage = " ".join(["spotdiff", *words, *arguments])
    options = [param for param in command.params if isinstance(param, click.Option) and not param.hidden]
    own = [option for option in options if identity(option) not in set(map(identity, shared))]
    link = ""
    if len(options) - len(own) == len(shared):
        options, link = own, f"\n{LINK}\n"
    lines = [f"{'#' * (len(words) + 1)} {' '.join(words)}", f"`{usage}`", "", *paragraphs(command.help or "")]
    return "\n".join(lines) + "\n" + (table(options) if options else "") + link


def identity(option: click.Option) -> tuple[object, ...]:
    """Equal for options that are one, of whatever verb."""
    return (*option.opts, option.help, choices(option))


def paragraphs(text: str) -> Iterator[str]:
    """A verb's help; what it breaks into lines by itself, such as its example, as code."""
    for paragraph in text.split("\n\n"):
        lines = [line.strip() for line in paragraph.strip().splitlines()]
        if lines[:1] == ["\b"]:
            yield from ("```text", *lines[1:], "```", "")
        elif lines:
            yield from (" ".join(lines), "")


def table(options: Sequence[click.Option]) -> str:
    """The options, a row each."""
    rows = (f"| {typed(option)} | {default(option)} | {cell(option.help or '')} |" for option in options)
    return "\n".join(["| option | default | |", "|---|---|---|", *rows]) + "\n"


def typed(option: click.Option) -> str:
    """An option as it is typed."""
    names = ", ".join([*option.opts, *option.secondary_opts])
    value = "" if option.is_flag else option.metavar or choices(option) or option.type.name.upper()
    return f"`{cell(f'{names} {value}'.strip())}`" + (" ..." if option.multiple else "")


def choices(option: click.Option) -> str:
    """The words that an option takes, or ""."""
    return "|".join(map(str, option.type.choices)) if isinstance(option.type, click.Choice) else ""


def default(option: click.Option) -> str:
    """What holds where an option is not given, where the help says so too."""
    if option.required:
        return "required"
    if isinstance(option.show_default, str):
        return cell(option.show_default)
    return f"`{cell(str(option.default))}`" if option.show_default else ""


def cell(text: str) -> str:
    """A text as it can stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
