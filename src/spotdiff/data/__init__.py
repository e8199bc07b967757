"""Sets of pairs with truth."""

from __future__ import annotations

from spotdiff.data.folders import Dataset as Dataset
from spotdiff.data.folders import Sample as Sample
from spotdiff.data.folders import find_datasets as find_datasets
from spotdiff.data.folders import open_dataset as open_dataset
from spotdiff.data.patterns import open_patterns as open_patterns
from spotdiff.data.published import open_named as open_named
