import json

from spotdiff.report.coco import coco, write_coco
from spotdiff.report.record import to_record
from spotdiff.types import KINDS


def test_the_file_is_consistent(changed, warped, refused):
    records = [to_record(each) for each in (changed, refused, warped)]
    found = coco(records)
    images = {each["id"]: each for each in found["images"]}
    assert len(images) == len(found["images"]) == 6
    assert [each["name"] for each in found["categories"]] == list(KINDS)
    assert [each["id"] for each in found["annotations"]] == list(range(1, 11))
    categories = {each["id"] for each in found["categories"]}
    for each in found["annotations"]:
        assert each["image_id"] in images
        assert each["category_id"] in categories
        assert 0 < each["area"] <= each["bbox"][2] * each["bbox"][3]
        assert all(len(polygon) >= 6 and len(polygon) % 2 == 0 for polygon in each["segmentation"])
        assert each["segmentation"]


def test_boxes_are_in_each_pictures_own_pixels(changed):
    record = to_record(changed)
    found = coco([record])
    moved = [each for each in found["annotations"] if each["category_id"] == KINDS.index("moved") + 1]
    assert [each["bbox"] for each in moved] == [[100, 10, 20, 20], [70, 80, 20, 20]]
    assert moved[0]["segmentation"] == [[100, 10, 119, 10, 119, 29, 100, 29]]
    sides = [(each["file_name"], each["side"], each["pair"]) for each in found["images"]]
    assert sides == [("before.png", "before", "yard"), ("after.png", "after", "yard")]


def test_a_box_stands_in_for_an_outline_and_nothing_for_a_box(changed):
    record = to_record(changed)
    record["regions"][0].update(box_before=None, outline_after=[[[1, 2], [3, 4]]])
    found = coco([record])
    assert [sum(each["image_id"] == number for each in found["annotations"]) for number in (1, 2)] == [2, 3]
    after = next(each for each in found["annotations"] if each["image_id"] == 2)
    assert after["segmentation"] == [[20, 30, 60, 30, 60, 70, 20, 70]]


def test_pictures_from_memory_have_names(refused):
    assert [each["file_name"] for each in coco([to_record(refused)])["images"]] == ["1.before", "2.after"]


def test_one_side_can_be_chosen(changed, tmp_path):
    write_coco([to_record(changed)], tmp_path / "deep" / "coco.json", sides=["after"])
    found = json.loads((tmp_path / "deep" / "coco.json").read_text())
    assert [each["side"] for each in found["images"]] == ["after"]
    assert len(found["annotations"]) == 3
