"""Many pairs on one machine: tables and folders in, one record a pair out, taken up again where it stopped."""

from __future__ import annotations

from spotdiff.batch.compare import Done as Done
from spotdiff.batch.compare import Plan as Plan
from spotdiff.batch.pairs import Entry as Entry
from spotdiff.batch.pairs import pairs_of_folders as pairs_of_folders
from spotdiff.batch.pairs import pairs_of_golden as pairs_of_golden
from spotdiff.batch.pairs import pairs_of_table as pairs_of_table
from spotdiff.batch.run import inputs_of as inputs_of
from spotdiff.batch.run import run as run
