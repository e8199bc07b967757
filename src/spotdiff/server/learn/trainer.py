"""Runs trainings, one at a time: labelled pairs out of corrections, the verb `train`, then `export`."""

from __future__ import annotations

import csv
import json
import logging
import shutil
import threading
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from spotdiff.errors import DataError, MissingExtra
from spotdiff.server.learn.verb import last_line, run_verb
from spotdiff.server.learn.weights import WEIGHTS, training_folder
from spotdiff.server.problems import Problem
from spotdiff.server.store.answer_files import answer_folder
from spotdiff.server.store.labelled_pairs import write_pairs
from spotdiff.server.store.schema import shown_time

if TYPE_CHECKING:
    from sqlalchemy import RowMapping

    from spotdiff.server.store.annotations import Annotations
    from spotdiff.server.store.trainings import Trainings

FEWEST = 4  # labelled pairs that `train` learns from
_LOOK = 2.0  # seconds after which it looks for a training unasked
_LOG = "log.txt"
_NICE = 15  # comparisons come first
_MOST_SAMPLES = 12
_log = logging.getLogger("spotdiff.server")


class Trainer:
    """Takes trainings from the queue as long as the server runs; threads may share it."""

    def __init__(self, trainings: Trainings, annotations: Annotations, data: Path, *, nice: int = _NICE) -> None:
        """Over the queue, what people corrected, and the server's folder."""
        self._trainings, self._annotations, self._data, self._nice = trainings, annotations, data, nice
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start to take trainings; what an earlier run of the server had begun is gone on with."""
        self._trainings.queue_again()
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is gone on with at the next start, from its last checkpoint."""
        self._stopping = True
        self._news.set()
        self._thread.join()

    def begin(self, place: str, *, steps: int, who: str) -> dict[str, Any]:
        """Queue a training on the corrections of a place.

        Raises:
            MissingExtra: what trains is not installed.
            Problem: 409, too few comparisons of the place are corrected, or it is learning already.
        """
        for package in ("torch", "matplotlib"):
            if find_spec(package) is None:
                raise MissingExtra(package, extra="train")
        pairs = len(self._annotations.annotated(place=place))
        if pairs < FEWEST:
            more = FEWEST - pairs
            raise Problem(
                409, f"{place} has {pairs} corrected comparisons; learning needs {FEWEST} or more: correct {more} more"
            )
        name = self._trainings.add(place, steps=steps, pairs=pairs, who=who)
        self._news.set()
        return self.shown(name)

    def stop_training(self, name: str) -> dict[str, Any]:
        """Stop a training; see `Trainings.stop`."""
        self._trainings.stop(name)
        return self.shown(name)

    def go_on(self, name: str) -> dict[str, Any]:
        """Go on with a training; see `Trainings.go_on`."""
        self._trainings.go_on(name)
        self._news.set()
        return self.shown(name)

    def shown(self, name: str) -> dict[str, Any]:
        """A training with how far it has come, its journal, its samples and what it came to.

        Raises:
            Problem: 404, there is none.
        """
        row, folder = self._trainings.row(name), training_folder(self._data, name)
        run = folder / "run"
        samples = sorted(path.name for path in (run / "samples").glob("*.png"))[-_MOST_SAMPLES:]
        url = f"/api/v1/trainings/{name}"
        return {
            **_summary(row),
            "progress": _read_json(folder / "progress.json"),
            "journal": _journal(run / "journal.csv"),
            "samples": [f"{url}/samples/{sample}" for sample in samples],
            "result": (_read_json(run / "run.json") or {}).get("result"),
        }

    def of_place(self, place: str) -> list[dict[str, Any]]:
        """The trainings of a place in short, the last one first."""
        return [_summary(row) for row in self._trainings.of_place(place)]

    def sample(self, name: str, sample: str) -> Path:
        """A picture of predictions on held-out pairs.

        Raises:
            Problem: 404, there is none of this name.
        """
        self._trainings.row(name)
        known = {path.name: path for path in (training_folder(self._data, name) / "run" / "samples").glob("*.png")}
        if sample not in known:
            raise Problem(404, f"the training has no sample {sample[:60]}")
        return known[sample]

    def check_usable(self, name: str, place: str) -> None:
        """Look whether a place can be compared with what a training has left.

        Raises:
            Problem: 404, there is no such training of the place; 409, it is not done.
        """
        row = self._trainings.row(name)
        if row["place"] != place:
            raise Problem(404, f"{place} has no training {name[:40]}")
        if row["state"] != "done":
            raise Problem(409, f"the training is {row['state']}; wait until it is done")

    def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            try:
                row = self._trainings.take()
                if row is None:
                    self._news.wait(_LOOK)
                    continue
                self._train(row)
            except SQLAlchemyError as error:
                _log.error("the database does not answer: %s", error)
                self._news.wait(_LOOK)

    def _train(self, row: RowMapping) -> None:
        name, folder = row["id"], training_folder(self._data, row["id"])
        try:
            trouble = self._write_pairs(row, folder) or self._learn(row, folder)
        except OSError as error:
            trouble = f"it cannot be written: {error.strerror}"
        if trouble is None:  # it was stopped, or the server ends
            return
        self._trainings.settle(name, "failed" if trouble else "done", problem=trouble)

    def _write_pairs(self, row: RowMapping, folder: Path) -> str:
        """Write what is learned from, once; why there is not enough, else ""."""
        pairs = folder / "pairs"
        if pairs.is_dir():
            return ""
        part = folder / "pairs.part"
        shutil.rmtree(part, ignore_errors=True)
        names = self._annotations.annotated(place=row["place"])
        corrected = [(name, answer_folder(self._data, name), self._annotations.of(name)) for name in names]
        try:
            left_out = write_pairs(corrected, part)
        except DataError as error:
            return str(error)
        if len(names) - len(left_out) < FEWEST:
            return f"only {len(names) - len(left_out)} labelled pairs can be learned from: {left_out[0]}"
        part.rename(pairs)
        return ""

    def _learn(self, row: RowMapping, folder: Path) -> str | None:
        """Train and export; None where it was stopped, "" where all went well, else why not."""
        run = folder / "run"
        steps = ("--steps", str(row["steps"])) if row["steps"] else ()
        learn = ("train", "spot", "--data", str(folder / "pairs"), "--from", "shipped", "--out", str(run), *steps)
        export = ("export", str(run), "--out", str(folder / WEIGHTS))
        for verb in ((*learn, "--threads", "1", "--progress", str(folder / "progress.json"), "--quiet"), export):
            if not self._goes_on(row["id"]):
                return None
            code = run_verb(verb, folder / _LOG, nice=self._nice, goes_on=lambda: self._goes_on(row["id"]))
            if code is None:
                return None
            if code:
                return last_line(folder / _LOG).removeprefix("spotdiff: ") or f"{verb[0]} ended with code {code}"
        return ""

    def _goes_on(self, name: str) -> bool:
        return not self._stopping and bool(self._trainings.row(name)["state"] == "running")


def _summary(row: RowMapping) -> dict[str, Any]:
    told = {name: row[name] for name in ("id", "place", "state", "steps", "pairs", "who", "problem")}
    return {
        **told,
        "created": shown_time(row["created"]),
        "finished": shown_time(row["finished"]),
        "url": f"/api/v1/trainings/{row['id']}",
    }


def _read_json(path: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        read: dict[str, Any] = json.loads(path.read_bytes())
        return read
    return None


def _journal(path: Path) -> list[dict[str, float | None]]:
    """The rows of a training's journal so far; a figure that does not exist is None."""
    with suppress(OSError, ValueError, csv.Error), path.open(encoding="utf-8", newline="") as file:
        return [{name: float(value) if value else None for name, value in row.items()} for row in csv.DictReader(file)]
    return []
