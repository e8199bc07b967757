"""What the camera adds: blur, noise, its own tones, and the losses of a compressed file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.synth.noise import grain

if TYPE_CHECKING:
    from spotdiff.data.synth.light import Lit
    from spotdiff.data.synth.recipe import PairRecipe
    from spotdiff.types import Bytes, Map

_SHARP, _COARSE = 95, 30  # JPEG qualities
_NOISY = 7.0  # deviation of noise, of 255, that is seldom passed


def taken(rng: np.random.Generator, lit: Lit, recipe: PairRecipe, facts: dict[str, object]) -> Bytes:
    """The picture that comes out of the camera; only its tones at strength 0."""
    strength, picture = recipe.sensor, lit.linear
    if not strength:
        return np.asarray(cv2.LUT(picture, lit.tones))
    picture = _blurred(rng, picture, strength, facts)
    if rng.random() < 0.03 * strength:
        picture = _rained_on(rng, picture, facts)
    picture = _noisy(rng, picture, strength, facts)
    picture = np.asarray(cv2.LUT(picture, lit.tones))
    if rng.random() < 0.04 * strength:
        facts["grey"] = True
        picture = np.asarray(cv2.merge([cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)] * 3))
    return _compressed(rng, picture, strength, facts)


def bilevel(picture: Bytes) -> Bytes:
    """The picture in black and white, parted at its own middle (Otsu), as a scanner for drawings gives it."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.merge([cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)[1]] * 3))


def _blurred(rng: np.random.Generator, picture: Bytes, strength: float, facts: dict[str, object]) -> Bytes:
    """Out of focus by up to 1.2 pixels, or taken at a lower resolution, or as it is."""
    how = rng.random()
    if how < 0.3:
        sigma = float(rng.uniform(0.3, 1.2)) * strength
        facts["blur"] = round(sigma, 2)
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma)) if sigma > 0.2 else picture
    if how < 0.5:
        height, width = picture.shape[:2]
        factor = 1 - float(rng.uniform(0.1, 0.65)) * strength
        small = cv2.resize(picture, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)
        facts["resampled"] = round(factor, 2)
        way = cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(small, (width, height), interpolation=way))
    return picture


def _rained_on(rng: np.random.Generator, picture: Bytes, facts: dict[str, object]) -> Bytes:
    """Bright streaks of drops or snow between the camera and the scene."""
    height, width = picture.shape[:2]
    lean, long = rng.normal(0, 0.2), float(rng.choice((0.0, rng.uniform(2, 16))))
    drops = np.zeros((height, width), np.uint8)
    for x, y in rng.uniform(0, (width, height), (int(rng.integers(20, 250)), 2)):
        end, bright = (int(x + lean * long), int(y + long)), int(rng.integers(40, 150))
        cv2.line(drops, (int(x), int(y)), end, bright, 1, cv2.LINE_AA)
    facts["rain"] = True
    return np.asarray(cv2.add(picture, cv2.merge([drops] * 3)))


def _noisy(rng: np.random.Generator, picture: Bytes, strength: float, facts: dict[str, object]) -> Bytes:
    """Noise whose power grows with the light (shot) from a floor (read), Gaussian in each."""
    deviation = min(float(rng.exponential(2.0)), _NOISY) * strength
    facts["noise"] = round(deviation, 2)
    if deviation < 0.3:
        return picture
    height, width = picture.shape[:2]
    speckle = grain(rng, height, width)
    if rng.random() < 0.7:
        amount = np.asarray(cv2.LUT(picture, _amounts(deviation)))
        return np.asarray(cv2.add(picture, cv2.multiply(amount, speckle), dtype=cv2.CV_8U))
    return np.asarray(cv2.add(picture, cv2.multiply(speckle, deviation), dtype=cv2.CV_8U))


def _amounts(deviation: float) -> Map:
    """(256,) float32: the deviation at each level."""
    level = np.linspace(0, 1, 256, dtype=np.float32)
    return np.asarray(np.float32(deviation) * np.sqrt(0.3 + 1.4 * level))


def _compressed(rng: np.random.Generator, picture: Bytes, strength: float, facts: dict[str, object]) -> Bytes:
    """Through a JPEG file and back, of a quality between 95 and 30; one in eight is kept as it is."""
    if rng.random() < 0.125:
        return picture
    quality = round(_SHARP - (_SHARP - _COARSE) * strength * float(rng.beta(1.2, 1.6)))
    facts["jpeg"] = quality
    blue_first = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    coded = cv2.imencode(".jpg", blue_first, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))
