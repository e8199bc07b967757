"""The short forms of the proofs under attack: readers called with mutated bytes, and hostile requests to a server."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest

PROOF = Path(__file__).parents[2] / "proof"
INPUTS = 12  # of each reader


@pytest.fixture(scope="module")
def proofs():
    """The folder of the proofs on the path, where they import each other."""
    sys.path.insert(0, str(PROOF))
    yield
    sys.path.remove(str(PROOF))


@pytest.fixture(scope="module")
def fuzzing(proofs):
    import fuzzing

    return fuzzing


def test_readers_answer_or_raise_an_error_of_ours(fuzzing):
    wrong = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, reader in fuzzing.readers().items():
            for number in range(INPUTS):
                data = fuzzing.input_of(reader, number, seed=1)
                if data is not None and (told := fuzzing.what_is_wrong(reader, data)):
                    wrong[f"{name}:{number}"] = told
    assert wrong == {}


def test_whole_inputs_are_read(fuzzing):
    """Else mutated ones would only ever be refused at their first byte."""
    refused = []
    for name, reader in fuzzing.readers().items():
        told = []
        for data in reader.whole():
            try:
                reader.call(data)
            except Exception as error:
                told.append(str(error))
        refused += [f"{name}: {told[0]}"] if told and len(told) == len(reader.whole()) else []
    assert refused == []


def test_what_is_no_error_of_ours_is_told(fuzzing):
    def broken(data):
        raise KeyError("oh")

    assert fuzzing.what_is_wrong(fuzzing.Reader(broken, list), b"").startswith("KeyError: 'oh' (test_fuzzing.py:")


def test_hostile_requests_are_answered_with_their_own_fault(proofs):
    import hostile_requests

    figures = hostile_requests.attacked(40, seed=3)
    assert figures.wrong == []
    assert figures.requests == 40
    assert {"401", "422"} <= set(figures.statuses)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "hung"),
        (b"HTTP/1.1 500 Internal Server Error\r\n\r\n", "HTTP/1.1 500"),
        (b"HTTP/1.1 200 OK\r\n\r\nroot:x:0:0", "file of the machine"),
        (b"HTTP/1.1 303 See Other\r\nSet-Cookie: a=b\r\n\r\n", "header of the client"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", ""),
    ],
)
def test_what_no_client_may_see_is_told(proofs, answer, told):
    import hostile_requests

    found = hostile_requests.what_is_wrong(answer)
    assert (told in found) if told else found == ""
