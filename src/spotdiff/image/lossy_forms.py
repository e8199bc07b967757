"""Whether a file's form is one that does not keep every colour: JPEG, lossy WebP, AVIF, a palette that is full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spotdiff.image.colour import packed

if TYPE_CHECKING:
    from spotdiff.types import Bytes

_PALETTE_OF_PNG = 3  # its type of colour
_FULL = 200  # colours in use; a drawing of fewer has a palette that keeps each of them


def loses_colours(data: bytes, pixels: Bytes) -> bool:
    """Whether the pixels are but near to those that a file was made of.

    Args:
        data: The file, or its beginning.
        pixels: (H, W, 3) uint8, what is in it.
    """
    if data.startswith(b"\xff\xd8\xff") or data[4:12] in (b"ftypavif", b"ftypavis"):
        return True
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return data[12:16] == b"VP8 " or (data[12:16] == b"VP8X" and b"VP8L" not in data[:4096])
    has_palette = data.startswith(b"GIF8") or (data.startswith(b"\x89PNG") and data[25:26] == bytes([_PALETTE_OF_PNG]))
    return has_palette and np.unique(packed(pixels, None)).size >= _FULL
