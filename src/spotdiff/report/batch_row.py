"""One pair of a batch in a line: what an index page and a JUnit file tell of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Outcome = Literal["same", "changed", "unsure", "new", "missing", "trouble"]
OUTCOMES: tuple[Outcome, ...] = ("changed", "new", "missing", "unsure", "trouble", "same")
FAILING: tuple[Outcome, ...] = ("changed", "unsure", "new", "missing")


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One pair of a batch.

    Attributes:
        name: The pair's name.
        verdict: same, changed or unsure; new or missing for a picture that has no counterpart; trouble for a pair that
            could not be compared.
        score: How sure that something changed, 0 to 1.
        regions: How many regions there are.
        possible: How many of them are only possible.
        seconds: Wall time in total.
        text: The answer in words, or the reason.
        error: What went wrong; empty for a pair that was compared.
        href: Address of the pair's own report, relative to the page; empty for none.
        measured: The verdict of the comparison itself, where criteria made another one of it; else "".
        thumb_before, thumb_after: A JPEG file's bytes, put into the page, or its address relative to the page, so that
            a page of thousands stays small; None for none.
    """

    name: str
    verdict: Outcome
    score: float = 0.0
    regions: int = 0
    possible: int = 0
    seconds: float = 0.0
    text: str = ""
    error: str = ""
    href: str = ""
    measured: Outcome | Literal[""] = ""
    thumb_before: bytes | str | None = None
    thumb_after: bytes | str | None = None

    @property
    def likely(self) -> int:
        """How many regions the answer stands for."""
        return self.regions - self.possible

    @classmethod
    def of(cls, record: Mapping[str, Any], **more: Any) -> BatchRow:  # noqa: ANN401 (of the fields' own types)
        """The row of a record (see `to_record`); `more` sets further fields.

        Examples:
            >>> record = {"name": "yard", "verdict": "same", "score": 0.1, "regions": [], "seconds": {"total": 0.2}}
            >>> BatchRow.of({**record, "text": "", "reason": "nothing differs"}, href="yard.html").text
            'nothing differs'
        """
        row = cls(
            name=record["name"],
            verdict=record["verdict"],
            score=record["score"],
            regions=len(record["regions"]),
            possible=sum(not region["likely"] for region in record["regions"]),
            seconds=record["seconds"]["total"],
            text=record["text"] or record["reason"],
        )
        return replace(row, **more)

    @property
    def as_compared(self) -> Outcome:
        """The verdict before anybody judged it."""
        return self.measured or self.verdict

    @property
    def compared(self) -> bool:
        """Whether two pictures were compared, so that there is a record."""
        return self.verdict in ("same", "changed", "unsure")

    @classmethod
    def trouble(cls, name: str, error: str, *, seconds: float = 0.0) -> BatchRow:
        """The row of a pair that could not be compared."""
        return cls(name=name, verdict="trouble", error=error, seconds=seconds)
