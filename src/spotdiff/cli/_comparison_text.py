"""A comparison in a few lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotdiff.report.coordinates import where_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotdiff.types import Comparison, Region

_MOST, _MOST_IN_ONE_LINE = 20, 6  # regions told one by one


def comparison_text(
    comparison: Comparison, written: Iterable[str] = (), *, sentences: bool = False, possible: bool = False
) -> str:
    """Verdict and why, what changed in a sentence, where the likely regions are, and which files were written.

    Args:
        comparison: The answer.
        written: Paths of files.
        sentences: A line for each region, with its score and text; otherwise one line says where they are.
        possible: Tell the regions too that are only possible.
    """
    answer = comparison.verdict, comparison.reason, comparison.text
    several = max(comparison.pair.before.pages, comparison.pair.after.pages) > 1
    regions = comparison.regions
    return answer_text(*answer, regions, written, several=several, sentences=sentences, possible=possible)


def answer_text(
    verdict: str,
    reason: str,
    text: str,
    regions: Sequence[Region],
    written: Iterable[str],
    *,
    several: bool,
    sentences: bool,
    possible: bool,
) -> str:
    """`comparison_text` from the parts of an answer; `several` says whether a file has more than one page."""
    first = f"{verdict.capitalize()}: {reason}."
    lines = [first, text.removeprefix(first).strip()] if text else [first]
    shown = [(n, region) for n, region in enumerate(regions, start=1) if possible or region.likely]
    lines += _one_by_one(shown, several=several) if sentences else [_in_one_line(shown, several=several)]
    lines += [f"Wrote {path}" for path in written]
    return "\n".join(filter(None, lines))


def _one_by_one(shown: list[tuple[int, Region]], *, several: bool) -> list[str]:
    lines = [
        f"{number:>3}. {_page(region, several=several)}{region.kind:<8} {region.score:.2f}  "
        f"{where_text(region):<24}  {region.text}".rstrip()
        for number, region in shown[:_MOST]
    ]
    return [*lines, f"  {_rest(len(shown) - _MOST)}"] if len(shown) > _MOST else lines


def _in_one_line(shown: list[tuple[int, Region]], *, several: bool) -> str:
    parts = []
    for number, region in shown[:_MOST_IN_ONE_LINE]:
        hedge = "" if region.likely else "possibly "
        parts.append(f"{number} {_page(region, several=several)}{hedge}{region.kind} {where_text(region)}".rstrip())
    if len(shown) > _MOST_IN_ONE_LINE:
        parts.append(_rest(len(shown) - _MOST_IN_ONE_LINE))
    return f"Where: {'; '.join(parts)}." if parts else ""


def _rest(count: int) -> str:
    return f"and {count} more, which --json or --report tells"


def _page(region: Region, *, several: bool) -> str:
    return f"page {region.page} " if several else ""
