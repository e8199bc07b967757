"""The command line: one file a verb, each with a click `command`; listing the verbs imports none of them."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

import spotdiff
from spotdiff.cli._silence_stderr import libraries_muted
from spotdiff.errors import SpotdiffError, error_line, is_out_of_memory, missing_extra
from spotdiff.params import hint

_NO_MEMORY = "not enough memory; compare smaller pictures, or fewer at a time (--workers)"
TROUBLE, INTERRUPTED, PIPE_CLOSED = 2, 130, 141  # the last two as shells count: 128 and the signal


class Verbs(click.Group):
    """A group whose commands are the files of this folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the verbs, sorted."""
        return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb of that name, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"spotdiff.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb of the first argument, and the others; click knows no near names of verbs that are not imported."""
        known = self.list_commands(ctx)
        if args[0] not in known and (near := hint(args[0], known)):
            ctx.fail(f"No such command {args[0]!r}{near}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs, each with the first line of its file."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, _first_line(name)) for name in self.list_commands(ctx)])


def _first_line(verb: str) -> str:
    import ast

    text = (Path(__file__).parent / f"{verb}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(spotdiff.__version__, prog_name="spotdiff", message="%(prog)s %(version)s")
def verbs() -> None:
    """Tell what was added, removed, replaced or moved between two pictures of a place.

    Example: spotdiff compare before.jpg after.jpg --report answer.html

    Exit codes of compare and batch: 0 same, 1 changed, 2 trouble, 3 unsure.
    """


def run_verb(arguments: list[str]) -> int:
    """Run a verb and return its exit code; what a user can mend is told in one line on standard error."""
    with libraries_muted():
        return _run_verb(arguments)


def _run_verb(arguments: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # file names need not be text
    try:
        with verbs.make_context("spotdiff", list(arguments)) as context:
            code: Any = verbs.invoke(context)
            sys.stdout.flush()
            return code if isinstance(code, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _say("stopped", INTERRUPTED)
    except BrokenPipeError:
        return PIPE_CLOSED
    except (click.ClickException, SpotdiffError, OSError, MemoryError) as error:
        return _say(_mishap(error), TROUBLE)
    except Exception as error:  # our own fault; Python's exit code for it would be 1, which says "changed"
        return _fault(error)


def _fault(error: Exception) -> int:
    """Tell of a package that is not installed, or of a fault of our own and where it happened: in one line.

    With SPOTDIFF_TRACEBACK set, the way to it stands above.
    """
    import traceback

    if is_out_of_memory(error):
        return _say(_NO_MEMORY, TROUBLE)
    if isinstance(error, UnicodeEncodeError):  # of a name or a note: all that we write ourselves can be encoded
        wrong = error.object[error.start : error.end][:20]
        return _say(f"{wrong!a} is no text that can be kept: it holds half of a letter; write it anew", TROUBLE)
    if isinstance(error, ModuleNotFoundError) and (needed := missing_extra(error)) is not None:
        return _say(str(needed), TROUBLE)
    if os.environ.get("SPOTDIFF_TRACEBACK"):
        traceback.print_exc()
    last = traceback.extract_tb(error.__traceback__)[-1]
    message = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {error_line(error)}"
    return _say(f"this is a bug in spotdiff; please report it: {message} (SPOTDIFF_TRACEBACK=1 tells more)", TROUBLE)


def _mishap(error: Exception) -> str:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return "what should it do? see spotdiff --help"
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "spotdiff"
        return f"{error.format_message().rstrip('.')}; see {path} --help"
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    if isinstance(error, OSError):
        return error_line(error) if error.filename else f"standard output: {error_line(error)}"
    return str(error)


def _say(text: str, code: int) -> int:
    from spotdiff.shown_text import in_one_line

    sys.stderr.write(f"spotdiff: {in_one_line(text)}\n")
    return code
