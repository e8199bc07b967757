"""The one flow: load, align, match light, score, find regions, name kinds, conclude, describe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Unpack

import numpy as np

from spotdiff.align import align, is_flush
from spotdiff.describe import described, get_describer, read_areas, summary_text
from spotdiff.errors import Refusal
from spotdiff.history import over, restless
from spotdiff.image import load_pages, load_pair
from spotdiff.image.large_file import LargeFile, large_files
from spotdiff.image.large_pair import LargePicture, opened_large_pair
from spotdiff.light import lost_colour, match_light, without_colour
from spotdiff.methods import get_method, score
from spotdiff.options import ALL_PAGES, Options, OptionValues, shows_options
from spotdiff.page_by_page import over_pages
from spotdiff.regions.extract import Limits, limits_of
from spotdiff.regions.find import find_regions, in_own_pixels
from spotdiff.regions.shifted_panes import with_panes
from spotdiff.regions.unshared import with_unshared
from spotdiff.sharpness import BLURRED, match_sharpness
from spotdiff.swap_symmetry import counting, exchanged, in_common_frame, judged_turned, mirrored
from spotdiff.types import STEPS, Alignment, Comparison, Light, Pair, Region, UnpairedPage
from spotdiff.verdict import conclude
from spotdiff.window_by_window import compare_large

if TYPE_CHECKING:
    from spotdiff.types import Describer, Mask, Method


_UNKNOWN = 0.5  # score of a pair that no method was asked about


@shows_options
def compare(
    before: object,
    after: object,
    *,
    options: Options | None = None,
    history: Sequence[object] = (),
    name: str = "",
    preset: str | None = None,
    **changes: Unpack[OptionValues],
) -> Comparison:
    """What changed between two pictures of a place.

    Args:
        before: The earlier picture: path, bytes, file object, array (H, W[, 1|3|4]) or Pillow image.
        after: The later picture, of any size.
        options: How to compare; `Options()` when None.
        history: Earlier pictures of the place in which nothing changed, oldest first: what changed must stand out of
            what differs among them. Methods such as `background` learn the usual look from them.
        name: Name of the pair in the answer.
        preset: Options by what is compared: photo, screens, inspection, survey or medical; `changes` go over it.
        changes: Single options by name, such as `method="pixel"`; see `Options`.

    Raises:
        LoadError: a picture cannot be read.
        OptionError: there is no such option or preset, or an option has a value that it cannot have.
    """
    options = Options.asked(options, preset=preset, **changes)
    method = get_method(options.method, options.settings)
    clock = Clock()
    if options.page == ALL_PAGES:
        loaded = load_pages(before, after, options=options, history=history)
        answers = _page_answers(loaded, method, options, clock)
        answer = over_pages(answers, language=options.language)
        return replace(answer, name=name, seconds=clock.seconds)
    if not history and (files := large_files(before, after, options)):
        return _compare_large(files, method, options, clock, name)
    with clock("load"):
        pair = load_pair(before, after, options=options, history=history)
    return compare_pair(pair, method, options, clock=clock, name=name)


def _compare_large(
    files: tuple[LargeFile, LargeFile], method: Method, options: Options, clock: Clock, name: str
) -> Comparison:
    """`compare` for pictures of which one is too large to be held."""

    def judge(pair: Pair, how: Options) -> Comparison:
        return compare_pair(pair, method, how, clock=clock)

    with opened_large_pair(*files, options) as pair:
        describer = get_describer(_with_areas_of_overview(options, pair[0]))
        answer, overview = compare_large(*pair, options, limits_for(method, options).asked, judge=judge)
    regions = tuple(in_common_frame(region, overview.alignment) for region in overview.regions)
    overview = _in_words(replace(overview, name=name), regions, describer, method, options, clock)
    own = tuple(replace(region, text=one.text) for region, one in zip(answer.regions, overview.regions, strict=True))
    return replace(answer, regions=own, text=overview.text, name=name, seconds=clock.seconds).showing(overview)


def _with_areas_of_overview(options: Options, before: LargePicture) -> Options:
    """The options with named areas as they lie in the overview."""
    if options.areas is None:
        return options
    x, y = before.corner
    areas = read_areas(options.areas)
    factor = before.factor
    shrunk = {name: [((left + x) / factor, (top + y) / factor) for left, top in area] for name, area in areas.items()}
    return options.changed(areas=shrunk)


def _page_answers(
    loaded: Iterator[Pair | UnpairedPage], method: Method, options: Options, clock: Clock
) -> Iterator[Comparison | UnpairedPage]:
    while True:
        with clock("load"):
            page = next(loaded, None)
        if page is None:
            return
        yield compare_pair(page, method, options, clock=clock) if isinstance(page, Pair) else page


def compare_pair(
    pair: Pair, method: Method, options: Options, *, clock: Clock | None = None, name: str = ""
) -> Comparison:
    """`compare` for a pair already loaded and a method already made.

    It is judged in an order that the pixels decide, so that exchanged pictures have the mirrored answer.
    """
    clock = clock or Clock()
    describer = get_describer(options)
    if judged_turned(pair):
        judged, _ = _judged(exchanged(pair), pair.valid, method, options, clock)
        answer = mirrored(judged, pair, options)
        regions = tuple(in_common_frame(region, answer.alignment) for region in answer.regions)
    else:
        answer, regions = _judged(pair, None, method, options, clock)
    return _in_words(replace(answer, name=name), regions, describer, method, options, clock)


def _in_words(
    answer: Comparison,
    regions: tuple[Region, ...],
    describer: Describer | None,
    method: Method,
    options: Options,
    clock: Clock,
) -> Comparison:
    """The answer with its text and those of its regions, which are given in the common frame, too."""
    with clock("describe"):
        texts, note = described(describer, answer, regions, name=options.describe)
        page = answer.pair.before.page
        own = tuple(replace(region, text=text, page=page) for region, text in zip(answer.regions, texts, strict=True))
        least = limits_for(method, options).asked.min_area
        said = summary_text(
            answer,
            language=options.language,
            least_px=least,
            overlooks=getattr(method, "overlooks", "light"),
            note=note,
            all_pages=options.page == ALL_PAGES,
        )
    return replace(answer, regions=own, text=said, seconds=clock.seconds)


def _judged(
    pair: Pair, valid_after: Mask | None, method: Method, options: Options, clock: Clock
) -> tuple[Comparison, tuple[Region, ...]]:
    """The answer without words, and its regions in the common frame; `valid_after`, in after's pixels, may limit it."""
    answer = _unanswered(pair, method, options)
    try:
        with clock("align"):
            aligned, alignment = align(
                pair, model=options.align, beyond=not options.focus, max_pixels=options.max_pixels
            )
            aligned = counting(aligned, valid_after, alignment, beyond=not options.focus)
        answer = replace(answer, aligned=aligned, alignment=alignment)
        if aligned.valid is not None and not aligned.valid.any():
            whose = "before" if valid_after is None else "after"  # exchanged, like all that the reason names
            raise Refusal(f"nothing is left to compare: all of {whose} is ignored")
        with clock("light"):
            forgiving = options.light != "off" and getattr(method, "overlooks", "light") == "light"
            if forgiving and lost_colour(pair):
                aligned = without_colour(aligned)
            aligned, light = match_light(aligned, model=options.light)
        answer = replace(answer, aligned=aligned, light=light)
        with clock("score"):
            alike, blur = match_sharpness(aligned) if forgiving else (aligned, None)
            evidence = score(method, alike, name=options.method)
            if (usual := restless(alike, method, name=options.method)) is not None:
                evidence = over(evidence, *usual)
            if blur is not None:
                evidence = replace(evidence, notes={**evidence.notes, f"{BLURRED}_{blur[0]}": blur[1]})
        with clock("regions"):
            limits = limits_for(method, options)
            regions, labels = find_regions(alike, evidence, limits)
            if is_flush(pair, alignment) or alignment.rows is not None:
                evidence, regions, labels = with_unshared(pair, aligned, alignment.rows, evidence, regions, labels)
            if alignment.panes:
                evidence, regions, labels = with_panes(pair, aligned.valid, alignment.panes, evidence, regions, labels)
    except Refusal as refusal:
        return replace(answer, reason=str(refusal), score=_UNKNOWN), ()
    own = in_own_pixels(regions, pair, alignment)
    answer = replace(answer, evidence=evidence, labels=labels, regions=own, weights=evidence.weights)
    answer = conclude(answer, limits.asked)
    framed = tuple(replace(region, likely=one.likely) for region, one in zip(regions, answer.regions, strict=True))
    return answer, framed


def limits_for(method: Method, options: Options) -> Limits:
    """What decides which pixels become regions: the method's wishes under the user's."""
    return limits_of(
        method.extraction,
        sensitivity=options.sensitivity,
        min_area=options.min_area,
        join=options.join,
        cluster=options.cluster,
        seed_score=options.seed_score,
    )


def _unanswered(pair: Pair, method: Method, options: Options) -> Comparison:
    return Comparison(
        verdict="unsure",
        reason="",
        score=0.0,
        regions=(),
        pair=pair,
        aligned=pair,
        evidence=None,
        labels=None,
        alignment=Alignment("off", np.eye(3), None, 1.0),
        light=Light("off"),
        method=options.method,
        parameters=asdict(method),  # type: ignore[call-overload]
        seconds={},
    )


class Clock:
    """Wall seconds per step: `with clock("align"): ...`."""

    def __init__(self, *, entered: Callable[[str], None] = lambda step: None) -> None:
        """Start to measure; `entered` is called with the name of each step as it begins."""
        self._start = time.perf_counter()
        self._entered = entered
        self._steps: dict[str, float] = {}

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Add the time that the block takes to `step`."""
        self._entered(step)
        start = time.perf_counter()
        try:
            yield
        finally:
            self._steps[step] = self._steps.get(step, 0.0) + time.perf_counter() - start

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds per step, 0 for a step not reached, and the total since the clock was made."""
        total = time.perf_counter() - self._start
        return {step: self._steps.get(step, 0.0) for step in STEPS} | {"total": total}
