"""Ways to put regions into words; one file each, each a frozen dataclass with one `describe(pair, regions)`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spotdiff import plugins
from spotdiff.params import build
from spotdiff.types import KINDS

if TYPE_CHECKING:
    from spotdiff.types import Describer, Region


def get_describer(name: str) -> Describer | None:
    """The describer of that name; None for "off".

    Raises:
        OptionError: there is no describer of that name.
    """
    if name == "off":
        return None
    describer: Describer = build(plugins.load("describe", name), {}, owner=f"describer {name}")
    return describer


def sentence(regions: Sequence[Region]) -> str:
    """All regions in one sentence.

    Examples:
        >>> from spotdiff.types import Region
        >>> sentence([Region("added", 1, 9, None, None), Region("added", 1, 9, None, None)])
        '2 added.'
    """
    count = Counter(region.kind for region in regions)
    told = [f"{count[kind]} {kind}" for kind in KINDS if count[kind]]
    texts = [region.text for region in regions if region.text]
    summary = ", ".join(told)
    return f"{summary}: {'; '.join(texts)}." if 0 < len(texts) <= 5 else f"{summary}."
