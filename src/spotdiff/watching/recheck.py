"""Stored stills compared once more, as after a new version or with other options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotdiff.errors import DataError
from spotdiff.pipeline import compare
from spotdiff.regions.boxes import overlap

if TYPE_CHECKING:
    from spotdiff.options import Options
    from spotdiff.types import Box, Comparison, Region
    from spotdiff.watching.event import Event
    from spotdiff.watching.events import Store

_KINDS = {"added": "left", "removed": "taken", "moved": "moved"}


@dataclass(frozen=True, slots=True, eq=False)
class Recheck:
    """What a comparison says today of an event's stills.

    Attributes:
        event: As it is kept.
        answer: Today's answer.
        kind: What it calls the region at the event's box; "" where it sees none.
        score: Of that region, 0 without one.
    """

    event: Event
    answer: Comparison
    kind: str
    score: float


def recheck(store: Store, event: Event, options: Options) -> Recheck:
    """Compare the stills of an event once more.

    Raises:
        DataError: the event has no two stills, or one is gone.
        StoreDown: the database does not answer.
    """
    files = store.evidence(event.id)
    for role in ("before", "after"):
        if role not in files or not files[role].path.is_file():
            raise DataError(f"{event.id} has no still {role!r}, so there is nothing to compare")
    answer = compare(files["before"].path, files["after"].path, options=options, name=event.id)
    best = max(answer.regions, key=lambda region: _shared(event.box, region), default=None)
    if best is None or not _shared(event.box, best):
        return Recheck(event, answer, "", 0.0)
    return Recheck(event, answer, _KINDS.get(best.kind, "changed"), best.score)


def _shared(box: Box | None, region: Region) -> int:
    """Pixels that a region shares with a box."""
    where = region.box_after or region.box_before
    return 0 if box is None or where is None else overlap(box, where)
