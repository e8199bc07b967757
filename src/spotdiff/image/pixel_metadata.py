"""What a file says of its values, beyond the numbers: where there are any, what is black and white, where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotdiff.types import Georeference, Mask, Scan


@dataclass(frozen=True, slots=True, eq=False)
class PixelMetadata:
    """What a file says of its values.

    Attributes:
        has_data: (H, W) bool, False where it says that there are none; None for everywhere.
        window: Which value is black and which white; None where it does not say.
        inverted: Whether the larger values are the darker ones.
        grey_scan: Whether it is grey of a scan, for which the window of another one holds as well.
        georeference: Where on Earth they are; None where it does not say.
        scan: Of a DICOM file.
        notes: What had to be decided while reading.
    """

    has_data: Mask | None = None
    window: tuple[float, float] | None = None
    inverted: bool = False
    grey_scan: bool = False
    georeference: Georeference | None = None
    scan: Scan | None = None
    notes: tuple[str, ...] = ()


PLAIN = PixelMetadata()
