"""Zones on the ground: which rule holds where, now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.watching.scene.scene import Criteria

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from spotdiff.types import Mask
    from spotdiff.watching.rules.settings import Zone
    from spotdiff.watching.scene.sizes import Sizes

_IN = 0.5  # share of a thing's ground that must be in a zone
_PLACE = 0.2  # share of the ground of what moved that each of its two places has, and a speck has not


class ZoneMap:
    """The zones of one camera, painted on the small picture.

    Args:
        zones: In the order of the file: the first that wants a thing has it.
        sizes: The sizes of the camera's pictures.
    """

    def __init__(self, zones: Sequence[Zone], sizes: Sizes) -> None:
        self._zones = [(zone, zone_mask(zone, sizes)) for zone in zones]
        self._area = sizes.small_area
        self.now: datetime | None = None  # local; None for a clock that nobody knows

    def criteria(self, mask: Mask, kind: str | None) -> Criteria | None:
        """What the rules that hold now want of a difference; what they might want where its kind is not known yet."""
        if kind is not None:
            zone = self.zone_of(mask, kind)
            return Criteria(zone.dwell, min_score(zone.sensitivity)) if zone else None
        zones = [zone for zone in self._zones_at(mask, kind) if set(zone.what) - {"intrusion", "untidy"}]
        if not zones:
            return None
        return Criteria(min(zone.dwell for zone in zones), min(min_score(zone.sensitivity) for zone in zones))

    def zone_of(self, mask: Mask, kind: str) -> Zone | None:
        """The zone whose rule wants a thing now."""
        zones = self._zones_at(mask, kind)
        return next((zone for zone in zones if wants(zone, kind) and self._holds(zone)), None)

    def zones_for(self, kind: str) -> list[tuple[Zone, Mask]]:
        """The zones that want a kind now, each with its ground, (h, w) bool of the small picture."""
        return [(zone, ground) for zone, ground in self._zones if kind in zone.what and self._holds(zone)]

    def _zones_at(self, mask: Mask, kind: str | None) -> list[Zone]:
        """The zones that a thing is in; what moved is in those that it came to and in those that it left."""
        masks = _places(mask) if kind == "moved" else [mask]
        areas = [int(place.sum()) for place in masks]
        return [
            zone
            for zone, ground in self._zones
            if any(
                area * self._area >= zone.min_area and int((place & ground).sum()) >= _IN * area
                for place, area in zip(masks, areas, strict=True)
            )
        ]

    def _holds(self, zone: Zone) -> bool:
        return self.now is None or zone.when.holds(self.now)


def wants(zone: Zone, kind: str) -> bool:
    """Whether a zone wants a kind: what moved into a zone was left there, what moved out was taken."""
    return kind in zone.what or (kind == "moved" and bool({"left", "taken"} & set(zone.what)))


def min_score(sensitivity: float) -> float:
    """The least score that is reported at a sensitivity.

    Examples:
        >>> min_score(0.5), round(min_score(0.0), 2), round(min_score(1.0), 2)
        (0.4, 0.75, 0.05)
    """
    return 0.75 - 0.7 * sensitivity


def _places(mask: Mask) -> list[Mask]:
    """The places of what moved, (h, w) bool each: where it stands and where it stood."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    parts = [np.asarray(labels == number) for number in range(1, count)]
    return [part for part in parts if part.sum() >= _PLACE * mask.sum()] or [mask]


def zone_mask(zone: Zone, sizes: Sizes) -> Mask:
    """The ground of a zone, (h, w) bool of the small picture."""
    if not zone.polygon:
        return np.ones(sizes.small[::-1], bool)
    ground = np.zeros(sizes.small[::-1], np.uint8)
    factor = np.array(sizes.small, float) / sizes.own
    corners = np.rint(np.array(zone.polygon) * factor - 0.5).astype(np.int32)
    cv2.fillPoly(ground, [corners], 1)
    return np.asarray(ground > 0)
