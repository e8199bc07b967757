"""The run over a batch: what was answered before, then the rest by worker processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from spotdiff.batching.compare import Done, Plan, complete, failed
from spotdiff.batching.pairs import Entry, OutputPaths, check_names
from spotdiff.batching.pool import Died, each
from spotdiff.batching.resume import ResumeLog


def run(entries: Iterable[Entry], plan: Plan, *, workers: int | None = None) -> Iterator[Done]:
    """Compare many pairs; every pair comes back once, in the order in which it is done.

    The pairs that cannot be tried and those that an earlier run into the same folder has answered come first.
    Stopping the iteration stops the workers; what is done stays done, and the next run goes on from there.

    Args:
        entries: The pairs.
        plan: What to do with each.
        workers: Processes that compare; None for as many as the machine has processors, 0 for none but this one.
            A script that starts processes needs `if __name__ == "__main__":` around its work.

    Raises:
        OptionError: an option, or a parameter of the method or of the describer, cannot be.
        OSError: the output folder cannot be written.
    """
    with ResumeLog(plan) as log:
        keys: dict[str, str] = {}
        left: list[tuple[Entry, Done | None]] = []
        entries = list(entries)
        for entry in check_names(entries, out=plan.out, inputs=inputs_of(entries, plan)):
            if entry.error:
                yield failed(entry, OutputPaths(plan.out, entry.name), entry.error)
                continue
            answer = log.answer(entry)
            if answer is not None and log.has_thumbs(entry):
                yield answer
                continue
            left.append((entry, answer))
            keys[entry.name] = log.key(entry)
            if answer is None:
                log.forget(entry)
        count = min(len(left), processors() if workers is None else workers)
        for (entry, _), result in each(partial(complete, plan=plan), left, workers=count):
            if isinstance(result, Died):
                reason = "the process that compared it died, perhaps for lack of memory"
                hint = "try it alone with spotdiff compare"
                done = failed(entry, OutputPaths(plan.out, entry.name), f"{reason}; {hint}")
            else:
                done = result
            if done.row.compared:
                log.add(done, keys[entry.name])
            yield done


def inputs_of(entries: Iterable[Entry], plan: Plan) -> list[str]:
    """All files that the run reads, but for those of folders of earlier pictures that cannot be listed."""
    pictures = [path for entry in entries for path in (entry.before, entry.after) if path]
    folders = {entry.history for entry in entries if entry.history and Path(entry.history).is_dir()}
    earlier = [str(path) for folder in folders for path in Path(folder).iterdir()]
    return [*pictures, *earlier, *plan.options.files()]


def processors() -> int:
    """How many processors this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
