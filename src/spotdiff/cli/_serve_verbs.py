"""What is done to the folder of a server besides serving it: accounts, backups."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from spotdiff.cli._terminal import say

if TYPE_CHECKING:
    from spotdiff.server.settings import Settings
    from spotdiff.server.store.accounts import Accounts

F = TypeVar("F", bound=Callable[..., Any])
_SCOPE = click.Choice(("read", "write", "admin"))


def add_verbs(group: click.Group) -> None:
    """Give `spotdiff serve` its verbs."""
    for verb in (_password, _token, _accounts, _revoke, _backup, _restore):
        group.add_command(verb)


def _placed(function: F) -> F:
    for option in (
        click.option("--database", metavar="URL", help="the server's  [default: a SQLite file in the folder]"),
        click.option("--data", metavar="DIR", help="the server's folder  [default: spotdiff-data]"),
    ):
        function = option(function)
    return function


@click.command("password")
@click.argument("name")
@_placed
@click.option("--scope", type=_SCOPE, help="what the person may do  [default: as before; write for a new one]")
def _password(name: str, data: str | None, database: str | None, scope: str | None) -> None:
    """Give a person a password, or another one; it is asked for, or read as a line of standard input.

    \b
    Example: spotdiff serve password ann --scope admin
    """  # noqa: D301 (click wants the character itself)
    with _opened(data, database, new=True) as accounts:
        accounts.set_password(name, _asked(), scope=scope)
    say(f"{name} has a password", err=True)


@click.command("token")
@click.argument("name")
@_placed
@click.option("--scope", type=_SCOPE, default="write", show_default=True, help="what the program may do")
@click.option("--days", type=click.IntRange(1, 36500), metavar="N", help="days after which it ends  [default: never]")
def _token(name: str, data: str | None, database: str | None, scope: str, days: int | None) -> None:
    """Make a token for a program and print it, which is done once.

    \b
    Example: TOKEN=$(spotdiff serve token nightly --scope write)
    """  # noqa: D301 (click wants the character itself)
    with _opened(data, database, new=True) as accounts:
        token = accounts.add_token(name, scope=scope, days=days)
    say("this is shown once; send it as Authorization: Bearer TOKEN", err=True)
    say(token)


@click.command("accounts")
@_placed
@click.option("--json", "as_json", is_flag=True, help="as JSON")
def _accounts(data: str | None, database: str | None, *, as_json: bool) -> None:
    """List who may use the server."""
    with _opened(data, database) as accounts:
        listed = accounts.listed()
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False))
        return
    for account in listed:
        ends = f"  ends {account['expires'][:16]}" if account["expires"] else ""
        say(f"{account['name']:<20} {account['kind']:<9} {account['scope']:<6} made {account['created'][:16]}{ends}")


@click.command("revoke")
@click.argument("name")
@_placed
def _revoke(name: str, data: str | None, database: str | None) -> None:
    """Take a password or a token away, and end its sessions, at once."""
    from spotdiff.errors import DataError

    with _opened(data, database) as accounts:
        if not accounts.revoke(name):
            raise DataError(f"there is no account {name}; see spotdiff serve accounts")
    say(f"{name} may not use the server any more", err=True)


@click.command("backup")
@click.argument("file", metavar="FILE.tar")
@_placed
def _backup(file: str, data: str | None, database: str | None) -> None:
    """Write all that a server keeps into one file, while it runs or not.

    \b
    Example: spotdiff serve backup monday.tar
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.server.backup import back_up

    written = back_up(_settings(data, database), Path(file))
    say(f"{file}: {written.files} files, {written.bytes / 1e6:.1f} MB", err=True)


@click.command("restore")
@click.argument("file", metavar="FILE.tar")
@_placed
def _restore(file: str, data: str | None, database: str | None) -> None:
    """Put a backup into a folder that is new or empty.

    \b
    Example: spotdiff serve restore monday.tar --data restored
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.server.backup import restore

    settings = _settings(data, database)
    written = restore(Path(file), settings)
    say(f"{settings.data}: {written.files} files, {written.bytes / 1e6:.1f} MB", err=True)
    if written.missing:
        say(f"{written.missing} pictures or answers were missing or damaged already", err=True)


def _settings(data: str | None, database: str | None) -> Settings:
    """The server that is meant; what stands before the verb counts where nothing stands after it."""
    from spotdiff.server import Settings

    before = click.get_current_context().obj
    return Settings(data=Path(data or before["data"]), database=database or before["database"])


@contextmanager
def _opened(data: str | None, database: str | None, *, new: bool = False) -> Iterator[Accounts]:
    """The accounts of a server; of one that was never started only where a `new` one may be made."""
    from sqlalchemy.exc import DBAPIError

    from spotdiff.database.failures import reason
    from spotdiff.errors import DataError
    from spotdiff.server.store.accounts import Accounts
    from spotdiff.server.store.open import open_database

    settings = _settings(data, database)
    if new:
        settings.data.mkdir(parents=True, exist_ok=True)
    elif not settings.data.is_dir():
        raise DataError(f"{settings.data}: there is no such folder; say where the server's is with --data")
    engine = open_database(settings.database_url)
    try:
        yield Accounts(engine)
    except DBAPIError as error:
        raise DataError(f"{settings.data}: {reason(error)}") from None
    finally:
        engine.dispose()


def _asked() -> str:
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return password
    return sys.stdin.readline().rstrip("\r\n")
