"""The pytest plugin, in runs of pytest as users have them."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
PROJECT = Path(__file__).parents[2]
PLUGIN = "spotdiff.testing.pytest_plugin"
SHOP = """
import numpy as np
import pytest

SHOP = np.full((90, 120, 3), 250, np.uint8)
SHOP[20:40, 30:80] = (200, 40, 40)
GREW = SHOP.copy()
GREW[60:80, 30:60] = (40, 40, 200)
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run the tests of a text, in `checks/test_shop.py`, with only the plugins that are named."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT / "src"), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.delenv("SPOTDIFF_UPDATE_PICTURES", raising=False)

    def run(tests, *arguments):
        place = pytester.path / "checks" / "test_shop.py"
        place.parent.mkdir(exist_ok=True)
        place.write_text(SHOP + tests, encoding="utf-8")
        start = pytester.runpytest_subprocess if "-n" in arguments else pytester.runpytest_inprocess
        return start("-p", PLUGIN, *arguments)

    return run


def pictures(pytester):
    return {path.relative_to(pytester.path).as_posix() for path in pytester.path.rglob("*.png")}


ONE = "def test_front(assert_same):\n    assert_same(SHOP, 'shop')\n"


def test_from_a_missing_baseline_to_a_picture_that_changed(pytester, run):
    run(ONE).assert_outcomes(failed=1)
    assert pictures(pytester) == {"picture-results/checks/__screenshots__/test_shop/shop.actual.png"}
    run(ONE, "--update-pictures").assert_outcomes(passed=1)
    assert pictures(pytester) == {"checks/__screenshots__/test_shop/shop.png"}
    run(ONE).assert_outcomes(passed=1)
    ran = run(ONE.replace("SHOP,", "GREW,"), "--picture-results", "told")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(
        [
            "E * shop: Changed: 1 region, * One thing was added.",
            "E * actual    told/checks/__screenshots__/test_shop/shop.actual.png",
            "E * baseline  told/checks/__screenshots__/test_shop/shop.baseline.png",
            "E * overlay   told/checks/__screenshots__/test_shop/shop.overlay.png",
            "checks/test_shop.py:*: AssertionError",
        ]
    )
    assert len(pictures(pytester)) == 4


def test_the_environment_asks_for_an_update_too(pytester, run, monkeypatch):
    monkeypatch.setenv("SPOTDIFF_UPDATE_PICTURES", "1")
    run(ONE).assert_outcomes(passed=1)
    assert pictures(pytester) == {"checks/__screenshots__/test_shop/shop.png"}


def test_a_picture_without_a_name_has_that_of_its_test(pytester, run):
    tests = """
@pytest.mark.parametrize("size", ["800x600", "dark/wide"])
def test_front(assert_same, size, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_same(SHOP)

class TestTill:
    def test_empty(self, assert_same):
        assert_same(SHOP, folder="kept")
"""
    run(tests, "--update-pictures").assert_outcomes(passed=3)
    beside = "checks/__screenshots__/test_shop"
    assert pictures(pytester) == {
        f"{beside}/test_front-800x600.png",
        f"{beside}/test_front-dark-wide.png",
        "checks/kept/test_empty.png",
    }
    run(tests.replace("SHOP", "GREW")).assert_outcomes(failed=3)
    told = {
        f"picture-results/{beside}/test_front-800x600.overlay.png",
        "picture-results/checks/kept/test_empty.overlay.png",
    }
    assert told <= pictures(pytester)  # wherever a test has gone


WORKERS = ("-p", "xdist.plugin", "-n", "2", "--dist", "load")


@pytest.mark.parametrize("workers", [(), WORKERS], ids=["one process", "xdist"])
def test_a_name_that_two_tests_use_is_an_error(run, workers):
    tests = """
@pytest.mark.parametrize("colour", range(4))
def test_front(assert_same, colour):
    assert_same(SHOP, "shop")
"""
    run(tests, "--update-pictures").assert_outcomes(passed=1, failed=3)
    ran = run(tests, *workers)
    counts = ran.parseoutcomes()
    assert counts["failed"] >= 3  # two that claim it at one time both fail
    ran.stdout.fnmatch_lines(
        ["*OptionError: the name 'shop' is used twice for checks/__screenshots__/test_shop/shop.png*"]
    )


def test_a_name_that_one_test_uses_twice_is_an_error(run):
    tests = "def test_front(assert_same):\n    assert_same(SHOP, 'shop')\n    assert_same(SHOP, 'Shop')\n"
    ran = run(tests, "--update-pictures")
    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["*OptionError: the name 'Shop' is used twice*"])


def test_a_test_may_wait_until_the_picture_is_there(run):
    run("def test_front(assert_same):\n    assert_same(SHOP)\n", "--update-pictures").assert_outcomes(passed=1)
    waits = """
import pytest

def test_front(assert_same):
    with pytest.raises(AssertionError, match="Changed"):
        assert_same(GREW)
    assert_same(SHOP)
"""
    run(waits).assert_outcomes(passed=1)


def test_a_test_that_is_run_again_has_its_names_still(run, pytester):
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for _ in range(2):
                for report in runtestprotocol(item, nextitem=nextitem, log=False):
                    item.ihook.pytest_runtest_logreport(report=report)
            return True
        """
    )
    run(ONE, "--update-pictures").assert_outcomes(passed=2)


def test_many_pictures_on_several_workers(pytester, run):
    tests = """
@pytest.mark.parametrize("number", range(6))
def test_page(assert_same, number):
    assert_same(SHOP if number != 3 else GREW)
"""
    run(tests.replace("GREW", "SHOP"), "--update-pictures", *WORKERS).assert_outcomes(passed=6)
    assert len(pictures(pytester)) == 6
    ran = run(tests, *WORKERS)
    ran.assert_outcomes(passed=5, failed=1)
    ran.stdout.fnmatch_lines(["FAILED checks/test_shop.py::test_page[[]3[]] - AssertionError: *"])


def test_the_fixture_of_a_user_of_that_name_goes_over_ours(run):
    tests = (
        "@pytest.fixture\ndef assert_same():\n    return 7\n\ndef test_own(assert_same):\n    assert assert_same == 7\n"
    )
    run(tests).assert_outcomes(passed=1)


def test_it_is_found_where_spotdiff_is_installed_and_loads_nothing_heavy(pytester, monkeypatch):
    """By a folder of metadata as an installer writes it, with the entry points that the project declares."""
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    assert declared == {"pytest11": {"spotdiff": PLUGIN}}
    installed = pytester.path / "site" / "spotdiff_as_installed-0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: spotdiff-as-installed\nVersion: 0\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\nspotdiff = {declared['pytest11']['spotdiff']}\n")
    paths = [str(installed.parent), str(PROJECT / "src")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", raising=False)
    pytester.makepyfile(
        """
        import sys

        def test_light(request):
            assert request.config.getoption("--update-pictures") is False
            assert request.config.pluginmanager.has_plugin("spotdiff")
            assert "spotdiff.testing.pytest_plugin" in sys.modules
            heavy = {"numpy", "cv2", "PIL", "click", "onnxruntime", "spotdiff.pipeline", "spotdiff.options"}
            assert not heavy & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-W", "error").assert_outcomes(passed=1)
