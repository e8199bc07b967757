"""Shadows that things throw: a dark foot where they stand, or their outline leaning over the ground."""

from __future__ import annotations

import cv2
import numpy as np

from spotdiff.data.synth.canvas import Shadow
from spotdiff.data.synth.cutouts import Cutout


def random_shadow(cutout: Cutout, rng: np.random.Generator, *, share: float = 0.55) -> Shadow | None:
    """A shadow for a `share` of the things: none of writing, which lies flat."""
    if cutout.words or rng.random() >= share or min(cutout.size) < 5:
        return None
    return contact_shadow(cutout, rng) if rng.random() < 0.6 else _cast(cutout, rng)


def contact_shadow(cutout: Cutout, rng: np.random.Generator) -> Shadow:
    """A soft dark patch under the middle of a thing, where it touches the ground."""
    width, height = cutout.size
    wide, tall = max(width * 6 // 10, 2), max(int(width * rng.uniform(0.08, 0.2)), 2)
    room = 2 * tall
    dark = np.zeros((2 * tall + 2 * room, 2 * wide + 2 * room), np.uint8)
    middle = dark.shape[1] // 2, dark.shape[0] // 2
    cv2.ellipse(dark, middle, (wide, tall), 0, 0, 360, int(rng.uniform(60, 160)), -1)
    dark = cv2.blur(dark, (tall | 1, tall | 1))
    return Shadow(np.asarray(dark), (width // 2 - middle[0], height - tall - middle[1]))


def _cast(cutout: Cutout, rng: np.random.Generator) -> Shadow:
    """The outline laid down and leaning, all shadows of a thing fading with its blur."""
    width, height = cutout.size
    length, lean = rng.uniform(0.2, 0.6), float(rng.choice((0.8, 3.0)) * rng.uniform(-1, 1))  # at noon, or late
    tall = max(int(height * length), 2)
    spread = int(abs(lean) * tall) + 1
    blur = max(round(min(width, tall) * rng.uniform(0.02, 0.12)), 1)
    # the foot of the outline stays where the thing stands; its head moves sideways by `lean` times its height
    across = spread + blur if lean < 0 else blur
    matrix = np.array([[1, -lean * length, across + lean * tall], [0, length, blur]], np.float64)
    size = width + spread + 2 * blur, tall + 2 * blur
    strength = float(rng.uniform(0.25, 0.7))
    matrix[0, 2] = across if lean < 0 else across + lean * tall
    dark = cv2.warpAffine(cutout.alpha, matrix, size, flags=cv2.INTER_LINEAR)
    dark = cv2.convertScaleAbs(cv2.blur(dark, (2 * blur + 1, 2 * blur + 1)), alpha=strength)
    foot = matrix[0, 1] * height + matrix[0, 2]
    return Shadow(np.asarray(dark), (-round(foot), height - tall - blur))
