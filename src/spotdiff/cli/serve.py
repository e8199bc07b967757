"""Serve comparisons over HTTP, with a page in the browser."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spotdiff.cli._serve_verbs import add_verbs
from spotdiff.cli._terminal import say
from spotdiff.errors import OptionError

if TYPE_CHECKING:
    from spotdiff.server.workers.webhook import Hook


@click.group(invoke_without_command=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen at; others need an account")
@click.option("--name", "names", multiple=True, metavar="NAME", help="what else it is called, such as hall.example")
@click.option("--port", default=8642, show_default=True, type=int, help="port; 0 takes one that is free")
@click.option("--data", default="spotdiff-data", show_default=True, metavar="DIR", help="folder of all that is kept")
@click.option("--database", metavar="URL", help="a SQLAlchemy URL  [default: a SQLite file in the folder]")
@click.option("--workers", type=int, metavar="N", help="processes that compare  [default: half of the cores]")
@click.option("--upload-mb", type=float, metavar="MB", help="largest picture taken  [default: 100]")
@click.option("--megapixels", type=float, metavar="N", help="largest picture compared, in millions  [default: 200]")
@click.option("--queue", type=int, metavar="N", help="most jobs that wait; more are sent away  [default: 64]")
@click.option("--keep", type=float, metavar="DAYS", help="delete comparisons that are older  [default: none]")
@click.option("--rate", type=int, metavar="N", help="most requests a minute of an account  [default: 3000]")
@click.option("--quota-jobs", type=int, metavar="N", help="most jobs of an account that wait  [default: 32]")
@click.option("--quota-mb", type=float, metavar="MB", help="most that an account keeps  [default: any number]")
@click.option("--spare-mb", type=float, metavar="MB", help="room on the disk that uploads leave  [default: 100]")
@click.option(
    "--watch-folder",
    "folders",
    multiple=True,
    metavar="NAME=DIR",
    help="new pictures in the folder become pictures of the place NAME; may be given for several places",
)
@click.option(
    "--folder-account",
    "folder_accounts",
    multiple=True,
    metavar="NAME=ACCOUNT",
    help="account whose quotas the pictures of the watched folder of NAME count for",
)
@click.option(
    "--log",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="to standard error: what is wrong, or all that happens as JSON, a line a request",
)
@click.option(
    "--webhook",
    "webhooks",
    multiple=True,
    metavar="[NAME=]URL",
    help="post a signed message there when a job is done or has failed; with a name only for places that choose it",
)
@click.option(
    "--webhook-secret-file",
    "secret_files",
    multiple=True,
    metavar="[NAME=]FILE",
    help="holds what signs them, or those of NAME  [default: $SPOTDIFF_WEBHOOK_SECRET]",
)
@click.option("--sets", metavar="DIR", help="labelled sets that methods may be measured on, each a folder below it")
@click.option("--watch", metavar="FILE.toml", help="also watch cameras by these rules; see docs/watch.md")
def command(
    host: str,
    names: tuple[str, ...],
    port: int,
    data: str,
    database: str | None,
    folders: tuple[str, ...],
    folder_accounts: tuple[str, ...],
    webhooks: tuple[str, ...],
    secret_files: tuple[str, ...],
    log: str,
    sets: str | None,
    watch: str | None,
    **limits: float | None,
) -> None:
    """Serve comparisons over HTTP, with a page in the browser.

    Pictures and answers are kept in the folder; a job that was accepted outlives the server. Stop with Ctrl-C.
    Other machines are served once there is an account: a password for a person, a token for a program.

    \b
    Example: spotdiff serve --data pictures-of-the-hall
             spotdiff serve password ann --data pictures-of-the-hall
    """  # noqa: D301 (click wants the character itself)
    context = click.get_current_context()
    context.obj = {"data": data, "database": database or ""}
    if context.invoked_subcommand is not None:
        return
    from spotdiff.server import Settings, serve

    wanted: dict[str, object] = {name: value for name, value in limits.items() if value is not None}
    wanted |= {"names": names, "database": database or "", "log": log, "folders": _folders(folders)}
    wanted["folder_accounts"] = _by_place("--folder-account", "NAME=ACCOUNT", folder_accounts)
    wanted["webhooks"] = _hooks(webhooks, secret_files)
    if sets is not None:
        wanted["sets"] = Path(sets)
    if watch is not None:
        wanted["watch"] = Path(watch)
    settings = Settings(host=host, port=port, data=Path(data), **wanted)  # type: ignore[arg-type]
    serve(settings, started=lambda address: say(f"{address}  (stop with Ctrl-C)"))


add_verbs(command)


def _hooks(texts: tuple[str, ...], secret_files: tuple[str, ...]) -> tuple[Hook, ...]:
    """Webhooks, each with what signs its messages: its own secret, or the one without a name.

    Raises:
        OptionError: a file is no text, or is of no webhook.
        OSError: it cannot be read.
    """
    from spotdiff.server.workers.webhook import Hook

    urls = [_named(text) for text in texts]
    secrets: dict[str, str] = {}
    for text in secret_files:
        name, file = _named(text)
        if name and name not in dict(urls):
            raise OptionError(f"--webhook-secret-file {text}: there is no --webhook {name}=URL")
        secrets[name] = _secret(file)
    common = secrets.get("", os.environ.get("SPOTDIFF_WEBHOOK_SECRET", ""))
    return tuple(Hook(name, url, secrets.get(name, common)) for name, url in urls)


def _named(text: str) -> tuple[str, str]:
    """The name and what it names; without a name nothing and the text, in which an = may stand after a slash."""
    name, equals, rest = text.partition("=")
    return (name, rest) if equals and "/" not in name else ("", text)


def _secret(file: str) -> str:
    """What a file holds.

    Raises:
        OptionError: the file is no text.
        OSError: it cannot be read.
    """
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise OptionError(f"--webhook-secret-file {file}: it is no text in UTF-8") from None


def _folders(texts: tuple[str, ...]) -> dict[str, Path]:
    """Watched folders by place; see `_by_place`."""
    return {name: Path(folder) for name, folder in _by_place("--watch-folder", "NAME=DIR", texts).items()}


def _by_place(option: str, form: str, texts: tuple[str, ...]) -> dict[str, str]:
    """What an option says of places, by their names.

    Raises:
        OptionError: a text has another form, or two are for one place.
    """
    by_place: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise OptionError(f"{option} takes {form}, not {text!r}")
        if name in by_place:
            raise OptionError(f"{option} {name} is given twice; a place has one")
        by_place[name] = value
    return by_place
