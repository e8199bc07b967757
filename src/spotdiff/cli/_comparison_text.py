"""A comparison in a few lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotdiff.types import Box, Comparison, Region

_MOST = 20  # regions told one by one


def comparison_text(comparison: Comparison, written: Iterable[str] = ()) -> str:
    """Verdict and why, all in words, one line a region, the surest first, and where files were written."""
    verdict = f"{comparison.verdict.capitalize()}: {comparison.reason}."
    lines = [verdict, comparison.text.removeprefix(verdict).strip()] if comparison.text else [verdict]
    lines = [line for line in lines if line]
    several = max(comparison.pair.before.pages, comparison.pair.after.pages) > 1
    lines += [
        _line(number, region, page=f"page {region.page}  " if several else "")
        for number, region in enumerate(comparison.regions[:_MOST], start=1)
    ]
    if len(comparison.regions) > _MOST:
        lines.append(f"  and {len(comparison.regions) - _MOST} more; --json or --report tells them all")
    lines += [f"Wrote {path}" for path in written]
    return "\n".join(lines)


def _line(number: int, region: Region, *, page: str) -> str:
    return f"{number:>3}. {page}{region.kind:<8} {region.score:.2f}  {_where(region):<24}  {region.text}".rstrip()


def _where(region: Region) -> str:
    before, after = region.box_before, region.box_after
    if region.kind == "moved" and before and after:
        return f"{_box(before)} to {after[0]},{after[1]}"
    box = before if region.kind == "removed" or after is None else after
    return _box(box) if box else ""


def _box(box: Box) -> str:
    left, top, right, bottom = box
    return f"{right - left}x{bottom - top} at {left},{top}"
