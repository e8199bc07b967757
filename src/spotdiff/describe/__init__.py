"""Ways to put regions into words; one file each, each a frozen dataclass with one `describe(pair, regions)`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from spotdiff import plugins
from spotdiff.describe._areas import read_areas
from spotdiff.describe._whole import whole_told as whole_told
from spotdiff.language.catalogue import get_catalogue
from spotdiff.params import build, params_of
from spotdiff.types import Noting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotdiff.options import Options
    from spotdiff.types import Describer, Pair, Region


def get_describer(options: Options) -> Describer | None:
    """The describer that was asked for, with its settings, the language and the areas; None for "off".

    Raises:
        OptionError: there is no describer of that name, or no such setting, language or area.
    """
    get_catalogue(options.language)
    areas = {} if options.areas is None else read_areas(options.areas)
    if options.describe == "off":
        return None
    found = plugins.load("describe", options.describe)
    known = {"language": options.language} if "language" in params_of(found) else {}
    describer: Any = build(found, {**known, **options.describe_settings}, owner=f"describer {options.describe}")
    if "areas" in getattr(found, "__dataclass_fields__", {}):
        describer = replace(describer, areas=areas)
    return cast("Describer", describer)


def described(describer: Describer | None, pair: Pair, regions: Sequence[Region]) -> tuple[tuple[Region, ...], str]:
    """The regions with their texts, and what the describer has to say of the whole: "" where it has nothing."""
    if describer is None:
        return tuple(regions), ""
    if isinstance(describer, Noting):
        return describer.with_note(pair, regions)
    return describer.describe(pair, regions), ""
