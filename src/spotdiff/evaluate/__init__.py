"""Methods measured over datasets."""

from __future__ import annotations

from spotdiff.evaluate.leaderboard import write_leaderboard as write_leaderboard
from spotdiff.evaluate.maps import MapReport as MapReport
from spotdiff.evaluate.maps import MapScores as MapScores
from spotdiff.evaluate.measure import Outcome as Outcome
from spotdiff.evaluate.report import Report as Report
from spotdiff.evaluate.report import report_of as report_of
from spotdiff.evaluate.run import check_method as check_method
from spotdiff.evaluate.run import evaluate as evaluate
from spotdiff.evaluate.run import outcomes_of as outcomes_of
