"""What a server knows of its watch: how the cameras do, what they see, their events and zones."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from spotdiff.errors import DataError
from spotdiff.server.problems import Problem
from spotdiff.server.watch.process import WatchProcess
from spotdiff.server.watch.zones import read_zones, write_zones
from spotdiff.watching.event_texts import record_of
from spotdiff.watching.events import StoreDown, open_store
from spotdiff.watching.live_folder import STATUS, picture_path
from spotdiff.watching.rules import read_rules
from spotdiff.watching.rules.settings import WHAT
from spotdiff.watching.status import CameraStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from spotdiff.watching.event import Event
    from spotdiff.watching.events import EvidenceFile, Store

_OLD = 10.0  # seconds after which the status says nothing of now
_MISSING = "there is no event"


class CameraWatch:
    """The watch of a server; threads may share it.

    Attributes:
        kinds: What a zone may ask for.
    """

    kinds = WHAT

    def __init__(self, rules: Path, data: Path) -> None:
        """Over a file of rules, which is read at once.

        Raises:
            OptionError: it cannot be read, or says what cannot be.
        """
        read_rules(rules)
        self._rules, self._live = rules, data / "live"
        self._process = WatchProcess(rules, self._live)
        self._lock = threading.Lock()
        self._store: Store | None = None

    def start(self) -> None:
        """Start to watch."""
        self._process.start()

    def stop(self) -> None:
        """End the watch."""
        self._process.stop()
        with self._lock:
            self._close()

    def status(self) -> dict[str, Any]:
        """How the watch is doing, and each of its cameras."""
        record: dict[str, Any] = {"written": None, "cameras": [], "store_waiting": 0, "store_trouble": ""}
        with suppress(OSError):  # none was written yet
            record |= json.loads((self._live / STATUS).read_bytes())
        cameras = {camera["name"]: camera for camera in record["cameras"]}
        record["cameras"] = [cameras.get(name) or _silent(name) for name in read_rules(self._rules).cameras]
        written = record["written"]
        age = None if written is None else (datetime.now(UTC) - datetime.fromisoformat(written)).total_seconds()
        record["running"] = not self._process.trouble and age is not None and age < _OLD
        record["trouble"] = self._process.trouble
        return record

    def cameras(self) -> list[str]:
        """The names of the cameras."""
        return list(read_rules(self._rules).cameras)

    def size(self, camera: str) -> list[int] | None:
        """Width and height of a camera's own pictures; None before the first.

        Raises:
            Problem: 404, there is no such camera.
        """
        known = {each["name"]: each["size"] for each in self.status()["cameras"]}
        if camera not in known:
            raise Problem(404, f"there is no camera {camera[:60]}")
        return None if known[camera] is None else list(known[camera])

    def picture(self, camera: str) -> Path:
        """The latest picture of a camera.

        Raises:
            Problem: 404, there is no such camera, or no picture of it yet.
        """
        if camera not in read_rules(self._rules).cameras:
            raise Problem(404, f"there is no camera {camera[:60]}")
        path = picture_path(self._live, camera)
        if not path.is_file():
            raise Problem(404, f"there is no picture of {camera} yet")
        return path

    def zones(self) -> list[dict[str, Any]]:
        """The zones as the file of rules has them."""
        return read_zones(self._rules)

    def set_zones(self, zones: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Make these the zones, and watch by them.

        Raises:
            OptionError: a zone cannot be; everything is as before.
        """
        with self._lock:
            write_zones(self._rules, zones)
        self._process.restart()
        return self.zones()

    def events(self, *, limit: int, **chosen: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (of `Store.events`)
        """The latest events, the last one first.

        Args:
            limit: Most of them.
            chosen: What `Store.events` takes.
        """
        with self._reading() as store:
            return [_record(event, store.evidence(event.id)) for event in store.events(limit=limit, **chosen)[::-1]]

    def event(self, name: str) -> dict[str, Any]:
        """An event with who acknowledged it, and its files.

        Raises:
            Problem: 404, there is no such event.
        """
        with self._reading() as store:
            event = store.event(name)
            by, note = store.remarks(name)
            return _record(event, store.evidence(name)) | {"acknowledged_by": by, "note": note}

    def file(self, name: str, role: str) -> Path:
        """A file that shows an event.

        Args:
            name: Of the event.
            role: before, after, boxes, mask, thumbnail or clip.

        Raises:
            Problem: 404, there is no such event, or no such file of it.
        """
        with self._reading() as store:
            store.event(name)
            file = store.evidence(name).get(role)
        if file is None or not file.path.is_file():
            raise Problem(404, f"{name} has no {role[:20]}")
        return file.path

    def acknowledge(self, name: str, *, who: str, note: str) -> dict[str, Any]:
        """Say that a person has seen an event."""
        with self._reading() as store:
            store.acknowledge(name, by=who, note=note)
        return self.event(name)

    def make_normal(self, name: str, *, who: str, note: str) -> dict[str, Any]:
        """Say that what is there is normal now: the event is closed, and the watch learns the new look."""
        with self._reading() as store:
            store.change(name, state="closed", outcome="normal", by=who, note=note)
        return self.event(name)

    @contextmanager
    def _reading(self) -> Iterator[Store]:
        """The store, for one at a time; its faults as problems."""
        with self._lock:
            try:
                if self._store is None:
                    rules = read_rules(self._rules)
                    folder = Path(rules.evidence) if rules.evidence else None
                    if "://" not in rules.store:
                        Path(rules.store).parent.mkdir(parents=True, exist_ok=True)
                    self._store = open_store(rules.store, folder=folder, reserve_mb=0)
                yield self._store
            except StoreDown as error:
                self._close()
                raise Problem(503, str(error), headers={"Retry-After": "10"}) from None
            except DataError as error:
                raise Problem(404 if str(error).startswith(_MISSING) else 422, str(error)) from None

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def _record(event: Event, files: Mapping[str, EvidenceFile]) -> dict[str, Any]:
    url = f"/api/v1/events/{quote(event.id)}"
    return {**record_of(event), "url": url, "files": {role: f"{url}/{role}" for role in files}}


def _silent(name: str) -> dict[str, Any]:
    """The status of a camera of which nothing is known yet."""
    none_yet = CameraStatus(
        name, connected=False, since_frame=0, fps=0, frames=0, dropped=0, corrupt=0, restarts=0, trouble="", open=()
    )
    return {**asdict(none_yet), "open": [], "since_frame": None, "size": None}
