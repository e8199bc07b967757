"""A method over a dataset, on one processor or several."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from spotdiff.batching.pool import Died, each
from spotdiff.batching.run import processors
from spotdiff.errors import DataError, OptionError
from spotdiff.evaluate.evaluate_sample import Outcome, measure
from spotdiff.evaluate.report import Report, report_of
from spotdiff.methods import check_method
from spotdiff.options import Options

if TYPE_CHECKING:
    from spotdiff.data import Dataset

_DIED = "the worker process died over it twice, perhaps for lack of memory; try it alone with spotdiff compare"


def evaluate(
    dataset: Dataset, options: Options | None = None, *, workers: int | None = 0, swap: bool = False
) -> Report:
    """How a method does on a dataset.

    Args:
        dataset: From `open_dataset`.
        options: How to compare, method included; `Options()` when None.
        workers: Processes that compare; 0 compares in this one, None takes one a processor. A script that starts
            processes needs `if __name__ == "__main__":` around its work.
        swap: Compare every pair exchanged as well, and say how well the two answers fit.

    Raises:
        DataError: no sample has any truth.
        OptionError: there is no such method, or a parameter has a value it cannot have, or pairs are to be exchanged
            and a part of before to be left out, which is another part of the exchanged pair.
    """
    options = options or Options()
    return report_of(dataset, outcomes_of(dataset, options, workers=workers, swap=swap), options)


def outcomes_of(
    dataset: Dataset, options: Options, *, workers: int | None = 0, swap: bool = False
) -> Iterator[Outcome]:
    """The outcome of every sample, in the order in which they are done; see `evaluate`."""
    check_method(options)  # a wrong setting must not become trouble with every sample
    left_out = options.ignore or options.focus or options.ignore_mask is not None or options.ignore_colour
    if swap and left_out:
        raise OptionError("a pair cannot be exchanged where a part of before is left out; take that option away")
    if not any(sample.has_truth for sample in dataset):
        raise DataError(f"{dataset.name} has no truth: it needs a folder mask or boxes")
    count = min(len(dataset), processors() if workers is None else workers)
    for sample, result in each(partial(measure, options=options, swap=swap), dataset.samples, workers=count):
        yield Outcome(sample.name, error=_DIED) if isinstance(result, Died) else result
