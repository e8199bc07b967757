"""No name, label, address or error of others reaches the terminal raw."""

from __future__ import annotations

import json
import re

import pytest

from cli.conftest import scene
from spotdiff.shown_text import in_one_line, printable

CONTROLS = [chr(code) for code in (*range(32), *range(127, 160), 0x202E, 0x2066, 0x2028)]
HOSTILE = "\x1b[2J\x07\x9b31m\x7f\u202e"
PLAIN = ("--method", "pixel", "--align", "off", "--light", "off", "--workers", "0")


def test_every_control_character_is_written_out():
    shown = in_one_line("".join(CONTROLS))
    assert not set(shown).intersection(CONTROLS)
    assert printable("two\n\tlines, 中文, é") == "two\n\tlines, 中文, é"


@pytest.mark.parametrize(
    "url",
    [
        "https://me:secret@host/a.png",
        "s3://me:se:secret@host/a.png",
        "see 'ftp://me:secret@host/a' and https://host/?token=secret&b=1 too",
        "postgresql://me:secret@host/db?password=secret",
    ],
)
def test_passwords_are_hidden(url):
    assert "secret" not in printable(url)
    assert "host" in printable(url)


@pytest.fixture
def raw():
    return re.compile("[" + "".join(re.escape(one) for one in CONTROLS if one not in "\n\t") + "]")


def test_verbs_say_nothing_raw(spotdiff, tmp_path, monkeypatch, raw):
    monkeypatch.chdir(tmp_path)
    from PIL import Image

    for side in ("before", "after"):
        (tmp_path / side).mkdir()
        Image.fromarray(scene(side == "after")).save(tmp_path / side / "1.png")
        (tmp_path / side / f"a{HOSTILE}.png").write_bytes(b"no picture")
    labels = {"images": [{"id": 1, "file_name": f"before/{HOSTILE}.png"}], "annotations": [], "categories": []}
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    (tmp_path / "table.csv").write_text(
        f"name,before,after\n{HOSTILE},before/1.png,https://me:secret@h{HOSTILE}/1.png\n"
    )
    asked = [
        ("compare", f"{HOSTILE}.png", "before/1.png"),
        ("compare", "before/1.png", f"nowhere://me:secret@host/{HOSTILE}"),
        ("compare", "before/1.png", "after/1.png", "--method", HOSTILE),
        ("compare", "before/1.png", "after/1.png", "--set", f"{HOSTILE}=1"),
        ("batch", "before", "after", "--out", "out", *PLAIN),
        ("batch", "table.csv", "--out", "out2", *PLAIN),
        ("datasets", "--open", "."),
        ("evaluate", ".", "--out", "out3", "--workers", "0"),
        ("labels", "in", "coco", "labels.json", "--pictures", ".", "--out", "out4"),
        ("progress", "before", "--out", "out5"),
        ("events", "list", "--store", f"postgresql://me:secret@{HOSTILE}/x"),
        ("compare", "before/1.png", "after/1.png", "--server", f"http://me:secret@127.0.0.1:9/{HOSTILE}"),
        (HOSTILE,),
    ]
    for arguments in asked:
        ran = spotdiff(*arguments)
        assert not raw.search(ran.out + ran.err), arguments
        assert "secret" not in ran.out + ran.err, arguments
        assert "Traceback" not in ran.err, arguments
        assert "bug in spotdiff" not in ran.err, arguments
