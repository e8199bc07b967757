"""Things that can be put into a picture: pixels, how opaque they are, what counts as them, what they are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.image.colour_words import colour_word

if TYPE_CHECKING:
    from spotdiff.types import Bytes


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A thing, cut out.

    Attributes:
        pixels: (H, W, 3) uint8, already multiplied by `alpha`.
        alpha: (H, W) uint8, 255 opaque.
        area: (H, W) uint8, above 0 where the truth has the thing.
        name: What it is, such as `chair`.
        words: What is written on it.
        colour: The word for its colour.
    """

    pixels: Bytes
    alpha: Bytes
    area: Bytes
    name: str
    words: str = ""
    colour: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.alpha.shape[1], self.alpha.shape[0]

    def facts(self) -> dict[str, str]:
        """What is known of it, by name."""
        known = {"class": self.name, "colour": self.colour, "words": self.words}
        return {name: value for name, value in known.items() if value}

    def phrase(self) -> str:
        """Its colour, name and words: `red sign 'open'`."""
        return " ".join(part for part in (self.colour, self.name, f"'{self.words}'" if self.words else "") if part)

    def within(self, longest: int) -> Cutout:
        """The thing made smaller where its longer side exceeds `longest` pixels."""
        return self.scaled(min(longest / max(self.size), 1.0))

    def scaled(self, factor: float) -> Cutout:
        """The thing made larger or smaller; no side gets shorter than 3 pixels."""
        if factor == 1:
            return self
        size = max(round(self.size[0] * factor), 3), max(round(self.size[1] * factor), 3)
        way = cv2.INTER_AREA if factor < 0.7 else cv2.INTER_LINEAR  # by areas is slow, and needed for large steps only
        stack = cv2.resize(_stack(self), size, interpolation=way)
        return _unstacked(stack, cv2.resize(self.area, size, interpolation=way), self)


def cutout_of(rgba: Bytes, name: str, *, words: str = "", area: Bytes | None = None) -> Cutout:
    """The thing in (H, W, 4) uint8 RGBA whose pixels are not multiplied by alpha yet; `area` is where it is opaque."""
    alpha = np.ascontiguousarray(rgba[..., 3])
    shape = _opaque(alpha) if area is None else area
    pixels = cv2.multiply(np.ascontiguousarray(rgba[..., :3]), cv2.merge([alpha] * 3), scale=1 / 255)
    return Cutout(pixels, alpha, shape, name, words)


def posed(cutout: Cutout, rng: np.random.Generator, *, turn: float = 12.0) -> Cutout:
    """The thing, sometimes mirrored (never writing) and turned by some degrees, whose deviation is half of `turn`."""
    stack, shape = _stack(cutout), cutout.area
    if not cutout.words and rng.random() < 0.5:
        stack, shape = cv2.flip(stack, 1), cv2.flip(shape, 1)
    if rng.random() < 0.4:
        degrees = float(rng.normal(0, turn / 2))
        stack, shape = _turned(stack, degrees), _turned(shape, degrees)
    return _unstacked(stack, shape, cutout)


def _stack(cutout: Cutout) -> Bytes:
    return np.asarray(cv2.merge([*cv2.split(cutout.pixels), cutout.alpha]))


def _unstacked(stack: Bytes, shape: Bytes, cutout: Cutout) -> Cutout:
    *colours, alpha = cv2.split(stack)
    return replace(cutout, pixels=cv2.merge(colours), alpha=alpha, area=_opaque(shape))


def _turned(pixels: Bytes, degrees: float) -> Bytes:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    new = round(width * cos + height * sin), round(width * sin + height * cos)
    matrix[:, 2] += (new[0] - width) / 2, (new[1] - height) / 2
    return np.asarray(cv2.warpAffine(pixels, matrix, new, flags=cv2.INTER_LINEAR))


def named(cutout: Cutout) -> Cutout:
    """The thing with the word for its colour."""
    return replace(cutout, colour=colour_word(cutout.pixels, cutout.area))


def tinted(cutout: Cutout, gain: tuple[float, float, float]) -> Cutout:
    """The thing with its channels multiplied; what is too bright stays within its alpha."""
    levels = np.arange(256, dtype=np.float32)[None, :, None] * np.array(gain, np.float32)
    scaled = cv2.LUT(cutout.pixels, np.clip(levels, 0, 255).astype(np.uint8))
    return replace(cutout, pixels=cv2.min(scaled, cv2.merge([cutout.alpha] * 3)))


def recoloured(cutout: Cutout, rng: np.random.Generator) -> Cutout:
    """The thing in another colour: its hue turned, and given some where it had none."""
    hsv = cv2.cvtColor(cutout.pixels, cv2.COLOR_RGB2HSV).astype(np.int16)
    hsv[..., 0] = (hsv[..., 0] + int(rng.integers(30, 150))) % 180
    hsv[..., 1] = np.clip(hsv[..., 1].astype(np.float32) * rng.uniform(0.9, 1.6) + rng.uniform(20, 90), 0, 255)
    pixels = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
    return replace(cutout, pixels=cv2.min(pixels, cv2.merge([cutout.alpha] * 3)))


def edged(cutout: Cutout, rng: np.random.Generator) -> Cutout:
    """The thing with its edge as it comes, made hard, or made soft."""
    how = rng.random()
    if how < 0.5:
        return cutout
    if how < 0.65:
        hard = cv2.threshold(cutout.alpha, 127, 255, cv2.THRESH_BINARY)[1]
        solid = cv2.divide(cutout.pixels, cv2.merge([cv2.max(cutout.alpha, 1)] * 3), scale=255.0)
        return replace(cutout, pixels=cv2.bitwise_and(solid, cv2.merge([hard] * 3)), alpha=hard)
    finest = min(cutout.size) / 24
    return blurred(cutout, sigma=float(rng.uniform(0.3, 1.0)) * float(np.clip(finest, 0.6, 1.6)))


def blurred(cutout: Cutout, *, sigma: float) -> Cutout:
    """Alpha and the multiplied pixels blurred, with room around for what flows over the edge; itself for 0."""
    if not sigma:
        return cutout
    room = int(2 * sigma) + 1
    stack = cv2.copyMakeBorder(_stack(cutout), room, room, room, room, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    shape = cv2.copyMakeBorder(cutout.area, room, room, room, room, cv2.BORDER_CONSTANT, value=0)
    return _unstacked(cv2.GaussianBlur(stack, (0, 0), sigma), shape, cutout)


def _opaque(alpha: Bytes) -> Bytes:
    return np.asarray(cv2.threshold(alpha, 127, 255, cv2.THRESH_BINARY)[1])
