"""Files written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write a file that is there whole or not at all, whenever this is stopped; its folder is made when missing.

    Args:
        path: The file.
        data: All of it.
        durable: Wait until the disk has it, so that it outlives a power cut.

    Raises:
        OSError: it cannot be written; what stood there before still does.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        error.filename = error.filename or str(path)
        raise


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Another path to write a file to, which takes the place of `path` when the block ends without an error.

    Raises:
        OSError: it cannot be put in place; what stood there before still does.
    """
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
