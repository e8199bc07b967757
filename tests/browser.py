"""A real Chromium, where one is installed."""

from __future__ import annotations

import shutil
import subprocess

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


def browse(page, *asked, profile, fragment=""):
    """Standard output of a browser that was shown a page, a file, with what is asked of it as its options."""
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    command = [str(BROWSER), *quiet, *asked, f"file://{page}{fragment}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def screenshot(page, to, *, profile, size=(400, 300)):
    """Write what a browser shows of a page to a PNG file."""
    window = "--window-size={},{}".format(*size)
    browse(page, f"--screenshot={to}", window, "--hide-scrollbars", "--virtual-time-budget=2000", profile=profile)
    return to
