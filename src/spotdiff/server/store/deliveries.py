"""Messages for webhooks, written in the transaction that they tell of, and kept until they are taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import delete, func, insert, select, update

from spotdiff.database.connection import writing
from spotdiff.server.store.jobs import shown_job
from spotdiff.server.store.schema import deliveries, now, places, shown_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Engine, RowMapping

    from spotdiff.server.store.jobs import Answer


class Deliveries:
    """The messages of a server; threads may share it."""

    def __init__(self, engine: Engine, hooks: Sequence[str] = ()) -> None:
        """Over a database.

        Args:
            engine: Of the database.
            hooks: Names of the addresses that may be told; "" is told of everything, others of places that chose them.
        """
        self._engine, self._hooks = engine, hooks

    def tell(self, connection: Connection, job: RowMapping, answer: Answer | None) -> None:
        """Put what there is to say of a job that is done or has failed, within the transaction that ends it."""
        shown = shown_job(job)
        compared = None
        if answer is not None:
            answered = {"verdict": answer.verdict, "score": answer.score, "regions": answer.regions}
            compared = {"id": job["id"], **answered, "url": shown["comparison"]}
        about = {"job": shown, "place": job["place"], "comparison": compared}
        kinds = [f"job.{job['state']}"]
        if answer is not None and answer.verdict == "changed" and job["place"] is not None:
            kinds.append("place.changed")
        for hook in self._webhooks_of(connection, job["place"]):
            for kind in kinds:
                _put(connection, hook, kind, about)

    def _webhooks_of(self, connection: Connection, place: str | None) -> list[str]:
        """The addresses that are told of a place's jobs, or of those of no place."""
        query = select(places.c.webhooks).where(places.c.name == place)
        chosen = [] if place is None else connection.execute(query).scalar_one()
        return [hook for hook in self._hooks if not hook or hook in chosen]

    def head(self, hook: str) -> RowMapping | None:
        """The message for an address that has waited longest, due or not; None when none waits."""
        mine = (deliveries.c.state == "waiting") & (deliveries.c.hook == hook)
        query = select(deliveries).where(mine).order_by(deliveries.c.number).limit(1)
        with self._engine.begin() as connection:
            return connection.execute(query).mappings().first()

    def forget(self, number: int) -> None:
        """Let go of a message that was taken."""
        with writing(self._engine).begin() as connection:
            connection.execute(delete(deliveries).where(deliveries.c.number == number))

    def put_off(self, number: int, *, seconds: float, reason: str) -> None:
        """Write down that a message was not taken, and is to be tried again after some seconds."""
        due = now() + round(seconds * 1_000_000)
        self._change(number, due=due, tries=deliveries.c.tries + 1, error=reason)

    def give_up(self, number: int, *, reason: str) -> None:
        """Write down that a message is not tried any more."""
        self._change(number, state="dead", tries=deliveries.c.tries + 1, error=reason)

    def give_up_all_but(self, hooks: Sequence[str]) -> None:
        """Write down that messages for addresses other than these are not tried any more."""
        others = (deliveries.c.state == "waiting") & deliveries.c.hook.not_in(hooks)
        values = {"state": "dead", "error": "the server was started without this webhook"}
        with writing(self._engine).begin() as connection:
            connection.execute(update(deliveries).where(others).values(values))

    def counts(self) -> dict[str, int]:
        """How many messages wait, and how many were given up."""
        grouped = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
        with self._engine.begin() as connection:
            counts = {state: count for state, count in connection.execute(grouped)}
        return {state: counts.get(state, 0) for state in ("waiting", "dead")}

    def _change(self, number: int, **values: object) -> None:
        with writing(self._engine).begin() as connection:
            connection.execute(update(deliveries).where(deliveries.c.number == number).values(**values))


def _put(connection: Connection, hook: str, kind: str, about: object) -> None:
    at = now()
    body = json.dumps({"type": kind, "timestamp": shown_time(at), "data": about})
    row = {"id": uuid4().hex, "hook": hook, "body": body, "state": "waiting", "tries": 0, "error": ""}
    connection.execute(insert(deliveries).values(**row, created=at, due=at))
