"""What makes an answer another one: the content of every file that an option names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import spotdiff
from spotdiff.errors import OptionError
from spotdiff.fingerprint import file_stamp, options_digest
from spotdiff.options import Options

SHIPPED = Path(spotdiff.__file__).parent / "nets" / "shipped" / "spot.onnx"


@pytest.fixture
def weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run" / "weights.onnx"
    path.parent.mkdir()
    path.write_bytes(SHIPPED.read_bytes())
    return path


@pytest.mark.parametrize(
    "options",
    [
        Options(method="spot", settings={"weights": "run/weights.onnx"}),
        Options(describe="captioner", describe_settings={"weights": "run/weights.onnx"}),
    ],
    ids=["method", "describer"],
)
def test_other_weights_under_the_same_name_size_and_time(weights, options):
    before, status = options_digest(options), weights.stat()
    assert options_digest(options) == before
    weights.write_bytes(SHIPPED.read_bytes().replace(b"pytorch", b"pytorsh"))
    assert weights.read_bytes() != SHIPPED.read_bytes()
    os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert options_digest(options) != before
    weights.write_bytes(SHIPPED.read_bytes())  # written at another time: the same answers
    assert options_digest(options) == before


def test_a_folder_stands_for_all_files_in_it(weights):
    options = Options(describe="captioner", describe_settings={"weights": "run"})
    before = options_digest(options)
    (weights.parent / "more").write_bytes(b"x")
    assert options_digest(options) != before


def test_another_value_of_an_option_or_parameter():
    plain = Options(method="pixel", describe="off")
    assert options_digest(plain) != options_digest(plain.changed(settings={"metric": "rgb"}))
    assert options_digest(plain) != options_digest(plain.changed(sensitivity=0.6))


def test_what_cannot_be_is_told():
    with pytest.raises(OptionError, match="no parameter"):
        options_digest(Options(method="pixel", settings={"metrik": "rgb"}))


def test_a_stamp_of_what_is_no_file_is_its_name(tmp_path):
    assert file_stamp("s3://box/a.png") == ["s3://box/a.png"]
    path = tmp_path / "a.png"
    path.write_bytes(b"abc")
    assert file_stamp(path)[:2] == [str(path), 3]
