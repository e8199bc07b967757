"""Runs, which take long: trainings and measurements of a place, how each stands, and in which order they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from sqlalchemy import insert, select, update

from spotdiff.database.connection import writing
from spotdiff.server.problems import Problem
from spotdiff.server.store.schema import now, runs

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine, RowMapping

Kind = Literal["training", "measurement"]


@dataclass(frozen=True, slots=True)
class On:
    """The labelled pairs that a run is on: corrections of a place, or a labelled set.

    Attributes:
        place: Name of the place; "" for a set.
        labelled_set: Name of the set; "" for a place.
    """

    place: str = ""
    labelled_set: str = ""

    def __str__(self) -> str:
        return self.place or self.labelled_set


TRAINING = "training"  # among the options of a job: whose weights it is done with
UNENDED = ("queued", "running")
STATES = (*UNENDED, "stopped", "done", "failed")


class Runs:
    """The runs of a server; threads may share it."""

    def __init__(self, engine: Engine) -> None:
        """Over a database."""
        self._engine = engine

    def add(self, kind: Kind, on: On, settings: Mapping[str, Any], *, pairs: int, who: str) -> str:
        """Queue a run and return its id.

        Args:
            kind: What it is.
            on: What it is on.
            settings: What was asked, in JSON's own types.
            pairs: How many pairs there were.
            who: Asked for it.

        Raises:
            Problem: 409, one of this kind is under way on the same.
        """
        name = uuid4().hex
        with writing(self._engine).begin() as connection:
            busy = _is_on(on) & (runs.c.kind == kind) & runs.c.state.in_(UNENDED)
            if connection.execute(select(runs.c.id).where(busy)).first():
                raise Problem(409, f"a {kind} of {on} is under way already; wait for the end, or stop it")
            what = {"place": on.place or None, "labelled_set": on.labelled_set or None}
            row = {"id": name, "kind": kind, "state": "queued", "settings": dict(settings)}
            connection.execute(insert(runs).values(**row, **what, pairs=pairs, who=who, created=now()))
        return name

    def row(self, name: str, kind: Kind) -> RowMapping:
        """The row of a run.

        Raises:
            Problem: 404, there is none of this kind.
        """
        wanted = (runs.c.id == name) & (runs.c.kind == kind)
        with self._engine.begin() as connection:
            row = connection.execute(select(runs).where(wanted)).mappings().first()
        if row is None:
            raise Problem(404, f"there is no {kind} {name[:40]}")
        return row

    def listed(self, kind: Kind, on: On) -> list[RowMapping]:
        """The runs on something, the last one first."""
        query = select(runs).where(_is_on(on), runs.c.kind == kind).order_by(runs.c.number.desc())
        with self._engine.begin() as connection:
            return list(connection.execute(query).mappings().all())

    def learned(self) -> list[RowMapping]:
        """The trainings of all places that are done, the last one first."""
        done = (runs.c.kind == "training") & (runs.c.state == "done")
        with self._engine.begin() as connection:
            return list(connection.execute(select(runs).where(done).order_by(runs.c.number.desc())).mappings().all())

    def take(self) -> RowMapping | None:
        """The run that has waited longest, which is running from now on; None when none waits."""
        with writing(self._engine).begin() as connection:
            query = select(runs).where(runs.c.state == "queued").order_by(runs.c.number).limit(1)
            row = connection.execute(query).mappings().first()
            if row is not None:
                connection.execute(update(runs).where(runs.c.id == row["id"]).values(state="running"))
            return row

    def queue_again(self) -> None:
        """Queue what a server left running when it ended."""
        with writing(self._engine).begin() as connection:
            connection.execute(update(runs).where(runs.c.state == "running").values(state="queued"))

    def settle(self, name: str, state: str, *, problem: str = "") -> None:
        """Write down how a run has ended; one that was stopped meanwhile stays so."""
        running = (runs.c.id == name) & (runs.c.state == "running")
        with writing(self._engine).begin() as connection:
            values = {"state": state, "problem": problem or None, "finished": now()}
            connection.execute(update(runs).where(running).values(values))

    def stop(self, name: str, kind: Kind) -> None:
        """Stop a run; it may be gone on with.

        Raises:
            Problem: 404, there is none; 409, it has ended.
        """
        self._change(name, kind, UNENDED, "stopped")

    def go_on(self, name: str, kind: Kind) -> None:
        """Queue a run again that was stopped, or failed.

        Raises:
            Problem: 404, there is none; 409, it is under way, or done.
        """
        self._change(name, kind, ("stopped", "failed"), "queued")

    def _change(self, name: str, kind: Kind, states: tuple[str, ...], state: str) -> None:
        row = self.row(name, kind)
        with writing(self._engine).begin() as connection:
            wanted = (runs.c.id == name) & runs.c.state.in_(states)
            values = {"state": state, "problem": None}
            if not connection.execute(update(runs).where(wanted).values(values)).rowcount:
                raise Problem(409, f"the {kind} is {row['state']}")


def _is_on(on: On) -> ColumnElement[bool]:
    return runs.c.place == on.place if on.place else runs.c.labelled_set == on.labelled_set
