"""A site to be measured: its first picture, its areas in that picture's pixels, and how to compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.describe import get_describer
from spotdiff.describe._named_areas import read_areas
from spotdiff.errors import DataError, LoadError
from spotdiff.image.load import load_picture, valid_mask
from spotdiff.methods import get_method
from spotdiff.watching.progress.areas import area_masks
from spotdiff.watching.progress.kept import site_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotdiff.language.places import Areas
    from spotdiff.options import Options
    from spotdiff.types import Mask, Method, Picture
    from spotdiff.watching.progress.dates import Dated


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Everything that holds for a whole series.

    Attributes:
        first: The file of the first picture, whose pixels are the common frame.
        picture: That picture.
        areas: Corners by name; empty where the whole picture is the one area.
        masks: (H, W) bool, the pixels of each area that count; one for the whole picture where there are no areas.
        valid: (H, W) bool, False where nothing counts; None for everywhere.
        options: How to compare a picture with the first.
        plain: The same without what is said in the first picture's pixels.
        method: The method of both.
        key: Stands for everything that decides an answer besides the pictures.
        keep: Folder for what is measured; None keeps nothing.
    """

    first: Path
    picture: Picture
    areas: Areas
    masks: Mapping[str, Mask]
    valid: Mask | None
    options: Options
    plain: Options
    method: Method
    key: str
    keep: Path | None

    def folder_of(self, path: Path) -> Path | None:
        """Where what is measured of a picture is kept."""
        return None if self.keep is None else self.keep / "steps" / path.name


def site_of(pictures: Sequence[Dated], areas: object, options: Options, keep: Path | None) -> Site:
    """The site that a series shows; whatever would fail with every picture fails here.

    Raises:
        DataError: fewer than two pictures.
        LoadError: the first picture cannot be read.
        OptionError: an option has a value it cannot have, or an area reaches outside of the first picture.
    """
    if len(pictures) < 2:
        raise DataError(f"progress takes two pictures or more, not {len(pictures)}")
    first = pictures[0].path
    given = options.areas if areas is None else areas
    corners = {} if given is None else read_areas(given)
    options = options.changed(areas=corners or None)
    get_describer(options)
    try:
        picture = load_picture(first, options=options)
    except LoadError as error:
        said = "every other is compared with the first picture; take it out of the series, or mend it"
        raise LoadError(f"{error}; {said}") from None
    valid = valid_mask(picture, options)
    return Site(
        first=first,
        picture=picture,
        areas=corners,
        masks=area_masks(corners, picture.size, valid),
        valid=valid,
        options=options,
        plain=options.changed(ignore=(), focus=(), ignore_mask=None, ignore_colour="", areas=None),
        method=get_method(options.method, options.settings),
        key=site_key(options, corners),
        keep=keep,
    )
