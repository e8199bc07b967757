"""A server that watches: how it is doing, events and what people say of them, zones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from spotdiff.client.json_requests import JsonRequests, address, query, several
from spotdiff.client.records import Event, EventShown, WatchStatus, Zone


class Watching(JsonRequests):
    """What a client does where a server watches."""

    def watch(self) -> WatchStatus:
        """How the watch is doing, and each of its cameras."""
        reply: WatchStatus = self._get(address("watch"))
        return reply

    def camera_picture(self, camera: str) -> bytes:
        """What a camera sees, in JPEG."""
        return self._connection.ask("GET", f"{address('watch', 'cameras', camera)}.jpg").body

    def events(
        self,
        *,
        camera: str | Iterable[str] = (),
        state: str | Iterable[str] = (),
        kind: str | Iterable[str] = (),
        zone: str | Iterable[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> list[Event]:
        """The latest events, the last one first.

        Args:
            camera: Name of one camera, or several; all when left out.
            state: open, acknowledged or closed.
            kind: Such as left, taken, moved, changed, intrusion.
            zone: Name.
            since: First seen from then on; UTC where it has no zone of time.
            until: First seen up to then.
            limit: Most of them, up to 1000.
        """
        chosen = {"camera": several(camera), "state": several(state), "kind": several(kind), "zone": several(zone)}
        times = {name: None if at is None else at.isoformat() for name, at in (("since", since), ("until", until))}
        reply: list[Event] = self._get(f"{address('events')}{query(**chosen, **times, limit=limit)}")
        return reply

    def event(self, id: str) -> EventShown:  # noqa: A002 (what the server calls it)
        """An event, its files, and who acknowledged it."""
        reply: EventShown = self._get(address("events", id))
        return reply

    def event_file(
        self,
        id: str,  # noqa: A002
        role: Literal["before", "after", "boxes", "mask", "thumbnail", "clip"],
    ) -> bytes:
        """A file that shows an event: stills in JPEG, the mask in PNG, the clip in MP4."""
        return self._connection.ask("GET", address("events", id, role)).body

    def acknowledge(self, id: str, *, who: str = "", note: str = "") -> EventShown:  # noqa: A002
        """Say that a person has seen an event."""
        seen: EventShown = self._post(address("events", id, "acknowledge"), {"who": who, "note": note})
        return seen

    def make_normal(self, id: str, *, who: str = "", note: str = "") -> EventShown:  # noqa: A002
        """Say that what is there is normal now: the event is closed, and the watch learns the new look."""
        closed: EventShown = self._post(address("events", id, "normal"), {"who": who, "note": note})
        return closed

    def zones(self) -> list[Zone]:
        """The zones of the watch, in the order of its rules."""
        reply: list[Zone] = self._get(address("watch", "zones"))["zones"]
        return reply

    def set_zones(self, zones: Sequence[Zone]) -> list[Zone]:
        """Make these the zones of the watch, all of them; the server keeps the file before as NAME.bak."""
        kept: list[Zone] = self._send_json("PUT", address("watch", "zones"), {"zones": list(zones)})["zones"]
        return kept
