"""One answer from those for the pages of two files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from spotdiff.language.catalogue import get_catalogue
from spotdiff.language.summary import one_sided_slice_text, page_text, pages_text, whole_page_text
from spotdiff.report.coordinates import kinds_in
from spotdiff.types import Comparison, PageAnswer, Picture, Region, UnpairedPage, Verdict

if TYPE_CHECKING:
    from spotdiff.language.catalogue import Catalogue

_VERDICTS: tuple[Verdict, ...] = ("changed", "unsure", "same")  # what one page is, all are
_MOST_PAGES = 10  # pages that the reason names


def over_pages(answers: Iterable[Comparison | UnpairedPage], *, language: str) -> Comparison:
    """One answer for two files: changed if any page is, else unsure if any is.

    Args:
        answers: Page by page; one that only one of the files has counts as changed, and a slice that only one of two
            series covers as unsure.
        language: Name of the language of the text.

    Raises:
        ValueError: no page was compared.
    """
    catalogue = get_catalogue(language)
    shown: Comparison | None = None
    pages: list[PageAnswer] = []
    regions: list[Region] = []
    for answer in answers:
        if isinstance(answer, Comparison):
            pages.append(_page_answer(answer, catalogue))
            regions += answer.regions
            if shown is None or _VERDICTS.index(answer.verdict) < _VERDICTS.index(shown.verdict):
                shown = replace(answer, evidence=None, labels=None, mirror=None)
        elif answer.is_slice:
            pages.append(_uncovered_slice(answer, catalogue))
        else:
            region = _whole_page(answer.picture, catalogue, added=answer.side == "after")
            regions.append(region)
            reason = f"page {region.page} was {region.kind}"
            pages.append(PageAnswer(region.page, "changed", reason, 1.0, region.area, region.area, region.text))
    if shown is None:
        raise ValueError("an answer over pages needs a page")
    verdict = min((page.verdict for page in pages), key=_VERDICTS.index)
    return replace(
        shown,
        verdict=verdict,
        reason=_reason(pages, verdict),
        score=max(page.score for page in pages if page.verdict == verdict),
        regions=tuple(sorted(regions, key=lambda region: -region.score)),
        text=pages_text([(page.verdict, page.text) for page in pages], catalogue),
        pages=tuple(pages),
    )


def _page_answer(answer: Comparison, catalogue: Catalogue) -> PageAnswer:
    page = answer.pair.before.page
    labels = (answer.mirror or answer).labels  # in the frame that the changed pixels are counted in
    pixels = labels.size if labels is not None else answer.pair.before.pixels[..., 0].size
    after = answer.pair.after.scan
    return PageAnswer(
        page,
        answer.verdict,
        answer.reason,
        answer.score,
        answer.changed_pixels,
        pixels,
        page_text(page, answer.text, catalogue),
        None if after is None else (answer.pair.before.scan, after),
        None if after is None else kinds_in(answer, "after"),
    )


def _uncovered_slice(slice_: UnpairedPage, catalogue: Catalogue) -> PageAnswer:
    picture = slice_.picture
    pixels = picture.size[0] * picture.size[1]
    text = one_sided_slice_text(picture.page, slice_.side, catalogue)
    return PageAnswer(picture.page, "unsure", f"only {slice_.side} has this slice", 0.5, 0, pixels, text)


def _whole_page(page: Picture, catalogue: Catalogue, *, added: bool) -> Region:
    width, height = page.size
    box, outline = (0, 0, width, height), (((0, 0), (width - 1, 0), (width - 1, height - 1), (0, height - 1)),)
    text = whole_page_text(page.page, catalogue, added=added)
    if added:
        return Region("added", 1.0, width * height, None, box, (), outline, text=text, page=page.page)
    return Region("removed", 1.0, width * height, box, None, outline, (), text=text, page=page.page)


def _reason(pages: Sequence[PageAnswer], verdict: Verdict) -> str:
    if verdict == "same":
        return f"no region is sure and large enough on any of {len(pages)} pages"
    return "; ".join(_page_reasons([page for page in pages if page.verdict == verdict]))


def _page_reasons(pages: Sequence[PageAnswer]) -> Iterator[str]:
    for page in pages[:_MOST_PAGES]:
        named = f"page {page.page}"
        yield page.reason if page.reason.startswith(named) else f"{named}: {page.reason}"
    if len(pages) > _MOST_PAGES:
        yield f"and {len(pages) - _MOST_PAGES} pages more"
