"""Stored stills compared once more, as after a new version or with other options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotdiff.errors import DataError
from spotdiff.pipeline import compare
from spotdiff.regions.boxes import overlap

if TYPE_CHECKING:
    from spotdiff.options import Options
    from spotdiff.types import Box, Comparison
    from spotdiff.watching.events import Store
    from spotdiff.watching.values import Event

_KINDS = {"added": "left", "removed": "taken", "moved": "moved"}


@dataclass(frozen=True, slots=True, eq=False)
class Again:
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


def again(store: Store, event: Event, options: Options) -> Again:
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
    best = max(answer.regions, key=lambda r: _shared(event.box, r.box_after or r.box_before), default=None)
    if best is None or not _shared(event.box, best.box_after or best.box_before):
        return Again(event, answer, "", 0.0)
    return Again(event, answer, _KINDS.get(best.kind, "changed"), best.score)


def _shared(one: Box | None, other: Box | None) -> int:
    """Pixels that two boxes share."""
    return 0 if one is None or other is None else overlap(one, other)
