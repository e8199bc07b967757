"""Review and corrections: what waits for a decision, deciding, and saying what an answer got wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from spotdiff.client.json_requests import JsonRequests, address, query, several
from spotdiff.client.records import Annotations, Decision, DecisionMade, RegionKind, ReviewQueue, Shape


class Reviewing(JsonRequests):
    """What a client does in review."""

    def review(
        self,
        *,
        place: str = "",
        batch: str = "",
        verdict: Literal["", "all", "changed", "unsure", "same"] = "",
        decision: Literal["open", "approved", "rejected", "all"] = "open",
        limit: int = 100,
    ) -> ReviewQueue:
        """What waits for a decision, the oldest first, with counts.

        Args:
            place: Name of a place; "" for any, or none.
            batch: Name of a batch; "" for any, or none.
            verdict: One of them, `all`, or "" for those that ask for a person, changed and unsure.
            decision: Which was made; `open` for those on which nobody has decided.
            limit: Most comparisons, up to 1000.
        """
        asked = query(place=place, batch=batch, verdict=verdict, decision=decision, limit=limit)
        reply: ReviewQueue = self._get(f"{address('review')}{asked}")
        return reply

    def decide(
        self,
        decision: Decision,
        comparisons: str | Iterable[str] = (),
        *,
        place: str = "",
        batch: str = "",
        verdict: Literal["", "all", "changed", "unsure", "same"] = "",
        who: str = "",
    ) -> list[str]:
        """Decide on comparisons, all of them or none; an approved picture of a place becomes its baseline.

        Args:
            decision: approved, rejected, or undone, which takes the last decision back.
            comparisons: Their ids; left out where all open ones of a place or batch are meant.
            place: Name of the place.
            batch: Name of the batch.
            verdict: As for `review`.
            who: Decides.

        Returns:
            Their ids, the oldest first.
        """
        asked = {"decision": decision, "comparisons": several(comparisons), "who": who}
        answer = self._post(address("review"), {**asked, "place": place, "batch": batch, "verdict": verdict})
        decided: list[str] = answer["decided"]
        return decided

    def decisions(self, *, limit: int = 100) -> list[DecisionMade]:
        """Who decided what, the last decision first."""
        reply: list[DecisionMade] = self._get(f"{address('review', 'decisions')}{query(limit=limit)}")
        return reply

    def annotations(self, id: str) -> Annotations:  # noqa: A002 (what the server calls it)
        """What a person says of a comparison."""
        reply: Annotations = self._get(address("comparisons", id, "annotations"))
        return reply

    def annotate(
        self,
        id: str,  # noqa: A002
        *,
        regions: Mapping[int, RegionKind] | None = None,
        shapes: Sequence[Shape] = (),
        revision: int = 0,
        who: str = "",
    ) -> Annotations:
        """Say what a comparison got wrong; this takes the place of all that was said of it before.

        Args:
            id: Of the comparison.
            regions: By their numbers in the record, from 1 on: another kind, or `none` where nothing changed.
            shapes: What was missed.
            revision: Of what it takes the place of, as `annotations` gives it; refused where somebody was faster.
            who: Says it.
        """
        corrected = {str(number): kind for number, kind in (regions or {}).items()}
        document = {"regions": corrected, "shapes": list(shapes), "revision": revision, "who": who}
        put: Annotations = self._send_json("PUT", address("comparisons", id, "annotations"), document)
        return put

    def labelled_pairs(
        self,
        *,
        format: Literal["pairs", "labelme", "coco", "cvat", "via"] = "pairs",  # noqa: A002
        joined: bool = False,
        place: str = "",
        batch: str = "",
    ) -> bytes:
        """All comparisons that were annotated, as a zip archive.

        Args:
            format: `pairs`, a folder that `train` and `evaluate` take, or that of another tool.
            joined: Whether both pictures are one; not for `pairs`.
            place: Name of the place; "" for any.
            batch: Name of the batch; "" for any.
        """
        asked = query(format=format, joined=str(joined).lower(), place=place, batch=batch)
        return self._connection.ask("GET", f"/api/v1/annotations.zip{asked}").body
