"""List, show and acknowledge what a watch has seen; export it, look at it, compare its stills again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from spotdiff.cli._datetimes import MOMENT
from spotdiff.cli._terminal import say
from spotdiff.shown_text import printable

if TYPE_CHECKING:
    from spotdiff.watching.event import Event
    from spotdiff.watching.events import Store

F = TypeVar("F", bound=Callable[..., Any])
_STORE = "watch/events.db"


@click.group(name="events")
def command() -> None:
    """List, show and acknowledge what a watch has seen.

    \b
    Example: spotdiff events list --state open
             spotdiff events acknowledge hall-17 --by Ann --note "moved it back"
    """  # noqa: D301 (click wants the character itself)


def _stored(function: F) -> F:
    for option in (
        click.option(
            "--evidence", metavar="DIR", help="folder of stills and clips  [default: beside the store's file]"
        ),
        click.option("--store", default=_STORE, show_default=True, metavar="URL", help="where the events are kept"),
    ):
        function = option(function)
    return function


def _chosen(function: F) -> F:
    for option in (
        click.option("--limit", type=click.IntRange(1, 1_000_000_000), metavar="N", help="only the latest so many"),
        click.option("--until", type=MOMENT, metavar="TIME", help="first seen before this; UTC"),
        click.option("--since", type=MOMENT, metavar="TIME", help="first seen at or after this; UTC"),
        click.option("--zone", multiple=True, metavar="NAME"),
        click.option("--kind", multiple=True, metavar="KIND"),
        click.option("--state", multiple=True, type=click.Choice(("open", "acknowledged", "closed"))),
        click.option("--camera", multiple=True, metavar="NAME"),
    ):
        function = option(function)
    return _stored(function)


@command.command("list")
@_chosen
@click.option("--json", "as_json", is_flag=True, help="one line of JSON each")
def listed(store: str, evidence: str | None, *, as_json: bool, **chosen: Any) -> None:  # noqa: ANN401
    """One line for each event, the oldest first."""
    from spotdiff.watching.event_texts import record_of

    with _open(store, evidence) as kept:
        for event in _events(kept, chosen):
            line = json.dumps(record_of(event), ensure_ascii=False) if as_json else _line(event)
            say(line)


@command.command("show")
@click.argument("id")
@_stored
@click.option("--json", "as_json", is_flag=True, help="as JSON")
def shown(id: str, store: str, evidence: str | None, *, as_json: bool) -> None:  # noqa: A002 (click's name for it)
    """Everything that is known of an event, and its files."""
    from spotdiff.watching.event_texts import record_of

    with _open(store, evidence) as kept:
        event = kept.event(id)
        by, note = kept.remarks(id)
        files = {role: {"path": str(f.path), "sha256": f.sha256} for role, f in kept.evidence(id).items()}
        record = record_of(event) | {"acknowledged_by": by, "note": note, "evidence": files}
    if as_json:
        click.echo(json.dumps(record, ensure_ascii=False, indent=2))
        return
    for name, value in record.items():
        if name != "evidence" and value not in (None, ""):
            say(f"{name:<18} {value}")
    for role, file in files.items():
        say(f"{role:<18} {file['path']}")


@command.command("acknowledge")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@_stored
@click.option("--by", default="", metavar="NAME", help="who has seen it")
@click.option("--note", default="", metavar="TEXT")
def acknowledged(ids: tuple[str, ...], store: str, evidence: str | None, by: str, note: str) -> None:
    """Say that a person has seen events; nobody is told of them again."""
    with _open(store, evidence) as kept:
        for name in ids:
            say(_line(kept.acknowledge(name, by=by, note=note)))


command.add_command(acknowledged, "ack")


@command.command("normal")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@_stored
@click.option("--by", default="", metavar="NAME", help="who says so")
@click.option("--note", default="", metavar="TEXT")
def normal(ids: tuple[str, ...], store: str, evidence: str | None, by: str, note: str) -> None:
    """Say that what is there is normal now: events are closed, and a running watch learns the new look."""
    with _open(store, evidence) as kept:
        for name in ids:
            say(_line(kept.change(name, state="closed", outcome="normal", by=by, note=note)))


@command.command("export")
@_chosen
@click.option("--csv", "csv_to", metavar="FILE", help="a table")
@click.option("--coco", "coco_to", metavar="FILE", help="boxes on the stills, as COCO")
@click.option("--page", "page_to", metavar="FILE.html", help="a page with the stills")
def exported(
    store: str,
    evidence: str | None,
    csv_to: str | None,
    coco_to: str | None,
    page_to: str | None,
    **chosen: Any,  # noqa: ANN401
) -> None:
    """Write events as a table, as labels or as a page."""
    from pathlib import Path

    from spotdiff.errors import OptionError
    from spotdiff.output_files import check_outputs
    from spotdiff.report.markup import write_page_file
    from spotdiff.watching.event_page import event_page
    from spotdiff.watching.events import to_coco, to_csv

    if not (csv_to or coco_to or page_to):
        raise OptionError("export needs --csv, --coco or --page, each with a file to write")
    check_outputs(filter(None, (csv_to, coco_to, page_to)), [store])
    with _open(store, evidence) as kept:
        events = _events(kept, chosen)
        if csv_to:
            Path(csv_to).write_text(to_csv(events), encoding="utf-8")
        if coco_to:
            Path(coco_to).write_text(json.dumps(to_coco(kept, events)), encoding="utf-8")
        if page_to:
            write_page_file(event_page(kept, events), page_to)
    say(f"Wrote {len(events)} events to {', '.join(filter(None, (csv_to, coco_to, page_to)))}")


@command.command("rerun")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@_chosen
@click.option("--method", metavar="NAME", help="how to compare; see `spotdiff methods`")
@click.option("--sensitivity", type=click.FloatRange(0, 1), metavar="S")
@click.option("--json", "as_json", is_flag=True, help="one line of JSON each")
def compared_again(
    ids: tuple[str, ...],
    store: str,
    evidence: str | None,
    method: str | None,
    sensitivity: float | None,
    *,
    as_json: bool,
    **chosen: Any,  # noqa: ANN401
) -> None:
    """Compare the stored stills of events once more, as after an update or with another method."""
    from spotdiff.errors import DataError
    from spotdiff.options import Options, OptionValues
    from spotdiff.watching.recheck import recheck

    given: OptionValues = {}
    if method is not None:
        given["method"] = method
    if sensitivity is not None:
        given["sensitivity"] = sensitivity
    options = Options(**given)
    with _open(store, evidence) as kept:
        events = [kept.event(name) for name in ids] if ids else _events(kept, chosen)
        for event in events:
            if event.box is None and ids:
                raise DataError(f"{event.id} is of the whole camera, so there is no place in it to compare")
            if event.box is None:
                continue
            try:
                now = recheck(kept, event, options)
            except DataError as error:  # of many, the others can be compared
                if ids:
                    raise
                say(str(error), err=True)
                continue
            result = {"id": event.id, "kind": event.kind, "kind_now": now.kind, "score_now": round(now.score, 4)}
            result["verdict_now"] = now.answer.verdict
            click.echo(json.dumps(result) if as_json else printable(_compared(result)))


@command.command("verify")
@_stored
def verified(store: str, evidence: str | None) -> int:
    """Hold every file of evidence against its SHA-256; exit code 2 where one does not agree.

    Files that no event has are told, too: nothing removes them.
    """
    from spotdiff.watching.events import unknown_files, verify

    with _open(store, evidence) as kept:
        problems, unknown = verify(kept), unknown_files(kept)
    for problem in problems:
        say(str(problem))
    for path in unknown:
        say(f"{path}: no event has it")
    say(f"{len(problems)} problems" if problems else "All evidence is whole.")
    return 2 if problems else 0


@command.command("retry")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@_stored
@click.option("--sink", "sinks", multiple=True, metavar="NAME", help="only alerts to this sink")
def retried(ids: tuple[str, ...], store: str, evidence: str | None, sinks: tuple[str, ...]) -> None:
    """Have alerts delivered after all that were given up; a running watch, or the next one, sends them."""
    from sqlalchemy.exc import DBAPIError

    from spotdiff.database.failures import reason
    from spotdiff.watching.alerts.queue import AlertQueue
    from spotdiff.watching.events.errors import StoreDown

    with _open(store, evidence) as kept:
        for name in ids:
            kept.event(name)  # tells a mistyped one
        queue = AlertQueue(kept.engine)
        try:
            dead = [
                delivery
                for delivery in queue.dead()
                if (not ids or delivery.message.event in ids) and (not sinks or delivery.sink in sinks)
            ]
            count = queue.revive(delivery.key for delivery in dead)
        except DBAPIError as error:
            raise StoreDown(f"the alerts cannot be read or written: {reason(error)}") from None
    for delivery in dead:
        say(f"{delivery.message.event:<14} {delivery.message.change:<12} {delivery.sink}: {delivery.error}")
    say(f"{count} alert{'s' * (count != 1)} to be sent again." if count else "No alert was given up.")


def _open(store: str, evidence: str | None) -> Store:
    from pathlib import Path

    from spotdiff.watching.events import open_store

    return open_store(store, folder=Path(evidence) if evidence else None, create=False, reserve_mb=0)


def _events(store: Store, chosen: dict[str, Any]) -> list[Event]:
    from spotdiff.clock import utc_unless_zoned

    words = {name: tuple(chosen[name]) or None for name in ("camera", "state", "kind", "zone")}
    since, until = (utc_unless_zoned(chosen[name]) for name in ("since", "until"))
    return store.events(**words, since=since, until=until, limit=chosen["limit"])


def _line(event: Event) -> str:
    return f"{event.first_seen:%Y-%m-%d %H:%M:%S}  {event.state:<12} {event.id:<14} {event.text}"


def _compared(result: dict[str, Any]) -> str:
    now = f"{result['kind_now']} ({result['score_now']:.2f})" if result["kind_now"] else "nothing there"
    return f"{result['id']:<14} was {result['kind']}, now {now}; the pair is {result['verdict_now']}"
