"""Serve comparisons over HTTP, with a page in the browser."""

from __future__ import annotations

from pathlib import Path

import click

from spotdiff.cli._serve_verbs import add_verbs


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
def command(
    host: str,
    names: tuple[str, ...],
    port: int,
    data: str,
    database: str | None,
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

    wanted = {name: value for name, value in limits.items() if value is not None}
    where = {"host": host, "names": names, "port": port, "data": Path(data), "database": database or ""}
    settings = Settings(**where, **wanted)  # type: ignore[arg-type]
    serve(settings, started=lambda address: click.echo(f"{address}  (stop with Ctrl-C)"))


add_verbs(command)
