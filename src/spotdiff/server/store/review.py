"""Review: comparisons that wait for a person's decision, and who decided what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, insert, select, true, update

from spotdiff.database.connection import writing
from spotdiff.server.problems import Problem
from spotdiff.server.store.comparisons import shown_comparison
from spotdiff.server.store.schema import approvals, comparisons, decisions, now, place_pictures, places, shown_time

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping

TO_LOOK_AT = ("changed", "unsure")  # verdicts that ask for a person
VERDICTS = (*TO_LOOK_AT, "same")
APPROVED, REJECTED, UNDONE = "approved", "rejected", "undone"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which comparisons are meant.

    Attributes:
        place: Name of their place; "" for any, or none.
        batch: Name of their batch; "" for any, or none.
        verdict: One of `VERDICTS`, `all`, or "" for those that ask for a person.
        decision: `open`, `approved`, `rejected` or `all`.
    """

    place: str = ""
    batch: str = ""
    verdict: str = ""
    decision: str = "open"

    def within(self) -> Any:  # noqa: ANN401 (SQLAlchemy's expressions)
        """Those of the place and the batch."""
        named = {comparisons.c.place: self.place, comparisons.c.batch: self.batch}
        return and_(true(), *(column == name for column, name in named.items() if name))

    def wanted(self) -> Any:  # noqa: ANN401
        """Those that all of it fits."""
        parts = [self.within()]
        if self.verdict != "all":
            parts.append(comparisons.c.verdict.in_([self.verdict] if self.verdict else TO_LOOK_AT))
        if self.decision == "open":
            parts.append(comparisons.c.decision.is_(None))
        elif self.decision != "all":
            parts.append(comparisons.c.decision == self.decision)
        return and_(*parts)


class Review:
    """The queue of a server; threads may share it."""

    def __init__(self, engine: Engine) -> None:
        """Over a database."""
        self._engine = engine

    def queue(self, asked: Filter, *, limit: int) -> dict[str, Any]:
        """What waits, the oldest first, how many there are of each kind, and which batches and places have any."""
        with self._engine.begin() as connection:
            query = select(comparisons).where(asked.wanted()).order_by(comparisons.c.number).limit(limit)
            rows = connection.execute(query).mappings().all()
            counts = _counts(connection, asked)
            names = {column.name: _names(connection, column) for column in (comparisons.c.batch, comparisons.c.place)}
        shown = [shown_comparison(row) for row in rows]
        return {"counts": counts, "batches": names["batch"], "places": names["place"], "comparisons": shown}

    def decide(self, decision: str, *, names: Sequence[str], who: str) -> list[str]:
        """Decide on comparisons, all of them or none; an approved picture of a place becomes its baseline.

        Args:
            decision: approved, rejected, or undone, which takes the last decision back.
            names: Ids of the comparisons.
            who: Decides.

        Returns:
            Their ids, in the order in which they were made.

        Raises:
            Problem: 404, there is no such comparison; 409, it is decided already, or there is nothing to undo.
        """
        with writing(self._engine).begin() as connection:
            return self._decide(connection, decision, comparisons.c.id.in_(names), who=who, expected=set(names))

    def decide_all(self, decision: str, asked: Filter, *, who: str) -> list[str]:
        """Decide on every comparison that a filter fits and on which nobody has decided; see `decide`."""
        with writing(self._engine).begin() as connection:
            return self._decide(connection, decision, asked.wanted() & comparisons.c.decision.is_(None), who=who)

    def trail(self, *, limit: int) -> list[dict[str, Any]]:
        """Who decided what, the last decision first."""
        columns = [comparisons.c[name] for name in ("place", "batch", "before_name", "after_name", "verdict")]
        joined = decisions.join(comparisons, comparisons.c.id == decisions.c.comparison)
        query = select(decisions, *columns).select_from(joined).order_by(decisions.c.number.desc()).limit(limit)
        with self._engine.begin() as connection:
            rows = connection.execute(query).mappings().all()
        names = ("comparison", "decision", "who", *(column.name for column in columns))
        return [{name: row[name] for name in names} | {"at": shown_time(row["at"])} for row in rows]

    @staticmethod
    def _decide(
        connection: Connection,
        decision: str,
        wanted: Any,  # noqa: ANN401 (SQLAlchemy's expressions)
        *,
        who: str,
        expected: set[str] | None = None,
    ) -> list[str]:
        query = select(comparisons).where(wanted).order_by(comparisons.c.number).with_for_update()
        rows = connection.execute(query).mappings().all()
        if missing := (expected or set()) - {row["id"] for row in rows}:
            raise Problem(404, f"there is no comparison {min(missing)[:40]}")
        for row in reversed(rows) if decision == UNDONE else rows:
            (_undo if decision == UNDONE else _settle)(connection, row, decision, who)
        return [row["id"] for row in rows]


def make_baseline(connection: Connection, place: str, picture: int | None, *, who: str) -> int | None:
    """Make a picture of a place its baseline, and return the number of the one before."""
    here = places.c.name == place
    previous: int | None = connection.execute(select(places.c.baseline).where(here)).scalar_one()
    connection.execute(update(places).where(here).values(baseline=picture))
    connection.execute(insert(approvals).values(place=place, picture=picture, who=who, at=now()))
    return previous


def record_decision(
    connection: Connection, comparison: str, decision: str, *, who: str, previous: int | None = None
) -> None:
    """Write down what was decided on a comparison; see the table `decisions`."""
    row = {"comparison": comparison, "decision": decision, "who": who, "at": now(), "previous": previous}
    connection.execute(insert(decisions).values(row))
    state = None if decision == UNDONE else decision
    connection.execute(update(comparisons).where(comparisons.c.id == comparison).values(decision=state))


def _settle(connection: Connection, row: RowMapping, decision: str, who: str) -> None:
    if row["decision"] is not None:
        raise Problem(409, f"{row['id']} is {row['decision']} already; undo that first")
    previous = None
    if decision == APPROVED and row["place"] is not None:
        previous = make_baseline(connection, row["place"], _picture_of(connection, row["id"]), who=who)
    record_decision(connection, row["id"], decision, who=who, previous=previous)


def _undo(connection: Connection, row: RowMapping, decision: str, who: str) -> None:
    if row["decision"] is None:
        raise Problem(409, f"nobody has decided on {row['id']}")
    if row["place"] is not None and row["decision"] == APPROVED:
        last = select(decisions.c.previous).where(decisions.c.comparison == row["id"])
        previous = connection.execute(last.order_by(decisions.c.number.desc()).limit(1)).scalar()
        baseline = connection.execute(select(places.c.baseline).where(places.c.name == row["place"])).scalar()
        if previous is not None and baseline == _picture_of(connection, row["id"]):  # else a later one took its place
            make_baseline(connection, row["place"], previous, who=who)
    record_decision(connection, row["id"], decision, who=who)


def _picture_of(connection: Connection, comparison: str) -> int:
    query = select(place_pictures.c.number).where(place_pictures.c.comparison == comparison)
    return int(connection.execute(query).scalar_one())


def _counts(connection: Connection, asked: Filter) -> dict[str, int]:
    """How many are open of each verdict, approved and rejected, within the place and the batch."""
    query = select(comparisons.c.verdict, comparisons.c.decision, func.count()).where(asked.within())
    counts = dict.fromkeys(("open", *VERDICTS, APPROVED, REJECTED), 0)
    for verdict, decision, count in connection.execute(query.group_by(comparisons.c.verdict, comparisons.c.decision)):
        counts[decision or verdict] += count
    counts["open"] = sum(counts[verdict] for verdict in TO_LOOK_AT)
    return counts


def _names(connection: Connection, column: Any) -> list[str]:  # noqa: ANN401 (SQLAlchemy's expressions)
    """Of the latest batches, or the places, that have comparisons."""
    newest = func.max(comparisons.c.number)
    query = select(column).where(column.is_not(None) & (column != "")).group_by(column).order_by(newest.desc())
    return [str(name) for name in connection.execute(query.limit(200)).scalars()]
