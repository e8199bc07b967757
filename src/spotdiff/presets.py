"""Options by what is compared: one table. What is typed beside a preset goes over it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from spotdiff.errors import OptionError


@dataclass(frozen=True, slots=True)
class Preset:
    """Options that suit one kind of pictures.

    Attributes:
        about: What it is for, in a line.
        options: Fields of `Options`, and of the method's parameters under `settings`.
        why: What each is for.
    """

    about: str
    options: Mapping[str, object]
    why: str


PRESETS: Mapping[str, Preset] = {
    "photo": Preset(
        "photographs of a place at two times, by hand or by a fixed camera",
        {"method": "spot", "align": "auto", "light": "auto"},
        "the network, the camera's motion and the light are all looked for",
    ),
    "screens": Preset(
        "screenshots, renderings, web pages",
        {
            "method": "pixel",
            "settings": {"threshold": 0.05},
            "align": "page",
            "light": "off",
            "join": 12,
            "min_area": 4,
        },
        "every pixel counts but anti-aliasing, also one shade of a link for another; rows that shifted are followed; "
        "letters 12 px apart are one region",
    ),
    "inspection": Preset(
        "parts, boards and labels held against a golden sample",
        {"method": "spot", "align": "similarity", "light": "auto", "sensitivity": 0.6},
        "a part may be shifted and turned but not bent; a little more is told, for a miss costs more than a look",
    ),
    "survey": Preset(
        "two flights or satellite passes over one ground",
        {"method": "spot", "align": "homography", "light": "auto", "cluster": "density"},
        "the ground is a plane seen from elsewhere; scattered changes of one field are one region",
    ),
    "medical": Preset(
        "two scans of one body part in one window; no medical device",
        {
            "method": "classic",
            "settings": {"shadows": False, "floor": 6.0, "noise": 2.5},
            "align": "affine",
            "light": "gain",
        },
        "no network that learned from photographs, no shadows to forgive, one factor of brightness; fainter than in a "
        "photograph counts, down to what the noise allows",
    ),
}


def preset_options(name: str) -> dict[str, object]:
    """The options of a preset, by name.

    Raises:
        OptionError: there is no such preset.

    Examples:
        >>> preset_options("screens")["method"]
        'pixel'
    """
    if name not in PRESETS:
        near = difflib.get_close_matches(name, PRESETS, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise OptionError(f"there is no preset {name!r}; presets are {', '.join(PRESETS)}{hint}")
    return dict(PRESETS[name].options)
