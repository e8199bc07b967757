"""Bad data is named file by file, and good data is not."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from spotdiff.data import open_dataset
from spotdiff.data.validate import checked, inspect, inspect_samples
from spotdiff.errors import DataError


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values)


@pytest.fixture
def yard(tmp_path):
    """A sound dataset of three pairs with masks."""
    root = tmp_path / "yard"
    rng = np.random.default_rng(0)
    for name in ("1", "2", "3"):
        for side in ("before", "after"):
            save(root / side / f"{name}.png", rng.integers(0, 256, (24, 32, 3), dtype=np.uint8))
        mask = np.zeros((24, 32), np.uint8)
        mask[4:9, 4:9] = 255
        save(root / "mask" / f"{name}.png", mask)
    return root


def told(root, **how):
    """Severity, file below the root, and text of every problem."""
    problems = inspect(open_dataset(root), **how)
    return [(p.severity, p.path.removeprefix(f"{root}/"), p.text) for p in problems]


def test_sound_data_has_no_problem(yard):
    dataset = open_dataset(yard)
    assert inspect(dataset) == ()
    assert checked(dataset) is dataset
    assert [looked.changed for looked in inspect_samples(dataset, workers=2)] == [True] * 3


def test_a_missing_counterpart(yard):
    (yard / "after" / "2.png").unlink()
    (yard / "before" / "notes.txt").write_text("")
    assert told(yard) == [
        ("error", "before/2.png", "belongs to no pair"),
        ("remark", "before/notes.txt", "belongs to no pair"),
        ("error", "mask/2.png", "belongs to no pair"),
    ]


def test_a_missing_mask(yard):
    (yard / "mask" / "3.png").unlink()
    assert told(yard) == [("error", "3", "has no truth, though others have")]


def test_no_truth_at_all_is_no_problem(yard):
    for path in (yard / "mask").iterdir():
        path.unlink()
    assert told(yard) == []


def test_an_empty_file(yard):
    (yard / "before" / "1.png").write_bytes(b"")
    assert told(yard) == [("error", "before/1.png", "is empty")]


def test_what_is_no_picture(yard):
    (yard / "after" / "1.png").write_bytes(b"no picture at all")
    assert told(yard) == [("error", "after/1.png", "is not a picture: its header is unknown")]


def test_a_truncated_picture_is_seen_by_decoding_it(yard):
    path = yard / "after" / "2.png"
    path.write_bytes(path.read_bytes()[:400])
    ((severity, file, text),) = told(yard)
    assert (severity, file) == ("error", "after/2.png")
    assert "truncated or damaged" in text
    assert told(yard, decode=False) == []


def test_a_mask_of_another_size(yard):
    save(yard / "mask" / "1.png", np.full((10, 32), 255, np.uint8))
    assert told(yard) == [("error", "mask/1.png", "is 32x10, before is 32x24")]


def test_wrong_label_values(yard):
    save(yard / "mask" / "1.png", np.full((24, 32), 7, np.uint8))
    ((severity, file, text),) = told(yard)
    assert (severity, file) == ("error", "mask/1.png")
    assert text.startswith("holds 7: a mask holds 255 changed")


def test_a_mask_that_cannot_be_read(yard):
    (yard / "mask" / "1.png").write_bytes(b"")
    assert told(yard) == [("error", "mask/1.png", "cannot be read as a mask")]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "is an empty mask: no pixel is changed"), (170, "counts nowhere: every pixel is unknown or outside")],
)
def test_masks_that_say_little_are_remarks(yard, value, text):
    save(yard / "mask" / "1.png", np.full((24, 32), value, np.uint8))
    assert told(yard) == [("remark", "mask/1.png", text)]
    assert checked(open_dataset(yard)).name == "yard"


@pytest.mark.parametrize(
    ("said", "texts"),
    [
        ({"boxes": [[0, 0, 32, 24], [-1, -1, 33, 25]]}, []),
        ({"boxes": [[3, 3, 34, 8.5]]}, ["has box [3, 3, 34, 8.5] outside of before, which is 32x24"]),
        ({"boxes": [[3, -2, 9, 9, "added"]], "form": "objects"}, ["[3, -2, 9, 9] outside of after, which is 32x24"]),
        (
            {"boxes": [[1, 1, 5, 5]], "boxes_after": [[1, 1, 5, 99]], "form": "places"},
            ["has box [1, 1, 5, 99] outside of after, which is 32x24"],
        ),
        ({"boxes": [[9, 9, 3, 3]]}, ["box [9, 9, 3, 3] is empty"]),
    ],
)
def test_boxes_outside_of_their_picture(yard, said, texts):
    (yard / "mask" / "1.png").unlink()
    (yard / "boxes").mkdir()
    (yard / "boxes" / "1.json").write_text(json.dumps(said))
    found = told(yard)
    assert [(severity, file) for severity, file, _ in found] == [("error", "boxes/1.json")] * len(texts)
    assert all(wanted in text for (_, _, text), wanted in zip(found, texts, strict=True))


def test_gone_and_new_are_held_against_their_own_picture(yard):
    (yard / "mask" / "1.png").unlink()
    save(yard / "after" / "1.png", np.zeros((40, 32, 3), np.uint8))
    save(yard / "gone" / "1.png", np.full((24, 32), 255, np.uint8))
    save(yard / "new" / "1.png", np.full((24, 32), 255, np.uint8))
    save(yard / "mask" / "1.png", np.full((24, 32), 255, np.uint8))
    assert told(yard) == [("error", "new/1.png", "is 32x24, after is 32x40")]


def test_checked_names_the_first_few_and_counts_all(yard):
    for number in range(4, 12):
        for side in ("before", "after", "mask"):
            (yard / side / f"{number}.png").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        checked(open_dataset(yard), workers=2)
    message = str(caught.value)
    assert message.startswith("yard has 24 bad files: ")
    assert message.count(".png") == 5
    assert message.endswith("; and 19 more")
