"""Pictures in and out: reading, colour, drawing. Pure functions on arrays and files."""

from __future__ import annotations

from spotdiff.image.load import load_pages as load_pages
from spotdiff.image.load import load_pair as load_pair
from spotdiff.image.load import load_picture as load_picture
from spotdiff.image.load import open_picture as open_picture
from spotdiff.image.source import open_source as open_source
