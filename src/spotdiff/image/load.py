"""Pictures and pairs from whatever the caller holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.errors import LoadError, OptionError
from spotdiff.image.arrays import from_array, is_array
from spotdiff.image.decode import PNG, Decoded, decode, split_alpha
from spotdiff.image.intensity_window import to_8_bit
from spotdiff.image.size_limit import SizeLimit
from spotdiff.image.source import Coded, open_source, shown
from spotdiff.options import ALL_PAGES, Options
from spotdiff.types import Pair, Picture

if TYPE_CHECKING:
    from spotdiff.image.source import Values
    from spotdiff.types import Mask


def load_picture(source: object, *, options: Options | None = None) -> Picture:
    """A picture from a path, URL, bytes, file object, array or Pillow image.

    Args:
        source: The picture; an array is (H, W[, 1|2|3|4]), RGB, of whole numbers or of floats.
        options: Its `max_pixels` and `max_bytes` limit what is read, its `page` says which page, and its `colour`,
            `layout` and `data_range` how an array is meant.

    Raises:
        LoadError: it cannot be read; the message names the file and what to do.
        OptionError: all pages are asked for.

    Examples:
        >>> load_picture(np.zeros((2, 3), np.uint8)).size
        (3, 2)
    """
    return _pictures([source], Options.asked(options))[0]


def load_pair(before: object, after: object, *, options: Options | None = None, history: Sequence[object] = ()) -> Pair:
    """A pair from two pictures, read side by side, with the `valid` mask that the options ask for.

    Args:
        before: The earlier picture, see `load_picture`.
        after: The later picture.
        options: Limits and what to ignore or to focus on.
        history: Still earlier pictures, oldest first.

    Raises:
        LoadError: a picture cannot be read.
        OptionError: a box lies outside of `before`, the mask has another size, or all pages are asked for.
    """
    options = Options.asked(options)
    pictures = _pictures([before, after, *_earlier(history)], options)
    if options.align == "off":
        width, height = (max(sides) for sides in zip(pictures[0].size, pictures[1].size, strict=True))
        SizeLimit("both pictures, laid flush", options.max_pixels).check(width, height)
    return Pair(pictures[0], pictures[1], valid=valid_mask(pictures[0], options), history=tuple(pictures[2:]))


def load_pages(
    before: object, after: object, *, options: Options, history: Sequence[object] = ()
) -> Iterator[Pair | Picture]:
    """The pages of two files, one by one: pairs, and then what only one of the two files has.

    Args:
        before: See `load_pair`.
        after: See `load_pair`.
        options: Their `page` does not matter.
        history: Files that have as many pages as both others have.

    Raises:
        LoadError: a picture cannot be read.
        OptionError: see `load_pair`.
    """
    first, second, *earlier = opened = [_opened(source, options) for source in (before, after, *_earlier(history))]
    page, pages = 1, (1, 1)
    while page <= max(pages):
        one = replace(options, page=page)
        if page <= min(pages):
            pair = load_pair(first, second, options=one, history=earlier)
            pages = pair.before.pages, pair.after.pages
            yield pair
        else:
            yield load_picture(opened[0 if pages[0] > pages[1] else 1], options=one)
        page += 1


def _earlier(history: object) -> Iterable[object]:
    if isinstance(history, (str, bytes, os.PathLike)) or not isinstance(history, Iterable):
        raise OptionError(f"history takes a list of pictures, not {type(history).__name__}")
    return history


def _pictures(sources: Sequence[object], options: Options) -> list[Picture]:
    opened = [_opened(source, options) for source in sources]
    # the fast PNG decoder holds the interpreter: a second thread would only wait
    if len(opened) == 1 or all(isinstance(o, Coded) and o.data.startswith(PNG) for o in opened):
        found = [_decoded(one, options) for one in opened]
    else:
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda one: _decoded(one, options), opened))
    paths = [one.path if isinstance(one, (Coded, Picture)) else "" for one in opened]
    rounded = [
        one.rounded if isinstance(one, Picture) else own.values.dtype not in (np.uint8, np.bool_)
        for one, own in zip(opened, found, strict=True)
    ]
    return [
        Picture(one.values, one.alpha, path, one.taken, one.notes, one.page, one.pages, deep)
        for one, path, deep in zip(to_8_bit(found), paths, rounded, strict=True)
    ]


def _opened(source: object, options: Options) -> Picture | Coded | Decoded | Values:
    if isinstance(source, (Picture, Coded, Decoded)):
        return source
    if is_array(source):
        return from_array(source, options)
    return open_source(source, max_bytes=options.max_bytes, max_pixels=options.max_pixels)


def _decoded(opened: Picture | Coded | Decoded | Values, options: Options) -> Decoded:
    if isinstance(opened, Picture):
        return Decoded(opened.pixels, opened.alpha, opened.taken, opened.notes, opened.page, opened.pages)
    if not isinstance(options.page, int):
        raise OptionError(f"page={ALL_PAGES} is for spotdiff.compare; here one page is read: give its number")
    if isinstance(opened, Coded):
        name = shown(opened.path) or "the picture"
        return decode(opened.data, name=name, max_pixels=options.max_pixels, page=options.page)
    if options.page > 1:
        raise LoadError("the array has one page; leave page")
    if isinstance(opened, Decoded):
        return opened
    SizeLimit("the image", options.max_pixels).check(opened.shape[1], opened.shape[0])
    return split_alpha(np.array(opened))  # the caller's later writing changes no answer


def valid_mask(before: Picture, options: Options) -> Mask | None:
    """(H, W) bool in before's pixels, True where the answer counts; None for everywhere.

    Raises:
        OptionError: a box lies outside of the picture, or the mask has another size.
    """
    asked = options.ignore or options.focus or options.ignore_mask is not None or options.ignore_colour
    if not asked:
        return None
    width, height = before.size
    valid = np.full((height, width), not options.focus)
    for name, boxes, value in (("focus", options.focus, True), ("ignore", options.ignore, False)):
        for left, top, right, bottom in boxes:
            if left >= width or top >= height or right <= 0 or bottom <= 0:
                raise OptionError(
                    f"{name} box {(left, top, right, bottom)} lies outside of the {width}x{height} picture"
                )
            valid[max(top, 0) : bottom, max(left, 0) : right] = value
    if options.ignore_mask is not None:
        valid &= ~_ignored(options.ignore_mask, before.size, options)
    if options.ignore_colour:
        red, green, blue = bytes.fromhex(options.ignore_colour[1:])
        valid &= (before.pixels != (red, green, blue)).any(axis=2)
    return np.asarray(valid, bool)


def _ignored(mask: object, size: tuple[int, int], options: Options) -> Mask:
    options = replace(options, page=1, data_range=None)  # any number but 0 is not black
    picture = _decoded(_opened(mask, options), options)
    if picture.values.shape[1::-1] != size:
        wide, high = picture.values.shape[1::-1]
        raise OptionError(f"ignore_mask is {wide}x{high}, before is {size[0]}x{size[1]}: they must be of one size")
    return np.asarray(picture.values.any(axis=2))
