"""Snapshot tests of pictures: `assert_same`, and a pytest plugin with a fixture of that name."""

from __future__ import annotations

from spotdiff.testing.assertion import assert_same as assert_same
