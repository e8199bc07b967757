"""`spotdiff.Client`: what `spotdiff.compare` does, done by a server."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Unpack

from spotdiff.client.connection import Connection, Refusal, Reply
from spotdiff.client.json_requests import address, query
from spotdiff.client.learning import Learning
from spotdiff.client.records import ComparisonSummary
from spotdiff.client.request_body import asked, form, picture_files
from spotdiff.client.review import Reviewing
from spotdiff.client.watching import Watching
from spotdiff.errors import OptionError, ServerError
from spotdiff.options import Options, OptionValues, shows_options

Record = dict[str, Any]
Kind = Literal["report", "overlay", "before", "after", "mask_before", "mask_after"]
State = Literal["queued", "running", "done", "failed", "cancelled"]

_FILES = {
    "report": ".html",
    "overlay": ".png",
    "before": "/before.png",
    "after": "/after.png",
    "mask_before": "/mask/before.png",
    "mask_after": "/mask/after.png",
}
_FIRST_LOOK, _LONGEST_LOOK = 0.05, 2.0  # seconds between two looks at a job


@dataclass(frozen=True, slots=True)
class Job:
    """How a job stands.

    Attributes:
        id: Of the job, and of the comparison that comes of it.
        state: queued, running, done, failed or cancelled.
        step: Of the comparison that it is in while it runs; None before the first.
        tries: How often it was begun.
        place: Name of the place that its picture shows, or None.
        problem: Why it failed: status and detail, with more; else None.
        created, started, finished: ISO 8601 in UTC; None for what has not come.
        comparison: Address of the answer on the server, or None.
    """

    id: str
    state: State
    step: str | None
    tries: int
    place: str | None
    problem: Mapping[str, Any] | None
    created: str
    started: str | None
    finished: str | None
    comparison: str | None

    @property
    def ended(self) -> bool:
        """Whether nothing will become of it any more."""
        return self.state in ("done", "failed", "cancelled")


class Client(Reviewing, Learning, Watching):
    """A server of comparisons; threads may share it.

    Every method raises a `SpotdiffError` of one line: `ServerError` with the server's own words and its status, or
    one that says what the client itself cannot do. While the server is busy (429, 503) a request is sent again, as long
    as patience lasts; so long, too, a job is waited for whose server has ended.

    Examples:
        >>> server = Client("http://127.0.0.1:8642")
        >>> server
        <Client http://127.0.0.1:8642>
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 300.0, patience: float = 120.0) -> None:
        """Name a server; nothing is asked of it yet.

        Args:
            url: Its address, such as `http://127.0.0.1:8642`.
            token: That it knows, or None.
            timeout: Seconds that an answer may keep one waiting, to its last byte.
            patience: Seconds for which a request is sent again to a server that is busy, or that ends before a job is
                done.

        Raises:
            OptionError: the address or the token cannot be used.
        """
        self._connection = Connection(url.rstrip("/"), token or "", timeout, patience)

    def __repr__(self) -> str:
        return f"<Client {self._connection.url}>"

    @shows_options
    def compare(
        self,
        before: object,
        after: object,
        *,
        options: Options | None = None,
        preset: str | None = None,
        **changes: Unpack[OptionValues],
    ) -> Record:
        """What changed between two pictures, once the server has answered.

        Args:
            before: The earlier picture: path, bytes, file object, array or Pillow image, as for `spotdiff.compare`.
            after: The later picture.
            options: How to compare; `Options()` when None.
            preset: Options by what is compared, as for `spotdiff.compare`.
            changes: Single options by name.

        Returns:
            The record `spotdiff/comparison/1` with its `id`.

        Raises:
            ServerError: the server refuses it, or cannot be reached.
            LoadError: a picture cannot be read.
            OptionError: an option has a value that it cannot have, or cannot be sent.
        """
        return self._answered("/api/v1/compare", before=before, after=after, options=_options(options, preset, changes))

    @shows_options
    def submit(
        self,
        before: object,
        after: object,
        *,
        options: Options | None = None,
        preset: str | None = None,
        **changes: Unpack[OptionValues],
    ) -> Job:
        """`compare` without waiting: the job, which is not done yet."""
        asked_for = _options(options, preset, changes)
        reply = self._send("/api/v1/compare", asked_for, {"Prefer": "respond-async"}, before=before, after=after)
        return _job(reply.json)

    def comparison(
        self,
        id: str,  # noqa: A002 (what the server calls it)
        *,
        sensitivity: float | None = None,
        min_score: float | None = None,
        max_pixels: int | None = None,
        max_fraction: float | None = None,
    ) -> Record:
        """The record of a comparison; with criteria the one that is decided anew, as `spotdiff judge` does.

        Args:
            id: Of the comparison.
            sensitivity: Up to that of the comparison.
            min_score: Regions of a smaller score do not count.
            max_pixels: Pixels that may change.
            max_fraction: The same as a share of the picture, 0 to 1.
        """
        criteria = {
            "sensitivity": sensitivity,
            "min_score": min_score,
            "max_pixels": max_pixels,
            "max_fraction": max_fraction,
        }
        record: Record = self._get(f"{address('comparisons', id)}{query(**criteria)}")
        return record

    def comparisons(self, *, limit: int = 20) -> list[ComparisonSummary]:
        """The latest comparisons, the last one first."""
        reply: list[ComparisonSummary] = self._get(f"{address('comparisons')}{query(limit=limit)}")
        return reply

    def file(self, id: str, kind: Kind) -> bytes:  # noqa: A002
        """A file of a comparison: its report in HTML, or the overlay, a picture or a mask in PNG.

        Raises:
            OptionError: there is no such kind.
        """
        if kind not in _FILES:
            raise OptionError(f"file takes one of {', '.join(_FILES)}, not {kind!r}")
        return self._connection.ask("GET", f"{address('comparisons', id)}{_FILES[kind]}").body

    def places(self) -> list[Record]:
        """Every place by name."""
        reply: list[Record] = self._get(address("places"))
        return reply

    def place(self, name: str) -> Record:
        """A place with its options, its baseline, its latest pictures, and who approved what."""
        reply: Record = self._get(address("places", name))
        return reply

    def add_place(self, name: str) -> Record:
        """Make a place without pictures."""
        made: Record = self._post(address("places"), {"name": name})
        return made

    def set_place_options(self, name: str, options: Mapping[str, object]) -> Record:
        """Set options under which the pictures of a place are compared, and return the place as it is then.

        Args:
            name: Of the place.
            options: By the names of `Options`, and `preset`; those that are not named stay, None takes one back.
                `ignore` and `focus` take polygons [[x, y], ...] beside boxes.
        """
        changed: Record = self._send_json("PATCH", address("places", name), {"options": options})
        return changed

    def webhooks(self) -> list[str]:
        """Names of the server's webhooks among which a place chooses."""
        return [str(webhook["name"]) for webhook in self._get(address("webhooks"))]

    def set_place_webhooks(self, name: str, webhooks: Iterable[str]) -> Record:
        """Choose which webhooks are told of a place, and return the place as it is then."""
        changed: Record = self._send_json("PATCH", address("places", name), {"webhooks": list(webhooks)})
        return changed

    @shows_options
    def add_picture(
        self,
        place: str,
        picture: object,
        *,
        options: Options | None = None,
        preset: str | None = None,
        **changes: Unpack[OptionValues],
    ) -> Record | None:
        """Send a new picture of a place.

        Returns:
            The record against the baseline; None for the first picture, which becomes it.
        """
        answer = self._answered(
            address("places", place, "pictures"), picture=picture, options=_options(options, preset, changes)
        )
        return answer if "verdict" in answer else None

    def approve(self, place: str, *, comparison: str | None = None, who: str = "") -> Record:
        """Make a picture of a place its baseline, and return the place as it is then.

        Args:
            place: Name of the place.
            comparison: Id of the one that showed the picture; None for the latest picture.
            who: Approves it.
        """
        approved: Record = self._post(address("places", place, "approve"), {"comparison": comparison, "who": who})
        return approved

    def jobs(self, *, state: State | None = None, limit: int = 20) -> list[Job]:
        """The latest jobs, the last one first; those in one state where it is given."""
        return [_job(job) for job in self._get(f"{address('jobs')}{query(limit=limit, state=state)}")]

    def job(self, id: str) -> Job:  # noqa: A002
        """How a job stands."""
        return _job(self._get(address("jobs", id)))

    def cancel(self, id: str) -> Job:  # noqa: A002
        """Cancel a job that has not ended."""
        return _job(self._connection.ask("DELETE", address("jobs", id)).json)

    def retry(self, id: str) -> Job:  # noqa: A002
        """Queue a job again that failed or was cancelled."""
        return _job(self._post(address("jobs", id, "retry")))

    def wait(self, id: str, *, timeout: float | None = None) -> Job:  # noqa: A002
        """The job once it is done.

        Args:
            id: Of the job.
            timeout: Seconds to wait at most; None for as long as it takes.

        Raises:
            ServerError: it failed, was cancelled, or has not ended in time.
        """
        end, pause = None if timeout is None else time.monotonic() + timeout, _FIRST_LOOK
        while not (job := _job(self._connection.ask("GET", address("jobs", id), returns=True).json)).ended:
            if end is not None and time.monotonic() + pause > end:
                raise ServerError(f"the job {id} has not ended within {timeout:g} s; it is {job.state}")
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_LOOK)
        if job.state == "cancelled":
            raise ServerError("the job was cancelled", status=409)
        if job.problem is not None:
            raise ServerError(str(job.problem["detail"]), status=int(job.problem["status"]))
        return job

    def _answered(self, path: str, *, options: Options, **pictures: object) -> Record:
        """The record that comes of pictures, or the place that a first one founded."""
        try:
            reply = self._send(path, options, {}, **pictures)
        except Refusal as refusal:
            if refusal.status != 503 or not refusal.job:
                raise
            job = self.wait(refusal.job.rpartition("/")[2])  # accepted by a server that ended before it was done
        else:
            answer: Record = reply.json
            if reply.status != 202:
                return answer
            job = self.wait(answer["id"])
        if job.comparison is None:
            return self.place(job.place or "")
        return self.comparison(job.id)

    def _send(self, path: str, options: Options, headers: Mapping[str, str], **pictures: object) -> Reply:
        files = picture_files(list(pictures.values()), options)
        body, kind = form(dict(zip(pictures, files, strict=True)), asked(options))
        return self._connection.ask("POST", path, body=body, headers={**headers, "Content-Type": kind})


def _options(options: Options | None, preset: str | None, changes: OptionValues) -> Options:
    return (options or Options()).changed(preset=preset, **changes)


def _job(values: Mapping[str, Any]) -> Job:
    return Job(**{declared.name: values[declared.name] for declared in fields(Job)})
