"""The queue: what is to be compared, in the order it came, in the database, so that no accepted job is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import func, insert, null, select, update

from spotdiff.database.connection import writing
from spotdiff.server.problems import Problem, problem_content
from spotdiff.server.store.account_tables import job_owners
from spotdiff.server.store.runs import TRAINING
from spotdiff.server.store.schema import comparisons, jobs, now, place_pictures, places, shown_time

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping

MOST_TRIES = 3
ENDED = ("done", "failed", "cancelled")
STATES = ("queued", "running", *ENDED)


@dataclass(frozen=True, slots=True)
class Stored:
    """A picture that was uploaded.

    Attributes:
        sha256: Names its file.
        name: What the client calls it; shown, never used as a path.
    """

    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the row of a finished comparison says of it."""

    verdict: str
    score: float
    regions: int
    text: str


Tell = Callable[["Connection", "RowMapping", "Answer | None"], None]


class Jobs:
    """The jobs of a server; threads may share it."""

    def __init__(self, engine: Engine, *, most: int, tell: Tell | None = None) -> None:
        """Over a database.

        Args:
            engine: Of the database.
            most: Jobs that may wait.
            tell: Called with each job that is done or has failed, and its answer, in the transaction that ends it.
        """
        self._engine, self._most, self._tell = engine, most, tell

    def add(
        self,
        before: Stored | None,
        after: Stored,
        options: Mapping[str, object],
        *,
        place: str | None,
        batch: str = "",
        owner: str = "",
        also: Callable[[Connection, str], None] = lambda connection, name: None,
    ) -> str:
        """Accept a job and return its id; once this returns the job outlives the server.

        Args:
            before: The earlier picture; None where a place gets its first one.
            after: The later picture.
            options: Fields of `Options`.
            place: Name of the place that `after` shows, or None; what it has learned is used.
            batch: What the client calls the set that it belongs to.
            owner: Account that sends it; "" where none is needed.
            also: Called with the job's id in the transaction that accepts it.

        Raises:
            Problem: 429, as many jobs wait as may.
        """
        name = uuid4().hex
        with writing(self._engine).begin() as connection:
            self._check_room(connection)
            chosen = select(places.c.training).where(places.c.name == place)
            training = None if place is None else connection.execute(chosen).scalar()
            connection.execute(
                insert(jobs).values(
                    id=name,
                    state="queued",
                    before=before and before.sha256,
                    before_name=before.name if before else "",
                    after=after.sha256,
                    after_name=after.name,
                    options={**options, TRAINING: training} if training else dict(options),
                    place=place,
                    batch=batch,
                    tries=0,
                    created=now(),
                )
            )
            connection.execute(insert(job_owners).values(job=name, account=owner))
            also(connection, name)
        return name

    def check_room(self, *, coming: int = 0) -> None:
        """Raise the `Problem` 429 when as many jobs wait as may, with those `coming`, before anything is uploaded."""
        with self._engine.begin() as connection:
            self._check_room(connection, coming)

    def _check_room(self, connection: Connection, coming: int = 0) -> None:
        waiting = coming + connection.execute(select(func.count()).where(jobs.c.state == "queued")).scalar_one()
        if waiting >= self._most:
            raise Problem(429, f"{waiting} jobs wait already; send it again later", headers={"Retry-After": "5"})

    def row(self, name: str) -> RowMapping:
        """The row of a job.

        Raises:
            Problem: 404, there is no such job.
        """
        with self._engine.begin() as connection:
            row = connection.execute(select(jobs).where(jobs.c.id == name)).mappings().first()
        if row is None:
            raise Problem(404, f"there is no job {name[:40]}")
        return row

    def counts(self) -> dict[str, int]:
        """How many jobs there are by state."""
        grouped = select(jobs.c.state, func.count()).group_by(jobs.c.state)
        with self._engine.begin() as connection:
            counts = {state: count for state, count in connection.execute(grouped)}
        return {state: counts.get(state, 0) for state in STATES}

    def are_open_for(self, place: str) -> bool:
        """Whether a picture of a place waits for its comparison or is being compared."""
        alive = (jobs.c.place == place) & jobs.c.state.not_in(ENDED)
        with self._engine.begin() as connection:
            return connection.execute(select(jobs.c.id).where(alive).limit(1)).first() is not None

    def take(self) -> RowMapping | None:
        """The job that has waited longest, which is running from now on; None when none waits."""
        with writing(self._engine).begin() as connection:
            oldest = select(jobs.c.id).where(jobs.c.state == "queued").order_by(jobs.c.number).limit(1)
            name = connection.execute(oldest.with_for_update(skip_locked=True)).scalar()
            if name is None:
                return None
            started = {"state": "running", "started": now(), "tries": jobs.c.tries + 1}
            connection.execute(update(jobs).where(jobs.c.id == name).values(started))
            return connection.execute(select(jobs).where(jobs.c.id == name)).mappings().one()

    def finish(self, job: RowMapping, answer: Answer | None) -> None:
        """Write down that a job is done, with its comparison, and its picture where it is one of a place."""
        with writing(self._engine).begin() as connection:
            if not _end(connection, job["id"], "done"):
                return
            position = {"number": job["number"], "place": job["place"]}
            if answer is not None:
                row = {name: job[name] for name in ("id", "before_name", "after_name", "created", "batch")} | position
                row |= {"verdict": answer.verdict, "score": answer.score, "regions": answer.regions}
                row["text"] = answer.text
                connection.execute(insert(comparisons).values(row))
            if job["place"] is not None:
                row = position | {"sha256": job["after"], "name": job["after_name"], "received": job["created"]}
                row["comparison"] = None if answer is None else job["id"]
                connection.execute(insert(place_pictures).values(row))
            if job["before"] is None:  # of two first pictures the earlier to be read stays the baseline
                first = places.c.baseline.is_(None) & (places.c.name == job["place"])
                connection.execute(update(places).where(first).values(baseline=job["number"]))
            self._notify(connection, job["id"], answer)

    def fail(self, name: str, status: int, detail: str) -> None:
        """Write down that a job has failed, and what its client is told."""
        with writing(self._engine).begin() as connection:
            self._fail(connection, name, problem_content(status, detail))

    def _fail(self, connection: Connection, name: str, problem: Mapping[str, Any]) -> None:
        if _end(connection, name, "failed", problem=problem):
            self._notify(connection, name, None)

    def _notify(self, connection: Connection, name: str, answer: Answer | None) -> None:
        if self._tell is not None:
            self._tell(connection, connection.execute(select(jobs).where(jobs.c.id == name)).mappings().one(), answer)

    def give_back(self, name: str) -> None:
        """Queue a running job again, as if it had not been taken."""
        with writing(self._engine).begin() as connection:
            running = (jobs.c.id == name) & (jobs.c.state == "running")
            connection.execute(update(jobs).where(running).values(state="queued", tries=jobs.c.tries - 1))

    def give_all_back(self) -> None:
        """Queue again what a killed server left running; that was no fault of the jobs, and counts as no try."""
        with writing(self._engine).begin() as connection:
            running = jobs.c.state == "running"
            connection.execute(update(jobs).where(running).values(state="queued", tries=jobs.c.tries - 1))

    def try_again(self, name: str) -> None:
        """Queue a job again whose worker died by itself; the third try is the last."""
        running = (jobs.c.state == "running") & (jobs.c.id == name)
        problem = problem_content(
            500, f"it was tried {MOST_TRIES} times, and each time its process ended; try smaller pictures"
        )
        with writing(self._engine).begin() as connection:
            lost = select(jobs.c.id).where(running & (jobs.c.tries >= MOST_TRIES))
            for lost_id in connection.execute(lost).scalars().all():
                self._fail(connection, lost_id, problem)
            connection.execute(update(jobs).where(running).values(state="queued"))

    def listed(self, state: str | None, count: int) -> Sequence[RowMapping]:
        """The rows of the latest jobs, the last one first; those in one state, or of every state for None."""
        query = select(jobs).order_by(jobs.c.number.desc()).limit(count)
        with self._engine.begin() as connection:
            return connection.execute(query if state is None else query.where(jobs.c.state == state)).mappings().all()

    def retry(self, name: str) -> None:
        """Queue a job anew that has failed or was cancelled.

        Raises:
            Problem: 404, there is none; 409, it waits, runs or is done; 429, as many jobs wait as may.
        """
        state = self.row(name)["state"]
        with writing(self._engine).begin() as connection:
            self._check_room(connection)
            again = (jobs.c.id == name) & jobs.c.state.in_(("failed", "cancelled"))
            fresh = {"state": "queued", "tries": 0, "started": None, "finished": None, "problem": null()}
            if not connection.execute(update(jobs).where(again).values(fresh)).rowcount:
                raise Problem(409, f"the job is {state}; only one that failed or was cancelled is tried anew")

    def cancel(self, name: str) -> None:
        """Cancel a job that has not ended.

        Raises:
            Problem: 404, there is none; 409, it has ended.
        """
        state = self.row(name)["state"]
        with writing(self._engine).begin() as connection:
            if not _end(connection, name, "cancelled"):
                raise Problem(409, f"the job is {state} and cannot be cancelled")


def _end(connection: Connection, name: str, state: str, **values: object) -> bool:
    """Give a job its last state, unless it has one."""
    alive = (jobs.c.id == name) & jobs.c.state.not_in(ENDED)
    ended = connection.execute(update(jobs).where(alive).values(state=state, finished=now(), **values))
    return bool(ended.rowcount)


def shown_job(row: RowMapping, *, step: str | None = None) -> dict[str, Any]:
    """A job as its client sees it, with the step that it is in while it runs."""
    shown = {name: row[name] for name in ("id", "state", "tries", "place", "problem")}
    shown["step"] = step if row["state"] == "running" else None
    shown |= {name: shown_time(row[name]) for name in ("created", "started", "finished")}
    answered = row["state"] == "done" and row["before"] is not None
    return {**shown, "url": job_url(row["id"]), "comparison": f"/api/v1/comparisons/{row['id']}" if answered else None}


def job_url(name: str) -> str:
    """Where a job is asked after."""
    return f"/api/v1/jobs/{name}"
