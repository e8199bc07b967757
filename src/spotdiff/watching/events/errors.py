"""What a store says when it cannot keep what it is given."""

from __future__ import annotations

from spotdiff.errors import SpotdiffError


class StoreDown(SpotdiffError):
    """The store cannot be reached or written just now, and the change that was asked for is not kept anywhere."""
