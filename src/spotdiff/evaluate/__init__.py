"""Methods measured over datasets."""

from __future__ import annotations

from spotdiff.evaluate.evaluate_sample import Outcome as Outcome
from spotdiff.evaluate.leaderboard import write_leaderboard as write_leaderboard
from spotdiff.evaluate.map_metrics import MapReport as MapReport
from spotdiff.evaluate.map_metrics import MapScores as MapScores
from spotdiff.evaluate.report import Report as Report
from spotdiff.evaluate.report import report_of as report_of
from spotdiff.evaluate.run import evaluate as evaluate
from spotdiff.evaluate.run import outcomes_of as outcomes_of
