"""What the audit tells of licences and of known faults."""

from __future__ import annotations

import importlib.util
import json
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import pytest

FILE = Path(__file__).parents[1] / "tools" / "audit.py"


@pytest.fixture(scope="module")
def audit():
    made = importlib.util.spec_from_file_location("audit", FILE)
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    return module


def package(**fields):
    metadata = Message()
    metadata["Name"] = "some"
    for name, value in fields.items():
        metadata[name.replace("_", "-")] = value
    return SimpleNamespace(metadata=metadata, files=())


@pytest.mark.parametrize(
    ("fields", "said", "strict"),
    [
        ({"License_Expression": "MIT"}, "MIT", False),
        ({"License_Expression": "LGPL-3.0-only"}, "LGPL-3.0-only", False),
        ({"License_Expression": "MIT AND GPL-2.0-or-later"}, "MIT AND GPL-2.0-or-later", True),
        ({"License_Expression": "AGPL-3.0-only"}, "AGPL-3.0-only", True),
        (
            {"Classifier": "License :: OSI Approved :: GNU Affero General Public License v3"},
            "GNU Affero General Public License v3",
            True,
        ),
        ({"License": "UNKNOWN"}, "not said", True),
    ],
)
def test_what_a_package_says_of_its_licence(audit, fields, said, strict):
    assert audit.licence_of(package(**fields)) == said
    assert bool(audit.strict({"some": (said, ["always"])})) is strict


def test_no_dependency_is_under_the_gpl(audit):
    found = audit.licences()
    assert {"numpy", "pillow", "click", "rich"} <= set(found)
    assert audit.strict(found) == []


def test_a_database_that_was_not_reached_is_no_clean_answer(audit):
    skipped = {"dependencies": [{"name": "numpy", "skip_reason": "not found"}], "fixes": []}
    assert audit.audit_in(json.dumps(skipped)) == (0, [], ["numpy"])
    told = {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}, {"name": "b", "vulns": []}]}
    assert audit.audit_in(json.dumps(told)) == (2, ["a 1: PYSEC-1"], [])
