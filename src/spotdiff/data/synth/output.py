"""Folders of made pairs and clips: each says what made it, is filled by processes, and goes on when started again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from hashlib import sha256
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, TypeVar

import cv2

from spotdiff import __version__
from spotdiff.atomic_write import write_whole
from spotdiff.data.read_json import read_json
from spotdiff.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import DataclassInstance

    from spotdiff.data.synth.materials import Materials
    from spotdiff.types import Bytes

T = TypeVar("T")


def provenance(schema: str, recipe: DataclassInstance, materials: Materials, seed: int) -> dict[str, Any]:
    """What pairs or clips are made by, as the folder says it."""
    digest = sha256()
    for file in (*materials.photos, *materials.cutouts):
        digest.update(file.data)
    counts = {"photos": len(materials.photos), "cutouts": len(materials.cutouts)}
    return {
        "schema": schema,
        "version": __version__,
        "recipe": asdict(recipe),
        "seed": seed,
        "materials": counts | {"sha256": digest.hexdigest()},
    }


def claim_folder(index: Path, made_by: dict[str, Any], first: dict[str, Any], *, what: str) -> None:
    """Write down in a folder what its pairs or clips are made by, unless that is there already.

    Args:
        index: The file that says it.
        made_by: See `provenance`.
        first: What the file says before anything is made.
        what: `pairs` or `clips`.

    Raises:
        DataError: the folder holds something else.
    """
    folder = index.parent
    if not index.exists():
        if folder.is_dir() and any(folder.iterdir()):
            raise DataError(f"{folder} is not empty and holds no {index.name}; choose another folder")
        write_whole(index, encode_json(first))
        return
    try:
        written = read_json(index)
        parts = ("schema", "recipe", "seed", "materials")
        different = [part for part in parts if written.get(part) != made_by[part]]
    except (DataError, AttributeError):
        raise DataError(f"{index} says nothing of {what}; choose another folder") from None
    if different:
        raise DataError(f"{folder} holds {what} of another {' and '.join(different)}; choose another folder")


def map_numbers(job: Callable[[int], T], count: int, *, workers: int, at_once: int = 1) -> Iterator[T]:
    """What a job gives for the numbers below `count`, in order, from so many processes (0: from this one).

    The job goes to each process once, and not with every number.

    Raises:
        DataError: a worker dies.
    """
    if not workers:
        yield from map(job, range(count))
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker, initargs=(job,))
    try:
        yield from pool.map(_run_job, range(count), chunksize=at_once)
    except BrokenProcessPool:
        raise DataError(
            "a worker died, perhaps for lack of memory; start again with fewer workers: it goes on"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


_JOB: dict[str, Any] = {}  # of this worker process


def _start_worker(job: Callable[[int], object]) -> None:
    cv2.setNumThreads(1)
    _JOB["job"] = job


def _run_job(number: int) -> Any:  # noqa: ANN401 (whatever the job gives)
    return _JOB["job"](number)


def encode_json(value: object) -> bytes:
    """A JSON file on one line."""
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def encode_png(pixels: Bytes) -> bytes:
    """A PNG file of (H, W) or (H, W, 3) RGB, packed quickly rather than tightly."""
    blue_first = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    return bytes(cv2.imencode(".png", blue_first, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])
