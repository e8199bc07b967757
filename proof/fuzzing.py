"""Readers of files and texts that others wrote, called with mutated bytes: each answers or raises an error of ours.

    python proof/fuzzing.py --inputs 2000 --seed 0        # of every reader; exit code 1 where one raised anything else
    python proof/fuzzing.py --guided 60                   # seconds of Atheris a reader: pip install atheris
    python proof/fuzzing.py --only rules:17 --seed 0      # one input again, with its traceback

Every input comes from the seed and its number. A reader that takes longer than --patience seconds counts as wrong, too.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from mutated_inputs import label_texts, mutated, mutated_text, scene

from spotdiff.errors import SpotdiffError

_RULES = """
store = "events.db"
reserve_mb = 0
[cameras.hall]
source = "hall.mp4"
fps = 5.0
[zones.door]
polygon = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.6]]
dwell = "4 s"
[sinks.log]
kind = "lines"
path = "told.jsonl"
[compare]
method = "pixel"
sensitivity = 0.5
"""
_OPTIONS = json.dumps(
    {
        "method": "pixel",
        "ignore": [[0, 0, 9, 9], [[1, 1], [8, 2], [4, 7]]],
        "areas": {"door": [[0, 0], [9, 0], [9, 9]]},
        "settings": {"threshold": 3},
        "sensitivity": 0.5,
        "page": 1,
        "preset": "screens",
    }
)
_INDEX = 'name,verdict,score,before,after\na,same,0.1,1.png,2.png\n\'=b,changed,0.9,"3,4.png",4.png\n'
_TABLE = "before,after,name\n1.png,2.png,one\n1.png,2.png,two\n"
_MANIFEST = json.dumps({"schema": "spotdiff/batch/1", "folder": ".", "table": "pairs.csv", "sensitivity": 0.5})
_RECIPE = 'net = "spot"\nsteps = 10\nlr = 1e-3\nsize = 64\nseed = 1\n'


@dataclass(frozen=True)
class Reader:
    """What is called with bytes, and whole ones to mutate; texts are mutated by their words, too."""

    call: Callable[[bytes], object]
    whole: Callable[[], list[bytes]]
    text: bool = False


def as_picture(data: bytes, *, page: int = 1) -> None:
    """Decode it."""
    from spotdiff.image.decode import decode

    decode(data, name="the picture", max_pixels=1.0, page=page)


def from_file(data: bytes, *, read: Callable[[Path], object], name: str) -> None:
    """Read it from a file in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="spotdiff-fuzzing-") as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        read(path)


def saved(form: str, mode: str = "RGB", **more: object) -> bytes:
    """A small picture as Pillow writes it."""
    file = io.BytesIO()
    scene(1).convert(mode).save(file, form, **more)
    return file.getvalue()


def bitmaps() -> list[bytes]:
    """BMP of several kinds, one with its rows packed by runs."""
    rows = b"\x04\x01\x00\x00" * 4 + b"\x00\x01"
    head = b"BM" + (1078 + len(rows)).to_bytes(4, "little") + bytes(4) + (1078).to_bytes(4, "little")
    sizes = (40, 4, 4)
    info = b"".join(n.to_bytes(4, "little") for n in sizes) + b"\x01\x00\x08\x00\x01\x00\x00\x00" + bytes(20)
    runs = head + info + bytes(range(256)) * 4 + rows
    return [*(saved("BMP", mode) for mode in ("1", "L", "P", "RGB", "RGBA")), runs]


def tiffs() -> list[bytes]:
    """TIFF, packed and not, of several pages, deep."""
    import cv2

    pages = [scene(2), scene(3)]
    deep = np.random.default_rng(0).integers(0, 65535, (18, 22, 3), dtype=np.uint16)
    return [
        saved("TIFF"),
        saved("TIFF", compression="tiff_lzw"),
        saved("TIFF", compression="tiff_adobe_deflate", save_all=True, append_images=pages),
        saved("TIFF", "1", compression="group4"),
        cv2.imencode(".tif", deep)[1].tobytes(),
    ]


def rasters() -> list[bytes]:
    """A georeferenced TIFF, plain and tiled; none where rasterio is missing."""
    if importlib.util.find_spec("rasterio") is None:
        return []
    import rasterio

    found = []
    for more in ({}, {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate", "nodata": 0}):
        with rasterio.MemoryFile() as file:
            place = rasterio.transform.from_origin(500000, 5000000, 10, 10)
            shape = {"width": 40, "height": 32, "count": 3, "dtype": "uint16", "crs": "EPSG:32633", "transform": place}
            with file.open(driver="GTiff", **shape, **more) as raster:
                raster.write(np.random.default_rng(0).integers(1, 900, (3, 32, 40), dtype=np.uint16))
            found.append(bytes(file.getbuffer()))
    return found


def slices() -> list[bytes]:
    """A slice of a CT, and a colour picture of two frames; none where pydicom is missing."""
    if importlib.util.find_spec("pydicom") is None:
        return []
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    found = []
    for frames, samples in ((1, 1), (2, 3)):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID, meta.MediaStorageSOPClassUID = ExplicitVRLittleEndian, "1.2.840.10008.5.1.4.1.1.2"
        meta.MediaStorageSOPInstanceUID = "1.2.3"
        one = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
        one.SOPClassUID, one.SOPInstanceUID = meta.MediaStorageSOPClassUID, "1.2.3"
        one.Rows, one.Columns, one.NumberOfFrames, one.SamplesPerPixel = 16, 20, frames, samples
        one.BitsAllocated, one.BitsStored, one.HighBit = (16, 12, 11) if samples == 1 else (8, 8, 7)
        one.PixelRepresentation = 0
        one.PhotometricInterpretation = "MONOCHROME2" if samples == 1 else "RGB"
        if samples == 3:
            one.PlanarConfiguration = 0
        one.RescaleSlope, one.RescaleIntercept, one.WindowCenter, one.WindowWidth = 1, -1024, 40, 400
        one.PixelSpacing, one.ImagePositionPatient = [0.5, 0.5], [0, 0, 1]
        size = 16 * 20 * frames * samples * one.BitsAllocated // 8
        one.PixelData = np.random.default_rng(0).bytes(size)
        file = io.BytesIO()
        one.save_as(file, enforce_file_format=True)
        found.append(file.getvalue())
    return found


def read_labels(path: Path, *, form: str) -> None:
    """Labels of a format."""
    from spotdiff.data.labels import get_format

    get_format(form).read(path)


def read_rules(path: Path) -> None:
    """Rules of a watch."""
    from spotdiff.watching.rules.toml_rules import read_rules as read

    read(path)


def read_recipe(path: Path) -> None:
    """A recipe of a training."""
    from spotdiff.train.recipe import get_recipe

    get_recipe(str(path))


def read_index(path: Path) -> None:
    """The index of a batch."""
    from spotdiff.batching.manifest import read_index as read

    read(path.parent)


def read_manifest(path: Path) -> None:
    """What a batch was run on."""
    from spotdiff.batching.manifest import Manifest

    Manifest.read(path.parent)


def read_table(path: Path) -> None:
    """A table of pairs."""
    from spotdiff.batching.pairs import pairs_of_table

    pairs_of_table(path)


def read_areas(path: Path) -> None:
    """Named areas of a site."""
    from spotdiff.describe._named_areas import read_areas as read

    read(path)


def as_options(data: bytes) -> None:
    """Options as a client sends them."""
    from spotdiff.server.api.request_options import read_options

    read_options(data.decode("utf-8", "replace"))


def readers() -> dict[str, Reader]:
    """All that are called, by name."""
    found = {
        "bmp": Reader(as_picture, bitmaps),
        "tiff": Reader(as_picture, tiffs),
        "tiff second page": Reader(partial(as_picture, page=2), tiffs),
        "geotiff": Reader(as_picture, rasters),
        "dicom": Reader(as_picture, slices),
        "dicom second frame": Reader(partial(as_picture, page=2), slices),
        "palette": Reader(as_picture, lambda: [saved("PNG", "P"), saved("GIF", "P")]),
        "png": Reader(as_picture, lambda: [saved("PNG", mode) for mode in ("1", "L", "RGB", "RGBA", "I;16")]),
        "rules": Reader(partial(from_file, read=read_rules, name="rules.toml"), lambda: [_RULES.encode()], text=True),
        "recipe": Reader(partial(from_file, read=read_recipe, name="r.toml"), lambda: [_RECIPE.encode()], text=True),
        "index": Reader(partial(from_file, read=read_index, name="index.csv"), lambda: [_INDEX.encode()], text=True),
        "table": Reader(partial(from_file, read=read_table, name="pairs.csv"), lambda: [_TABLE.encode()], text=True),
        "manifest": Reader(
            partial(from_file, read=read_manifest, name=".batch.json"), lambda: [_MANIFEST.encode()], text=True
        ),
        "areas": Reader(
            partial(from_file, read=read_areas, name="areas.json"),
            lambda: [b'{"door": [[0, 0], [9, 0], [9.5, 9]]}'],
            text=True,
        ),
        "options over HTTP": Reader(as_options, lambda: [_OPTIONS.encode()], text=True),
    }
    for form, text in label_texts().items():
        name = "labels.xml" if form == "cvat" else "labels.json"
        read = partial(from_file, read=partial(read_labels, form=form), name=name)
        found[f"labels of {form}"] = Reader(read, partial(lambda text: [text.encode()], text), text=True)
    return found


def input_of(reader: Reader, number: int, seed: int) -> bytes | None:
    """An input by its number; None where there is nothing to make it of."""
    whole = reader.whole()
    if not whole:
        return None
    rng = np.random.default_rng([seed, number])
    data = whole[number % len(whole)]
    if reader.text and rng.random() < 0.7:
        return mutated_text(data.decode(), rng)
    return mutated(data, rng)


def what_is_wrong(reader: Reader, data: bytes) -> str:
    """What a reader raised that is no error of ours, in a line; "" for nothing."""
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            reader.call(data)
    except _ours():
        return ""
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {str(error)[:120]} ({Path(place.filename).name}:{place.lineno})"
    return ""


def _ours() -> tuple[type[BaseException], ...]:
    with contextlib.suppress(ImportError):
        from spotdiff.server.problems import Problem

        return SpotdiffError, Problem
    return (SpotdiffError,)


@dataclass
class Found:
    """What came of the inputs of one reader."""

    inputs: int = 0
    wrong: list[str] = field(default_factory=list)


def fuzz(name: str, inputs: int, *, seed: int, patience: float, seconds: float = float("inf")) -> Found:
    """Call a reader with so many inputs, in a process of its own that may die or hang."""
    found, at, end = Found(), 0, time.monotonic() + seconds
    while at < inputs and time.monotonic() < end:
        context = multiprocessing.get_context("spawn")
        pipe, there = context.Pipe()
        process = context.Process(target=_many, args=(there, name, at, inputs, seed), daemon=True)
        process.start()
        there.close()
        at = _heard(pipe, at, found, name=name, patience=patience, end=end)
        process.kill()
        process.join()
    return found


def _heard(pipe: Connection, at: int, found: Found, *, name: str, patience: float, end: float) -> int:
    """Hear of inputs until the process is through or has to be started anew; the number of the next input."""
    first = True
    while time.monotonic() < end:
        alive = pipe.poll(patience + 60 * first)  # imports
        first = False
        try:
            told = pipe.recv() if alive else None
        except EOFError:
            told = None
        if told is None:
            found.wrong.append(f"{name}:{at} {'died' if alive else 'took too long'}")
            return at + 1
        if told == "done":
            return sys.maxsize
        at, wrong = told
        found.inputs += 1
        if wrong:
            found.wrong.append(f"{name}:{at} {wrong}")
        at += 1
    return at


def _many(pipe: Connection, name: str, begin: int, end: int, seed: int) -> None:
    import warnings

    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries in C write there of each broken file
    reader = readers()[name]
    for number in range(begin, end):
        data = input_of(reader, number, seed)
        if data is None:
            break
        pipe.send((number, what_is_wrong(reader, data)))
    pipe.send("done")


def guide(name: str, seconds: int) -> None:
    """Let Atheris look for inputs that reach new code; it ends the process, with another code than 0 for a finding."""
    import atheris

    with atheris.instrument_imports(include=["spotdiff"]):
        import spotdiff.image.decode
        import spotdiff.server.api.request_options
        import spotdiff.train.recipe
        import spotdiff.watching.rules.toml_rules  # noqa: F401
    reader = readers()[name]

    def one(data: bytes) -> None:
        with contextlib.suppress(*_ours()):
            reader.call(data)

    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(reader.whole()):
            (Path(folder) / str(number)).write_bytes(data)
        more = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=4000", "-max_len=20000", "-verbosity=1"]
        atheris.Setup([sys.argv[0], folder, *more], one)
        atheris.Fuzz()


def guided(name: str, seconds: int) -> tuple[int, str]:
    """Runs of Atheris in so many seconds, and what it found; "" for nothing."""
    order = [sys.executable, __file__, "--guide", name, "--guided", str(seconds)]
    with tempfile.TemporaryDirectory() as folder:  # where libFuzzer leaves what it found
        done = subprocess.run(order, capture_output=True, text=True, errors="replace", cwd=folder, check=False)
    lines = done.stderr.splitlines()
    runs = next((int(line.split()[1]) for line in reversed(lines) if line.startswith("Done ")), 0)
    told = [line for line in lines if "Error" in line or "Exception" in line or "ERROR" in line]
    return runs, "" if done.returncode == 0 else f"{name}: {' | '.join(told)[:400] or done.returncode}"


def main() -> int:
    """Print a line for each reader; 1 where one was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=2000, help="of each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=20, help="seconds for an input")
    parser.add_argument("--guided", type=int, default=0, metavar="SECONDS", help="Atheris, so long with each reader")
    parser.add_argument("--reader", action="append", help="this one alone; may be given again")
    parser.add_argument("--guide", help=argparse.SUPPRESS)
    parser.add_argument("--only", help="one input again: READER:NUMBER")
    asked = parser.parse_args()
    if asked.only:
        name, _, number = asked.only.rpartition(":")
        data = input_of(readers()[name], int(number), asked.seed)
        print(repr(data[:2000] if data else data))
        readers()[name].call(data or b"")
        return 0
    if asked.guide:
        guide(asked.guide, asked.guided)
        return 0
    if asked.guided and importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: pip install atheris; without --guided inputs are mutated by ourselves")
        return 2
    failed = False
    for name in asked.reader or readers():
        if asked.guided:
            runs, wrong = guided(name, asked.guided)
            lines = [wrong] if wrong else []
        else:
            found = fuzz(name, asked.inputs, seed=asked.seed, patience=asked.patience)
            runs, lines = found.inputs, found.wrong
        print(f"{name}: {runs} inputs, {len(lines)} wrong", *lines[:10], sep="\n  ", flush=True)
        failed = failed or bool(lines)
    return int(failed)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    raise SystemExit(main())
