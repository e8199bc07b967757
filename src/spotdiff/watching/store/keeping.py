"""Evidence on a disk that may be full: all of it while there is room, then thumbnails only, then only the row."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from spotdiff.errors import SpotdiffError
from spotdiff.watching.store.changes import filed
from spotdiff.watching.store.faults import is_full, reason
from spotdiff.watching.store.pictures import encode
from spotdiff.watching.store.retention import enforce
from spotdiff.watching.store.times import micros

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spotdiff.watching.event import Event, Witness
    from spotdiff.watching.store.retention import Retention
    from spotdiff.watching.store.shelves import EvidenceFile, Staged
    from spotdiff.watching.store.store import Store

CLEARING_S = 10.0  # while the disk stays full, old evidence is looked for no more often than this


class Keeper:
    """Puts evidence in its place, makes room for it, and says in the journal what could not be kept."""

    def __init__(self, store: Store, retention: Retention | None) -> None:
        self._store, self._retention = store, retention
        self._cleared = -CLEARING_S

    def stage(self, event: Event, witness: Witness | None) -> Staged | None:
        """Write as much of the evidence as there is room for; None when nothing could be written."""
        files, failed = encode(event, witness) if witness else ({}, [])
        for line in failed:
            self._lost(event, line)
        return self._staged(event, files) if files else None

    def publish(self, staged: Staged | None, event: Event) -> list[dict[str, Any]]:
        """Put staged files in the place of a new event; their rows, none when they cannot be put there."""
        if staged is None:
            return []
        try:
            rows = self._store.shelves.publish(staged, event)
        except OSError as error:
            self._lost(event, reason(error))
            return []
        return [self._row(row, event) for row in rows]

    def film(self, staged: Staged, event: Event, *, old: EvidenceFile | None) -> bool:
        """Put a staged film in the place of an event and of its old film; True when it is kept.

        Raises:
            DataError: the event is gone.
            StoreDown: neither the database nor the spool can be written.
        """
        store = self._store
        try:
            row = store.shelves.publish_one(staged, event)
        except OSError as error:
            self._lost(event, reason(error))
            return False
        try:
            store.writer.commit(filed(self._row(row, event)))
        except SpotdiffError:
            store.shelves.remove([row["path"]])
            raise
        if old is not None and not store.waiting:  # otherwise the database still names it; `mend` removes it
            store.shelves.remove([str(old.path)])
        return True

    def _staged(self, event: Event, files: Mapping[str, bytes]) -> Staged | None:
        least = {role: data for role, data in files.items() if role == "thumbnail"}
        roomy = not self._store.reserve.lacking or self.make_room()
        staged, why = None, "the disk is full"
        for attempt in range(3):
            choice = files if roomy else least
            try:
                staged = self._store.shelves.stage(choice) if choice else None
                break
            except OSError as error:
                why = reason(error)
                if not is_full(error):
                    break
                roomy = self.make_room() and attempt == 0
        kept = {row["role"] for row in staged.rows} if staged else set()
        if lost := [role for role in files if role not in kept]:
            self._lost(event, f"{', '.join(lost)}: {why}")
        return staged

    def make_room(self) -> bool:
        """Give the reserve up, delete what may be deleted, take the reserve back; True when it is whole again."""
        store = self._store
        if not store.reserve.lacking and store.reserve.release():
            self._tell("disk full", "the reserve is given up")
        retention = self._retention
        if retention is not None and time.monotonic() - self._cleared > CLEARING_S:
            self._cleared = time.monotonic()
            self._quietly(lambda: enforce(store, retention))
        lacking = store.reserve.lacking
        taken = store.reserve.take()
        if lacking and taken:
            self._tell("disk", "there is room again; the reserve is taken back")
        return taken

    def _row(self, row: Mapping[str, Any], event: Event) -> dict[str, Any]:
        return {**row, "event": event.id, "written": micros(self._store.now())}

    def _lost(self, event: Event, said: str) -> None:
        self._tell("evidence lost", f"{event.id}: {said}".removeprefix(": "), event.camera)

    def _tell(self, what: str, said: str, camera: str = "") -> None:
        self._quietly(lambda: self._store.journal(what, said, camera))

    @staticmethod
    def _quietly(work: Callable[[], object]) -> None:
        """Try what is not worth losing an event for; it is told again the next time."""
        try:
            work()
        except SpotdiffError:
            return
