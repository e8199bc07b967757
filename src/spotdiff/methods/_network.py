"""A trained network as a method: what every method with a network has and does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from spotdiff.methods._multiscale import closer, scaled, sides_of
from spotdiff.methods._preprocess import opaque
from spotdiff.methods._runner import asked, facts_of
from spotdiff.methods._postprocess import evidence_of, seen_in
from spotdiff.methods._preprocess import Shown, answered, shrunk
from spotdiff.params import check, param
from spotdiff.types import Evidence, Extraction

if TYPE_CHECKING:
    from spotdiff.methods._postprocess import Maps
    from spotdiff.nets.parts.facts import Facts
    from spotdiff.nets.parts.session import Ask
    from spotdiff.types import Bytes, Mask, Pair

_MOST = 0.99  # highest threshold; at 1, as weights may say that found nothing, no scale would be left above it

# networks that give the mirrored answer when the pictures are exchanged, by the way they are built
MIRRORED = frozenset({"spot", "siamese"})


@dataclass(frozen=True, slots=True)
class Network:
    """What all methods with a network share; `net` is the network's name, and the method's.

    Attributes:
        weights: File of trained weights, or one exported to ONNX; it carries its own facts.
        side: Longer side of the pictures the network is shown, in pixels; smaller pictures are shown as they are.
        closest: Longer side up to which the network looks again, at twice the side each time and at last at the picture
            as it is, in pixels; 0 for one look. Networks that draw boxes look once. See `spotdiff.methods._multiscale`.
        threshold: Where the network's own answer counts as changed; it becomes 0.5.
        both_ways: Show the pictures in both orders and take the mean, so that exchanged pictures have the mirrored
            answer; takes twice the time. Networks that are built so need no second look and get none.
    """

    net: ClassVar[str] = ""
    extraction: ClassVar[Extraction] = Extraction(grow=0.5, seed=0.5, min_area=12, join=2)

    weights: str = param("", "file of trained weights, or one exported to ONNX")
    side: int = param(0, "longer side the network works at; 0 as its weights say", low=0, high=16384, unit="px")
    closest: int = param(0, "longer side up to which it looks closer; 0 for one look", low=0, high=1 << 20, unit="px")
    threshold: float = param(0.0, "what counts as changed; 0 as its weights say", low=0, high=_MOST)
    both_ways: bool = param(True, "show the pictures in both orders, unless the network needs no second look")

    def __post_init__(self) -> None:
        check(self)
        if self.weights:
            self.facts()  # a wrong file is told now, not with every pair

    def facts(self) -> Facts:
        """What the weights say of themselves; needs no torch.

        Raises:
            OptionError: there are no weights, or they are another network's.
            DataError: the file cannot be read or is none of ours.
        """
        return facts_of(self.file, method=self.net, threads=self._threads)

    @property
    def parameters_learned(self) -> int:
        """How many numbers the network has learned."""
        return self.facts().parameters

    def score(self, pair: Pair) -> Evidence:
        """Evidence of an aligned pair; 0 where the pair is not usable.

        Returns:
            Evidence with the network's further maps as `layers` and the digest of its weights. `notes` holds
            `anything`, how sure it is that anything changed, from a network that says so, and `boxes_before` and
            `boxes_after`, how many it found, from one that finds boxes.

        Raises:
            OptionError: there are no weights, or they are another network's.
            DataError: the file cannot be read or is none of ours.
            MissingExtra: the weights need torch, which is not installed.
        """
        ask, facts = asked(self.file, method=self.net, threads=self._threads)
        both = self.both_ways and facts.net not in MIRRORED
        before, after = _filled(opaque(pair.before), opaque(pair.after), pair.usable)
        side, limit = self.side or facts.side, min(self.threshold or facts.threshold, _MOST)
        further = sides_of(max(pair.before.size), first=side, closest=self.closest)[1:]
        scales = scaled(before, after, further if facts.form != "centres" else ())
        near = scales[0] if scales else (before, after)  # the first look is made from the second's pictures
        shown = replace(shrunk(*near, side=side), shape=before.shape[:2])
        said = answered(ask, shown, both=both)
        maps = None
        if scales:
            look = partial(_asked_of_piece, ask, both=both)
            maps = closer(look, scales, seen_in(said, shown))
        return evidence_of(said, facts, shown, limit=limit, usable=pair.usable, closer=maps)

    def shown(self, pair: Pair) -> Shown:
        """The pair as the network is shown it at its first look; raises as `facts` does."""
        before, after = _filled(opaque(pair.before), opaque(pair.after), pair.usable)
        return shrunk(before, after, side=self.side or self.facts().side)

    @property
    def file(self) -> str:
        """The file of weights: the one given."""
        return self.weights

    @property
    def _threads(self) -> int:
        return 0


def _asked_of_piece(ask: Ask, before: Bytes, after: Bytes, *, both: bool) -> Maps:
    """What a network says of two pictures as they are."""
    shown = shrunk(before, after, side=max(before.shape))
    return seen_in(answered(ask, shown, both=both), shown)


def _filled(before: Bytes, after: Bytes, usable: Mask | None) -> tuple[Bytes, Bytes]:
    """Both pictures, in the mean colour of what counts where nothing does: what stands there must have no say."""
    if usable is None or usable.all():
        return before, after
    seen = usable.astype(np.uint8)
    means = np.array([cv2.mean(picture, mask=seen)[:3] for picture in (before, after)])
    colour = np.rint(means.mean(0)).astype(np.uint8)
    filled = []
    for picture in (before, after):
        ground = np.empty_like(picture)
        ground[:] = colour
        filled.append(np.asarray(cv2.copyTo(picture, seen, ground)))
    return filled[0], filled[1]
