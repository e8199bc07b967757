"""What an earlier run has answered already, so that it need not be answered again.

A line of `.resume.jsonl` in the output folder says with which options and from which files a record was made. A record
counts only while options, sizes and times of the files are the same and everything asked for is there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import spotdiff
from spotdiff.batch.entry import Entry, Places
from spotdiff.batch.work import Done, Plan
from spotdiff.methods import get_method
from spotdiff.options import Options
from spotdiff.report.batch_row import BatchRow
from spotdiff.report.record import SCHEMA, plain


class Ledger:
    """The answers of earlier runs into a folder, and those of this one as they come. Use it in a `with` block."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._path = plan.out / ".resume.jsonl"
        self._digest = options_digest(plan.options)
        self._keys = _read(self._path)
        self._file: IO[str] | None = None

    def __enter__(self) -> Ledger:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        cut_short = self._path.is_file() and not self._path.read_bytes().endswith(b"\n")
        self._file = self._path.open("a", encoding="ascii", newline="\n")
        if cut_short:
            self._file.write("\n")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def found(self, entry: Entry) -> Done | None:
        """The answer of an earlier run, if it still stands."""
        if self._keys.get(entry.name) != self.key(entry):
            return None
        places = Places(self._plan.out, entry.name)
        record = _record(places.record)
        if record is None:
            return None
        row = BatchRow.of(record)
        if not all(path.is_file() for path in self._plan.products(row, places)):
            return None
        return Done(entry, row, record["changed_fraction"], resumed=True)

    def void(self, entry: Entry) -> None:
        """Forget an earlier answer before it is written over: a stop in between must not revive it."""
        if entry.name in self._keys:
            self.note(entry, "")

    def note(self, entry: Entry, key: str) -> None:
        """Remember that the record of this pair was made just now, from files that had this key."""
        if self._file is None:
            raise ValueError("a ledger is written inside its with block")
        self._file.write(json.dumps({"name": entry.name, "key": key}) + "\n")
        self._file.flush()

    def key(self, entry: Entry) -> str:
        """A digest of the options and of the pictures' paths, sizes and times."""
        earlier = sorted(Path(entry.history).iterdir()) if entry.history and Path(entry.history).is_dir() else []
        pictures = [entry.before, entry.after, *map(str, earlier)]
        return _digest([self._digest, *map(_stamp, pictures)])


def options_digest(options: Options) -> str:
    """A digest of everything that decides an answer besides the pictures: options, the method's parameters, version."""
    asked = {field.name: plain(getattr(options, field.name)) for field in fields(options)}
    asked["settings"] = plain(asdict(get_method(options.method, options.settings)))  # type: ignore[call-overload]
    mask = None if options.ignore_mask is None else _stamp(str(options.ignore_mask))
    return _digest([spotdiff.__version__, asked, mask])


def _digest(value: object) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def _stamp(path: str) -> list[object]:
    """Path, size and time of a file; of a URL or a file that is not there only the path."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return [path]
    return [path, found.st_size, found.st_mtime_ns]


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return {}
    return dict(pair for line in lines if (pair := _pair(line)) is not None)


def _pair(line: str) -> tuple[str, str] | None:
    """Name and key of a line; None for one cut short when a run was killed."""
    try:
        said = json.loads(line)
        return str(said["name"]), str(said["key"])
    except (ValueError, KeyError, TypeError):
        return None


def _record(path: Path) -> Mapping[str, Any] | None:
    """A record written before, or None when it is not there or not a record."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    known = isinstance(record, dict) and record.get("schema") == SCHEMA
    return record if known and {"name", "regions", "changed_fraction", "seconds"} <= record.keys() else None
