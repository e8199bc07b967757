"""A plug-in of another package: a plain difference that fails where the pictures show something black."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from spotdiff.params import param
from spotdiff.types import Evidence, Extraction

BLACK = (0, 0, 0)  # the drawn place has nothing under 20
METADATA = "Metadata-Version: 2.1\nName: failing\nVersion: 1.0\n"
ENTRY_POINTS = """[spotdiff.methods]
failing = watching.run.failing_method:FailingMethod
[spotdiff.describe]
mute = watching.run.failing_method:MuteDescriber
"""


@dataclass(frozen=True)
class FailingMethod:
    """Fails where something black is seen."""

    extraction: ClassVar = Extraction()
    how: str = param("raises", "how it fails")
    always: bool = param(False, "fail with every pair")
    hangs_for: float = param(60.0, "seconds")

    def score(self, pair):
        """The plain difference, or a failure."""
        before, after = pair.before.opaque, pair.after.opaque
        black = np.minimum(before.max(2), after.max(2)) < 14
        if self.always or black.mean() > 0.01:
            return self._fail(black.shape)
        apart = cv2.blur(cv2.absdiff(before, after).max(2), (5, 5))
        change = np.clip(apart / 60, 0, 1).astype(np.float32)
        return Evidence(change, change, directed=False)

    def _fail(self, shape):
        if self.how == "raises":
            raise ZeroDivisionError("two\nlines")
        if self.how == "exits":
            raise SystemExit(0)
        if self.how == "hangs":
            time.sleep(self.hangs_for)
        height, width = shape
        values = {"nan": np.full(shape, np.nan), "shape": np.zeros((height, width + 1))}
        change = values.get(self.how, np.zeros(shape)).astype(np.float32)
        return Evidence(change, change, directed=False)


@dataclass(frozen=True)
class MuteDescriber:
    """Fails with every region."""

    language: str = "en"

    def describe(self, pair, regions):
        """No words."""
        raise ZeroDivisionError("no words")
