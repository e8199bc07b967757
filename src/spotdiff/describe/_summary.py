"""The whole comparison in words: its verdict, how many things changed, light and camera."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.align import is_flush, overlap_of_after
from spotdiff.align.georeferenced import place_matrix
from spotdiff.image.geo_offset import offset_between
from spotdiff.language.catalogue import get_catalogue
from spotdiff.language.summary import Conditions, changes_text, left_out_text, unchanged_text, unsure_text
from spotdiff.sharpness import blur_of

if TYPE_CHECKING:
    from spotdiff.language.catalogue import Catalogue
    from spotdiff.types import Alignment, Comparison, Evidence, Pair


def summary_text(
    answer: Comparison,
    *,
    language: str,
    least_px: int = 1,
    overlooks: str = "",
    note: str = "",
    all_pages: bool = False,
) -> str:
    """The text of a comparison whose verdict is known.

    Args:
        answer: With verdict, reason and regions.
        language: Name of a language, or a catalogue FILE.po.
        least_px: Pixels under which a region is not kept.
        overlooks: What else the method does not tell, as in `Conditions`.
        note: What the describer has to say of the whole.
        all_pages: Whether the other pages of the files are compared too.

    Raises:
        OptionError: there is no such language.
    """
    catalogue = get_catalogue(language)
    conditions = _conditions(answer, least_px, overlooks)
    if not all_pages:
        conditions = _with_pages(conditions, answer.pair)
    left_out = left_out_text(conditions, catalogue)
    text = changes_text(answer.regions, conditions, catalogue) if answer.regions else ""
    if answer.verdict == "unsure":
        verdict = unsure_text(answer.reason, text, catalogue)
    else:
        verdict = text or unchanged_text(conditions, catalogue)
    sentences = (verdict, _measured(answer.evidence, catalogue), left_out, _unplaced(answer.pair, catalogue), note)
    return catalogue.text(filter(None, sentences))


def _unplaced(pair: Pair, catalogue: Catalogue) -> str:
    """That only one of the pictures says where on Earth it is; "" for others."""
    if (pair.before.georeference is None) == (pair.after.georeference is None):
        return ""
    if pair.before.georeference is None:
        note = catalogue.say("checked", "before has no georeference, so the two were compared as pictures")
    else:
        note = catalogue.say("checked", "after has no georeference, so the two were compared as pictures")
    return catalogue.sentence(note)


def _measured(evidence: Evidence | None, catalogue: Catalogue) -> str:
    """The one number that the method is known for; "" where it has none."""
    mean = None if evidence is None else evidence.notes.get("mean_ssim")
    if not isinstance(mean, float):
        return ""
    return catalogue.sentence(catalogue.say("summary", "the mean SSIM is {value}", value=f"{mean:.5f}"))


def _with_pages(conditions: Conditions, pair: Pair) -> Conditions:
    pages = pair.before.pages, pair.after.pages
    return replace(conditions, page=pair.before.page if max(pages) > 1 else 0, pages=pages)


def _conditions(answer: Comparison, least_px: int, overlooks: str) -> Conditions:
    width, height = answer.pair.before.size
    usable = answer.aligned.usable
    seen = 1.0 if usable is None else float(usable[:height, :width].mean())
    if answer.aligned.valid is None:  # else it was said what counts, in before's pixels
        seen = min(seen, overlap_of_after(answer.pair, answer.alignment))
    equal = _equal(answer.pair) if answer.windows is None else answer.windows.equal
    return Conditions(
        brightness=_brightness(answer),
        shift=_shift(answer),
        blurred=blur[0] if (blur := blur_of(answer.evidence)) else "",
        shifted_px=_row_shift(answer.alignment),
        error_px=None if answer.alignment.model in ("off", "page") else answer.alignment.error_px,
        seen=seen,
        least_px=least_px,
        overlooks=overlooks,
        equal=answer.verdict == "same" and equal,
        rounded=answer.pair.before.rounded or answer.pair.after.rounded,
    )


def _row_shift(alignment: Alignment) -> int:
    """How far rows of a page, or of a part of it, shifted up or down at most, in pixels."""
    frames = [pane.rows for pane in alignment.panes] if alignment.rows is None else [alignment.rows]
    shifts = [np.abs(after - before)[(before >= 0) & (after >= 0)].max(initial=0) for before, after in frames]
    return int(max(shifts, default=0))


def _equal(pair: Pair) -> bool:
    before, after = pair.before, pair.after
    if before.size != after.size or offset_between(before, after) not in (None, (0, 0)):
        return False
    if before.alpha is None and after.alpha is None:
        return np.array_equal(before.pixels, after.pixels)
    opaque = np.full(before.pixels.shape[:2], 255, np.uint8)
    alphas = [opaque if picture.alpha is None else picture.alpha for picture in (before, after)]
    if not np.array_equal(alphas[0], alphas[1]):
        return False
    return np.array_equal(before.pixels, after.pixels) or np.array_equal(before.opaque, after.opaque)


def _brightness(answer: Comparison) -> float | None:
    """Of after as a share of before's; 1 where fit and pictures disagree, None when nobody measured it as a factor.

    The fit that evened out the light leaves out what changed, the medians are of what everybody sees: the light is what
    both say, the smaller of the two.
    """
    light = answer.light
    if light.model in ("off", "histogram"):
        return None
    before, after = (
        max(float(np.median(picture.opaque[::4, ::4])) / 255, 1e-3)
        for picture in (answer.pair.before, answer.pair.after)
    )
    gain, gamma = np.array(light.gain), np.array(light.gamma)
    seen = (before / gain) ** (1 / gamma)  # what after shows of a surface that before shows as its median
    fitted = np.log(seen.mean() / before) - np.log(light.field).mean()
    plain = np.log(after / before)
    agreed = min(fitted, plain, key=abs) if fitted * plain > 0 else 0.0
    return float(np.exp(agreed))


def _shift(answer: Comparison) -> float | None:
    """How far a corner of before moved at most, as a share of after's longer side; None when nobody looked.

    That after has other pixels, more or fewer, is no motion.
    """
    if answer.alignment.model == "off":
        return None
    if is_flush(answer.pair, answer.alignment) or answer.alignment.rows is not None:
        return 0.0
    (width, height), (wide, high) = answer.pair.before.size, answer.pair.after.size
    corners = np.array([(0, 0, 1), (width, 0, 1), (0, height, 1), (width, height, 1)], np.float64)
    moved = corners @ answer.alignment.matrix.T
    place = place_matrix(answer.pair)
    still = corners[:, :2] * (wide / width, high / height) if place is None else (corners @ place.T)[:, :2]
    return float(np.hypot(*(moved[:, :2] / moved[:, 2:] - still).T).max() / max(wide, high))
