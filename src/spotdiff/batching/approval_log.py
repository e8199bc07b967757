"""The log of approvals beside a batch's answers: a line for what begins, and one for what is done."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

LOG = "approvals.jsonl"

What = Literal["approved", "finished", "undoing", "undone", "mended"]  # written before, after, before, after; after


@dataclass(frozen=True, slots=True)
class Step:
    """One baseline that changes.

    Attributes:
        name: Of the pair.
        old: The baseline there was; "" for a new one.
        new: The baseline there is; "" for one that is taken away.
        source: The picture that becomes the baseline; "" for none.
        kept: Where the old baseline is kept, below the folder of the answers; "" for none.
        digest_old, digest_new: SHA-256 of both; "" for none.
    """

    name: str
    old: str
    new: str
    source: str
    kept: str
    digest_old: str
    digest_new: str


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval of the log.

    Attributes:
        number: From 1 on.
        steps: The baselines that change.
        state: The latest that was written of it.
        undone: Whether it was undone.
    """

    number: int
    steps: tuple[Step, ...]
    state: What
    undone: bool

    @property
    def stopped(self) -> bool:
        """Whether it, or its undoing, was begun and not done."""
        return self.state in ("approved", "undoing")


def read_approvals(out: Path) -> list[Approval]:
    """The approvals of a folder of answers, the earliest first; none where there is no log."""
    approvals: dict[int, Approval] = {}
    for line in _lines(out):
        number, what = line["number"], line["what"]
        if what == "approved":
            approvals[number] = Approval(number, tuple(Step(**step) for step in line["steps"]), what, undone=False)
        elif number in approvals:
            undone = what == "undone" or approvals[number].undone
            approvals[number] = Approval(number, approvals[number].steps, what, undone=undone)
    return [approvals[number] for number in sorted(approvals)]


def log(out: Path, what: What, number: int, steps: Sequence[Step] = ()) -> None:
    """Write a line, and wait until the disk has it.

    Raises:
        OSError: it cannot be written.
    """
    line = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": _user(),
        "what": what,
        "number": number,
        "steps": [asdict(step) for step in steps],
    }
    path = out / LOG
    cut_short = path.is_file() and not path.read_bytes().endswith(b"\n")  # by a kill: it must not spoil this line
    with path.open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write("\n" * cut_short)
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _user() -> str:
    with suppress(OSError, KeyError, ImportError):
        return getpass.getuser()
    return "unknown"


def _lines(out: Path) -> Iterator[dict[str, Any]]:
    """The log's lines; one that was cut short by a kill is none."""
    try:
        lines: Iterable[str] = (out / LOG).read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except (FileNotFoundError, NotADirectoryError):
        return
    for line in lines:
        with suppress(ValueError):
            values = json.loads(line)
            if isinstance(values, dict) and isinstance(values.get("number"), int) and "what" in values:
                yield values
