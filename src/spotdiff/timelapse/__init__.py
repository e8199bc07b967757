"""Progress of a site: how much of each named area has changed, over a dated series of pictures."""

from __future__ import annotations

from spotdiff.timelapse.measure import measure_progress as measure_progress
from spotdiff.timelapse.page import progress_page as progress_page
from spotdiff.timelapse.series import series as series
from spotdiff.timelapse.step import Step as Step
from spotdiff.timelapse.table import progress_csv as progress_csv
from spotdiff.timelapse.table import progress_record as progress_record
