"""Zones on the ground: which rule holds where, now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.watching.scene.scene import Ask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from spotdiff.types import Mask
    from spotdiff.watching.rules.settings import Zone
    from spotdiff.watching.scene.scales import Scales

_IN = 0.5  # share of a thing's ground that must be in a zone
_PLACE = 0.2  # share of the ground of what moved that each of its two places has, and a speck has not


class Ground:
    """The zones of one camera, painted on the small picture.

    Args:
        zones: In the order of the file: the first that asks for a thing has it.
        scales: The sizes of the camera's pictures.
    """

    def __init__(self, zones: Sequence[Zone], scales: Scales) -> None:
        self._zones = [(zone, painted(zone, scales)) for zone in zones]
        self._area = scales.small_area
        self.now: datetime | None = None  # local; None for a clock that nobody knows

    def asks(self, mask: Mask, kind: str | None) -> Ask | None:
        """What the rules that hold now ask of a difference; what they might ask where its kind is not known yet."""
        found = [zone for zone in self._over(mask, kind) if kind is None or (wants(zone, kind) and self._holds(zone))]
        if kind is None:
            found = [zone for zone in found if set(zone.what) - {"intrusion", "untidy"}]
        if not found:
            return None
        if kind is not None:
            return Ask(found[0].dwell, sure_at(found[0].sensitivity))
        return Ask(min(zone.dwell for zone in found), min(sure_at(zone.sensitivity) for zone in found))

    def zone_of(self, mask: Mask, kind: str) -> Zone | None:
        """The zone whose rule asks for a thing now."""
        return next((zone for zone in self._over(mask, kind) if wants(zone, kind) and self._holds(zone)), None)

    def asking(self, kind: str) -> list[tuple[Zone, Mask]]:
        """The zones that ask for a kind now, each with its ground, (h, w) bool of the small picture."""
        return [(zone, ground) for zone, ground in self._zones if kind in zone.what and self._holds(zone)]

    def _over(self, mask: Mask, kind: str | None) -> list[Zone]:
        """The zones that a thing is in; what moved is in those that it came to and in those that it left."""
        places = _places(mask) if kind == "moved" else [mask]
        return [zone for zone, ground in self._zones if any(self._in(one, zone, ground) for one in places)]

    def _in(self, mask: Mask, zone: Zone, ground: Mask) -> bool:
        area = int(mask.sum())
        return area * self._area >= zone.min_area and int((mask & ground).sum()) >= _IN * area

    def _holds(self, zone: Zone) -> bool:
        return self.now is None or zone.when.holds(self.now)


def wants(zone: Zone, kind: str) -> bool:
    """Whether a zone asks for a kind: what moved into a zone was left there, what moved out was taken."""
    return kind in zone.what or (kind == "moved" and bool({"left", "taken"} & set(zone.what)))


def sure_at(sensitivity: float) -> float:
    """The least score that is told at a sensitivity.

    Examples:
        >>> sure_at(0.5), round(sure_at(0.0), 2), round(sure_at(1.0), 2)
        (0.4, 0.75, 0.05)
    """
    return 0.75 - 0.7 * sensitivity


def _places(mask: Mask) -> list[Mask]:
    """The places of what moved, (h, w) bool each: where it stands and where it stood."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    apart = [np.asarray(labels == number) for number in range(1, count)]
    return [one for one in apart if one.sum() >= _PLACE * mask.sum()] or [mask]


def painted(zone: Zone, scales: Scales) -> Mask:
    """The ground of a zone, (h, w) bool of the small picture."""
    ground = np.zeros(scales.small[::-1], np.uint8)
    if not zone.polygon:
        return np.ones(ground.shape, bool)
    factor = np.array(scales.small, float) / scales.own
    corners = np.rint(np.array(zone.polygon) * factor - 0.5).astype(np.int32)
    cv2.fillPoly(ground, [corners], 1)
    return np.asarray(ground > 0)
