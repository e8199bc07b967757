"""A lens that shows drawn frames to the watch of one camera."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from spotdiff.video import Frame
from spotdiff.watching.camera import CameraWatch
from spotdiff.watching.reports import Opened
from spotdiff.watching.rules import Camera, Zone, rules_of
from watching.scene.scene_toys import FPS, judge, noisy, place, with_thing

EMPTY, FULL = place(), with_thing(place())
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WHOLE = Zone("", dwell=4.0)


class Lens:
    """Frames for a watch, with their times."""

    def __init__(self, *zones, zone=UTC, side=640, start=NOON):
        rules = replace(rules_of([]), zones={one.name: one for one in zones or (WHOLE,)})
        self.watch = CameraWatch(Camera("hall", "", side=side), rules, judge(), zone=zone, boot="b")
        self.rng, self.seconds, self.number, self.start = np.random.default_rng(0), 0.0, 0, start

    def frame(self, pixels, noise=1.5):
        shown = noisy(pixels, self.rng, noise) if noise else np.asarray(pixels, np.uint8)
        return Frame(shown, self.number, self.seconds, self.start + timedelta(seconds=self.seconds))

    def show(self, draw, until, *, noise=1.5, fps=FPS):
        told = []
        while self.seconds < until - 1e-6:
            told += self.watch.see(self.frame(draw(self.seconds) if callable(draw) else draw, noise))
            self.number, self.seconds = self.number + 1, round(self.seconds + 1 / fps, 6)
        return told


def said(told):
    """Reports in short: what opened, what ended and how."""
    return [one.event.kind if isinstance(one, Opened) else getattr(one, "outcome", "amended") for one in told]
