"""Progress of a site: how much of each named area has changed, over a dated series of pictures."""

from __future__ import annotations

from spotdiff.watching.progress.measure import measure_progress as measure_progress
from spotdiff.watching.progress.page import progress_page as progress_page
from spotdiff.watching.progress.series import series as series
from spotdiff.watching.progress.step import Step as Step
from spotdiff.watching.progress.table import progress_csv as progress_csv
from spotdiff.watching.progress.table import progress_record as progress_record
