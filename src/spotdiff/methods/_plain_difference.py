"""The plain difference as a witness beside the network, where the pictures show that light and camera did not change.

A network that learned to forgive light and camera forgives too much there. Three kinds of pairs are known by their
pixels:

- *Exact copies*: screens, scans of one drawing, lossless files. Whole textured places are the same to the level, and
  few pixels differ by as little as compression makes it; see `spotdiff.methods._exact_difference`.
- *One source*: a photograph and its retouched copy. Most pixels are the same to the level; the rest was changed or
  compressed.
- *A steady view*: two looks of one still camera, such as minutes apart. Nearly all of the place is the same within the
  noise, so what is clearly brighter or darker changed: a lamp that went on, a light part in the place of a dark one, a
  crack, a label. Where the texture stayed it is a shadow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.exact_copies import equal_cells, exact_copies, is_lossy
from spotdiff.image.palette import near_in_palette
from spotdiff.image.rendered import is_lossless, is_rendered
from spotdiff.image.resize import resize_mask
from spotdiff.light import same_surface
from spotdiff.methods._exact_difference import Loss, differ_by_loss, with_exact_difference
from spotdiff.methods._raise_to_chance import raised_to_chance
from spotdiff.methods._tolerant_difference import outside, strongest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotdiff.types import Bytes, Evidence, Mask, Pair

_ALIKE = 0.6  # share of equal pixels; of film frames 0.39 at most, of screens and retouched photographs 0.81 at least
_ALIKE_WITH_LOSS = 0.3  # the same of pages saved as JPEG
_STANDS = 0.2  # share of equal textured cells of a page whose letters were drawn anew at another size
_COPIED = 0.8  # share of equal textured cells of a copy of which a pane differs
_ROUNDING, _PANE, _PERHAPS = 2, 15, 0.88  # levels, pixels across, and chance, of such a pane
_BLOCK = 8  # pixels from what changed clearly, up to which compression rings
_FAINTEST, _PLAIN = 8.0, 24.0  # levels of difference from which it counts, and counts in full: less is compression
_THIN = 3  # pixels, of a line
_NEARLY_ALL = 0.97  # share of equal textured cells of screens saved as JPEG, of retouched photographs 0.95 at most
_WEIGHT = 2.5  # added to the log-odds: what the network gave 4 % becomes 34 %, what it gave 0.3 % stays under 4 %

_NOISE = 8  # levels, of pictures a little blurred, that are noise
_STEADY, _VERY_STEADY = 0.85, 0.95  # share of the place, and of all beside what changed, that differs by less
_HALF = 0.5  # share of the place under which nothing is said
_CLEAR, _RATIO, _SMALL = 40, 1.6, 5  # levels, the brighter over the darker, and pixels across, of what changed
_MILD, _MILD_RATIO, _WIDE, _BESIDE = 30, 1.25, 9, 13  # the same of what is wide; pixels around it that are not asked
_LINE_CLEAR, _LINE_RATIO = 80, 1.3  # the same of what is thin, in pictures that are not blurred
_THICK, _LINE, _GAP = 5, 20, 5  # pixels that a line is thinner than, that it is long, and that part its letters
_ONE_SURFACE = 0.5  # from which on a place is one surface in two lights
_DARK = 16.0  # levels added to both, so that black is not infinitely darker
_AFAR = 400  # pixels of the longer side

_CERTAIN = 0.98  # chance, where the difference counts in full
_LEAST = 1e-4  # chance, so that the log-odds are finite


def with_plain_difference(evidence: Evidence, pair: Pair) -> Evidence:
    """The evidence of an aligned pair, surer where the plain difference tells; its direction stays as it was."""
    if pair.relit:
        return evidence
    before, after, usable = pair.before.opaque, pair.after.opaque, pair.usable
    if pair.seen is not None and usable is not None:
        # what the rim shows is half made up by resampling and by lossy compression
        usable = usable & (cv2.erode(pair.seen.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) > 0)
    apart = strongest(cv2.absdiff(before, after))
    counted = apart if usable is None or not usable.any() else apart[usable]
    equal = 1 - np.count_nonzero(counted) / counted.size
    cells = equal_cells(*map(_grey, (before, after))) if equal > _ALIKE else 0.0
    if (loss := _loss(pair, apart, usable, equal=equal, cells=cells)) is not None:
        return with_exact_difference(evidence, pair, apart, usable, loss=loss)
    if equal > _ALIKE and evidence.directed:  # an undirected method forgives nothing there
        apart = np.where(near_in_palette(before, after, apart >= _FAINTEST), 0, apart).astype(np.uint8)
        evidence = _with_difference(evidence, apart)
        return _with_panes(evidence, apart) if cells > _COPIED else evidence
    return _with_brightness(evidence, before, after, usable)


def _loss(pair: Pair, apart: Bytes, usable: Mask | None, *, equal: float, cells: float) -> Loss | None:
    """Where compression made copies differ, by the share of equal pixels and of equal cells; None for no copies."""
    before, after = pair.before.opaque, pair.after.opaque
    if (equal > _ALIKE or exact_copies(before, after)) and not is_lossy(apart, usable):
        return Loss.NOWHERE
    if equal > _ALIKE and is_lossless(before) and is_lossless(after):
        return Loss.NOWHERE
    if cells > _NEARLY_ALL:
        return Loss.ROUND_CHANGES
    # a page that was resampled has edges of its own
    if equal > _ALIKE_WITH_LOSS and pair.seen is None and is_rendered(before) and is_rendered(after):
        if differ_by_loss(before, after):
            return Loss.EVERYWHERE
        if cells > _STANDS:
            return Loss.NOWHERE
    return None


def _grey(picture: Bytes) -> Bytes:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def _with_difference(evidence: Evidence, apart: Bytes) -> Evidence:
    """Surer by what differs, but for lines thinner than three pixels: edges drawn anew, or moved by compression."""
    thick = cv2.morphologyEx(apart, cv2.MORPH_OPEN, np.ones((_THIN, _THIN), np.uint8))
    thick = cv2.GaussianBlur(thick.astype(np.float32), (0, 0), 1.0)
    witness = _WEIGHT * np.clip((thick - _FAINTEST) / (_PLAIN - _FAINTEST), 0, 1)
    surest = np.clip(evidence.change, _LEAST, 1 - _LEAST)
    together = 1 / (1 + (1 - surest) / surest * np.exp(-witness))
    return raised_to_chance(evidence, together, anything=_CERTAIN if witness.max() == _WEIGHT else 0.0)


def _with_panes(evidence: Evidence, apart: Bytes) -> Evidence:
    """As likely as not where all that lies together differs, be it faintly, in a copy that is exact elsewhere."""
    block = np.ones((2 * _BLOCK + 1,) * 2, np.uint8)
    ringing = (apart < _PLAIN) & (cv2.dilate((apart >= _PLAIN).astype(np.uint8), block) > 0)
    faint = ((apart > _ROUNDING) & ~ringing).astype(np.uint8)
    panes = cv2.morphologyEx(faint, cv2.MORPH_CLOSE, np.ones((_GAP, _GAP), np.uint8))
    panes = cv2.morphologyEx(panes, cv2.MORPH_OPEN, np.ones((_PANE, _PANE), np.uint8))
    return raised_to_chance(evidence, np.where(panes > 0, _PERHAPS, 0), anything=_PERHAPS if panes.any() else 0.0)


def _with_brightness(evidence: Evidence, before: Bytes, after: Bytes, usable: Mask | None) -> Evidence:
    """Surer where brightness alone tells in a steady view, and as it is in any other.

    On pairs of halls, roads and water with true masks, of the pixels that are named these changed: 99.9 % of those much
    brighter or darker (32 pairs), 98.2 % of the wide ones that are so by a quarter where all else is steady (17 pairs),
    and 98.9 % of the lines (29 pairs).
    """
    same = _same_from_afar(before, after)
    counted = np.ones(same.shape, bool) if usable is None else resize_mask(usable, same.shape[::-1])
    if not counted.any() or float(same[counted].mean()) < _HALF:
        return evidence
    smooth = [np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0), np.uint8) for picture in (before, after)]
    apart = strongest(np.asarray(cv2.absdiff(*smooth), np.uint8))
    if usable is not None:
        apart[~usable] = 0
    if int(apart.max()) < _MILD:
        return evidence
    # asked where it matters: what is found two pixels further in the other picture may be a camera's tremor
    left, top, width, height = cv2.boundingRect((apart >= _MILD).astype(np.uint8))
    window = slice(max(top - _WIDE, 0), top + height + _WIDE), slice(max(left - _WIDE, 0), left + width + _WIDE)
    apart[window] = np.minimum(apart[window], strongest(outside(smooth[0][window], smooth[1][window], 2)))
    ycc = [cv2.cvtColor(picture[window], cv2.COLOR_RGB2YCrCb) for picture in (before, after)]
    shaded = np.zeros(apart.shape, bool)
    shaded[window] = same_surface(ycc[0], ycc[1], noise=_NOISE / 2) > _ONE_SURFACE  # its texture stayed: a shadow
    much, brighter = (_brighter(smooth, ratio) for ratio in (_RATIO, _MILD_RATIO))
    named = np.zeros(apart.shape, bool)
    if float(same[counted].mean()) >= _STEADY:
        named |= _opened((apart >= _CLEAR) & much & ~shaded, _SMALL)
        thin = np.zeros(apart.shape, bool)
        thin[window] = strongest(outside(before[window], after[window], 2)) >= _LINE_CLEAR
        thin &= _brighter((before, after), _LINE_RATIO) & ~shaded
        named |= _lines(thin if usable is None else thin & usable)
    mild = _opened((apart >= _MILD) & brighter & ~shaded, _WIDE)
    near_mild = cv2.dilate(mild.astype(np.uint8), np.ones((_BESIDE, _BESIDE), np.uint8)) > 0
    rest = counted & ~resize_mask(near_mild, same.shape[::-1])
    if float(rest.mean()) >= _HALF and float(same[rest].mean()) >= _VERY_STEADY:
        named |= mild
    both = np.ones_like(named), np.ones_like(named)
    return raised_to_chance(
        evidence, np.where(named, _CERTAIN, 0), anything=_CERTAIN if named.any() else 0.0, sides=both
    )


def _same_from_afar(before: Bytes, after: Bytes) -> Mask:
    """(h, w) of a small copy: where the place is the same within the noise."""
    factor = min(1.0, _AFAR / max(before.shape))
    size = max(round(before.shape[1] * factor), 1), max(round(before.shape[0] * factor), 1)
    small = [cv2.GaussianBlur(cv2.resize(p, size, interpolation=cv2.INTER_AREA), (0, 0), 1.0) for p in (before, after)]
    return np.asarray(strongest(np.asarray(cv2.absdiff(*small), np.uint8)) <= _NOISE)


def _brighter(smooth: Sequence[Bytes], ratio: float) -> Mask:
    """Where one of two pictures is so many times as bright as the other in some channel."""
    levels = np.clip(np.ceil(ratio * (np.arange(256) + _DARK) - _DARK), 0, 255).astype(np.uint8)
    return strongest(np.asarray(cv2.compare(cv2.max(*smooth), cv2.LUT(cv2.min(*smooth), levels), cv2.CMP_GE))) > 0


def _opened(mask: Mask, side: int) -> Mask:
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8)) > 0)


def _lines(mask: Mask) -> Mask:
    """What is thin, and long enough once gaps such as those between letters are closed: a crack, a row of text."""
    mask = mask & ~_opened(mask, _THICK)
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_GAP, _GAP), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    long = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) >= _LINE
    long[0] = False
    return np.asarray(long[labels])
