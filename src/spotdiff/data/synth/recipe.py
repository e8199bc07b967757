"""Recipes of made pairs: everything that decides what they are like, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spotdiff.errors import OptionError
from spotdiff.params import build, check, param, params_of

CAMERAS = ("still", "residual", "depth", "moved", "aligned", "mixed")


@dataclass(frozen=True, slots=True)
class PairRecipe:
    """What made pairs are like; shares and strengths are 0 to 1.

    Attributes:
        size: Side of both pictures, in pixels.
        unchanged: Share of the pairs in which nothing changed.
        most_changes: Most changes in one pair; a changed pair has 1 to so many.
        distractors: Most things put into both pictures, which are no change.
        smallest, largest: Area of a thing as a share of the picture's; it is drawn evenly over orders of magnitude.
        inpaint: Share of the removals and arrivals where the missing thing is painted over in the other picture.
        text: Share of the changes that are writing.
        blobs: Share of the things that are drawn where cut-outs exist too.
        drawn: Share of the scenes that are drawings (boards, pages, cartoons) though there are photographs.
        screens: Share of the drawings that are screens, with writing as screens show it.
        plain: Share of the drawings that are nearly empty: a wall, a table, a dark screen.
        relit: Share of the changes in which a thing that is in both pictures only got brighter or darker: a lamp.
        digits: Share of the changes on screens that are other digits in the same place.
        patched: Share of the changes that are a part of the picture painted with another part of it.
        moved: Share of the changes that are one thing at two places.
        replaced: Share of the changes that are two things, or one in two colours, at one place.
        near: Share of the changes that are something close to the camera: large, out of focus, mostly outside.
        light: Greatest strength of what light does, differently in each picture; each pair draws its own up to that.
        steady: Share of the pairs in which it does the same to both pictures: they were taken seconds apart.
        uneven: Share of the pictures whose light is not the same all over.
        shadows: Share of the pictures with cast shadows.
        dim: Share of the pairs from a place with little light: both pictures are dark and of low contrast.
        camera: still; residual (what an aligner leaves); depth (near things shift more than far ones); moved (rotated,
            shifted, scaled); aligned (one of the first three a pair); mixed (one of all).
        camera_px: Longest shift of the residual at a picture of 256 px.
        covered: Share of the pairs whose edges are covered in both pictures, as what only one of them shows is.
        sensor: Strength of noise, blur and compression.
        grey: Share of the pairs from a camera without colours.
        moments: Share of the pairs whose scene is one place at two times, where there are pictures of fixed cameras.
        texture_motion: Share of the pairs where texture moves, such as water and leaves, or a near part of the scene
            moves against the rest; that is no change.
    """

    size: int = param(256, "side of both pictures", low=32, high=4096, unit="px")
    unchanged: float = param(0.35, "share of pairs in which nothing changed", low=0, high=1)
    most_changes: int = param(4, "most changes in one pair", low=1, high=16)
    distractors: int = param(3, "most things put into both pictures", low=0, high=32)
    smallest: float = param(0.001, "smallest thing, as a share of the picture's area", low=1e-5, high=0.5)
    largest: float = param(0.25, "largest thing, as a share of the picture's area", low=1e-5, high=0.5)
    inpaint: float = param(0.15, "share of removals and arrivals that are painted over", low=0, high=0.3)
    text: float = param(0.08, "share of changes that are writing", low=0, high=1)
    blobs: float = param(0.2, "share of things that are drawn where cut-outs exist", low=0, high=1)
    drawn: float = param(0.12, "share of scenes that are drawings though there are photographs", low=0, high=1)
    screens: float = param(0.25, "share of drawings that are screens", low=0, high=1)
    plain: float = param(0.15, "share of drawings that are nearly empty", low=0, high=1)
    relit: float = param(0.06, "share of changes that are of brightness alone", low=0, high=1)
    digits: float = param(0.5, "share of the changes on screens that are other digits", low=0, high=1)
    patched: float = param(0.15, "share of changes that paint a part with another part", low=0, high=1)
    moved: float = param(0.15, "share of changes that are one thing at two places", low=0, high=1)
    replaced: float = param(0.25, "share of changes that are two things at one place", low=0, high=1)
    near: float = param(0.04, "share of changes that are close to the camera, out of focus", low=0, high=1)
    light: float = param(1.0, "greatest strength of what light does", low=0, high=1)
    steady: float = param(0.2, "share of pairs with the same light in both pictures", low=0, high=1)
    uneven: float = param(0.7, "share of pictures whose light is not the same all over", low=0, high=1)
    shadows: float = param(0.4, "share of pictures with cast shadows", low=0, high=1)
    dim: float = param(0.15, "share of pairs from a place with little light", low=0, high=1)
    camera: str = param("mixed", "how the camera moved between the two", choices=CAMERAS)
    camera_px: float = param(2.0, "longest shift of the residual at 256 px", low=0, high=32, unit="px")
    covered: float = param(0.2, "share of pairs whose edges are covered in both pictures", low=0, high=1)
    sensor: float = param(1.0, "strength of noise, blur and compression", low=0, high=1)
    grey: float = param(0.06, "share of pairs from a camera without colours", low=0, high=1)
    moments: float = param(0.3, "share of pairs that are one place at two times, where views are given", low=0, high=1)
    texture_motion: float = param(0.15, "share of pairs where texture moves", low=0, high=1)

    def __post_init__(self) -> None:
        check(self)
        if self.smallest > self.largest:
            raise OptionError(f"smallest {self.smallest:g} is larger than largest {self.largest:g}")
        if self.moved + self.replaced > 1:
            raise OptionError("moved and replaced are shares of the same changes: together 1 at most")


RECIPES: Mapping[str, PairRecipe] = {
    "default": PairRecipe(),
    "aligned": PairRecipe(camera="aligned"),
    "free": PairRecipe(camera="moved"),
    "captions": PairRecipe(  # things that have names, few enough and large enough to be told one by one
        unchanged=0.17,
        near=0.0,
        most_changes=3,
        distractors=2,
        smallest=0.008,
        largest=0.12,
        text=0.0,
        blobs=0.0,
        drawn=0.0,
        patched=0.0,
        relit=0.0,
        light=0.6,
        shadows=0.2,
        dim=0.0,
        camera="aligned",
        covered=0.0,
        sensor=0.6,
        texture_motion=0.0,
    ),
    "plain": PairRecipe(
        light=0.0, shadows=0.0, dim=0.0, camera="still", covered=0.0, sensor=0.0, grey=0.0, texture_motion=0.0
    ),
}


def get_pair_recipe(name: str = "default", changes: Mapping[str, object] | None = None) -> PairRecipe:
    """A recipe by its name, with some fields changed; texts are read as the field's type.

    Raises:
        OptionError: there is no such recipe or field, or a value that it cannot have.

    Examples:
        >>> get_pair_recipe("aligned", {"unchanged": "0.2"}).unchanged
        0.2
    """
    if name not in RECIPES:
        raise OptionError(f"there is no recipe of pairs {name!r}; there are {', '.join(RECIPES)}")
    fields = {field: getattr(RECIPES[name], field) for field in params_of(PairRecipe)}
    return build(PairRecipe, fields | dict(changes or {}), owner=f"recipe {name}")
