"""What is kept of a file from one of its pages to the next, so that twice as many pages take twice as long."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from spotdiff.image import tiff

if TYPE_CHECKING:
    from PIL import Image


@dataclass(slots=True, eq=False)
class PageCache:
    """Of one file, by one thread at a time; empty before its first page is read, and whenever it is sent elsewhere.

    Attributes:
        frames: The file opened by Pillow, at the frame that was read last; None for a single picture.
        count: How many frames it has; 0 while nobody has asked.
    """

    frames: Image.Image | None = None
    count: int = 0
    _offsets: list[int] | None = None
    _buffer: BytesIO | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return PageCache, ()

    def offsets(self, data: bytes, form: tiff.Form) -> list[int]:
        """Where the pages of a TIFF begin, see `tiff.georeferenced_pages`."""
        if self._offsets is None:
            self._offsets = tiff.georeferenced_pages(data, form, tiff.page_offsets(data, form))
        return self._offsets

    def from_page(self, data: bytes, form: tiff.Form, offset: int) -> BytesIO:
        """A TIFF with the page at `offset` as its first, good until the next page is asked for.

        One copy of the file serves all of its pages: only where its first page stands is written anew.
        """
        if self._buffer is None:
            self._buffer = BytesIO(data)
        self._buffer.seek(form.first)
        self._buffer.write(struct.pack(form.order + form.offset, offset))
        self._buffer.seek(0)
        return self._buffer
