"""Watch a place over time: a folder, a film, a camera, a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from spotdiff.cli._datetimes import MOMENT
from spotdiff.cli._options import preset_option
from spotdiff.output_files import check_outputs

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--rules", "rules_file", metavar="FILE.toml", help="cameras, zones, whom to tell; see docs/watch.md")
@click.option("--store", metavar="URL", help="where events are kept: a file, or postgresql://...")
@click.option("--evidence", metavar="DIR", help="folder of stills and clips  [default: beside the store's file]")
@click.option("--replay", is_flag=True, help="as fast as it goes, by the film's own clock")
@click.option("--grows", is_flag=True, help="a folder gets new pictures: wait for them")
@click.option("--start", type=MOMENT, metavar="TIME", help="when a film begins that does not say so; UTC")
@click.option("--fps", type=float, metavar="N", help="frames looked at in a second  [default: 5]")
@click.option("--dwell", metavar="SPAN", help="how long a difference stays before it is told  [default: 10 s]")
@preset_option("; its method, settings, sensitivity and light are taken, the rest is of single pictures")
@click.option("--json", "json_to", metavar="FILE", help="one line of JSON for each event change; - for standard output")
@click.option("--live", metavar="DIR", help="keep each camera's latest picture and the status there, a second old")
@click.option("--check", is_flag=True, help="only say what is wrong with the rules, the sources, the store")
@click.option("--quiet", "-q", is_flag=True, help="say nothing")
def command(
    sources: tuple[str, ...],
    rules_file: str | None,
    store: str | None,
    evidence: str | None,
    replay: bool,  # noqa: FBT001 (click passes by name)
    grows: bool,  # noqa: FBT001
    start: datetime | None,
    fps: float | None,
    dwell: str | None,
    preset: str | None,
    json_to: str | None,
    live: str | None,
    check: bool,  # noqa: FBT001
    quiet: bool,  # noqa: FBT001
) -> int:
    """Watch a place over time and tell what was left, taken, moved or changed, and when the camera is not well.

    SOURCE is a folder of pictures, a film, a webcam's number or the address of a stream. Events and their pictures
    are kept in the store; `spotdiff events` lists and shows them. Stop with Ctrl-C; started again, it goes on.

    \b
    Example: spotdiff watch film.mp4 --replay --store hall/events.db
    """  # noqa: D301 (click wants the character itself)
    from spotdiff.cli._watching import Run, checked, rules_from

    given = {"store": store, "evidence": evidence}
    rules = rules_from(
        sources,
        rules_file,
        {k: v for k, v in given.items() if v is not None},
        fps=fps,
        dwell=dwell,
        grows=grows,
        preset=preset,
    )
    check_outputs([json_to] if json_to else [], [*sources, *filter(None, (rules_file, store))])
    if check:
        return checked(rules)
    return Run(rules, replay=replay, start=start, json_to=json_to, live=live, quiet=quiet).go()
