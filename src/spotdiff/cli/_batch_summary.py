"""What came of a batch, in counts: for people and for programs."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.batching.compare import Answered
from spotdiff.report.batch_row import OUTCOMES

if TYPE_CHECKING:
    from spotdiff.batching import Done

_MOST = 20  # pairs told one by one
_CODES = {"trouble": 2, "changed": 1, "new": 1, "missing": 1, "unsure": 3}  # the first that occurs is the answer


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a batch.

    Attributes:
        pairs: How many pairs there were.
        same, changed, unsure, new, missing, trouble: How many of each.
        resumed: How many answers were taken over from an earlier run.
        seconds: Wall time.
        index: Path of the index.
        first_trouble: Name and error of the first pair in trouble; empty for none.
    """

    pairs: int
    same: int
    changed: int
    unsure: int
    new: int
    missing: int
    trouble: int
    resumed: int
    seconds: float
    index: str
    first_trouble: str = ""

    @classmethod
    def of(cls, done: Sequence[Done], *, index: Path, seconds: float) -> Summary:
        """The counts of what was done."""
        answered = (Answered(pair.row.name, pair.row.verdict, pair.row.error, pair.resumed) for pair in done)
        return cls.counted(answered, index=index, seconds=lambda: seconds)

    @classmethod
    def counted(cls, answered: Iterable[Answered], *, index: str | Path, seconds: Callable[[], float]) -> Summary:
        """The counts of pairs that are not kept; `seconds` is asked for once all have come."""
        count: Counter[str] = Counter()
        resumed, first_trouble = 0, ""
        for pair in answered:
            count[pair.verdict] += 1
            resumed += pair.resumed
            first_trouble = first_trouble or (f"{pair.name}: {pair.error}" if pair.error else "")
        return cls(
            pairs=count.total(),
            same=count["same"],
            changed=count["changed"],
            unsure=count["unsure"],
            new=count["new"],
            missing=count["missing"],
            trouble=count["trouble"],
            resumed=resumed,
            seconds=round(seconds(), 3),
            index=str(index),
            first_trouble=first_trouble,
        )

    @property
    def verdicts(self) -> list[str]:
        """The verdicts that occur."""
        return [word for word in OUTCOMES if getattr(self, word)]

    @property
    def line(self) -> str:
        """The counts in a line."""
        counts = (f"{getattr(self, word)} {word}" for word in OUTCOMES if getattr(self, word))
        pairs = f"{self.pairs} pair{'s' if self.pairs != 1 else ''}"
        resumed = f"; {self.resumed} skipped, answered by an earlier run" if self.resumed else ""
        return f"{pairs} in {self.seconds:.1f} s: {', '.join(counts)}{resumed}. Index: {self.index}"

    @property
    def trouble_line(self) -> str:
        """How many pairs had trouble, the first of them, and where to read on."""
        some = "a pair" if self.trouble == 1 else f"{self.trouble} pairs"
        rest = "" if self.trouble == 1 else f"; the others are in {self.index}"
        return f"{some} had trouble: {self.first_trouble}{rest}"

    def write(self, target: str) -> None:
        """Write the counts as one JSON object to a file, or to standard output for "-".

        Raises:
            OSError: the file cannot be written.
        """
        text = json.dumps(asdict(self), indent=2) + "\n"
        if target == "-":
            sys.stdout.write(text)
            return
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")


def batch_text(done: Sequence[Done], summary: Summary) -> str:
    """One line for each of the first pairs that are not simply the same, then the counts."""
    rows = [pair.row for pair in done if pair.row.verdict != "same"]
    left_out = sum(pair.pages_left_out for pair in done)
    some = "1 pair has" if left_out == 1 else f"{left_out} pairs have"
    notes = [f"{some} further pages, which were not compared; --page all compares them"] if left_out else []
    lines = [f"{row.verdict:<8} {row.name}  {row.error or row.text}".rstrip() for row in rows[:_MOST]]
    if len(rows) > _MOST:
        lines.append(f"and {len(rows) - _MOST} more")
    return "\n".join([*lines, *notes, summary.line])


def exit_code(verdicts: Iterable[str], fail_on: Collection[str]) -> int:
    """2 for trouble, else 1 if any changed, is new or missing, else 3 if any is unsure, else 0.

    Args:
        verdicts: Of all pairs.
        fail_on: Those that count, beside trouble.
    """
    counting = {"trouble", *fail_on} & set(verdicts)
    return next((code for verdict, code in _CODES.items() if verdict in counting), 0)
