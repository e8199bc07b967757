"""The pytest plugin: a fixture `assert_same` that knows its test, and `--update-pictures`."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Unpack

import pytest

from spotdiff.testing.assertion import check, claimed, update_asked_for, used_twice
from spotdiff.testing.snapshot import RESULTS, Snapshot

if TYPE_CHECKING:
    from spotdiff.options import OptionValues


class AssertSame(Protocol):
    """What the fixture gives: `spotdiff.testing.assert_same`, with the test's own name where none is given."""

    def __call__(
        self,
        picture: object,
        name: str | None = None,
        *,
        preset: str | None = "screens",
        folder: str | Path | None = None,
        **options: Unpack[OptionValues],
    ) -> None:
        """Fail unless a picture is as its baseline."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of snapshot tests."""
    group = parser.getgroup("spotdiff", "pictures held against their baselines")
    group.addoption(
        "--update-pictures",
        action="store_true",
        help="write the baselines that are missing, and replace those that are not the same any more",
    )
    group.addoption(
        "--picture-results",
        default=RESULTS,
        metavar="DIR",
        help="folder of the pictures, baselines and overlays of tests that fail (default: %(default)s)",
    )


@pytest.fixture
def assert_same(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AssertSame:
    """Fail unless a picture is as its baseline, `__screenshots__/TEST_FILE/NAME.png` beside the test.

    `assert_same(picture, name, *, preset="screens", folder=None, **options)`, see `spotdiff.testing.assert_same`. The
    name of the test is that of the picture where none is given.
    """
    config = request.config
    claims = tmp_path_factory.getbasetemp() / "spotdiff-names"
    if hasattr(config, "workerinput"):  # with pytest-xdist: what all workers of the run have in common
        claims = claims.parents[1] / claims.name
    used: set[str] = set()

    def assert_same(
        picture: object,
        name: str | None = None,
        *,
        preset: str | None = "screens",
        folder: str | Path | None = None,
        **options: Unpack[OptionValues],
    ) -> None:
        __tracebackhide__ = True
        snapshot = Snapshot.of(
            _file_name(request.node.name) if name is None else name,
            test_file=request.path,
            folder=folder,
            results=config.getoption("--picture-results"),
            root=config.invocation_params.dir,
        )
        if not _claimed(snapshot, claims, by=request.node.nodeid):
            raise used_twice(snapshot)
        update = config.getoption("--update-pictures") or update_asked_for()
        with claimed(snapshot, used):
            check(picture, snapshot, update=update, preset=preset, options=options)

    return assert_same


def _file_name(test: str) -> str:
    """The name of a test, with its parameters, as a file can have it.

    Examples:
        >>> _file_name("test_cart[dark/800x600]")
        'test_cart-dark-800x600'
    """
    return re.sub(r"[^\w.]+", "-", test).strip("-.")[:100]


def _claimed(snapshot: Snapshot, claims: Path, *, by: str) -> bool:
    """Whether a picture's name belongs to this test alone, of all tests of the run, in whatever process they are.

    A test that is run again has its names still.
    """
    place = claims / _digest(snapshot.key)
    place.mkdir(parents=True, exist_ok=True)
    (place / _digest(by)).touch()
    return len(list(place.iterdir())) == 1


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
