"""A batch on a Ray cluster: pairs stream through a pool of actors, and their answers go to Parquet in parts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotdiff.batching.compare import Answered, Done, read_files, record_of, unpaired
from spotdiff.batching.job import entries_of
from spotdiff.batching.pairs import Entry, Tell, check_columns, check_names, name_error, pair_of_row, unheard
from spotdiff.batching.parts import Finished, Parts, answers_table
from spotdiff.batching.pool import Died, Worker
from spotdiff.batching.results import index_row
from spotdiff.cache_key import digest, options_digest
from spotdiff.data.file_names import DiskSpelling
from spotdiff.errors import DataError, LoadError, MissingExtra, OptionError, SpotdiffError, error_line
from spotdiff.methods import check_method
from spotdiff.ray_cluster import connected_ray
from spotdiff.report.batch_row import BatchRow
from spotdiff.report.record import to_json

if TYPE_CHECKING:
    import pyarrow

    from spotdiff.batching.compare import Source
    from spotdiff.options import Options

_TOGETHER = 8  # pairs handed to an actor at once
_MOST_ROWS = 500  # in one file of answers
_PAUSE = 1.0  # seconds before the second try; before the third twice as long
_SHARE = 0.9  # of a processor that an actor asks for: what reads and writes has to find a place beside the actors
_BESIDE = 0.02  # of a processor that one of those asks for
_AS_ENTRY = "entry"  # the column of pairs that were found here, not in a table that the cluster reads


@dataclass(frozen=True, slots=True)
class RayBatch:
    """What a batch on a cluster is run on, and how.

    Attributes:
        pairs: The pairs, or path or URL of a Parquet table of them, which the cluster reads piece by piece. Every
            machine of the cluster reads the pictures that they name.
        out: Folder, or URL of one, that every machine can write to.
        options: How to compare.
        workers: Most actors at a time; None for as many as the cluster has processors.
    """

    pairs: Sequence[Entry] | str
    out: str
    options: Options
    workers: int | None = None

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        out: str,
        options: Options,
        *,
        workers: int | None = None,
        tell: Tell = unheard,
    ) -> RayBatch:
        """The batch on what names its pairs, as for `spotdiff batch`; a Parquet table may be a URL.

        Raises:
            OptionError: they name no pairs.
            DataError: a table or folder cannot be used.
        """
        is_url = any("://" in name for name in names)
        if is_url and not (len(names) == 1 and names[0].endswith((".parquet", ".pq"))):
            raise OptionError("of URLs --engine ray takes one Parquet table: s3://BUCKET/pairs.parquet")
        if len(names) == 1 and (is_url or Path(names[0]).suffix in (".parquet", ".pq")):
            return cls(names[0], out, options, workers)
        entries = entries_of(names, out=Path(out), tell=tell)
        return cls(list(check_names(entries, out=Path(out), inputs=())), out, options, workers)

    def run(self) -> tuple[int, Iterator[Answered]]:
        """How many pairs there are, and each of them as it is dealt with.

        Pairs whose pictures, name and options an earlier run into the same folder has an answer for are read but not
        compared; those that were in trouble are tried again.

        Raises:
            OptionError: an option cannot be, or the cluster cannot be reached.
            DataError: the table cannot be read, or the folder's answers cannot.
            MissingExtra: Ray, or a driver of the URLs, is not installed.
        """
        check_method(self.options)
        options_key = options_digest(self.options)
        ray = connected_ray()
        parts = Parts(self.out)
        finished = ray.put(parts.finished())
        rows = self._rows(ray)
        count: int = rows.count()
        table = self.pairs if isinstance(self.pairs, str) else ""
        most = self.workers or max(int(ray.cluster_resources().get("CPU", 1)), 1)
        rows_a_part = min(max(count // (4 * most), _TOGETHER), _MOST_ROWS)
        compared = rows.map_batches(
            ComparingActor,
            batch_size=_TOGETHER,
            batch_format="pyarrow",
            num_cpus=_SHARE,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=most),
            fn_constructor_args=(str(Path.cwd()), self.options, options_key, table, finished),
        )
        written = compared.map_batches(parts.write, batch_size=rows_a_part, batch_format="pyarrow", num_cpus=_BESIDE)
        return count, _answered(written)

    def _rows(self, ray: Any) -> Any:  # noqa: ANN401 (Ray's datasets have no types)
        import fsspec
        import pyarrow

        if not isinstance(self.pairs, str):
            table = pyarrow.table({_AS_ENTRY: [json.dumps(asdict(entry)) for entry in self.pairs]})
            return ray.data.from_arrow([table.slice(start, _TOGETHER) for start in range(0, len(table), _TOGETHER)])
        try:
            files, path = fsspec.url_to_fs(self.pairs)
            rows = ray.data.read_parquet(path, filesystem=files, num_cpus=_BESIDE)
            columns = rows.schema().names
        except ImportError as error:
            raise MissingExtra(str(getattr(error, "name", None) or error)) from None
        except Exception as error:
            raise DataError(f"{self.pairs}: not a Parquet table that can be read ({error_line(error)})") from None
        check_columns(self.pairs, columns)
        return rows


def _answered(written: Any) -> Iterator[Answered]:  # noqa: ANN401
    from ray.exceptions import RayError

    try:
        for batch in written.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            yield from (Answered(**row) for row in batch.to_pylist())
    except RayError as error:
        last = next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)
        raise DataError(f"the cluster could not go on: {last}") from None


class ComparingActor:
    """Compares the pairs of a table's rows, in a worker process whose death costs one pair."""

    def __init__(self, cwd: str, options: Options, options_key: str, table: str, finished: Any) -> None:  # noqa: ANN401
        """An actor of one run.

        Args:
            cwd: The folder that relative paths are relative to, where this machine has it.
            options: How to compare.
            options_key: What stands for them in keys.
            table: Where the rows come from, to whose folder names are relative; "" for pairs found elsewhere.
            finished: Refers to what earlier runs answered.
        """
        import ray

        if Path(cwd).is_dir():
            os.chdir(cwd)
        self._options, self._options_key = options, options_key
        self._table, self._spelling = table, DiskSpelling()
        self._finished: Finished = ray.get(finished)
        self._worker = Worker()

    def __call__(self, batch: pyarrow.Table) -> pyarrow.Table:
        """The answers to a batch of rows: those of the index, the record, and what to know them by."""
        return answers_table([self._answer(self._entry(row)) for row in batch.to_pylist()])

    def _entry(self, row: Mapping[str, Any]) -> Entry:
        if _AS_ENTRY in row:
            known = json.loads(row[_AS_ENTRY])
            return Entry(**known | {name: tuple(map(tuple, known[name])) for name in ("ignore", "focus")})
        entry = pair_of_row(row, self._placed)
        return replace(entry, error=name_error(entry.name) or entry.error)

    def _placed(self, name: str) -> str:
        if "://" in self._table:
            return f"{self._table.rpartition('/')[0]}/{name}"
        return str(self._spelling(Path(self._table).parent / name))

    def _answer(self, entry: Entry) -> dict[str, Any]:
        start = time.perf_counter()
        key, record, failure = "", "", ""
        try:
            if entry.error:
                raise DataError(entry.error)
            options = entry.options(self._options)
            sources, digests = ((), ("", "")) if entry.only else _read(entry, options)
            key = digest([self._options_key, entry.preset, entry.ignore, entry.focus, entry.history, digests])
            if not entry.only and (verdict := self._finished.verdict(entry.name, key)):
                return self._row(Done(entry, BatchRow(entry.name, verdict), resumed=True), key, "")
            result = self._worker.result(partial(_compared, options=options), (entry, sources, digests))
            if isinstance(result, Died):
                raise DataError("the process that compared it died, perhaps for lack of memory")
            done, record = result
            return self._row(done, key, record)
        except (SpotdiffError, OSError) as error:
            failure = error_line(error)
        except Exception as error:  # a fault of ours in one pair must not take the others with it
            failure = f"a bug in spotdiff: {type(error).__name__}: {error}"
        seconds = time.perf_counter() - start
        return self._row(Done(entry, BatchRow.trouble(entry.name, " ".join(failure.split()), seconds=seconds)), key, "")

    def _row(self, done: Done, key: str, record: str) -> dict[str, Any]:
        return {**index_row(done), "key": key, "run": self._finished.run, "record": record, "resumed": done.resumed}


def _read(entry: Entry, options: Options) -> tuple[Sequence[Source], tuple[str, str]]:
    """The files of both pictures, tried again where a storage fails for a moment."""
    for pause in (_PAUSE, 2 * _PAUSE):
        try:
            return read_files(entry, options)
        except LoadError as error:
            if "://" not in str(error) or str(error).endswith("no such file"):
                raise
        time.sleep(pause)
    return read_files(entry, options)


def _compared(task: tuple[Entry, Sequence[Source], tuple[str, str]], *, options: Options) -> tuple[Done, str]:
    """A pair, dealt with, and its record as text; "" for a picture that only one side has."""
    entry, sources, digests = task
    if entry.only:
        row, _, digests = unpaired(entry, options)
        return Done(entry, row, digests=digests), ""
    _, record = record_of(entry, sources, digests, options)
    return Done.of(entry, record), to_json(record)
