"""Pictures to time with: pages of text-like marks on panels, and a copy in which some of them changed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def page(width: int, height: int, *, seed: int = 1) -> np.ndarray:
    """(H, W, 4) uint8: something like a screenshot of a long page, opaque."""
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width, 4), 255, np.uint8)
    for _ in range(width * height // 90_000):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        wide, high = int(rng.integers(80, 600)), int(rng.integers(20, 120))
        pixels[y : y + high, x : x + wide, :3] = rng.integers(120, 255, 3)
    for _ in range(width * height // 9_000):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        colour = (*rng.integers(0, 120, 3).tolist(), 255)
        cv2.putText(pixels, str(rng.integers(1000, 9_999_999)), (x, y), 0, 0.6, colour, 1, cv2.LINE_AA)
    pixels[..., 3] = 255  # text is blended into alpha, too
    return pixels


def changed(pixels: np.ndarray, *, share: float = 0.015, seed: int = 2) -> np.ndarray:
    """A copy in which about `share` of the pixels lie in boxes of other colours."""
    rng = np.random.default_rng(seed)
    other, left = pixels.copy(), int(share * pixels.shape[0] * pixels.shape[1])
    while left > 0:
        wide, high = int(rng.integers(20, 200)), int(rng.integers(10, 80))
        x, y = int(rng.integers(0, pixels.shape[1] - wide)), int(rng.integers(0, pixels.shape[0] - high))
        other[y : y + high, x : x + wide, :3] = 255 - other[y : y + high, x : x + wide, :3]
        left -= wide * high
    return other


def room(width: int = 1920, height: int = 1080, *, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Two (H, W, 3) uint8 views of a textured place: turned, shifted, in other light, two things changed."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 200, (height // 40, width // 40, 3)).astype(np.uint8)
    before = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(400):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        size = int(rng.integers(8, 60))
        cv2.rectangle(before, (x, y), (x + size, y + size // 2), rng.integers(0, 255, 3).tolist(), -1)
    after = before.copy()
    cv2.circle(after, (width // 3, height // 2), 60, (220, 40, 40), -1)
    cv2.rectangle(after, (width // 2, height // 3), (width // 2 + 130, height // 3 + 90), (30, 160, 60), -1)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 0.8, 1.005)
    turn[:, 2] += 7, -4
    after = cv2.warpAffine(after, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return before, np.clip(after * 0.85 + rng.normal(0, 2, after.shape), 0, 255).astype(np.uint8)


def write(path: Path, pixels: np.ndarray, *, level: int = 3) -> Path:
    """Write RGB or RGBA pixels as PNG."""
    order = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    cv2.imwrite(str(path), cv2.cvtColor(pixels, order), [cv2.IMWRITE_PNG_COMPRESSION, level])
    return path
