"""A method measured over a dataset."""

from __future__ import annotations

from spotdiff.evaluate.measure import Outcome as Outcome
from spotdiff.evaluate.report import Report as Report
from spotdiff.evaluate.report import report_of as report_of
from spotdiff.evaluate.run import evaluate as evaluate
from spotdiff.evaluate.run import outcomes_of as outcomes_of
