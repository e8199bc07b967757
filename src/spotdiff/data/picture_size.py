"""The size of a picture by its header."""

from __future__ import annotations

import warnings
from pathlib import Path

from spotdiff.errors import DataError
from spotdiff.input_files import why_no_file

_ORIENTATION = 0x0112  # EXIF tag; 5 and above lie on their side


def picture_size(path: Path) -> tuple[int, int]:
    """(width, height) of the picture in a file, as it is shown; its pixels are not decoded.

    Raises:
        DataError: the file is missing, empty or no picture.
    """
    from PIL import Image

    if wrong := why_no_file(path):
        raise DataError(f"{path} is {wrong}")
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path} is empty")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                width, height = image.size
                has_exif = "exif" in image.info  # without it, Pillow would decode a PNG to look for some
                on_its_side = has_exif and image.getexif().get(_ORIENTATION, 1) >= 5
        return (height, width) if on_its_side else (width, height)
    except FileNotFoundError:
        raise DataError(f"{path} is missing") from None
    except Image.DecompressionBombError:
        raise DataError(f"{path} has more pixels than can be used") from None
    except OSError as error:  # Pillow's "cannot identify" is one as well
        raise DataError(f"{path} is not a picture: {error.strerror or 'its header is unknown'}") from None
