"""No verb writes over what it reads, however the file is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spotdiff.errors import OptionError
from spotdiff.output_files import check_outputs, file_identities, file_identity


@pytest.fixture
def read(tmp_path, monkeypatch):
    """A file read.png in a folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "read.png"
    path.write_bytes(b"read")
    return path


def spellings(path: Path) -> dict[str, str]:
    """Other names of a file; links are made."""
    folder = path.parent.parent
    (folder / "link.png").symlink_to(path)
    (folder / "way").symlink_to(path.parent, target_is_directory=True)
    os.link(path, folder / "hard.png")
    return {
        "itself": str(path),
        "relative": os.path.relpath(path),
        "dots": f"{path.parent}/../{path.parent.name}/./{path.name}",
        "slashes": f"{folder}//{path.parent.name}//{path.name}",
        "symbolic link": f"{folder}/link.png",
        "folder's link": f"{folder}/way/{path.name}",
        "hard link": f"{folder}/hard.png",
    }


NAMES = ("itself", "relative", "dots", "slashes", "symbolic link", "folder's link", "hard link")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_known_by_every_name(read, name):
    other = spellings(read)[name]
    assert file_identity(other) == file_identity(read)
    for output, given in ((other, read), (read, other)):
        with pytest.raises(OptionError, match="would be written over"):
            check_outputs([output], [given])
    with pytest.raises(OptionError, match="asked for twice"):
        check_outputs([read, other], [])


@pytest.mark.parametrize("name", ["new.png", "./new.png", "way/../new.png"])
def test_a_file_that_is_not_there_yet_has_one_place(read, name):
    spellings(read)
    with pytest.raises(OptionError, match="would be written over"):
        check_outputs([name], [read.parent.parent / "new.png"])


def test_names_that_are_no_files_are_left_out(read):
    assert file_identities(["-", "", "s3://bucket/read.png"]) == set()
    check_outputs(["-", "-", "", "memory://x", "memory://x"], ["-", "memory://x"])


def test_a_copy_is_another_file(read, tmp_path):
    (tmp_path / "copy.png").write_bytes(read.read_bytes())
    check_outputs([tmp_path / "copy.png"], [read])


def test_what_lies_in_a_folder_that_is_read(read, tmp_path):
    check_outputs([tmp_path / "in" / "new.json"], [], folders=[tmp_path / "in"])
    check_outputs([tmp_path / "out.json"], [], folders=[tmp_path / "in"])
    for name in ("in/read.png", spellings(read)["folder's link"]):
        with pytest.raises(OptionError, match="would be written over"):
            check_outputs([name], [], folders=["in"])


def test_a_name_that_no_file_can_have():
    with pytest.raises(OptionError, match="is no path"):
        check_outputs(["a\0b"], [])
