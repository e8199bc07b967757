"""All pages of a file take time in proportion to their number, and are those that are read one by one."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from PIL import Image, ImageSequence

from spotdiff.image.decode import decode
from spotdiff.image.load import load_pages
from spotdiff.image.page_cache import PageCache
from spotdiff.options import Options

PAGES = 7
FORMS = {
    "gif": ("GIF", "P", {}),
    "webp": ("WEBP", "RGB", {"lossless": True}),
    "apng": ("PNG", "RGB", {}),
    "raw tiff": ("TIFF", "RGB", {}),
    "lzw tiff": ("TIFF", "L", {"compression": "tiff_lzw"}),
}


def drawn(number, mode="RGB"):
    pixels = np.random.default_rng(number).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def written(name, pages=PAGES):
    form, mode, more = FORMS[name]
    file, first = io.BytesIO(), drawn(0, mode)
    first.save(file, form, save_all=True, append_images=[drawn(n, mode) for n in range(1, pages)], **more)
    return file.getvalue()


def deep_tiff():
    import cv2

    pages = [np.random.default_rng(n).integers(0, 65535, (20, 30, 3), dtype=np.uint16) for n in range(PAGES)]
    return cv2.imencodemulti(".tif", pages)[1].tobytes()


@pytest.mark.parametrize("name", [*FORMS, "deep tiff"])
@pytest.mark.parametrize("order", [range(1, PAGES + 1), (5, 2, 2, 7, 1)])
def test_pages_are_those_that_are_read_by_themselves(name, order):
    data, kept = deep_tiff() if name == "deep tiff" else written(name), PageCache()
    for page in order:
        found = decode(data, name="x", max_pixels=1, page=page, cache=kept)
        alone = decode(data, name="x", max_pixels=1, page=page)
        assert found.pages == alone.pages == PAGES
        assert np.array_equal(found.values, alone.values), page


def work_of(monkeypatch, name, pages, told="all"):
    """How often frames were sought, or offsets read, while all pages of a file were loaded."""
    from PIL import GifImagePlugin, WebPImagePlugin

    from spotdiff.image import tiff

    done = []
    for owner, called in (
        (GifImagePlugin.GifImageFile, "_seek"),
        (WebPImagePlugin.WebPImageFile, "_get_next"),
        (tiff, "page_offsets"),
    ):
        real = getattr(owner, called)

        def counted(*given, real=real, called=called, **named):
            found = real(*given, **named)
            done.extend([called] * (len(found) if called == "page_offsets" else 1))
            return found

        monkeypatch.setattr(owner, called, counted)
    data = written(name, pages)
    assert len(list(load_pages(data, data, options=Options(page=told)))) == pages
    return len(done)


@pytest.mark.parametrize("name", ["gif", "webp", "raw tiff"])
def test_twice_as_many_pages_take_twice_as_long(name, monkeypatch):
    with monkeypatch.context() as few:
        once = work_of(few, name, 12)
    twice = work_of(monkeypatch, name, 24)
    assert once > 0
    assert twice < 2.5 * once  # 4 where each page is sought from the first one on


def test_a_frame_that_is_too_large_is_refused_whichever_page_was_read_before():
    data = written("gif", 2)
    kept = PageCache()
    decode(data, name="x", max_pixels=1, page=1, cache=kept)
    with pytest.raises(Exception, match="million pixels"):
        decode(data, name="x", max_pixels=0.0001, page=2, cache=kept)


def test_what_is_kept_does_not_travel():
    kept = PageCache()
    decode(written("gif"), name="x", max_pixels=1, page=2, cache=kept)
    assert kept.frames is not None
    assert pickle.loads(pickle.dumps(kept)).frames is None


def test_pillow_agrees_about_the_frames():
    data, kept = written("gif"), PageCache()
    with Image.open(io.BytesIO(data)) as image:
        theirs = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]
    for page, values in enumerate(theirs, 1):
        assert np.array_equal(decode(data, name="x", max_pixels=1, page=page, cache=kept).values, values)
