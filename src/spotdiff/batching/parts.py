"""The answers of a batch on a cluster: Parquet files below one folder, of a disk or behind a URL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from spotdiff.atomic_write import write_whole
from spotdiff.batching.results import COLUMNS
from spotdiff.errors import DataError, MissingExtra, error_line

if TYPE_CHECKING:
    import pyarrow
    from numpy.typing import NDArray

    from spotdiff.report.batch_row import Outcome

FOLDER = "parts"
PART_COLUMNS = {**COLUMNS, "key": "string", "run": "int64", "record": "string"}
ANSWERED: tuple[Outcome, ...] = (
    "same",
    "changed",
    "unsure",
    "new",
    "missing",
)  # verdicts after which a pair is not tried again


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """What earlier runs have answers for.

    Attributes:
        keys: `short_key` of each pair, sorted.
        verdicts: The verdict of each, as its place in `ANSWERED`.
        run: The number that the next run has.
    """

    keys: NDArray[np.uint64]
    verdicts: NDArray[np.uint8]
    run: int

    def verdict(self, name: str, key: str) -> Outcome | None:
        """The verdict that a pair was answered with; None for one that was not."""
        wanted = short_key(name, key)
        place = int(np.searchsorted(self.keys, wanted))
        known = place < len(self.keys) and self.keys[place] == wanted
        return ANSWERED[self.verdicts[place]] if known else None


def short_key(name: str, key: str) -> np.uint64:
    """Eight bytes that stand for a pair with its pictures and options: millions of them need little memory."""
    return np.uint64(int.from_bytes(sha256(f"{name}\0{key}".encode()).digest()[:8], "big"))


@dataclass(frozen=True, slots=True)
class Parts:
    """The folder of a batch's answers.

    Attributes:
        out: Path or URL of the folder; the files lie in `parts/` below it.
    """

    out: str

    def finished(self) -> Finished:
        """What earlier runs answered; pairs in trouble are not among it.

        Raises:
            DataError: a file there cannot be read, or the folder cannot be listed.
            MissingExtra: pyarrow, fsspec or a driver is not installed.
        """
        keys: list[np.uint64] = []
        verdicts: list[int] = []
        run = 0
        for batch in self._scanned("name", "key", "verdict", "run"):
            for row in batch.to_pylist():
                run = max(run, row["run"])
                if row["verdict"] in ANSWERED:
                    keys.append(short_key(row["name"], row["key"]))
                    verdicts.append(ANSWERED.index(row["verdict"]))
        known = np.array(keys, np.uint64)
        order = np.argsort(known, kind="stable")
        return Finished(known[order], np.array(verdicts, np.uint8)[order], run + 1)

    def rows(self) -> list[dict[str, Any]]:
        """All answers, of each pair the one of the latest run, sorted by name; for as many as fit in memory.

        Raises:
            DataError: a file there cannot be read, or the folder cannot be listed.
            MissingExtra: pyarrow, fsspec or a driver is not installed.
        """
        rows = [row for batch in self._scanned(*PART_COLUMNS) for row in batch.to_pylist()]
        rows.sort(key=lambda row: row["run"])
        latest = {row["name"]: row for row in rows}
        return [latest[name] for name in sorted(latest)]

    def write(self, answers: pyarrow.Table) -> pyarrow.Table:
        """Write those of some answers that are new, whole, and hand on what the run is told of all of them.

        The file's name comes from what is in it: a task that is done again, because its machine was lost, writes the
        same file once more.
        """
        import pyarrow.compute
        import pyarrow.parquet

        fresh = answers.filter(pyarrow.compute.invert(answers["resumed"])).select(list(PART_COLUMNS))
        if len(fresh):
            content = "\0".join([*fresh["name"].to_pylist(), *fresh["key"].to_pylist()])
            digest = sha256(content.encode()).hexdigest()[:20]
            data = BytesIO()
            pyarrow.parquet.write_table(fresh, data, compression="zstd")
            self._put(f"part-{fresh['run'][0].as_py():05d}-{digest}.parquet", data.getvalue())
        return answers.select(["name", "verdict", "error", "resumed"])

    def _put(self, name: str, data: bytes) -> None:
        if "://" not in self.out:
            write_whole(Path(self.out) / FOLDER / name, data)
            return
        import fsspec

        files, folder = fsspec.url_to_fs(self.out)
        files.pipe_file(f"{folder}/{FOLDER}/{name}", data)  # an object is there whole or not at all

    def _scanned(self, *columns: str) -> Iterator[pyarrow.RecordBatch]:
        try:
            import fsspec
            import pyarrow
            import pyarrow.dataset
        except ImportError as error:
            raise MissingExtra(str(error.name), extra="scale") from None
        try:
            files, folder = fsspec.url_to_fs(self.out)
            paths = sorted(files.glob(f"{folder}/{FOLDER}/part-*.parquet"))
            if paths:
                parts = pyarrow.dataset.dataset(paths, filesystem=files, format="parquet")
                yield from parts.to_batches(columns=list(columns))
        except ImportError as error:
            raise MissingExtra(str(getattr(error, "name", None) or error)) from None
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise DataError(f"{self.out}: its answers cannot be read: {error_line(error)}") from None


def answers_table(answers: list[dict[str, Any]]) -> pyarrow.Table:
    """Answers with the columns of a part and `resumed`, as a table."""
    import pyarrow

    columns = {**PART_COLUMNS, "resumed": "bool"}
    schema = pyarrow.schema([(name, pyarrow.type_for_alias(kind)) for name, kind in columns.items()])
    return pyarrow.Table.from_pylist(answers, schema=schema)
