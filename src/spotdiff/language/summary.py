"""The whole pair in a sentence or two: how many things changed, what light and camera did, or what was checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotdiff.language.grammar import SURE

if TYPE_CHECKING:
    from spotdiff.language.catalogue import Catalogue
    from spotdiff.types import Kind, Region, Verdict

_FIRST: Mapping[Kind, tuple[str, str]] = {
    "removed": ("{number} thing was removed", "{number} things were removed"),
    "added": ("{number} thing was added", "{number} things were added"),
    "replaced": ("{number} thing was replaced", "{number} things were replaced"),
    "moved": ("{number} thing moved", "{number} things moved"),
    "changed": ("{number} place changed", "{number} places changed"),
}
_NEXT: Mapping[Kind, tuple[str, str]] = {
    "removed": ("{number} was removed", "{number} were removed"),
    "added": ("{number} was added", "{number} were added"),
    "replaced": ("{number} was replaced", "{number} were replaced"),
    "moved": ("{number} moved", "{number} moved"),
    "changed": ("{number} place changed", "{number} places changed"),
}
_FIRST_SEEMS: Mapping[Kind, tuple[str, str]] = {
    "removed": ("{number} thing seems to have been removed", "{number} things seem to have been removed"),
    "added": ("{number} thing seems to have been added", "{number} things seem to have been added"),
    "replaced": ("{number} thing seems to have been replaced", "{number} things seem to have been replaced"),
    "moved": ("{number} thing seems to have moved", "{number} things seem to have moved"),
    "changed": ("{number} place seems to have changed", "{number} places seem to have changed"),
}
_NEXT_SEEMS: Mapping[Kind, tuple[str, str]] = {
    "removed": ("{number} seems to have been removed", "{number} seem to have been removed"),
    "added": ("{number} seems to have been added", "{number} seem to have been added"),
    "replaced": ("{number} seems to have been replaced", "{number} seem to have been replaced"),
    "moved": ("{number} seems to have moved", "{number} seem to have moved"),
    "changed": ("{number} place seems to have changed", "{number} places seem to have changed"),
}
_DARKER, _BRIGHTER = 0.92, 1.09  # brightness of after as a share of before's, from which on it is worth a word
_UNTOLD = {  # by whether there is a least size, and by what the method overlooks
    (False, ""): "",
    (True, ""): "what covers less than {least} px is not told",
    (False, "light"): "what is as faint as shadows and noise may not be told",
    (
        True,
        "light",
    ): "what covers less than {least} px is not told, and what is as faint as shadows and noise may not be",
    (False, "threshold"): "what differs by less than the threshold is not told",
    (True, "threshold"): "what covers less than {least} px or differs by less than the threshold is not told",
}
_EQUAL = {  # by whether it is one page of several, and whether deeper files were rounded
    (False, False): "the pictures are equal to the last pixel",
    (False, True): "the pictures are equal at 8 bits a channel; what is finer was not compared",
    (True, False): "this page is equal to the last pixel",
    (True, True): "this page is equal at 8 bits a channel; what is finer was not compared",
}
_PAGES_TOLD = 10  # one by one
_SHIFTED = 0.01  # of the longer side, from which on a camera moved


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is known of a pair beside its changes.

    Attributes:
        brightness: Of after as a share of before's; 1 for the same, None when nobody looked.
        shift: How far a corner moved at most, as a share of the longer side; None when nobody looked.
        blurred: Which of the two is far less sharp, before or after; "" for neither.
        shifted_px: How far rows of a page shifted up or down at most.
        error_px: Median distance that is left between the pictures, in pixels; None when nobody looked.
        seen: Share of the picture that was compared, of that of which less was; 1 for all of both.
        least_px: Pixels under which a change is not told.
        overlooks: What else the method does not tell: what is as faint as "light" and noise, or differs by less than
            its "threshold"; "" for nothing.
        equal: Whether every pixel is the same.
        rounded: Whether that holds of 8 bits a channel alone, because a file has more.
        page: The page that was compared while others were left out; 0 where nothing was left out.
        pages: How many before and after have.
    """

    brightness: float | None = None
    shift: float | None = None
    blurred: str = ""
    shifted_px: int = 0
    error_px: float | None = None
    seen: float = 1.0
    least_px: int = 1
    overlooks: str = ""
    equal: bool = False
    rounded: bool = False
    page: int = 0
    pages: tuple[int, int] = (1, 1)


def changes_text(regions: Sequence[Region], conditions: Conditions, catalogue: Catalogue) -> str:
    """How many things likely changed by kind, how many more may have, and what light and camera did.

    Examples:
        >>> from spotdiff.language.catalogue import get_catalogue
        >>> from spotdiff.types import Region
        >>> scores = {"removed": 0.9, "added": 0.7, "moved": 0.4}
        >>> some = [Region(kind, score, 9, None, None, likely=score > 0.5) for kind, score in scores.items()]
        >>> changes_text(some, Conditions(brightness=0.7), get_catalogue("en"))
        'One thing was removed and one seems to have been added; one more change is possible; the light is darker.'
    """
    likely = [region for region in regions if region.likely]
    stated = Counter(region.kind for region in likely if region.score >= SURE)
    seeming = Counter(region.kind for region in likely if region.score < SURE)
    possible = len(regions) - len(likely)
    clauses = [_listed(stated, seeming, catalogue)] if likely else []
    if possible:
        more = ("{number} more change is possible", "{number} more changes are possible")
        alone = ("{number} change is possible", "{number} changes are possible")
        clauses.append(catalogue.count("summary", *(more if clauses else alone), possible))
    clauses += _surroundings(conditions, catalogue)
    return catalogue.sentence(catalogue.say("list", "; ").join(clauses))


def _listed(stated: Counter[Kind], seeming: Counter[Kind], catalogue: Catalogue) -> str:
    parts: list[str] = []
    things = False  # whether the last part was of things, so that "one" means one of them
    for count, first, following in ((stated, _FIRST, _NEXT), (seeming, _FIRST_SEEMS, _NEXT_SEEMS)):
        for kind in _FIRST:
            if count[kind]:
                parts.append(catalogue.count("summary", *(following if things else first)[kind], count[kind]))
                things = kind != "changed"
    *most, last = parts
    return catalogue.say("list", " and ").join([catalogue.say("list", ", ").join(most), last]) if most else last


def _surroundings(conditions: Conditions, catalogue: Catalogue) -> list[str]:
    clauses = []
    if conditions.brightness is not None and conditions.brightness <= _DARKER:
        clauses.append(catalogue.say("summary", "the light is darker"))
    if conditions.brightness is not None and conditions.brightness >= _BRIGHTER:
        clauses.append(catalogue.say("summary", "the light is brighter"))
    if conditions.shift is not None and conditions.shift >= _SHIFTED:
        clauses.append(catalogue.say("summary", "the camera moved"))
    if conditions.blurred == "before":
        clauses.append(catalogue.say("summary", "the picture before is blurred"))
    if conditions.blurred == "after":
        clauses.append(catalogue.say("summary", "the picture after is blurred"))
    if conditions.shifted_px:
        shift = conditions.shifted_px
        clauses.append(catalogue.say("summary", "parts of the page shifted by up to {shift} px", shift=shift))
    return clauses


def unchanged_text(conditions: Conditions, catalogue: Catalogue) -> str:
    """That nothing changed, and what was checked.

    Examples:
        >>> from spotdiff.language.catalogue import get_catalogue
        >>> unchanged_text(Conditions(error_px=0.42, seen=0.999), get_catalogue("en"))
        'No change found. 99% of the picture was compared, aligned to about 0.4 px.'
    """
    unchanged = catalogue.say("checked", "no change found")
    if conditions.equal:
        equal = catalogue.say("checked", _EQUAL[conditions.page > 0, conditions.rounded])
        return catalogue.text(map(catalogue.sentence, (unchanged, equal)))
    compared = _compared(conditions, catalogue)
    if conditions.error_px is not None:
        error = f"{max(conditions.error_px, 0.1):.1f}"
        compared = catalogue.say("checked", "{said}, aligned to about {error} px", said=compared, error=error)
    clauses = _surroundings(conditions, catalogue)
    if clauses:
        named = catalogue.say("list", " and ").join(clauses)
        compared = catalogue.say("checked", "{said}; {named}, which does not count", said=compared, named=named)
    sentences = [unchanged, compared]
    if untold := _UNTOLD[conditions.least_px > 1, conditions.overlooks]:
        sentences.append(catalogue.say("checked", untold, least=conditions.least_px))
    return catalogue.text(map(catalogue.sentence, sentences))


def _compared(conditions: Conditions, catalogue: Catalogue) -> str:
    if conditions.seen < 1:
        share = f"{int(100 * conditions.seen)}%"
        if conditions.page:
            return catalogue.say("checked", "{share} of this page was compared", share=share)
        return catalogue.say("checked", "{share} of the picture was compared", share=share)
    if conditions.page:
        return catalogue.say("checked", "all of this page was compared")
    return catalogue.say("checked", "all of the picture was compared")


def left_out_text(conditions: Conditions, catalogue: Catalogue) -> str:
    """That pages were left out; "" where none were.

    Examples:
        >>> from spotdiff.language.catalogue import get_catalogue
        >>> left_out_text(Conditions(page=1, pages=(4, 6)), get_catalogue("en"))
        'Only page 1 was compared; before has 4, after 6.'
    """
    if not conditions.page:
        return ""
    counts = dict(zip(("before", "after"), conditions.pages, strict=True), page=conditions.page)
    text = catalogue.say("checked", "only page {page} was compared; before has {before}, after {after}", **counts)
    return catalogue.sentence(text)


def whole_page_text(page: int, catalogue: Catalogue, *, added: bool) -> str:
    """That only one of two files has a page."""
    if added:
        return catalogue.sentence(catalogue.say("pages", "page {page} was added", page=page))
    return catalogue.sentence(catalogue.say("pages", "page {page} was removed", page=page))


def one_sided_slice_text(page: int, side: str, catalogue: Catalogue) -> str:
    """That only one of two series has a slice of a place."""
    if side == "before":
        return catalogue.sentence(catalogue.say("pages", "page {page}: only before has this slice", page=page))
    return catalogue.sentence(catalogue.say("pages", "page {page}: only after has this slice", page=page))


def page_text(page: int, text: str, catalogue: Catalogue) -> str:
    """The text of a page, with its number."""
    return catalogue.say("pages", "Page {page}: {said}", page=page, said=text)


def pages_text(pages: Sequence[tuple[Verdict, str]], catalogue: Catalogue) -> str:
    """What the pages of two files come to: how many changed, and what is said of each that is not the same.

    Args:
        pages: Verdict and text of each.
        catalogue: The language.

    Examples:
        >>> from spotdiff.language.catalogue import get_catalogue
        >>> pages_text([("same", "No change found."), ("changed", "Page 2 was added.")], get_catalogue("en"))
        'Pages that changed: one of 2. Page 2 was added.'
    """
    sentences = [text for verdict, text in pages if verdict != "same"]
    if not sentences:
        compared = catalogue.say("pages", "all {count} pages were compared", count=len(pages))
        return catalogue.text(map(catalogue.sentence, (catalogue.say("checked", "no change found"), compared)))
    changed = catalogue.number(sum(verdict == "changed" for verdict, _ in pages))
    counts = catalogue.say("pages", "pages that changed: {number} of {count}", number=changed, count=len(pages))
    return catalogue.text([catalogue.sentence(counts), *sentences[:_PAGES_TOLD]])


def unsure_text(reason: str, more: str, catalogue: Catalogue) -> str:
    """That nobody can say, why, and what may be so."""
    sentence = catalogue.sentence(catalogue.say("summary", "unsure: {reason}", reason=reason))
    return catalogue.text(filter(None, (sentence, more)))
