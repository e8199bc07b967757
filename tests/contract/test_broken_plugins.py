"""Plug-ins of other packages that cannot be used: named, passed over, and never an answer."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import ClassVar

import numpy as np
import pytest

import spotdiff
from spotdiff import plugins
from spotdiff.__main__ import run
from spotdiff.errors import MethodError, OptionError
from spotdiff.types import Evidence, Extraction

BEFORE, AFTER = np.zeros((40, 40, 3), np.uint8), np.zeros((40, 40, 3), np.uint8)
AFTER[10:30, 10:30] = 255


@dataclass(frozen=True)
class Ends:
    """Ends the process."""

    extraction: ClassVar = Extraction()

    def score(self, pair):
        raise SystemExit(0)


@dataclass(frozen=True)
class Small:
    """Gives maps of another shape."""

    extraction: ClassVar = Extraction()

    def score(self, pair):
        return Evidence(np.zeros((3, 3), np.float32), np.zeros((3, 3), np.float32), directed=True)


@dataclass(frozen=True)
class Drops:
    """Loses what changed."""

    def describe(self, pair, regions):
        return regions[:0]


@dataclass(frozen=True)
class Fails:
    """Fails."""

    def describe(self, pair, regions):
        raise ZeroDivisionError("two\nlines")


class Plain:
    """No dataclass."""


@pytest.fixture(autouse=True)
def others(monkeypatch, tmp_path):
    module = ModuleType("of_others")
    vars(module).update(Ends=Ends, Small=Small, Drops=Drops, Fails=Fails, Plain=Plain, thing=5)
    monkeypatch.setitem(sys.modules, "of_others", module)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "others_exit.py").write_text("import sys\nsys.exit(0)\n")
    (tmp_path / "others_raise.py").write_text("raise RuntimeError('boom\\nsecond')\n")
    places = {
        "methods": {"exits": "others_exit:X", "raises": "others_raise:X", "missing": "nowhere_at_all:X"}
        | {name.lower(): f"of_others:{name}" for name in ("Ends", "Small", "Plain", "thing", "Nothing")},
        "describe": {name.lower(): f"of_others:{name}" for name in ("Drops", "Fails")},
    }
    found = {
        folder: {name: EntryPoint(name, value, f"spotdiff.{folder}") for name, value in named.items()}
        for folder, named in places.items()
    }
    monkeypatch.setattr(plugins, "_of_other_packages", lambda folder: found.get(folder, {}))


@pytest.mark.parametrize("name", ["exits", "raises", "missing", "plain", "thing", "nothing"])
def test_one_that_cannot_be_loaded_is_named(name):
    with pytest.raises(OptionError, match=rf"the plug-in {name} \(.*mend or remove it$"):
        spotdiff.compare(BEFORE, AFTER, method=name)


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_it_hides_no_other(more, capsys):
    assert run(["methods", *more]) == 0
    out = capsys.readouterr().out
    listed = json.loads(out) if more else out
    assert "classic" in str(listed)
    assert "the plug-in raises (others_raise:X) cannot be loaded: RuntimeError: boom" in str(listed)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"method": "ends"}, "the plug-in ends of methods failed: SystemExit"),
        ({"method": "small"}, "its map gone is 3x3, not 40x40"),
        ({"method": "pixel", "describe": "drops"}, "gave 0 texts for 1 regions"),
        ({"method": "pixel", "describe": "fails"}, "the plug-in fails of describe failed: ZeroDivisionError: two;"),
    ],
)
def test_what_it_gives_is_looked_at(asked, told):
    with pytest.raises(MethodError, match=told):
        spotdiff.compare(BEFORE, AFTER, **asked)


def test_a_fault_of_ours_stays_one(monkeypatch):
    monkeypatch.setattr("spotdiff.methods.pixel.Pixel.score", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        spotdiff.compare(BEFORE, AFTER, method="pixel")
