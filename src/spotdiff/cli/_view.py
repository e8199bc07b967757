"""What a terminal shows while a watch runs: the cameras, what is open, the latest events."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from spotdiff.watching.event import Event
    from spotdiff.watching.status import WatchStatus

_LATEST = 8


class View:
    """A picture of the watch in the terminal; use it in a `with` block.

    Args:
        console: Where it is drawn; on standard error when None.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._live = Live(console=console or Console(stderr=True), auto_refresh=False, transient=True)
        self._latest: deque[str] = deque(maxlen=_LATEST)

    def __enter__(self) -> View:
        self._live.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.__exit__(None, None, None)

    def add(self, event: Event, change: str) -> None:
        """An event has changed."""
        self._latest.append(f"{event.confirmed:%H:%M:%S}  {change:<12} {event.id}  {event.text}")

    def show(self, status: WatchStatus) -> None:
        """Bring the picture up to date."""
        parts: list[RenderableType] = [_cameras(status), _open(status), Text("\n".join(self._latest))]
        waiting = sum(number for (_, state), number in status.messages.items() if state == "waiting")
        if waiting:
            parts.append(Text(f"{waiting} messages wait to be delivered", style="yellow"))
        if status.store_trouble:
            parts.append(Text(f"{status.store_trouble}; {status.store_waiting} changes wait", style="red"))
        self._live.update(Group(*parts), refresh=True)


def _cameras(status: WatchStatus) -> Table:
    table = Table("Camera", "State", "Frames a second", "Frames", "Dropped", "Open", box=None, pad_edge=False)
    for camera in status.cameras:
        condition = (
            Text("well", style="green") if camera.connected else Text(camera.trouble or "no picture", style="red")
        )
        counts = f"{camera.frames:,}", f"{camera.dropped:,}", str(len(camera.open))
        table.add_row(Text(camera.name), condition, f"{camera.fps:.1f}", *counts)
    return table


def _open(status: WatchStatus) -> Table:
    table = Table("Open", "Since", "What", box=None, pad_edge=False)
    for camera in status.cameras:
        for event in camera.open:
            table.add_row(Text(event.id), f"{event.first_seen:%Y-%m-%d %H:%M}", Text(event.text))
    return table
