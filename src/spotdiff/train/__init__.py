"""Learning: recipes, losses, one readable loop."""

from __future__ import annotations
