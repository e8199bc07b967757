"""How large a picture may be: looked at before a pixel of it is decoded, whatever format it has."""

from __future__ import annotations

from dataclasses import dataclass

from spotdiff.errors import LoadError


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """What a picture is called in an error, how many million pixels it may have, and what raises the limit."""

    name: str
    max_pixels: float
    option: str = "--max-pixels"

    def check(self, width: int, height: int) -> None:
        """Raise a LoadError when a picture of that size is too large."""
        if width * height > self.max_pixels * 1e6:
            raise self.error(f"{width}x{height}")

    def error(self, size: str) -> LoadError:
        """The error for a picture of a size, in words."""
        raised = f"; {self.option} raises the limit" if self.option else ""
        return LoadError(f"{self.name}: {size} is more than {self.max_pixels:g} million pixels{raised}")
