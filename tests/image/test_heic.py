"""HEIC with the package that reads it and without."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
from PIL import Image

import spotdiff
from robust import corpus
from spotdiff.errors import LoadError
from spotdiff.image import load_picture

INSTALLED = importlib.util.find_spec("pillow_heif") is not None
BRANDS = [(b"heic",), (b"heix",), (b"hevc",), (b"mif1", b"mif1", b"heic"), (b"msf1", b"heic")]


def boxed(brands) -> bytes:
    """The head of a file of those brands: the first of them its own, all of them those that it is compatible with."""
    body = b"ftyp" + brands[0] + bytes(4) + b"".join(brands)
    return (len(body) + 4).to_bytes(4, "big") + body + bytes(200)


@pytest.mark.parametrize("brands", BRANDS)
def test_without_the_package_it_is_told_what_to_do(brands, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(LoadError, match=r"pip install 'spotdiff\[heic\]'"):
        spotdiff.compare(corpus.scene(), boxed(brands))


@pytest.mark.parametrize("brands", [(b"avif",), (b"mif1", b"avif", b"miaf"), (b"isom", b"mp42")])
def test_its_cousins_need_none(brands, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(LoadError) as caught:
        load_picture(boxed(brands))
    assert "heic]" not in str(caught.value)


@pytest.mark.skipif(not INSTALLED, reason="needs pillow-heif")
def test_with_the_package_it_is_a_picture_with_pages():
    import pillow_heif

    pillow_heif.register_heif_opener()
    pages = [corpus.scene(seed, (64, 48)) for seed in range(2)]
    first, second = map(Image.fromarray, pages)
    data = corpus.saved(first, "HEIF", save_all=True, append_images=[second], quality=-1)
    for page, pixels in enumerate(pages, start=1):
        picture = load_picture(data, options=spotdiff.Options(page=page))
        assert np.abs(picture.pixels.astype(int) - pixels).mean() < 8
        assert (picture.page, picture.pages) == (page, 2)
    with pytest.raises(LoadError, match="damaged"):
        load_picture(data[: len(data) // 2])
    with pytest.raises(LoadError, match="--max-pixels"):
        load_picture(data, options=spotdiff.Options(max_pixels=0.001))
