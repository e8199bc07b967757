"""Places: scenes that are compared again and again, each with the approved picture that new ones are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from spotdiff.database.connection import writing
from spotdiff.server.problems import Problem
from spotdiff.server.store.jobs import Stored
from spotdiff.server.store.review import make_baseline, record_decision
from spotdiff.server.store.schema import approvals, comparisons, jobs, now, place_pictures, places, shown_time

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping, Select

_LONGEST = 100
_COMPARED = ("verdict", "regions", "text", "decision")  # columns of a comparison that its picture is shown with


class Places:
    """The places of a server; threads may share it."""

    def __init__(self, engine: Engine) -> None:
        """Over a database."""
        self._engine = engine

    def add(self, name: str) -> dict[str, Any]:
        """Make a place without pictures.

        Raises:
            Problem: 409, there is one of that name; 422, no place can be called so.
        """
        if name != name.strip() or not name.isprintable() or not 1 <= len(name) <= _LONGEST:
            raise Problem(422, f"the name of a place has 1 to {_LONGEST} letters that print, no blank at either end")
        if any(letter in "/\\" for letter in name) or name.startswith("."):
            raise Problem(422, "the name of a place has no slash, and no dot in front")
        try:
            with writing(self._engine).begin() as connection:
                connection.execute(insert(places).values(name=name, created=now(), options={}))
        except IntegrityError:
            raise Problem(409, f"there is a place {name} already") from None
        return self.shown(name)

    def all(self) -> list[dict[str, Any]]:
        """Every place, by name, with its baseline and its latest picture."""
        newest = select(func.max(place_pictures.c.number)).group_by(place_pictures.c.place)
        query = _pictures(place_pictures.c.number.in_(newest))
        with self._engine.begin() as connection:
            rows = connection.execute(select(places).order_by(places.c.name)).mappings().all()
            latest = {row["place"]: row for row in connection.execute(query).mappings()}
        return [
            {
                "name": row["name"],
                "created": shown_time(row["created"]),
                "baseline": row["baseline"],
                "latest": _shown_picture(latest[row["name"]]) if row["name"] in latest else None,
            }
            for row in rows
        ]

    def options(self, name: str) -> dict[str, Any]:
        """The options under which the pictures of a place are compared.

        Raises:
            Problem: 404, there is no such place.
        """
        with self._engine.begin() as connection:
            return dict(_row(connection, name)["options"])

    def training(self, name: str) -> str | None:
        """The training whose weights the pictures of a place are compared with; None for the weights that ship.

        Raises:
            Problem: 404, there is no such place.
        """
        with self._engine.begin() as connection:
            chosen: str | None = _row(connection, name)["training"]
        return chosen

    def use_training(self, name: str, training: str | None) -> None:
        """Have the pictures of a place compared with the weights of a training, or with those that ship.

        Raises:
            Problem: 404, there is no such place.
        """
        with writing(self._engine).begin() as connection:
            _row(connection, name)
            connection.execute(update(places).where(places.c.name == name).values(training=training))

    def change(
        self,
        name: str,
        changes: Mapping[str, Any],
        *,
        check: Callable[[Mapping[str, Any]], None],
        webhooks: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """Set options of a place, or take back those that are None, and return it as it is now.

        Args:
            name: Of the place.
            changes: By the names of options.
            check: Raises where all together cannot be.
            webhooks: Names of those that are told of it from now on; None for those that are.

        Raises:
            Problem: 404, there is no such place.
        """
        with writing(self._engine).begin() as connection:
            row = _row(connection, name, lock=True)
            changed = {**row["options"], **changes}
            options = {option: value for option, value in changed.items() if value is not None}
            check(options)
            names = row["webhooks"] if webhooks is None else sorted(set(webhooks))
            connection.execute(update(places).where(places.c.name == name).values(options=options, webhooks=names))
        return self.shown(name)

    def picture_job(self, name: str, number: int) -> str:
        """The job whose files show a picture of a place as their `after`.

        Raises:
            Problem: 404, the place has no such picture.
        """
        wanted = (place_pictures.c.place == name) & (place_pictures.c.number == number)
        query = select(jobs.c.id).join(place_pictures, place_pictures.c.number == jobs.c.number).where(wanted)
        with self._engine.begin() as connection:
            job = connection.execute(query).scalar()
        if job is None:
            raise Problem(404, f"there is no picture {number} of a place {name[:_LONGEST]}")
        return str(job)

    def baseline(self, name: str) -> Stored | None:
        """The picture that new ones are held against; None before the first.

        Raises:
            Problem: 404, there is no such place.
        """
        with self._engine.begin() as connection:
            number = _row(connection, name)["baseline"]
            picture = _picture(connection, place_pictures.c.number == number)
        return None if picture is None else Stored(picture["sha256"], picture["name"])

    def shown(self, name: str) -> dict[str, Any]:
        """A place with its baseline, its latest pictures, and who approved what.

        Raises:
            Problem: 404, there is no such place.
        """
        with self._engine.begin() as connection:
            row = _row(connection, name)
            pictures = _pictures(place_pictures.c.place == name).order_by(place_pictures.c.number.desc())
            latest = connection.execute(pictures.limit(100)).mappings().all()
            baseline = _picture(connection, place_pictures.c.number == row["baseline"])
            trail = select(approvals).where(approvals.c.place == name).order_by(approvals.c.number.desc())
            approved = connection.execute(trail.limit(100)).mappings().all()
        return {
            "name": name,
            "created": shown_time(row["created"]),
            "options": row["options"],
            "webhooks": row["webhooks"],
            "baseline": None if baseline is None else _shown_picture(baseline),
            "pictures": [_shown_picture(picture) for picture in latest],
            "approvals": [{"picture": a["picture"], "who": a["who"], "at": shown_time(a["at"])} for a in approved],
        }

    def approve(self, name: str, *, comparison: str | None, who: str) -> dict[str, Any]:
        """Make a picture the baseline.

        Args:
            name: Of the place.
            comparison: The one that showed the picture; None for the latest picture.
            who: Approves it.

        Returns:
            The place as it is now.

        Raises:
            Problem: 404, there is no such place, or no such comparison of it; 409, it has no picture.
        """
        with writing(self._engine).begin() as connection:
            _row(connection, name)
            wanted = place_pictures.c.place == name
            if comparison is not None:
                wanted &= place_pictures.c.comparison == comparison
            picture = _picture(connection, wanted)
            if picture is None and comparison is not None:
                raise Problem(404, f"{name} has no comparison {comparison[:40]}")
            if picture is None:
                raise Problem(409, f"{name} has no picture yet; send one first")
            previous = make_baseline(connection, name, picture["number"], who=who)
            if picture["comparison"] is not None:
                record_decision(connection, picture["comparison"], "approved", who=who, previous=previous)
        return self.shown(name)


def _row(connection: Connection, name: str, *, lock: bool = False) -> RowMapping:
    query = select(places).where(places.c.name == name)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise Problem(404, f"there is no place {name[:_LONGEST]}")
    return row


def _picture(connection: Connection, wanted: Any) -> RowMapping | None:  # noqa: ANN401 (SQLAlchemy's expressions)
    """The latest of the pictures that are wanted."""
    query = _pictures(wanted).order_by(place_pictures.c.number.desc()).limit(1)
    return connection.execute(query).mappings().first()


def _pictures(wanted: Any) -> Select[Any]:  # noqa: ANN401 (SQLAlchemy's expressions)
    """Pictures that are wanted, each with what came of comparing it."""
    compared = [comparisons.c[name] for name in _COMPARED]
    joined = place_pictures.outerjoin(comparisons, comparisons.c.id == place_pictures.c.comparison)
    return select(place_pictures, *compared).select_from(joined).where(wanted)


def _shown_picture(row: RowMapping) -> dict[str, Any]:
    fields = {name: row[name] for name in ("number", "name", "sha256", "comparison", *_COMPARED)}
    return {**fields, "received": shown_time(row["received"])}
