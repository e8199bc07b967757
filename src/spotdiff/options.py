"""What a user can ask of a comparison. The command line's options are made from these fields."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from spotdiff.errors import OptionError
from spotdiff.params import check, hint, param, shows_fields
from spotdiff.presets import preset_options
from spotdiff.types import Box

ALIGN = ("auto", "off", "shift", "similarity", "affine", "homography", "flow", "page")
ALL_PAGES = "all"
COLOUR = ("rgb", "bgr")
LAYOUT = ("hwc", "chw")
_COLOUR = re.compile("#[0-9a-fA-F]{6}")
LIGHT = ("auto", "off", "gain", "gamma", "histogram", "local")


class OptionValues(TypedDict, total=False):
    """Single options by name, for whoever takes them as keywords; see `Options`."""

    method: str
    settings: Mapping[str, object]
    sensitivity: float
    align: str
    light: str
    ignore: Sequence[Box]
    focus: Sequence[Box]
    ignore_mask: object
    ignore_colour: str
    min_area: int
    join: int
    cluster: str
    seed_score: float
    describe: str
    describe_settings: Mapping[str, object]
    language: str
    areas: object
    page: int | str
    bands: Sequence[int]
    colour: str
    layout: str
    data_range: float | tuple[float, float] | None
    max_pixels: float
    max_bytes: float


@dataclass(frozen=True)
class Options:
    """How to compare; the defaults suit two photographs of a place.

    Attributes:
        method: Name of the method that scores the pair.
        settings: Parameters of that method by name; texts are read as the parameter's type.
        sensitivity: 0 reports only the obvious, 1 everything that might be a change.
        align: Camera motion to look for: auto decides, off compares pixel by pixel, flow adds residual parallax, page
            follows rows of a screen that shifted up or down.
        light: Light to take out: auto decides.
        ignore: Boxes in before's pixels where nothing counts.
        focus: Boxes in before's pixels outside of which nothing counts.
        ignore_mask: Picture of before's size; nothing counts where it is not black. None for none.
        ignore_colour: Nothing counts where before has exactly this colour, "#rrggbb"; empty for none.
        min_area: Smallest region kept, in pixels; -1 leaves it to the method.
        join: Regions nearer than this become one, in pixels; -1 leaves it to the method.
        cluster: How changed pixels become regions: touching ones, or by density (DBSCAN).
        seed_score: Smallest `pixels + 2 x height + width` of a region kept; 0 keeps all.
        describe: Name of the describer, or off.
        describe_settings: Parameters of that describer by name; texts are read as the parameter's type.
        language: Of the words: en, zh, or a catalogue FILE.po.
        areas: Named polygons in before's pixels that the words refer to, or a file of them; None for none.
        page: Which page of files that hold several, or frame of films, from 1 on; "all" compares page by page, where
            `spotdiff.compare` is asked.
        bands: Of TIFFs the number of one band or of three, shown as red, green and blue, from 1 on; none leaves it to
            the file. Needs rasterio.
        colour: Order of the channels of arrays: rgb, or bgr as OpenCV has it. Files and images say it themselves.
        layout: Order of the sides of arrays: hwc, or chw with the channels first, as torch has it.
        data_range: What is white in arrays, or what is black and what is white; None leaves it to their type. Floats
            need it where they are neither of 0 to 1 nor whole numbers of 0 to 255, integers where some are negative.
        max_pixels: Largest picture read, in million pixels.
        max_bytes: Largest file read, in MB.
    """

    method: str = param("spot", "how to score a pair; see `spotdiff methods`")
    settings: Mapping[str, object] = field(default_factory=dict)
    sensitivity: float = param(0.5, "0 reports only the obvious, 1 everything that might be a change", low=0, high=1)
    align: str = param("auto", "camera motion to look for", choices=ALIGN)
    light: str = param("auto", "change of light to take out", choices=LIGHT)
    ignore: Sequence[Box] = ()
    focus: Sequence[Box] = ()
    ignore_mask: object = None
    ignore_colour: str = param("", "nothing counts where before has exactly this colour, #rrggbb")
    min_area: int = param(-1, "smallest region kept; -1 leaves it to the method", low=-1, unit="px")
    join: int = param(
        -1, "regions nearer than this become one; -1 leaves it to the method", low=-1, high=256, unit="px"
    )
    cluster: str = param("components", "touching pixels, or DBSCAN over density", choices=("components", "density"))
    seed_score: float = param(0.0, "smallest `pixels + 2 x height + width` of a region kept", low=0)
    describe: str = param("words", "how to put regions into words; off leaves them without")
    describe_settings: Mapping[str, object] = field(default_factory=dict)
    language: str = param("en", "language of the words: en, zh, or a catalogue FILE.po")
    areas: object = None
    page: int | str = 1
    bands: Sequence[int] = ()
    colour: str = "rgb"
    layout: str = "hwc"
    data_range: float | tuple[float, float] | None = None
    max_pixels: float = param(200.0, "largest picture read", low=0.0001, unit="million pixels")
    max_bytes: float = param(1000.0, "largest file read", low=0.0001, unit="MB")

    def __post_init__(self) -> None:
        check(self)
        for name in ("settings", "describe_settings"):
            given = getattr(self, name)
            if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
                raise OptionError(f"{name} takes parameters by name, not {given!r}")
        for name in ("ignore", "focus"):
            boxes = getattr(self, name)
            if not isinstance(boxes, Sequence) or isinstance(boxes, str):
                raise OptionError(f"{name} takes a list of boxes, not {boxes!r}")
            for box in boxes:
                _check_box(name, box)
        _check_page(self.page)
        _check_bands(self.bands)
        _check_array_form(self.colour, self.layout, self.data_range)
        if self.ignore_colour and not _COLOUR.fullmatch(self.ignore_colour):
            raise OptionError(f"ignore_colour takes #rrggbb, not {self.ignore_colour!r}")

    def files(self) -> list[str]:
        """The files that the options name, by whatever kind of option."""
        named = (self.ignore_mask, self.areas, self.language, *self.settings.values(), *self.describe_settings.values())
        return [os.fspath(one) for one in named if isinstance(one, (str, os.PathLike)) and Path(one).is_file()]

    @classmethod
    def asked(cls, options: object, *, preset: str | None = None, **changes: Unpack[OptionValues]) -> Options:
        """The options that a function was called with, and changes of them.

        Args:
            options: Options, or None for the usual ones.
            preset: See `changed`.
            changes: See `changed`.

        Raises:
            OptionError: they are something else, or there is no such option or preset, or its value cannot be.
        """
        if not isinstance(options, (cls, type(None))):
            raise OptionError(
                f"options takes spotdiff.Options(...), not {type(options).__name__}; single ones go by their names"
            )
        return (cls() if options is None else options).changed(preset=preset, **changes)

    @classmethod
    def of_preset(cls, name: str, **changes: Unpack[OptionValues]) -> Options:
        """The options that suit one kind of pictures, with some changed.

        Args:
            name: photo, screens, inspection, survey or medical; `spotdiff presets` says what each is for.
            changes: Options that go over those of the preset.

        Raises:
            OptionError: there is no such preset or option, or its value cannot be.

        Examples:
            >>> Options.of_preset("screens", join=4).method
            'pixel'
        """
        return cls().changed(preset=name, **changes)

    def changed(self, *, preset: str | None = None, **changes: Unpack[OptionValues]) -> Options:
        """A copy with some options changed.

        Args:
            preset: Name of a preset whose options go over these; None for none.
            changes: Options that go over both.

        Raises:
            OptionError: there is no such option or preset, or its value cannot be.
        """
        wanted = dict(changes) if preset is None else preset_options(preset, changes)
        known = tuple(declared.name for declared in fields(self))
        for name in wanted:
            if name not in known:
                raise OptionError(f"there is no option {name!r}{hint(name, known) or '; see spotdiff.Options'}")
        return replace(self, **wanted)  # type: ignore[arg-type]


shows_options = shows_fields(Options, OptionValues)
shows_options(Options.changed)
shows_options(Options.of_preset.__func__)  # type: ignore[attr-defined]


def _check_page(page: object) -> None:
    if page != ALL_PAGES and (not isinstance(page, int) or isinstance(page, bool) or page < 1):
        raise OptionError(f"page takes a number from 1 on, or {ALL_PAGES}, not {page!r}")


def _check_bands(bands: object) -> None:
    chosen: Sequence[Any] = bands if isinstance(bands, Sequence) and not isinstance(bands, str) else (None,)
    if len(chosen) not in (0, 1, 3) or not all(_is_number(band) and band >= 1 for band in chosen):
        raise OptionError(f"bands takes the number of one band or of three, from 1 on, not {bands!r}")


def _is_number(value: object) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _check_array_form(colour: object, layout: object, data_range: object) -> None:
    for name, value, known in (("colour", colour, COLOUR), ("layout", layout, LAYOUT)):
        if value not in known:
            raise OptionError(f"{name} takes {' or '.join(known)}, not {value!r}")
    ends = data_range if isinstance(data_range, tuple) else (0, data_range)
    numbers = len(ends) == 2 and all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in ends)
    if data_range is not None and not (numbers and 0 < ends[1] - ends[0] < math.inf):
        raise OptionError(f"data_range takes what is white, or (black, white), not {data_range!r}")


def _check_box(name: str, box: object) -> None:
    if not isinstance(box, Sequence) or len(box) != 4 or not all(hasattr(v, "__index__") for v in box):
        raise OptionError(f"{name} takes boxes (left, top, right, bottom) of whole numbers, not {box!r}")
    if box[2] <= box[0] or box[3] <= box[1]:
        raise OptionError(f"{name} box {tuple(box)!r} is empty: right must exceed left, bottom must exceed top")
