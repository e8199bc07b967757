"""Writing as a thing: words on a plate or bare, seen a little from the side (SynthText, doi:10.1109/CVPR.2016.254)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.data.synth.cutouts import Cutout, cutout_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from spotdiff.types import Bytes, Matrix

_HEIGHT = 40  # of the letters as drawn, in pixels
_STARTS, _ENDS = "bcdfghklmnprstvwz", "aeiou"
_WORDS = (
    *("open", "closed", "sale", "exit", "stop", "bus", "taxi", "bank", "cafe", "hotel", "park", "shop", "pizza", "bar"),
    *("police", "danger", "caution", "parking", "entrance", "north", "south", "no", "yes", "push", "pull", "hot"),
)


def words(rng: np.random.Generator) -> str:
    """A word, a made-up one, a number or two of them, in one of the usual cases."""
    parts = [_word(rng) for _ in range(1 if rng.random() < 0.7 else 2)]
    text = " ".join(parts)
    return (text.upper(), text.capitalize(), text)[int(rng.integers(3))]


def _word(rng: np.random.Generator) -> str:
    how = rng.random()
    if how < 0.35:
        return str(rng.choice(_WORDS))
    if how < 0.65:
        return str(int(rng.integers(1, 10 ** int(rng.integers(1, 6)))))
    letters = [_STARTS[int(rng.integers(len(_STARTS)))] + _ENDS[int(rng.integers(len(_ENDS)))] for _ in range(3)]
    return "".join(letters[: int(rng.integers(1, 4))])


def written(rng: np.random.Generator, text: str) -> Cutout:
    """A text on a plate, all of which counts, or bare, where the place of the words does."""
    return _drawn(rng, (text,))[0]


def rewritten(rng: np.random.Generator, text: str, other: str) -> list[Cutout]:
    """Two texts on one plate, in the same letters, colours and perspective; of each the place of its words counts."""
    return _drawn(rng, (text, other))


def on_screen(rng: np.random.Generator, text: str, size: int, ink: Matrix, ground: Matrix) -> Bytes:
    """(H, W, 3) uint8 of a text as screens show it, edges in grey or in the thirds of a pixel, on one colour."""
    from PIL import Image, ImageDraw

    font = screen_font(size)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text or " "))
    thirds = 3 if rng.random() < 0.4 else 1
    image = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), text, fill=255, font=font)
    share = np.asarray(image, np.float32)[..., None] / 255
    if thirds == 3:  # each channel a third of a pixel beside the other, as on a panel of stripes
        whole = share[..., 0]
        before, behind = np.roll(whole, 1, 1), np.roll(whole, -1, 1)
        share = np.stack([(2 * whole + before) / 3, whole, (2 * whole + behind) / 3], -1)
    colours = np.asarray(ground, np.float32), np.asarray(ink, np.float32)
    return np.asarray(np.rint(colours[0] + share * (colours[1] - colours[0])), np.uint8)


@cache
def screen_font(size: int) -> Any:  # noqa: ANN401 (Pillow names its two kinds of fonts apart)
    """Pillow's own outline font, so many pixels high."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def _drawn(rng: np.random.Generator, texts: tuple[str, ...]) -> list[Cutout]:
    plate = rng.random() < 0.6
    ink, ground = _inks(rng)
    face, corners = int(rng.integers(len(_FACES))), rng.uniform(-0.12, 0.12, (4, 2))
    letters = [_letters(text, face) for text in texts]
    size = max(image.shape[0] for image in letters), max(image.shape[1] for image in letters)
    whole = plate and len(texts) == 1
    under = ground if plate else None
    return [
        _laid(_centred(image, size), text, ink, under, corners, whole=whole)
        for image, text in zip(letters, texts, strict=True)
    ]


def _inks(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A colour and one that it stands out from."""
    ink, ground = rng.uniform(0, 255, (2, 3)).astype(np.float32)
    dark = rng.random() < 0.5
    ink, ground = (ink * 0.4, 150 + ground * 0.4) if dark else (150 + ink * 0.4, ground * 0.4)
    return ink, ground


_FACES = (None, cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)


def _letters(text: str, face: int) -> Bytes:
    """(H, W) uint8 of the letters, 255 where there is ink, with a margin around."""
    if face == 0:
        from PIL import Image, ImageDraw

        left, top, right, bottom = (int(edge) for edge in screen_font(_HEIGHT).getbbox(text))
        image = Image.new("L", (right - left + 16, bottom - top + 16))
        ImageDraw.Draw(image).text((8 - left, 8 - top), text, fill=255, font=screen_font(_HEIGHT))
        return np.asarray(image)
    hershey = _FACES[face]
    (width, height), under = cv2.getTextSize(text, hershey, 1.3, 3)
    canvas = np.zeros((height + under + 16, width + 16), np.uint8)
    return np.asarray(cv2.putText(canvas, text, (8, 8 + height), hershey, 1.3, 255, 3, cv2.LINE_AA))


def _centred(letters: Bytes, size: tuple[int, int]) -> Bytes:
    """The letters in the middle of (height, width)."""
    spare = [(room - own) for room, own in zip(size, letters.shape, strict=True)]
    return np.asarray(np.pad(letters, [(each // 2, each - each // 2) for each in spare]))


def _laid(
    letters: Bytes,
    text: str,
    ink: NDArray[np.float32],
    ground: NDArray[np.float32] | None,
    corners: NDArray[np.float64],
    *,
    whole: bool,
) -> Cutout:
    """The letters in their colour, on a plate or bare, in perspective."""
    share = letters[..., None].astype(np.float32) / 255
    if ground is None:
        colour = np.broadcast_to(ink, (*letters.shape, 3))
        alpha = letters
    else:
        colour = ground + share * (ink - ground)
        alpha = np.full_like(letters, 255)
    block = alpha if whole else _place_of(letters)
    rgba = np.dstack([colour.astype(np.uint8), alpha])
    matrix, size = _perspective(letters.shape[1], letters.shape[0], corners)
    seen = cv2.warpPerspective(rgba, matrix, size, flags=cv2.INTER_LINEAR)
    area = cv2.warpPerspective(np.asarray(block), matrix, size, flags=cv2.INTER_LINEAR)
    area = cv2.threshold(area, 127, 255, cv2.THRESH_BINARY)[1]
    return cutout_of(seen, "text" if ground is None else "sign", words=text, area=area)


def _place_of(letters: Bytes) -> Bytes:
    """255 where the words are: the gaps in and between letters are theirs, and a pixel or two around."""
    closed = cv2.morphologyEx(letters, cv2.MORPH_CLOSE, np.ones((13, 13), np.uint8))
    return np.asarray(cv2.dilate(cv2.threshold(closed, 20, 255, cv2.THRESH_BINARY)[1], np.ones((5, 5), np.uint8)))


def _perspective(width: int, height: int, corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """The matrix that moves the corners of a plate by shares of its height, and the size of what comes out."""
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    target = (source + corners * (min(width, 3 * height), height)).astype(np.float32)
    target -= target.min(0)
    right, bottom = np.ceil(target.max(0)).astype(int)
    return np.asarray(cv2.getPerspectiveTransform(source, target)), (int(right), int(bottom))
