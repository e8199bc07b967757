"""What an earlier run has answered already, so that it need not be answered again.

A line of `.resume.jsonl` in the output folder holds a digest of what a record was made from, and the files that were
written with it. A record counts only while the options, the content of the files that they name, and the sizes and
times of the pictures are the same; a file beside it only while it was written for that record.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from spotdiff.batching.compare import RESUME_LOG, Done, Plan, discard
from spotdiff.batching.pairs import Entry, OutputPaths
from spotdiff.cache_key import digest, file_stamp, options_digest
from spotdiff.options import ALL_PAGES
from spotdiff.report.record import SCHEMA


class ResumeLog:
    """The answers of earlier runs into a folder, and those of this one as they come. Use it in a `with` block."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._path = plan.out / RESUME_LOG
        self._digest = options_digest(plan.options)
        self._known = _read(self._path)
        self._file: IO[str] | None = None

    def __enter__(self) -> ResumeLog:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        cut_short = self._path.is_file() and not self._path.read_bytes().endswith(b"\n")
        self._file = self._path.open("a", encoding="ascii", newline="\n")
        if cut_short:
            self._file.write("\n")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def answer(self, entry: Entry) -> Done | None:
        """The answer of an earlier run, if it still stands and wants nothing that only a comparison gives."""
        if self._key_of(entry) != self.key(entry):
            return None
        paths = OutputPaths(self._plan.out, entry.name)
        record = _record(paths.record)
        if record is None:
            return None
        done = Done.of(entry, record, resumed=True)
        wanted = self._plan.compared_files(done.row, paths)
        if self._plan.options.page == ALL_PAGES:  # which page is shown is known to the comparison alone
            wanted += self._plan.thumbs_of(paths)
        return done if self._has(entry, wanted) else None

    def has_thumbs(self, entry: Entry) -> bool:
        """Whether the small pictures of an answer that stands are there, where they are asked for."""
        return self._has(entry, self._plan.thumbs_of(OutputPaths(self._plan.out, entry.name)))

    def forget(self, entry: Entry) -> None:
        """Forget an earlier answer before it is written over: a stop in between must not revive it.

        The files that show another answer are taken away.
        """
        if entry.name in self._known:
            self._write(entry, "", ())
            if self._key_of(entry) != self.key(entry):
                discard(OutputPaths(self._plan.out, entry.name))

    def add(self, done: Done, key: str) -> None:
        """Remember that the record of this pair, and what the plan wants beside it, is made from files of this key."""
        paths = OutputPaths(self._plan.out, done.entry.name)
        files = {
            self._named(path) for path in (*self._plan.compared_files(done.row, paths), *self._plan.thumbs_of(paths))
        }
        before, others = self._known.get(done.entry.name, ("", frozenset()))
        self._write(done.entry, key, sorted(files | others if before == key else files))

    def _write(self, entry: Entry, key: str, files: Sequence[str]) -> None:
        if self._file is None:
            raise ValueError("a log is written inside its with block")
        self._file.write(json.dumps({"name": entry.name, "key": key, "files": files}) + "\n")
        self._file.flush()

    def _key_of(self, entry: Entry) -> str:
        return self._known.get(entry.name, ("", frozenset()))[0]

    def _has(self, entry: Entry, wanted: Sequence[Path]) -> bool:
        written = self._known.get(entry.name, ("", frozenset()))[1]
        return all(self._named(path) in written and path.is_file() for path in wanted)

    def _named(self, path: Path) -> str:
        return os.path.relpath(path, self._plan.out)

    def key(self, entry: Entry) -> str:
        """A digest of the options and of the pictures' paths, sizes and times."""
        earlier = sorted(Path(entry.history).iterdir()) if entry.history and Path(entry.history).is_dir() else []
        pictures = [entry.before, entry.after, *map(str, earlier)]
        own = [entry.preset, [list(box) for box in entry.ignore], [list(box) for box in entry.focus]]
        return digest([self._digest, own, *map(file_stamp, pictures)])


def _read(path: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """Keys and files by name; lines that were cut short when a run was killed are left out."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    known = {}
    for line in lines:
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            known[str(entry["name"])] = str(entry["key"]), frozenset(map(str, entry["files"]))
    return known


def _record(path: Path) -> Mapping[str, Any] | None:
    """A record written before, or None when it is not there or not a record."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    known = isinstance(record, dict) and record.get("schema") == SCHEMA
    if not known or not {"name", "before", "after", "regions", "changed_fraction", "seconds", "pages"} <= record.keys():
        return None
    complete = all("sha256" in record[side] for side in ("before", "after"))
    return record if complete and all("likely" in region for region in record["regions"]) else None
