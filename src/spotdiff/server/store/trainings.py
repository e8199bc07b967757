"""Trainings: which place learns, how that stands, and in which order they come."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import insert, select, update

from spotdiff.database.connection import writing
from spotdiff.server.problems import Problem
from spotdiff.server.store.schema import now, trainings

if TYPE_CHECKING:
    from sqlalchemy import Engine, RowMapping

TRAINING = "training"  # among the options of a job: whose weights it is done with
UNENDED = ("queued", "running")


class Trainings:
    """The trainings of a server; threads may share it."""

    def __init__(self, engine: Engine) -> None:
        """Over a database."""
        self._engine = engine

    def add(self, place: str, *, steps: int, pairs: int, who: str) -> str:
        """Queue a training and return its id.

        Raises:
            Problem: 409, the place is learning already.
        """
        name = uuid4().hex
        with writing(self._engine).begin() as connection:
            busy = (trainings.c.place == place) & trainings.c.state.in_(UNENDED)
            if connection.execute(select(trainings.c.id).where(busy)).first():
                raise Problem(409, f"{place} is learning already; wait for the end, or stop it")
            row = {"id": name, "place": place, "state": "queued", "steps": steps, "pairs": pairs, "who": who}
            connection.execute(insert(trainings).values(**row, created=now()))
        return name

    def row(self, name: str) -> RowMapping:
        """The row of a training.

        Raises:
            Problem: 404, there is none.
        """
        with self._engine.begin() as connection:
            row = connection.execute(select(trainings).where(trainings.c.id == name)).mappings().first()
        if row is None:
            raise Problem(404, f"there is no training {name[:40]}")
        return row

    def of_place(self, place: str) -> list[RowMapping]:
        """The trainings of a place, the last one first."""
        query = select(trainings).where(trainings.c.place == place).order_by(trainings.c.number.desc())
        with self._engine.begin() as connection:
            return list(connection.execute(query).mappings().all())

    def take(self) -> RowMapping | None:
        """The training that has waited longest, which is running from now on; None when none waits."""
        with writing(self._engine).begin() as connection:
            query = select(trainings).where(trainings.c.state == "queued").order_by(trainings.c.number).limit(1)
            row = connection.execute(query).mappings().first()
            if row is not None:
                running = update(trainings).where(trainings.c.id == row["id"]).values(state="running")
                connection.execute(running)
            return row

    def queue_again(self) -> None:
        """Queue what a server left running when it ended."""
        with writing(self._engine).begin() as connection:
            connection.execute(update(trainings).where(trainings.c.state == "running").values(state="queued"))

    def settle(self, name: str, state: str, *, problem: str = "") -> None:
        """Write down how a running training has ended; one that was stopped meanwhile stays so."""
        running = (trainings.c.id == name) & (trainings.c.state == "running")
        with writing(self._engine).begin() as connection:
            values = {"state": state, "problem": problem or None, "finished": now()}
            connection.execute(update(trainings).where(running).values(values))

    def stop(self, name: str) -> None:
        """Stop a training; it may be gone on with.

        Raises:
            Problem: 404, there is none; 409, it has ended.
        """
        self._change(name, UNENDED, "stopped")

    def go_on(self, name: str) -> None:
        """Queue a training again that was stopped, or failed.

        Raises:
            Problem: 404, there is none; 409, it is under way, or done.
        """
        self._change(name, ("stopped", "failed"), "queued")

    def _change(self, name: str, states: tuple[str, ...], state: str) -> None:
        row = self.row(name)
        with writing(self._engine).begin() as connection:
            wanted = (trainings.c.id == name) & trainings.c.state.in_(states)
            values = {"state": state, "problem": None}
            if not connection.execute(update(trainings).where(wanted).values(values)).rowcount:
                raise Problem(409, f"the training is {row['state']}")
