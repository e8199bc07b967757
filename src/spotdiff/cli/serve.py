"""Serve comparisons over HTTP, with a page in the browser."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen at; of this machine alone")
@click.option("--port", default=8642, show_default=True, type=int, help="port; 0 takes one that is free")
@click.option("--data", default="spotdiff-data", show_default=True, metavar="DIR", help="folder of all that is kept")
@click.option("--database", metavar="URL", help="a SQLAlchemy URL  [default: a SQLite file in the folder]")
@click.option("--workers", type=int, metavar="N", help="processes that compare  [default: half of the cores]")
@click.option("--upload-mb", type=float, metavar="MB", help="largest picture taken  [default: 100]")
@click.option("--queue", type=int, metavar="N", help="most jobs that wait; more are sent away  [default: 64]")
@click.option("--watch", metavar="FILE.toml", help="also watch cameras by these rules; see docs/watch.md")
def command(
    host: str,
    port: int,
    data: str,
    database: str | None,
    workers: int | None,
    upload_mb: float | None,
    queue: int | None,
    watch: str | None,
) -> None:
    """Serve comparisons over HTTP, with a page in the browser.

    Pictures and answers are kept in the folder; a job that was accepted outlives the server. Stop with Ctrl-C.

    \b
    Example: spotdiff serve --data pictures-of-the-hall
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.server import Settings, serve

    given: dict[str, object] = {"database": database, "workers": workers, "upload_mb": upload_mb, "queue": queue}
    wanted: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if watch is not None:
        wanted["watch"] = Path(watch)
    settings = Settings(host=host, port=port, data=Path(data), **wanted)  # type: ignore[arg-type]
    serve(settings, started=lambda address: click.echo(f"{address}  (stop with Ctrl-C)"))
