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
_SLAB = 0.25  # share of the rows that are flat grey where a decoder had nothing
_DETAIL, _SHARP = 0.25, 0.45  # shares of the usual detail and sharpness below which a picture is covered, blurred
_SIMILAR = 0.25  # correlation of even detail below which it is another view
_SAME_VIEW = 0.6  # correlation above which blur is blur and not another view
_LEARNED = 0.01  # share of the usual detail learned from a frame
_PATIENCE = {"black": 5.0, "covered": 5.0, "blurred": 10.0, "frozen": 30.0, "turned": 5.0}
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

    What is usual is learned from frames without a fault. `frozen` needs a camera whose frames nearly all differ, by
    its noise: pictures that are drawn never freeze, though something may move in them now and then.
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
        self._usual: tuple[float, float] | None = None  # detail, sharpness
        self._view: Map | None = None

    def check(self, pixels: Bytes, seconds: float) -> Iterator[HealthChange]:
        """Judge a frame, (H, W, 3) uint8."""
        small = np.asarray(cv2.resize(pixels, _SIZE, interpolation=cv2.INTER_AREA), np.uint8)
        fault = self._find_fault(small, seconds) if is_complete(pixels) else "covered"
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
        if kind != self.fault and (lasting or changing):
            if self.fault is not None:  # another fault lay under it
                yield HealthChange("closed", self.fault, since)
            self.fault = kind
            yield HealthChange("opened", kind, since if lasting else self._faulty_since)

    @property
    def suspicious(self) -> bool:
        """Whether the present frames must not be learned: a fault is on, or may be coming."""
        return self.fault is not None or self._suspect is not None

    def interrupt(self) -> None:
        """No frames came for a while: what was suspected before must show for its whole time again."""
        self._suspect = self._faulty_since = self._healthy_since = self._last = None

    def relearn(self) -> None:
        """Another view or light is usual now."""
        self._usual = self._view = None

    def expect_view(self, pixels: Bytes) -> None:
        """The view of a picture, (H, W, 3) uint8, is usual, whatever has been seen since."""
        self.relearn()
        grey = cv2.cvtColor(cv2.resize(pixels, _SIZE, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        if grey.std() >= _FLAT:
            self._compared(grey.astype(np.float32))

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
        if grey.std() < _FLAT:
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
        fine = grey - cv2.GaussianBlur(grey, (0, 0), 1.0)
        coarse = grey - cv2.GaussianBlur(grey, (0, 0), 6.0)
        light = max(float(grey.mean()), 1.0)
        detail, sharp = float(coarse.std()) / light, float(fine.std()) / max(float(coarse.std()), 1e-3)
        view = np.asarray(coarse / (np.sqrt(cv2.blur(coarse * coarse, (25, 25))) + 4), np.float32)
        if self._usual is None or self._view is None:
            self._usual, self._view = (detail, sharp), view
            return None
        similarity = float(np.corrcoef(view.ravel(), self._view.ravel())[0, 1])
        if detail < _DETAIL * self._usual[0] and similarity < _SAME_VIEW:
            return "covered"
        if sharp < _SHARP * self._usual[1] and similarity > _SAME_VIEW / 2:
            return "blurred"
        if similarity < _SIMILAR:
            return "turned"
        rate = _LEARNED if self.fault is None else 0.0
        self._usual = (
            self._usual[0] + rate * (detail - self._usual[0]),
            self._usual[1] + rate * (sharp - self._usual[1]),
        )
        self._view = self._view + rate * (view - self._view)
        return None


def is_complete(pixels: Bytes) -> bool:
    """Whether a frame holds a picture all over: decoders that lost data fill the rest with one grey.

    Examples:
        >>> noise = np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
        >>> slab = noise.copy()
        >>> slab[40:] = 128
        >>> is_complete(noise), is_complete(slab)
        (True, False)
    """
    rows = pixels[:: max(len(pixels) // 90, 1)]
    flat = (rows.max(axis=(1, 2)).astype(int) - rows.min(axis=(1, 2)) <= 2) & (np.abs(rows.mean((1, 2)) - 128) < 10)
    return float(flat.mean()) < _SLAB
