"""Options by what is compared: one table. What is typed beside a preset goes over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spotdiff.errors import OptionError
from spotdiff.params import hint


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
            "settings": {"metric": "oklab", "threshold": 0.05, "smoothing": 0.6, "shade": 3},
            "align": "page",
            "light": "off",
            "join": 12,
            "min_area": 4,
        },
        "every pixel counts but anti-aliasing, also one shade of a link or a pane for another, and a full stop; rows "
        "that shifted are followed; letters 12 px apart are one region",
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

_SCALES = {"threshold": "metric"}  # settings whose numbers mean something else under another value of the second


def preset_options(name: str, changes: Mapping[str, object] | None = None) -> dict[str, object]:
    """The options of a preset, with others over them.

    Args:
        name: Of the preset.
        changes: Options that go over it; settings are added to those of the preset, which are left out where another
            method is asked for, and so is a threshold of the preset where another metric is.

    Raises:
        OptionError: there is no such preset.

    Examples:
        >>> preset_options("screens", {"join": 4})["join"]
        4
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise OptionError(
            f"there is no preset {name!r}; presets are {', '.join(PRESETS)}{hint(str(name), tuple(PRESETS))}"
        )
    changes = changes or {}
    suited = {**PRESETS[name].options, **changes}
    own, given = PRESETS[name].options.get("settings"), changes.get("settings", {})
    if isinstance(own, Mapping) and isinstance(given, Mapping):
        stays = suited["method"] == PRESETS[name].options["method"]
        suited["settings"] = {**_still_meant(own, given), **given} if stays else given
    return suited


def _still_meant(own: Mapping[str, object], given: Mapping[str, object]) -> dict[str, object]:
    """The settings of a preset but for those on the scale of one that is given otherwise."""

    def is_meant(name: str) -> bool:
        scale = _SCALES.get(name)
        return scale is None or given.get(scale, own.get(scale)) == own.get(scale)

    return {name: value for name, value in own.items() if is_meant(name)}
