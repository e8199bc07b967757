"""Ways to put regions into words; one file each, each a frozen dataclass with one `describe(pair, regions)`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from spotdiff import plugins
from spotdiff.align import is_flush
from spotdiff.align.rows import spread
from spotdiff.align.warp import warp_picture
from spotdiff.describe._named_areas import read_areas as read_areas
from spotdiff.describe._summary import summary_text as summary_text
from spotdiff.errors import MethodError, OptionError
from spotdiff.language.catalogue import ENGLISH, get_catalogue
from spotdiff.params import build, params_of
from spotdiff.types import Noting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotdiff.options import Options
    from spotdiff.types import Comparison, Describer, Picture, Region


def get_describer(options: Options) -> Describer | None:
    """The describer that was asked for, with its settings, the language and the areas; None for "off".

    Raises:
        OptionError: there is no describer of that name, or no such setting, language or area.
    """
    get_catalogue(options.language)
    areas = {} if options.areas is None else read_areas(options.areas)
    if options.describe == "off":
        if options.describe_settings:
            raise OptionError("describe=off has no settings")
        return None
    describer_type = plugins.load("describe", options.describe)
    speaks = "language" in params_of(describer_type)
    if not speaks and options.language != ENGLISH:
        raise OptionError(f"{options.describe} speaks no language but {ENGLISH}; leave language, or describe=words")
    if "language" in options.describe_settings:
        raise OptionError("language is an option of the comparison, not a setting of the describer")
    known = {"language": options.language} if speaks else {}
    describer: Any = build(
        describer_type, {**known, **options.describe_settings}, owner=f"describer {options.describe}"
    )
    if "areas" in getattr(describer_type, "__dataclass_fields__", {}):
        describer = replace(describer, areas=areas)
    return cast("Describer", describer)


def _as_given(answer: Comparison) -> Picture:
    """After in the common frame, in its own light."""
    alignment, (width, height) = answer.alignment, answer.aligned.before.size
    if alignment.rows is not None:
        return replace(answer.aligned.after, pixels=spread(answer.pair.after.opaque, alignment.rows[1], width, fill=0))
    if np.array_equal(alignment.matrix, np.eye(3)) and answer.pair.after.size == (width, height):
        return answer.pair.after
    return warp_picture(answer.pair.after, alignment.matrix, (width, height), alignment.flow)


def described(
    describer: Describer | None, answer: Comparison, regions: Sequence[Region], *, name: str = "words"
) -> tuple[tuple[str, ...], str]:
    """A text for each region, and what the describer has to say of the whole: "" where it has nothing.

    Args:
        describer: None leaves all texts empty.
        answer: With its verdict.
        regions: Those of the answer, in the common frame; what is not likely is said to be possible.
        name: What the describer is called.

    Raises:
        MethodError: it gave no text for each region; or it is one of another package, and fails.
    """
    if describer is None:
        return ("",) * len(regions), ""
    pair = answer.aligned
    if is_flush(answer.pair, answer.alignment):
        pair = answer.pair  # what was filled up is no picture
    elif answer.light.model not in ("off", "none"):
        pair = replace(pair, after=_as_given(answer))  # colours are told as people see them in after
    with plugins.failing_by_name("describe", name):
        if isinstance(describer, Noting):
            with_text, note = describer.with_note(pair, regions)
        else:
            with_text, note = describer.describe(pair, regions), ""
        texts = tuple(region.text for region in with_text)
    if len(texts) != len(regions) or not all(isinstance(text, str) for text in (*texts, note)):
        raise MethodError(f"describer {name} gave {len(texts)} texts for {len(regions)} regions; each needs its own")
    return texts, note
