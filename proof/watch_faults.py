"""Faults around a watch while something is left: is it told once, and the fault in one line?

python proof/watch_faults.py                     # prints a line for each fault; exit code 1 where one is not outlived
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import watch_kills
from sqlalchemy import select

from spotdiff.watching.alerts.clock import SystemClock
from spotdiff.watching.events import open_store, verify
from spotdiff.watching.events.schema import outbox
from spotdiff.watching.run import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotdiff.watching.rules import Rules

BEGINS, ENDS = 10.0, 34.0  # seconds of the film between which the fault lasts; the things come at 12 and 24
_NOBODY = 65534
STEPS = (timedelta(hours=1), timedelta(hours=-1), timedelta(days=40), timedelta(days=-40))
Fault = tuple["Callable[[], None]", "Callable[[], None]"]  # what begins it, what ends it


def clock_step(watch: Watch, step: timedelta) -> Fault:
    """The wall clock is set, and stays so."""

    def begin() -> None:
        SystemClock.wall = lambda self: datetime.now(UTC) + step  # type: ignore[method-assign]
        watch.store._clock = lambda: datetime.now(UTC) + step

    return begin, lambda: None


def vanished(folder: Path) -> Fault:
    """A folder is moved away and comes back."""
    away = folder.with_name(f"{folder.name}-away")
    return lambda: folder.rename(away) and None, lambda: back(folder, away)


def back(folder: Path, away: Path) -> None:
    """Put a folder back; what was made in its place meanwhile is none of it."""
    if folder.exists():
        folder.rename(folder.with_name(f"{folder.name}-meanwhile"))
    away.rename(folder)


def read_only(watch: Watch, folder: Path) -> Fault:
    """Nothing below a folder can be written, and the database is opened anew meanwhile; only for root."""

    def begin() -> None:
        folder.parent.chmod(0o755)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        watch.store.writer.engine.dispose()
        os.seteuid(_NOBODY)

    def end() -> None:
        os.seteuid(0)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

    return begin, end


def outlived(rules: Rules, fault: Callable[[Watch], Fault]) -> tuple[list[str], list[str]]:
    """Replay the film with a fault in it: what is wrong in the end, and which troubles were told."""
    kept, told, now = SystemClock.wall, [], set()
    with Watch(rules, replay=True, start=watch_kills.NOON) as watch, closing(watch.steps()) as steps:
        begin, end = fault(watch)
        left = {BEGINS: begin, ENDS: end}
        for _ in steps:
            seen = watch.monitors[0].latest.seconds
            for moment in [moment for moment in left if seen >= moment]:
                left.pop(moment)()
            watch.housekeeping._next = 0.0
            troubles = set(watch.troubles)
            told += sorted(troubles - now)
            now = troubles
    SystemClock.wall = kept  # type: ignore[method-assign]
    wrong = [*watch.failures]
    with open_store(rules.store, reserve_mb=0) as store:
        events = [event for event in store.events() if event.state != "closed"]
        for name, (box, _) in watch_kills.THINGS.items():
            found = [event.id for event in events if event.box and watch_kills.shared(event.box, box)]
            wrong += [] if len(found) == 1 else [f"{name} thing: {found or 'no event'}"]
        wrong += [str(problem) for problem in verify(store) if "lost" not in str(problem)]
        with store.reading() as connection:
            keys = connection.execute(select(outbox.c.key).where(outbox.c.state == "sent")).scalars().all()
        messages = [key for key in keys if "/opened/" in key]
        wrong += [] if len(messages) == len(set(messages)) == len(events) else [f"messages: {messages}"]
    return wrong, told


def main() -> int:
    """Every fault in its turn."""
    watch_kills.cv2.setNumThreads(1)
    failed = False
    with tempfile.TemporaryDirectory() as name:
        film = Path(name) / "film.mp4"
        watch_kills.make_film(film, {thing: second for thing, (_, second) in watch_kills.THINGS.items()})
        faults: dict[str, Callable[[Path], Callable[[Watch], Fault]]] = {
            f"clock {step.total_seconds() / 3600:+.0f} h": lambda _, step=step: lambda watch: clock_step(watch, step)
            for step in STEPS
        }
        faults["evidence vanished"] = lambda folder: lambda _: vanished(folder / "events-evidence")
        faults["store vanished"] = lambda folder: lambda _: vanished(folder)
        if os.geteuid() == 0:
            faults["read-only folder"] = lambda folder: lambda watch: read_only(watch, folder)
        for number, (what, make) in enumerate(faults.items()):
            folder = Path(name) / str(number)
            folder.mkdir()
            rules = watch_kills.rules_for(folder, film, "classic")
            try:
                wrong, told = outlived(rules, make(folder))
            except Exception as error:
                os.seteuid(os.getuid())
                wrong, told = [f"ended by {type(error).__name__}: {error}"], []
            print(f"{what}: {'; '.join(wrong) or 'outlived'}; told: {told}", flush=True)
            failed = failed or bool(wrong)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
