"""The example with Playwright, as it is, where Playwright and a browser are installed; the project needs neither."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from browser import BROWSER, needs_browser

pytest.importorskip("pytest_playwright", reason="pytest-playwright is not installed")
pytestmark = needs_browser
PROJECT = Path(__file__).parents[2]
# The browser of the system in place of one that Playwright would load.
CONFTEST = f"""
import pytest

@pytest.fixture(scope="session")
def browser_type_launch_args():
    return {{"executable_path": {str(BROWSER)!r}, "args": ["--no-sandbox"]}}
"""


@pytest.fixture
def run(tmp_path):
    shutil.copytree(
        PROJECT / "examples" / "playwright", tmp_path / "shop", ignore=shutil.ignore_patterns("__*", "picture-results")
    )
    (tmp_path / "shop" / "conftest.py").write_text(CONFTEST)
    plugins = ["-p", "pytest_playwright.pytest_playwright", "-p", "spotdiff.testing.pytest_plugin"]
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join([str(PROJECT / "src"), os.environ.get("PYTHONPATH", "")]),
    }

    def run(*arguments):
        command = [sys.executable, "-m", "pytest", "-q", *plugins, "shop", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


def test_the_example_from_no_baseline_to_a_page_that_changed(run, tmp_path):
    ran = run()
    assert "4 failed" in ran.stdout, ran.stdout + ran.stderr
    assert ran.stdout.count("there is no baseline") >= 4
    assert "4 passed" in run("--update-pictures").stdout
    assert len(list((tmp_path / "shop" / "__screenshots__" / "test_shop").glob("*.png"))) == 4
    assert "4 passed" in run().stdout
    page = tmp_path / "shop" / "shop.html"
    page.write_text(page.read_text().replace('<html lang="en">', '<html lang="en" data-sale>'))
    ran = run()
    assert "3 failed, 1 passed" in ran.stdout, ran.stdout
    assert "parts of the page shifted" in ran.stdout
    assert len(list((tmp_path / "picture-results").rglob("*.overlay.png"))) == 3
