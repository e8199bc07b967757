"""Faults of the camera: black, covered, blurred, frozen or turned pictures are its own events, never the scene's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotdiff.types import Bytes, Map
    from spotdiff.watching.event import Transition

_SIZE = (160, 90)
_BLACK, _DIM = 14.0, 40.0  # grey levels: mean and brightest part of a black picture
_FLAT = 1.5  # grey levels of spread that a picture without any content has
_PLAIN = 1.0  # grey levels of spread of the coarse detail, noise taken out, that a place without features has
_OTHER, _MOSTLY = 8.0, 0.35  # grey levels that a pixel differs by; share of such pixels in what is no longer the place
_SLAB = 0.25  # share of the rows that are flat grey where a decoder had nothing
_DETAIL, _SHARP = 0.25, 0.45  # shares of the usual detail and sharpness below which a picture is covered, blurred
_DULLER = 0.8  # share of the usual fine detail: a thing that is smoother than the ground takes none away
_SIMILAR = 0.25  # correlation of even detail below which it is another view
_SAME_VIEW = 0.6  # correlation above which blur is blur and not another view
_LEARNED = 0.01  # share of the usual detail learned from a frame
_PATIENCE = {"black": 5.0, "covered": 5.0, "blurred": 10.0, "frozen": 30.0, "turned": 5.0}
_PASSING = 0.2  # so many times slower a plain place gets features: who goes through gives it none
_PULSE, _LIVE = 0.05, 0.8  # share learned from a frame, and share of frames that differ from the one before
_CHANGING = 20.0  # seconds of one fault or another after which a fault is reported
_HEALTHY = 2.0  # seconds without a fault after which it is over


@dataclass(frozen=True, slots=True)
class HealthChange:
    """A fault of the camera begins or ends.

    Attributes:
        transition: opened or closed.
        kind: black, covered, blurred, frozen or turned.
        seconds: When it began, or ended.
    """

    transition: Transition
    kind: str
    seconds: float


class CameraHealth:
    """Looks at every frame, small, for a fault of the camera.

    What is usual is learned from frames without a fault. A place may be plain, such as a wall or snow: where most of
    the picture is as usual, nothing covers or has turned the camera, however little or much there is to see. `frozen`
    needs a camera whose frames nearly all differ, by its noise: pictures that are drawn never freeze, though something
    may move in them now and then.
    """

    def __init__(self) -> None:
        self.fault: str | None = None
        self._suspect: tuple[str, float] | None = None
        self._healthy_since: float | None = None
        self._faulty_since: float | None = None
        self._last: Bytes | None = None
        self._still_since = 0.0
        self._pulse = 0.0  # share of the latest frames that differed from the one before
        self._is_live = False
        self._usual: tuple[float, float, float] | None = None  # detail, sharpness, structure
        self._view: Map | None = None
        self._picture: Map | None = None  # the usual picture, grey

    def check(self, pixels: Bytes, seconds: float) -> Iterator[HealthChange]:
        """Judge a frame, (H, W, 3) uint8."""
        small = np.asarray(cv2.resize(pixels, _SIZE, interpolation=cv2.INTER_AREA), np.uint8)
        fault = self._find_fault(small, seconds) if self.is_whole(pixels) else "covered"
        if fault is None:
            yield from self._recover(seconds)
            return
        self._healthy_since = None
        self._faulty_since = seconds if self._faulty_since is None else self._faulty_since
        if self._suspect is None or self._suspect[0] != fault:
            self._suspect = fault, self._still_since if fault == "frozen" else seconds
        kind, since = self._suspect
        lasting = seconds - since >= _PATIENCE[kind]
        changing = self.fault is None and seconds - self._faulty_since >= _CHANGING
        if lasting and kind == "covered" and self._usual is None:  # from the beginning: the place is plain
            self._learn_anew(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32))
            yield from self._recover(seconds)
        elif kind != self.fault and (lasting or changing):
            if self.fault is not None:  # another fault lay under it
                yield HealthChange("closed", self.fault, since)
            self.fault = kind
            yield HealthChange("opened", kind, since if lasting else self._faulty_since)

    @property
    def suspicious(self) -> bool:
        """Whether the present frames must not be learned: a fault is on, or may be coming."""
        return self.fault is not None or self._suspect is not None

    @property
    def is_plain(self) -> bool:
        """Whether there is usually nothing to see."""
        return self._usual is not None and self._usual[2] < _PLAIN

    def is_whole(self, pixels: Bytes) -> bool:
        """Whether a frame, (H, W, 3) uint8, holds a picture all over, for all that is known of the place."""
        return is_complete(pixels, self._picture)

    def interrupt(self) -> None:
        """No frames came for a while: what was suspected before must show for its whole time again."""
        self._suspect = self._faulty_since = self._healthy_since = self._last = None

    def relearn(self) -> None:
        """Another view or light is usual now."""
        self._usual = self._view = self._picture = None

    def restart(self) -> None:
        """Nothing of what was seen so far counts."""
        self.relearn()
        self.interrupt()
        self.fault = None

    def expect_view(self, pixels: Bytes) -> None:
        """The view of a picture, (H, W, 3) uint8, is usual, whatever has been seen since."""
        self.relearn()
        grey = cv2.cvtColor(cv2.resize(pixels, _SIZE, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        if grey.std() >= _FLAT:
            self._learn_anew(grey.astype(np.float32))

    def _recover(self, seconds: float) -> Iterator[HealthChange]:
        self._suspect = self._faulty_since = None
        if self.fault is not None:
            self._healthy_since = self._healthy_since if self._healthy_since is not None else seconds
            if seconds - self._healthy_since >= _HEALTHY:
                kind, self.fault = self.fault, None
                yield HealthChange("closed", kind, self._healthy_since)

    def _find_fault(self, small: Bytes, seconds: float) -> str | None:
        if self._frozen(small, seconds):
            return "frozen"
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        if grey.mean() < _BLACK and np.percentile(grey, 99) < _DIM:
            return "black"
        if grey.std() < _FLAT and (self._usual is None or self._differs_mostly(grey)) and not self.is_plain:
            return "covered"
        return self._compared(grey.astype(np.float32))

    def _frozen(self, small: Bytes, seconds: float) -> bool:
        if self._last is None or not np.array_equal(small, self._last):
            self._pulse += _PULSE * (1 - self._pulse)
            self._is_live = self._pulse > _LIVE
            self._last, self._still_since = small, seconds
            return False
        self._pulse -= _PULSE * self._pulse
        return self._is_live and seconds - self._still_since >= _PATIENCE["frozen"]

    def _compared(self, grey: Map) -> str | None:
        """What is wrong against what is usual; learns from frames that are well."""
        if self._usual is None or self._view is None or self._picture is None:
            self._learn_anew(grey)
            return None
        (detail, sharp, structure), view = _measures(grey)
        if not (self.is_plain and structure < _PLAIN):
            similarity = _correlation(view, self._view)
            elsewhere = similarity < _SAME_VIEW and self._differs_mostly(grey)
            if elsewhere and detail < _DETAIL * self._usual[0]:
                return "covered"
            duller = detail * sharp < _DULLER * self._usual[0] * self._usual[1]
            if duller and sharp < _SHARP * self._usual[1] and similarity > _SAME_VIEW / 2:
                return "blurred"
            if elsewhere and similarity < _SIMILAR:
                return "turned"
        rate = _LEARNED if self.fault is None else 0.0
        slow = rate * (_PASSING if structure > self._usual[2] else 1)
        self._usual = (
            self._usual[0] + rate * (detail - self._usual[0]),
            self._usual[1] + rate * (sharp - self._usual[1]),
            self._usual[2] + slow * (structure - self._usual[2]),
        )
        self._view = self._view + rate * (view - self._view)
        self._picture = self._picture + rate * (grey - self._picture)
        return None

    def _differs_mostly(self, grey: Map | Bytes) -> bool:
        """Whether most of a picture is not as usual."""
        return self._picture is None or float((np.abs(grey - self._picture) > _OTHER).mean()) > _MOSTLY

    def _learn_anew(self, grey: Map) -> None:
        self._usual, self._view = _measures(grey)
        self._picture = grey


def _correlation(first: Map, second: Map) -> float:
    """Of two views; 0 where one shows nothing."""
    first, second = first - first.mean(), second - second.mean()
    return float(np.vdot(first, second) / max(float(np.linalg.norm(first) * np.linalg.norm(second)), 1e-6))


def _measures(grey: Map) -> tuple[tuple[float, float, float], Map]:
    """Detail, sharpness and structure of a small picture, and its detail made even, which is the view."""
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 1.0)
    coarse = grey - cv2.GaussianBlur(grey, (0, 0), 6.0)
    light = max(float(grey.mean()), 1.0)
    structure = float(cv2.GaussianBlur(coarse, (0, 0), 1.5).std())
    view = np.asarray(coarse / (np.sqrt(cv2.blur(coarse * coarse, (25, 25))) + 4), np.float32)
    return (float(coarse.std()) / light, float(fine.std()) / max(float(coarse.std()), 1e-3), structure), view


def is_complete(pixels: Bytes, usual: Map | None = None) -> bool:
    """Whether a frame holds a picture all over: decoders that lost data fill the rest with one grey.

    Args:
        pixels: (H, W, 3) uint8.
        usual: What the place usually looks like, grey, in any size: rows that look so have lost nothing.

    Examples:
        >>> noise = np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
        >>> slab = noise.copy()
        >>> slab[40:] = 128
        >>> is_complete(noise), is_complete(slab)
        (True, False)
    """
    rows = pixels[:: max(len(pixels) // 90, 1)]
    flat = (rows.max(axis=(1, 2)).astype(int) - rows.min(axis=(1, 2)) <= 2) & (np.abs(rows.mean((1, 2)) - 128) < 10)
    if usual is not None:
        expected = cv2.resize(usual, (1, len(rows)), interpolation=cv2.INTER_AREA).ravel()
        flat &= np.abs(rows.mean((1, 2)) - expected) > _OTHER
    return float(flat.mean()) < _SLAB
