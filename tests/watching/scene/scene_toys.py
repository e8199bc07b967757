"""A place that is drawn, seen by a camera with noise, and a scene that watches it."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from spotdiff.image.resize import shrink
from spotdiff.methods import get_method
from spotdiff.options import Options
from spotdiff.watching.scene.judge import Judge
from spotdiff.watching.scene.scene import Criteria, Scene
from spotdiff.watching.scene.working_sizes import Sizes

SIZE = (256, 144)
HERE, THERE = (80, 60, 106, 86), (170, 40, 196, 66)
DWELL = 4.0
FPS = 5.0


@cache
def place(size=SIZE, seed=3):
    """(H, W, 3) uint8 with detail of every size."""
    rng = np.random.default_rng(seed)
    picture = np.full((size[1], size[0], 3), 110.0)
    for sigma, strength in ((2, 14), (5, 22), (20, 30)):
        layer = cv2.GaussianBlur(rng.normal(size=(size[1], size[0], 3)), (0, 0), sigma)
        layer = 0.8 * layer.mean(2, keepdims=True) * 3**0.5 + 0.2 * layer
        picture += strength * layer / layer.std()
    return np.clip(picture, 10, 245).astype(np.uint8)


def with_thing(pixels, box=HERE, colour=(210, 50, 40), seed=5):
    """The picture with a textured thing standing in it."""
    left, top, right, bottom = box
    shown = pixels.copy()
    grain = place((right - left, bottom - top), seed).astype(float) - 110
    shown[top:bottom, left:right] = np.clip(np.array(colour) + 0.4 * grain, 0, 255)
    return shown


def with_walker(pixels, seconds, *, pace=50.0, period=8.0, width=20):
    """The picture with somebody walking through again and again."""
    left = int(pace * (seconds % period)) - width
    shown = pixels.copy()
    shown[40:110, max(left, 0) : max(left + width, 0)] = (40, 60, 160)
    return shown


def moved(pixels, x, y):
    """The picture as a camera sees it that has turned by so many pixels."""
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return cv2.warpAffine(pixels, matrix, pixels.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


def in_grey(pixels):
    """The picture under infrared light."""
    return np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def lit(pixels, factor):
    """The picture in another light, (H, W, 3) float64; noise is added before it is rounded."""
    return np.clip(pixels * np.float64(factor), 0, 255)


def noisy(pixels, rng, strength=1.5):
    """(H, W, 3) uint8 as a camera gives it."""
    return np.clip(np.rint(pixels + rng.normal(0, strength, pixels.shape)), 0, 255).astype(np.uint8)


@cache
def judge(method="classic", language="en"):
    """The one flow that compares two pictures."""
    options = Options(method=method, describe="off" if language == "en" else "words", language=language)
    return Judge(get_method(options.method, options.settings), options)


def criteria(mask, kind):
    """A rule that waits less than the default."""
    return Criteria(dwell=DWELL)


def scene_for(pixels, *, method="classic", rule=criteria):
    """A scene for pictures of this size."""
    return Scene(Sizes.of(pixels, side=640), judge(method), criteria=rule)


class Watched:
    """A scene that is fed with drawn frames."""

    def __init__(self, *, size=SIZE, method="classic", noise=1.5, seed=0, rule=criteria):
        self.scene = scene_for(place(size), method=method, rule=rule)
        self.rng, self.noise, self.seconds = np.random.default_rng(seed), noise, 0.0
        self.changes = []

    def see(self, draw, until, *, fps=FPS):
        """Show `draw` (a picture, or seconds to a picture) until a second; what that brought to light."""
        before = len(self.changes)
        while self.seconds < until - 1e-6:
            picture = draw(self.seconds) if callable(draw) else draw
            frame = noisy(picture, self.rng, self.noise)
            self.changes += self.scene.analyse(shrink(frame, self.scene.sizes.work), self.seconds)
            self.seconds = round(self.seconds + 1 / fps, 6)
        return self.changes[before:]


def kinds(changes):
    """The kinds of what was opened or amended, and that something was closed."""
    return ["closed" if each.transition == "closed" else each.candidate.judgement.kind for each in changes]


def boxes(changes):
    """Where what was opened is."""
    return [each.candidate.judgement.box for each in changes if each.transition == "opened"]
