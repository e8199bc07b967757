"""Kubric-Change: rendered heaps of things from two cameras; one thing came or left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from spotdiff.data.dataset import Dataset, Sample, TrueBox, Truth
from spotdiff.data.open import open_patterns
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.data.published._label_images import read_colours
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from spotdiff.types import Bytes


class KubricChange:
    """Layout after `data/kubric_change.py` of ragavsachdeva/The-Change-You-Want-to-See.

    Each mask is in its own picture's pixels and marks the changed place there, whether the thing stands in it or not:
    every connected part (over edges) of what is not 0 becomes a place, the largest of the one picture with the largest
    of the other. Where the pictures have unequal numbers of parts, as when one part hides behind something, all of
    them are one place; where one picture has none, only that something changed is known. The cameras differ, so no
    single mask fits both pictures; the truth is boxes.
    """

    card: ClassVar[Card] = Card(
        title="Kubric-Change",
        shows="rendered objects on a ground, seen from two cameras",
        size="1605 pairs",
        licence="unstated",
        citation="Sachdeva and Zisserman, The change you want to see, WACV 2023, arXiv:2209.14341",
        homepage="https://www.robots.ox.ac.uk/~vgg/research/cyws/",
        splits=("test",),
        folders=("N_0.png, N_1.png, mask_N_00000.png and mask_N_00001.png in one folder",),
        values={"0": "unchanged", "any other": "a changed place"},
        known_from="a public reader, which takes any value but 0; size from memory",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies in `root`.

        Raises:
            DataError: it is not laid out so.
        """
        check_split(self.card, split)
        if not root.is_dir() or next(root.glob("mask_*_00000.png"), None) is None:
            raise layout_error(self.card, root)
        return open_patterns(
            root,
            before="{}_0.png",
            after="{}_1.png",
            gone="mask_{}_00000.png",
            new="mask_{}_00001.png",
            reader=_Parts(),
            name=split_title("kubric-change", split),
        )


@dataclass(frozen=True, slots=True)
class _Parts:
    """Reads one mask a picture as the boxes of its connected parts."""

    def __call__(self, sample: Sample) -> Truth:
        if sample.gone is None or sample.new is None:
            raise DataError(f"{sample.name} has only one of its two masks")
        before, after = (_parts((read_colours(path) > 0).astype(np.uint8)) for path in (sample.gone, sample.new))
        if not (before and after):
            changed = bool(before or after)
            return Truth(changed, form=None if changed else "places")
        if len(before) != len(after):
            before, after = (_around(before),), (_around(after),)
        return Truth(changed=True, form="places", boxes=before, kinds=("",) * len(before), boxes_after=after)


def _parts(mask: Bytes) -> tuple[TrueBox, ...]:
    """Boxes of the connected parts, the largest part first."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    rows = sorted((row.tolist() for row in stats[1:count]), key=lambda row: -row[cv2.CC_STAT_AREA])
    return tuple((left, top, left + width, top + height) for left, top, width, height, _ in rows)


def _around(boxes: tuple[TrueBox, ...]) -> TrueBox:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
