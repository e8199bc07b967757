"""Stores that are closed after the test, and disks that are soon full."""

from __future__ import annotations

import os
import subprocess

import pytest

from spotdiff.watching.events import open_store


@pytest.fixture
def opened(tmp_path):
    """Opens stores in the test's folder and closes them after it."""
    stores = []

    def open_one(url: str | None = None, **options):
        store = open_store(url or str(tmp_path / "events.db"), **{"reserve_mb": 0, **options})
        stores.append(store)
        return store

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def store(opened):
    return opened()


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a disk of so many MB; skips where that is not allowed."""
    mounted = []

    def mount(megabytes: int, *, name: str = "disk"):
        place = tmp_path / name
        place.mkdir()
        order = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
        if os.geteuid() != 0 or subprocess.run(order, capture_output=True, check=False).returncode != 0:
            pytest.skip("mounting a small disk needs root")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "-l", str(place)], check=True)
