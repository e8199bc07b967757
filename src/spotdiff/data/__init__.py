"""Sets of pairs with truth."""

from __future__ import annotations

from spotdiff.data.dataset import Dataset as Dataset
from spotdiff.data.dataset import Sample as Sample
from spotdiff.data.open import find_datasets as find_datasets
from spotdiff.data.open import open_dataset as open_dataset
from spotdiff.data.open import open_named as open_named
from spotdiff.data.open import open_patterns as open_patterns
