"""Many pairs on one machine: tables and folders in, one record a pair out, taken up again where it stopped."""

from __future__ import annotations

from spotdiff.batching.compare import Done as Done
from spotdiff.batching.compare import Plan as Plan
from spotdiff.batching.pairs import Entry as Entry
from spotdiff.batching.pairs import pairs_of_folders as pairs_of_folders
from spotdiff.batching.pairs import pairs_of_golden as pairs_of_golden
from spotdiff.batching.pairs import pairs_of_table as pairs_of_table
from spotdiff.batching.run import inputs_of as inputs_of
from spotdiff.batching.run import run as run
