"""Pictures behind URLs."""

from __future__ import annotations

import sys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import spotdiff
from spotdiff.errors import LoadError, MissingExtra
from spotdiff.image import load_picture
from spotdiff.image.url import read_url
from spotdiff.options import Options

fsspec = pytest.importorskip("fsspec")
RGB = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.fixture
def url():
    """A PNG in memory, by its URL."""
    data = BytesIO()
    Image.fromarray(RGB).save(data, "png")
    with fsspec.open("memory://pictures/scene.png", "wb") as file:
        file.write(data.getvalue())
    yield "memory://pictures/scene.png"
    fsspec.filesystem("memory").rm("/pictures", recursive=True)


def test_a_picture_behind_a_url_is_read(url):
    picture = load_picture(url)
    assert np.array_equal(picture.pixels, RGB)
    assert picture.path == url
    assert spotdiff.compare(url, RGB, method="pixel").verdict == "same"


def test_no_more_is_read_than_is_allowed(url):
    assert len(read_url(url, most=100)) == 100
    with pytest.raises(LoadError, match=r"scene\.png: more than 0\.001 MB; --max-bytes"):
        load_picture(url, options=Options(max_bytes=0.001))


class Dripping(BytesIO):
    """A stream that gives what has arrived."""

    def read(self, size=-1):
        return super().read(min(size, 7))


def test_a_stream_that_gives_little_at_a_time_is_read_to_its_end(monkeypatch):
    monkeypatch.setattr(fsspec, "open", lambda url, mode: Dripping(bytes(range(100))))
    assert read_url("https://here/x.png", most=1000) == bytes(range(100))
    assert read_url("https://here/x.png", most=33) == bytes(range(33))


class Answered(Exception):
    """What aiohttp raises for an answer of a server that is no picture."""

    def __init__(self, status):
        super().__init__(f"{status}, message='sorry'")
        self.status = status


def _caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (FileNotFoundError("https://here/x.png"), "https://here/x.png: no such file"),
        (
            _caused(FileNotFoundError("https://here/x.png"), OSError("cannot connect to here\nor there")),
            "https://here/x.png: cannot connect to here",
        ),
        (_caused(FileNotFoundError("https://here/x.png"), Answered(404)), "https://here/x.png: no such file"),
        (_caused(FileNotFoundError("x"), Answered(503)), "https://here/x.png: 503, message='sorry'"),
        (PermissionError("Forbidden\n<html>"), "https://here/x.png: Forbidden"),
        (TimeoutError(), "https://here/x.png: TimeoutError"),
        (ImportError("install something"), "https://here/x.png: install something"),
        (
            _caused(ImportError("Install s3fs to access S3"), ModuleNotFoundError("no", name="s3fs")),
            "this needs s3fs: pip install s3fs",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_goes_wrong_is_one_line(monkeypatch, raised, told):
    def fail(url, mode):
        raise raised

    monkeypatch.setattr(fsspec, "open", fail)
    with pytest.raises((LoadError, MissingExtra)) as caught:
        load_picture("https://here/x.png")
    assert str(caught.value) == told


def test_real_troubles_are_one_line():
    with pytest.raises(LoadError, match=r"^memory://nothing/here.png: no such file$"):
        load_picture("memory://nothing/here.png")
    with pytest.raises(LoadError, match=r"^nowhere://x.png: Protocol not known"):
        load_picture("nowhere://x.png")


@pytest.mark.parametrize(("url", "driver"), [("s3://here/x.png", "s3fs"), ("gs://here/x.png", "gcsfs")])
def test_a_driver_that_is_missing_is_named(monkeypatch, url, driver):
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(MissingExtra, match=f"^this needs {driver}: pip install {driver}$"):
        load_picture(url)


def test_fsspec_itself_is_an_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(MissingExtra, match=r"this needs fsspec: pip install 'spotdiff\[scale\]'"):
        load_picture("s3://here/x.png")
