"""Many pairs on one machine: tables and folders in, one record a pair out, taken up again where it stopped."""

from __future__ import annotations

from spotdiff.batch.entry import Entry as Entry
from spotdiff.batch.folders import pairs_of_folders as pairs_of_folders
from spotdiff.batch.run import run as run
from spotdiff.batch.table import pairs_of_table as pairs_of_table
from spotdiff.batch.work import Done as Done
from spotdiff.batch.work import Plan as Plan
