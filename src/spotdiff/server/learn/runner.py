"""Does runs one at a time: labelled pairs out of corrections, then verbs of the command line over them."""

from __future__ import annotations

import logging
import shutil
import threading
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from spotdiff.errors import DataError
from spotdiff.server.learn import measurements, trainings
from spotdiff.server.learn.labelled_sets import LabelledSets
from spotdiff.server.learn.run_files import PAIRS
from spotdiff.server.learn.weights import run_folder
from spotdiff.server.problems import Problem
from spotdiff.server.store.answer_files import answer_folder
from spotdiff.server.store.labelled_pairs import write_pairs
from spotdiff.server.store.schema import shown_time
from spotdiff.verb_process import last_line, run_verb

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import RowMapping

    from spotdiff.server.store.annotations import Annotations
    from spotdiff.server.store.runs import Kind, On, Runs

_LOOK = 2.0  # seconds after which it looks for a run unasked
_LOG = "log.txt"
_NICE = 15  # comparisons come first
_log = logging.getLogger("spotdiff.server")


class Work(Protocol):
    """What a kind of run consists of; see `trainings` and `measurements`."""

    FEWEST: int

    def check_packages(self) -> None:
        """Raise a MissingExtra where something is not installed."""

    def verbs(self, folder: Path, settings: Mapping[str, Any], data: Path, pairs: Path) -> list[tuple[str, ...]]:
        """What is done, one after the other, as it would be typed."""

    def details(self, folder: Path) -> dict[str, Any]:
        """How far it has come, and what it came to."""

    def files(self, folder: Path) -> dict[str, list[Path]]:
        """Pictures to look at, by what they are."""


_KINDS: dict[str, Work] = {"training": trainings, "measurement": measurements}


class Runner:
    """Takes runs from the queue as long as the server runs; threads may share it."""

    def __init__(
        self, runs: Runs, annotations: Annotations, data: Path, *, sets: LabelledSets | None = None, nice: int = _NICE
    ) -> None:
        """Over the queue, what people corrected, the server's folder, and the labelled sets."""
        self._runs, self._annotations, self._data, self._nice = runs, annotations, data, nice
        self._sets = sets or LabelledSets(None)
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start to take runs; what an earlier run of the server had begun is gone on with."""
        self._runs.queue_again()
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is gone on with at the next start, a training from its last checkpoint."""
        self._stopping = True
        self._news.set()
        self._thread.join()

    def begin(self, kind: Kind, on: On, settings: Mapping[str, Any], *, who: str) -> dict[str, Any]:
        """Queue a run on the corrections of a place, or a measurement on a labelled set.

        Raises:
            MissingExtra: a package that it needs is not installed.
            Problem: 404, there is no such set; 409, too few comparisons of the place are corrected, or such a run is
                under way.
        """
        work = _KINDS[kind]
        work.check_packages()
        pairs = self.pairs(on)
        if pairs < work.FEWEST:
            more = f"{work.FEWEST} or more are needed: correct {work.FEWEST - pairs} more"
            raise Problem(409, f"{on} has {pairs} corrected comparison{'s' * (pairs != 1)}; {more}")
        name = self._runs.add(kind, on, settings, pairs=pairs, who=who)
        self._news.set()
        return self.shown(name, kind)

    def halt(self, name: str, kind: Kind) -> dict[str, Any]:
        """Stop a run; see `Runs.stop`."""
        self._runs.stop(name, kind)
        return self.shown(name, kind)

    def go_on(self, name: str, kind: Kind) -> dict[str, Any]:
        """Go on with a run; see `Runs.go_on`."""
        self._runs.go_on(name, kind)
        self._news.set()
        return self.shown(name, kind)

    def shown(self, name: str, kind: Kind) -> dict[str, Any]:
        """A run with how far it has come and what it came to.

        Raises:
            Problem: 404, there is none of this kind.
        """
        row, folder = self._runs.row(name, kind), run_folder(self._data, name)
        url = _url(name, kind)
        files = {what: [f"{url}/{what}/{path.name}" for path in paths] for what, paths in _files(kind, folder).items()}
        return {**_summary(row), **_KINDS[kind].details(folder), **files}

    def pairs(self, on: On) -> int:
        """How many corrected comparisons a place has, or pairs a labelled set.

        Raises:
            Problem: 404, there is no such set; 409, it has no labelled pairs.
        """
        return (
            self._sets.pairs(on.labelled_set) if on.labelled_set else len(self._annotations.annotated(place=on.place))
        )

    def listed(self, kind: Kind, on: On) -> list[dict[str, Any]]:
        """The runs on something in short, the last one first."""
        return [_summary(row) for row in self._runs.listed(kind, on)]

    def learned(self) -> list[dict[str, Any]]:
        """The trainings of all places that are done in short, the last one first."""
        return [_summary(row) for row in self._runs.learned()]

    def file(self, name: str, kind: Kind, what: str, asked: str) -> Path:
        """A file of a run.

        Args:
            name: Of the run.
            kind: Of the run.
            what: Its part, such as samples.
            asked: The file's name.

        Raises:
            Problem: 404, there is none of this name.
        """
        self._runs.row(name, kind)
        known = {path.name: path for path in _files(kind, run_folder(self._data, name)).get(what, [])}
        if asked not in known:
            raise Problem(404, f"the {kind} has no {asked[:60]}")
        return known[asked]

    def check_usable(self, training: str, place: str = "") -> None:
        """Look whether a place, or where none is named anything, can be compared with what a training has left.

        Raises:
            Problem: 404, there is no such training of the place; 409, it is not done.
        """
        row = self._runs.row(training, "training")
        if place and row["place"] != place:
            raise Problem(404, f"{place} has no training {training[:40]}")
        if row["state"] != "done":
            raise Problem(409, f"the training is {row['state']}; wait until it is done")

    def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            try:
                row = self._runs.take()
                if row is None:
                    self._news.wait(_LOOK)
                    continue
                self._do(row)
            except SQLAlchemyError as error:
                _log.error("the database does not answer: %s", error)
                self._news.wait(_LOOK)

    def _do(self, row: RowMapping) -> None:
        folder = run_folder(self._data, row["id"])
        try:
            trouble = self._write_pairs(row, folder) or self._do_verbs(row, folder)
        except Problem as problem:
            trouble = str(problem)
        except OSError as error:
            trouble = f"it cannot be written: {error.strerror}"
        if trouble is None:  # it was stopped, or the server ends
            return
        self._runs.settle(row["id"], "failed" if trouble else "done", problem=trouble)

    def _write_pairs(self, row: RowMapping, folder: Path) -> str:
        """Write what the run is on, once; why there is not enough, else ""."""
        if row["labelled_set"] is not None or (folder / PAIRS).is_dir():
            return ""
        part, fewest = folder / f"{PAIRS}.part", _KINDS[row["kind"]].FEWEST
        shutil.rmtree(part, ignore_errors=True)
        names = self._annotations.annotated(place=row["place"])
        corrected = [(name, answer_folder(self._data, name), self._annotations.of(name)) for name in names]
        try:
            left_out = write_pairs(corrected, part)
        except DataError as error:
            return str(error)
        if len(names) - len(left_out) < fewest:
            return f"only {len(names) - len(left_out)} comparisons make labelled pairs: {left_out[0]}"
        part.rename(folder / PAIRS)
        return ""

    def _do_verbs(self, row: RowMapping, folder: Path) -> str | None:
        """Do the verbs of a run; None where it was stopped, "" where all went well, else why not."""
        given = row["labelled_set"]
        pairs = folder / PAIRS if given is None else self._sets.path(given)
        folder.mkdir(parents=True, exist_ok=True)
        for verb in _KINDS[row["kind"]].verbs(folder, row["settings"], self._data, pairs.absolute()):
            if not self._goes_on(row):
                return None
            code = run_verb(verb, folder / _LOG, nice=self._nice, goes_on=lambda: self._goes_on(row))
            if code is None:
                return None
            if code:
                return last_line(folder / _LOG).removeprefix("spotdiff: ") or f"{verb[0]} ended with code {code}"
        return ""

    def _goes_on(self, row: RowMapping) -> bool:
        return not self._stopping and bool(self._runs.row(row["id"], row["kind"])["state"] == "running")


def _files(kind: Kind, folder: Path) -> dict[str, list[Path]]:
    return _KINDS[kind].files(folder)


def _url(name: str, kind: Kind) -> str:
    return f"/api/v1/{kind}s/{name}"


def _summary(row: RowMapping) -> dict[str, Any]:
    names = ("id", "place", "labelled_set", "state", "settings", "pairs", "who", "problem")
    fields = {name: row[name] for name in names}
    times = {name: shown_time(row[name]) for name in ("created", "finished")}
    return {**fields, **times, "url": _url(row["id"], row["kind"])}
