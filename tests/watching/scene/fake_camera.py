"""A camera that shows drawn frames to its analyser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from spotdiff.video import Frame
from spotdiff.watching.event import Opened
from spotdiff.watching.frame_analyser import FrameAnalyser
from spotdiff.watching.rules import Camera, Zone, rules_of
from watching.scene.scene_toys import FPS, noisy, place, with_thing
from watching.scene.scene_toys import judge as classic_judge

EMPTY, FULL = place(), with_thing(place())
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WHOLE = Zone("", dwell=4.0)


class FakeCamera:
    """Frames for an analyser, with their times."""

    def __init__(self, *zones, zone=UTC, side=640, start=NOON, judge=None):
        rules = replace(rules_of([]), zones={rule.name: rule for rule in zones or (WHOLE,)})
        self.analyser = FrameAnalyser(
            Camera("hall", "", side=side), rules, judge or classic_judge(), zone=zone, boot="b"
        )
        self.rng, self.seconds, self.number, self.start = np.random.default_rng(0), 0.0, 0, start

    def frame(self, pixels, noise=1.5):
        shown = noisy(pixels, self.rng, noise) if noise else np.asarray(pixels, np.uint8)
        return Frame(shown, self.number, self.seconds, self.start + timedelta(seconds=self.seconds))

    def show(self, draw, until, *, noise=1.5, fps=FPS):
        changes = []
        while self.seconds < until - 1e-6:
            changes += self.analyser.analyse(self.frame(draw(self.seconds) if callable(draw) else draw, noise))
            self.number, self.seconds = self.number + 1, round(self.seconds + 1 / fps, 6)
        return changes


def in_short(changes):
    """Changes in short: what opened, what closed and how."""
    return [
        change.event.kind if isinstance(change, Opened) else getattr(change, "outcome", "amended") for change in changes
    ]
