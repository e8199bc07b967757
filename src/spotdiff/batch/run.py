"""The run over a batch: what was answered before, then the rest by worker processes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import partial

from spotdiff.batch.entry import Entry, Places, checked
from spotdiff.batch.pool import Died, each
from spotdiff.batch.resume import Ledger
from spotdiff.batch.work import Done, Plan, failed, work


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
        OptionError: the method has no such parameter, or it has a value it cannot have.
        OSError: the output folder cannot be written.
    """
    with Ledger(plan) as ledger:
        keys: dict[str, str] = {}
        left: list[Entry] = []
        for entry in checked(entries, out=plan.out):
            if entry.error:
                yield failed(entry, Places(plan.out, entry.name), entry.error)
            elif (answer := ledger.found(entry)) is not None:
                yield answer
            else:
                left.append(entry)
                keys[entry.name] = ledger.key(entry)
                ledger.void(entry)
        count = min(len(left), processors() if workers is None else workers)
        for entry, result in each(partial(work, plan=plan), left, workers=count):
            done = _lost(entry, plan) if isinstance(result, Died) else result
            if not done.row.error:
                ledger.note(entry, keys[entry.name])
            yield done


def processors() -> int:
    """How many processors this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _lost(entry: Entry, plan: Plan) -> Done:
    said = "the process that compared it died, perhaps for lack of memory; try it alone with spotdiff compare"
    return failed(entry, Places(plan.out, entry.name), said)
