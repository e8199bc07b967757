"""Pictures and pairs from whatever the caller holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from spotdiff.errors import LoadError, OptionError
from spotdiff.image.arrays import from_array, is_array
from spotdiff.image.common_grid import on_one_grid
from spotdiff.image.decode import PNG, Decoded, decode
from spotdiff.image.dicom_series import Series, matched, open_series
from spotdiff.image.intensity_window import to_8_bit
from spotdiff.image.lossy_forms import loses_colours
from spotdiff.image.pixel_metadata import PixelMetadata
from spotdiff.image.size_limit import SizeLimit
from spotdiff.image.source import Coded, open_source, shown
from spotdiff.options import ALL_PAGES, Options
from spotdiff.types import Pair, Picture, UnpairedPage

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Mask

    Opened = Picture | Coded | Decoded | Series


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
    options = Options.asked(options)
    return _pictures([open_picture(source, options)], options)[0]


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
    opened = _opened_together([before, after, *_earlier(history)], options)
    told = options.ignore or options.focus or options.ignore_mask is not None or options.ignore_colour
    pictures = _pictures(opened, options, keep_first=bool(told or options.areas is not None))
    if options.align == "off":
        width, height = (max(sides) for sides in zip(pictures[0].size, pictures[1].size, strict=True))
        SizeLimit("both pictures, laid flush", options.max_pixels).check(width, height)
    return Pair(pictures[0], pictures[1], valid=valid_mask(pictures[0], options), history=tuple(pictures[2:]))


def load_pages(
    before: object, after: object, *, options: Options, history: Sequence[object] = ()
) -> Iterator[Pair | UnpairedPage]:
    """The pages of two files, one by one: pairs, and what only one of the two has.

    Pages are matched by number, the slices of two series by their places.

    Args:
        before: See `load_pair`.
        after: See `load_pair`.
        options: Their `page` does not matter.
        history: Files that have as many pages as both others have.

    Raises:
        LoadError: a picture cannot be read, or no two slices lie at one place.
        OptionError: see `load_pair`.
    """
    first, second, *earlier = _opened_together([before, after, *_earlier(history)], options)
    page, pages = 1, _counts(first, second)
    while page <= max(pages):
        one = replace(options, page=page)
        if not _has_page(first, page, pages[0]):
            yield UnpairedPage(load_picture(second, options=one), "after", isinstance(second, Series))
        elif not _has_page(second, page, pages[1]):
            yield UnpairedPage(load_picture(first, options=one), "before", isinstance(first, Series))
        else:
            pair = load_pair(first, second, options=one, history=earlier)
            pages = pair.before.pages, pair.after.pages
            yield pair
        page += 1


def _counts(first: Opened, second: Opened) -> tuple[int, int]:
    """How many pages each has; of files that is known once one was read."""
    if isinstance(first, Series) and isinstance(second, Series):
        return len(first.slices), len(second.slices)
    return 1, 1


def _has_page(opened: Opened, page: int, pages: int) -> bool:
    return page <= pages and not (isinstance(opened, Series) and opened.slices[page - 1] is None)


def _opened_together(sources: Sequence[object], options: Options) -> list[Opened]:
    """Before, after and the history opened; two series are matched."""
    opened = [open_picture(source, options) for source in sources]
    folders = [isinstance(one, Series) for one in opened]
    if not any(folders):
        return opened
    first, second, *earlier = opened
    if earlier or not (isinstance(first, Series) and isinstance(second, Series)):
        raise LoadError("a folder of DICOM slices is compared with another one, and without a history")
    return list(matched(first, second))


def _earlier(history: object) -> Iterable[object]:
    if isinstance(history, (str, bytes, os.PathLike)) or not isinstance(history, Iterable):
        raise OptionError(f"history takes a list of pictures, not {type(history).__name__}")
    return history


def _pictures(opened: Sequence[Opened], options: Options, *, keep_first: bool = False) -> list[Picture]:
    """Pictures of 8 bits, in one window; those that are georeferenced on one grid, see `on_one_grid`."""
    if not isinstance(options.page, int):
        raise OptionError(f"page={ALL_PAGES} is for spotdiff.compare; here one page is read: give its number")
    page = options.page
    sources = [one.coded(page) if isinstance(one, Series) else one for one in opened]
    # the fast PNG decoder holds the interpreter: a second thread would only wait
    if len(sources) == 1 or all(isinstance(o, Coded) and o.data.startswith(PNG) for o in sources):
        found = [_decoded(one, options, page) for one in sources]
    else:
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(lambda one: _decoded(one, options, page), sources))
    paths = [one.path if isinstance(one, (Coded, Picture)) else "" for one in sources]
    names = [shown(path) or name for path, name in zip_longest(paths, ("before", "after")[: len(paths)])]
    found = on_one_grid(found, names, keep_first=keep_first, max_pixels=options.max_pixels)
    deep = [
        one.rounded if isinstance(one, Picture) else own.values.dtype not in (np.uint8, np.bool_)
        for one, own in zip(sources, found, strict=True)
    ]
    windowed = to_8_bit(found)
    read = [_picture(one, path, rounded=rounded) for one, path, rounded in zip(windowed, paths, deep, strict=True)]
    return [replace(one, lossy=_is_lossy(source, one.pixels)) for one, source in zip(read, sources, strict=True)]


def _is_lossy(source: Picture | Coded | Decoded, pixels: Bytes) -> bool:
    if isinstance(source, Picture):
        return source.lossy
    return isinstance(source, Coded) and loses_colours(source.data, pixels)


def _picture(found: Decoded, path: str, *, rounded: bool) -> Picture:
    metadata = found.metadata
    return Picture(
        found.values,
        found.alpha,
        path,
        found.taken,
        found.notes,
        found.page,
        found.pages,
        rounded or metadata.window is not None,
        metadata.has_data,
        metadata.georeference,
        metadata.scan,
    )


def open_picture(source: object, options: Options) -> Opened:
    """What `load_picture` takes with its file read, or its folder listed, but not decoded.

    Raises:
        LoadError: it cannot be read.
    """
    if isinstance(source, (Picture, Coded, Decoded, Series)):
        return source
    if isinstance(source, (str, os.PathLike)) and os.path.isdir(source):  # noqa: PTH112 (a name may be none of a path)
        return open_series(os.fspath(source), max_bytes=options.max_bytes)
    if is_array(source):
        return from_array(source, options)
    return open_source(source, max_bytes=options.max_bytes, max_pixels=options.max_pixels)


def _decoded(opened: Picture | Coded | Decoded, options: Options, page: int) -> Decoded:
    if isinstance(opened, Picture):
        metadata = PixelMetadata(opened.has_data, georeference=opened.georeference, scan=opened.scan)
        pages = opened.page, opened.pages
        return Decoded(opened.pixels, opened.alpha, opened.taken, opened.notes, *pages, metadata=metadata)
    if isinstance(opened, Coded):
        return _decoded_file(opened, options, page)
    if page > 1:
        raise LoadError("the array has one page; leave page")
    return opened


def _decoded_file(coded: Coded, options: Options, page: int) -> Decoded:
    name = shown(coded.path) or "the picture"
    limit, bands = options.max_pixels, options.bands
    if coded.slice_of is None:
        return decode(coded.data, name=name, max_pixels=limit, page=page, bands=bands, cache=coded.cache)
    found, (number, count) = decode(coded.data, name=name, max_pixels=limit, bands=bands), coded.slice_of
    return replace(found, page=number, pages=count, notes=(f"slice {number} of {count}", *found.notes))


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
    options = replace(options, page=1, data_range=None, bands=())  # any number but 0 is not black
    opened = open_picture(mask, options)
    if isinstance(opened, Series):
        raise LoadError(f"{shown(opened.path)}: a folder, and ignore_mask takes one picture")
    picture = _decoded(opened, options, 1)
    if picture.values.shape[1::-1] != size:
        wide, high = picture.values.shape[1::-1]
        raise OptionError(f"ignore_mask is {wide}x{high}, before is {size[0]}x{size[1]}: they must be of one size")
    return np.asarray(picture.values.any(axis=2))
