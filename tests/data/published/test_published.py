"""Every published layout: it opens, has its splits and the truth it says, and refuses what it does not know."""

from __future__ import annotations

import codecs
import pickle
import re

import cv2
import numpy as np
import pytest

from data.published import copies
from spotdiff import plugins
from spotdiff.data import open_dataset, open_named
from spotdiff.data.dataset import read_truth
from spotdiff.data.published import get_published, published_summaries
from spotdiff.data.published._restricted_pickle import read_npy, read_pickle
from spotdiff.data.validate import inspect
from spotdiff.errors import DataError, OptionError

BOX = (4.0, 8.0, 20.0, 16.0)
AREA = 16 * 8
LAYOUTS = [pytest.param(name, make, id=make.__name__) for name, make in copies.LAYOUTS]


@pytest.fixture
def opened(tmp_path):
    """Make a tiny copy and open a split of it."""

    def call(name, make, split=""):
        if not any(tmp_path.iterdir()):
            make(tmp_path)
        return get_published(name).open(tmp_path, split)

    return call


def names(dataset):
    return [sample.name for sample in dataset]


def truths(dataset):
    return {sample.name: read_truth(sample) for sample in dataset}


def test_every_set_is_listed_and_has_a_copy():
    assert plugins.names("data/published") == sorted({name for name, _ in copies.LAYOUTS})
    assert all(line.endswith(".") and ":" in line for line in published_summaries().values())


@pytest.mark.parametrize("name", plugins.names("data/published"))
def test_every_card_is_filled(name):
    card = get_published(name).card
    assert all((card.title, card.shows, card.size, card.licence, card.splits, card.folders, card.values))
    assert re.search(r"doi:10\.\d+/|arXiv:\d", card.citation)
    assert card.homepage.startswith("http")
    assert card.known_from


@pytest.mark.parametrize(("name", "make"), LAYOUTS)
def test_copies_open_without_a_problem(opened, tmp_path, name, make):
    split = "train-2" if make is copies.pcd_crops else ""  # crops of one picture are in several folds
    dataset = opened(name, make, split)
    assert len(dataset) >= 2
    assert dataset.name == (f"{name}/{split}" if split else name)
    assert names(dataset) == sorted(names(dataset))
    assert [str(problem) for problem in inspect(dataset) if problem.severity == "error"] == []
    assert names(open_named(f"{name}:{tmp_path}", split=split)) == names(dataset)
    assert names(open_dataset(tmp_path, layout=name, split=split)) == names(dataset)
    again = pickle.loads(pickle.dumps(dataset.samples[0]))  # as worker processes get it
    assert read_truth(again).changed == read_truth(dataset.samples[0]).changed


@pytest.mark.parametrize(("name", "make"), LAYOUTS)
def test_other_folders_and_splits_are_refused(opened, tmp_path, name, make):
    with pytest.raises(DataError, match=r"is not laid out as .*: it needs"):
        get_published(name).open(tmp_path)
    with pytest.raises(DataError, match="no such file or folder"):
        get_published(name).open(tmp_path / "missing")
    with pytest.raises(DataError, match="has no split 'trian': "):
        opened(name, make, "trian")


@pytest.mark.parametrize(
    ("name", "make", "splits"),
    [
        ("levir-cd", copies.levir_cd, {"": 4, "train": 2, "val": 1, "test": 1}),
        ("levir-cd", copies.levir_cd_flat, {"": 4, "train": 2, "val": 1, "test": 1}),
        ("vl-cmu-cd", copies.vl_cmu_cd, {"": 3, "train": 2, "test": 1}),
        ("vl-cmu-cd", copies.vl_cmu_cd_raw, {"": 2, "train": 1, "test": 1}),
        ("pcd", copies.pcd, {"": 20, "tsunami": 10, "gsv": 10, "train-0": 16, "test-0": 4, "gsv-test-3": 2}),
        ("pcd", copies.pcd_crops, {"train-2": 2, "test-4": 1}),
        ("changesim", copies.changesim, {"": 8, "train": 4, "test": 4}),
        ("pscd", copies.pscd, {"": 3, "train": 2, "test": 1}),
        ("cdnet2014", copies.cdnet2014, {"": 2, "baseline": 1, "PTZ": 1}),
        ("coco-inpainted", copies.coco_inpainted, {"": 7, "train": 2, "val": 1, "test": 4, "test-large": 2}),
        ("deep-pcb", copies.deep_pcb, {"": 3, "train": 2, "test": 1}),
        ("spot-the-diff", copies.spot_the_diff, {"": 4, "train": 2, "val": 1, "test": 1}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_splits(opened, name, make, splits):
    for split, count in splits.items():
        dataset = opened(name, make, split)
        assert (dataset.name, len(dataset)) == (f"{name}/{split}" if split else name, count)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("levir-cd", copies.levir_cd),
        ("levir-cd", copies.levir_cd_flat),
        ("vl-cmu-cd", copies.vl_cmu_cd),
        ("vl-cmu-cd", copies.vl_cmu_cd_raw),
        ("pcd", copies.pcd),
    ],
)
def test_masks_mark_the_square(opened, name, make):
    for truth in truths(opened(name, make)).values():
        assert truth.changed is True
        assert (truth.gone, truth.new) == (None, None)
        assert (truth.mask[copies.SQUARE] == 255).all()
        assert np.count_nonzero(truth.mask) == AREA


def test_crops_of_pcd_are_not_inverted(opened):
    (truth,) = truths(opened("pcd", copies.pcd_crops, "test-1")).values()
    assert np.count_nonzero(truth.mask) == AREA


def test_folds_of_pcd_share_no_picture(opened):
    tested = [names(opened("pcd", copies.pcd, f"test-{fold}")) for fold in range(5)]
    assert sorted(name for fold in tested for name in fold) == names(opened("pcd", copies.pcd))
    for fold in range(5):
        assert not set(tested[fold]) & set(names(opened("pcd", copies.pcd, f"train-{fold}")))
    assert tested[1][0].endswith("00000002")


def test_changesim_knows_what_is_gone_and_what_is_new(opened):
    found = list(truths(opened("changesim", copies.changesim, "test")).values())
    sides = [(bool(truth.gone.any()), bool(truth.new.any())) for truth in found]
    assert sides == [(False, True), (True, False), (True, True), (True, True)]  # new, missing, rotated, replaced
    assert all(np.count_nonzero(truth.mask) == AREA for truth in found)


def test_pscd_has_a_mask_for_each_picture(opened):
    truth = truths(opened("pscd", copies.pscd))["00000000"]
    assert (np.count_nonzero(truth.gone), np.count_nonzero(truth.new)) == (AREA, 0)
    assert (truth.mask == truth.gone).all()


def test_cdnet_pairs_the_emptiest_frame(opened):
    (sample,) = opened("cdnet2014", copies.cdnet2014, "baseline")
    assert sample.name == "baseline/highway/gt000004"
    assert (sample.before.name, sample.after.name) == ("in000003.jpg", "in000004.jpg")
    mask = read_truth(sample).mask
    assert (mask[copies.SQUARE] == 255).all()
    assert (mask[20:24, :30] == 0).all()  # hard shadow
    assert (mask[0, :2] == 170).all()  # moves in the empty frame
    assert (mask[1:4, :30] == 85).all()
    assert (mask[4:6, :30] == 170).all()
    assert (mask[:, 30:] == 85).all()  # outside the region


def test_cdnet_takes_as_many_frames_as_asked(tmp_path):
    from spotdiff.data.published.cdnet2014 import Cdnet2014

    copies.cdnet2014(tmp_path)
    assert len(Cdnet2014(every=1).open(tmp_path)) == 6


def test_coco_reads_which_objects_are_gone_from_the_name(opened):
    found = truths(opened("coco-inpainted", copies.coco_inpainted, "train"))
    every, some = found["train/3_mask"], found["train/3_mask5"]  # 5 is 101: the first and the third
    assert every.boxes == (BOX, (0.0, 0.0, 4.0, 4.0), (20.0, 20.0, 30.0, 26.0))
    assert every.boxes_after == every.boxes
    assert some.boxes == (BOX, (20.0, 20.0, 30.0, 26.0))
    assert some.boxes_after[0] == (2.0, 16.0, 10.0, 32.0)  # its picture is half as wide and twice as high
    assert (some.form, some.kinds, some.changed) == ("places", ("removed", "removed"), True)


def test_synthtext_stretches_boxes_onto_the_photograph(opened):
    truth = truths(opened("synthtext-change", copies.synthtext_change))["ant+hill_1"]
    assert truth.boxes_after == (BOX,)
    assert truth.boxes == ((8.0, 8.0, 40.0, 16.0),)
    assert (truth.form, truth.kinds) == ("places", ("added",))


def test_packed_synthtext_is_told_how_to_unpack(tmp_path):
    copies.photo(tmp_path / "bg_imgs" / "a.jpg")
    copies.text(tmp_path / "synthtext-change.h5", "")
    with pytest.raises(DataError, match=r"synthtext-change\.h5 must be unpacked first"):
        get_published("synthtext-change").open(tmp_path)


def test_virat_boxes_count_in_both_pictures(opened):
    truth = truths(opened("virat-std", copies.virat_std))["17"]
    assert truth.boxes == truth.boxes_after == (BOX, (0.0, 0.0, 5.0, 5.0))
    assert (truth.form, truth.kinds) == ("places", ("", ""))


def test_kubric_pairs_the_parts_of_two_cameras(opened):
    found = truths(opened("kubric-change", copies.kubric_change))
    assert (found["0"].boxes, found["0"].boxes_after) == ((BOX,), ((6, 10, 22, 18),))
    assert found["1"].boxes_after == ((6, 10, 22, 18),)  # two parts against one: one place
    assert (found["2"].form, found["2"].changed) == (None, True)  # out of sight in one picture


def test_deep_pcb_names_its_defects(opened):
    truth = next(iter(truths(opened("deep-pcb", copies.deep_pcb)).values()))
    assert (truth.form, truth.boxes, truth.kinds) == ("areas", (BOX, (1.0, 1.0, 5.0, 5.0)), ("short", "pin-hole"))


def test_spot_the_diff_knows_only_whether(opened):
    found = {name: truth.changed for name, truth in truths(opened("spot-the-diff", copies.spot_the_diff)).items()}
    assert found == {"10": True, "11": False, "20": None, "30": True}


@pytest.mark.parametrize(
    ("name", "make", "file", "values"),
    [
        ("levir-cd", copies.levir_cd, "val/label/val_0.png", "holds 7: its values are 0 unchanged, 255 changed"),
        ("vl-cmu-cd", copies.vl_cmu_cd, "train/mask/000_1_00_0.png", "holds 7: "),
        ("pcd", copies.pcd, "GSV/mask/00000003.png", "holds 7: its values are 0 changed, 255 unchanged"),
        (
            "changesim",
            copies.changesim,
            "Query/Query_Seq_Test/Warehouse_6/Seq_0/change_segmentation/2.png",
            r"holds 7: .*\(81, 38, 0\) new",
        ),
        ("cdnet2014", copies.cdnet2014, "dataset/baseline/highway/groundtruth/gt000004.png", "holds 7: .*50 unchanged"),
    ],
)
def test_wrong_values_are_refused_by_file(opened, tmp_path, name, make, file, values):
    opened(name, make)
    label = cv2.imread(str(tmp_path / file), cv2.IMREAD_COLOR)
    label[-1, 0] = 7
    cv2.imwrite(str(tmp_path / file), label)
    with pytest.raises(DataError, match=re.escape(str(tmp_path / file)) + " " + values):
        truths(opened(name, make))


@pytest.mark.parametrize(
    ("name", "make", "file", "content", "trouble"),
    [
        ("deep-pcb", copies.deep_pcb, "PCBData/group20085/20085_not/20085000.txt", "1 1 5 5 9", "a kind from 1 to 6"),
        ("deep-pcb", copies.deep_pcb, "PCBData/group20085/20085_not/20085000.txt", "5 1 5 5 1", "is empty"),
        ("deep-pcb", copies.deep_pcb, "PCBData/test.txt", "one", "line 1: it names a picture and"),
        ("spot-the-diff", copies.spot_the_diff, "data/annotations/val.json", '[{"id": 1}]', "is not a list of"),
        ("coco-inpainted", copies.coco_inpainted, "train/data_split.pkl", "x", "cannot be read"),
        ("coco-inpainted", copies.coco_inpainted, "train/metadata/3.npy", "x", "is not a .npy file"),
        ("virat-std", copies.virat_std, "annotations.npy", "x", "is not a .npy file"),
        ("cdnet2014", copies.cdnet2014, "dataset/PTZ/zoom/temporalROI.txt", "3", "needs two frame numbers"),
        ("pscd", copies.pscd, "train.txt", "nobody", "lists names without a pair: nobody"),
    ],
)
def test_wrong_lists_are_refused_by_file(opened, tmp_path, name, make, file, content, trouble):
    opened(name, make)
    copies.text(tmp_path / file, content)
    with pytest.raises(DataError, match=f"{re.escape(str(tmp_path / file))}.*{trouble}"):
        truths(opened(name, make, "train" if name == "pscd" else ""))


def test_a_coco_name_of_too_many_objects_is_refused(opened, tmp_path):
    opened("coco-inpainted", copies.coco_inpainted)
    copies.photo(tmp_path / "train" / "inpainted" / "3_mask8.png")
    with pytest.raises(DataError, match=r"3_mask8\.png names object 4, but .*3\.npy has 3"):
        truths(opened("coco-inpainted", copies.coco_inpainted))


class Trap:
    def __reduce__(self):
        return print, ("caught",)


@pytest.mark.parametrize("held", [np.array([Trap()]), np.array({"1": Trap()})])
def test_pickles_run_nothing(tmp_path, capsys, held):
    copies.objects(tmp_path / "annotations.npy", held)
    with pytest.raises(DataError, match=r"annotations\.npy cannot be read: it asks for builtins\.print"):
        get_published("virat-std").open(tmp_path)
    assert "caught" not in capsys.readouterr().out


def test_unknown_names(tmp_path):
    with pytest.raises(OptionError, match="did you mean levir-cd"):
        open_named(f"levircd:{tmp_path}")
    with pytest.raises(DataError, match="no such file or folder"):
        open_named("C:/data/yard")  # a drive is no layout
    with pytest.raises(DataError, match="no such file or folder"):
        open_named(tmp_path / "missing")


def test_a_folder_with_a_colon_in_its_name_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for side in ("before", "after"):
        copies.photo(tmp_path / "site:north" / side / "1.png")
    assert len(open_named("site:north")) == 1


PLAIN = {"train": [3, 2**70, -1.5, "é", b"\xff", True, None, (), (1,), {"a": {2}}, frozenset([1])], "val": []}
ARRAYS = {
    "numbers": np.arange(6).reshape(2, 3),
    "other byte order": np.arange(3, dtype=">i4"),
    "by columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "texts": np.array(["a", "bcd"]),
    "one": np.float32(0.5),
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_plain_values_are_read_in_every_protocol(tmp_path, protocol):
    (tmp_path / "1.pkl").write_bytes(pickle.dumps({**PLAIN, "again": [PLAIN, PLAIN], "arrays": ARRAYS}, protocol))
    read = read_pickle(tmp_path / "1.pkl")
    arrays = read.pop("arrays")
    assert read == {**PLAIN, "again": [PLAIN, PLAIN]}
    assert all(np.array_equal(arrays[name], value) for name, value in ARRAYS.items())


class Asks:
    """Pickled as a call of anything."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


HOSTILE = {
    "pointers": pickle.dumps(Asks(np.ndarray, (1,), np.dtype("O"), b"\xef\xbe\xad\xde\0\0\0\0")),
    "gigabytes": pickle.dumps(Asks(np.ndarray, (10**11,), np.dtype("u1"))),
    "a codec": pickle.dumps(Asks(codecs.encode, "a", "nosuch")),
    "a type of objects": pickle.dumps(Asks(np._core.multiarray.scalar, np.dtype("O"), b"8 bytes!")),
    "a frame without end": b"\x80\x04\x95" + b"\xff" * 8 + b"N",
    "a far place of the memory": b"\x80\x04]r\xff\xff\xff\x7f]r\xff\xff\xff\x7e0",
    "a key whose hash is deep": b"\x80\x04})" + b"\x85" * 200_000 + b"Ns.",
    "no end": b"\x80\x04N",
    "steps without a value": b"\x80\x04\x85.",
    "a call of a number": b"\x80\x04K\x01)R.",
    "the inside of a list": b"\x80\x04]}b.",
    "a registered extension": b"\x80\x04\x82\x01.",
    "more digits than Python reads": b"I" + b"9" * 10_000 + b"\n.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_pickle_that_asks_for_more_is_refused(tmp_path, name):
    (tmp_path / "1.pkl").write_bytes(HOSTILE[name])
    with pytest.raises(DataError, match=r"1\.pkl cannot be read"):
        read_pickle(tmp_path / "1.pkl")


def test_a_npy_file_that_claims_to_be_huge_costs_nothing(tmp_path):
    np.save(tmp_path / "1.npy", np.zeros(3))
    data = (tmp_path / "1.npy").read_bytes().replace(b"(3,), }" + b" " * 10, b"(30000000000,), }", 1)
    (tmp_path / "1.npy").write_bytes(data)
    with pytest.raises(DataError, match=r"is not a \.npy file"):
        read_npy(tmp_path / "1.npy")


def test_lists_within_lists_do_not_grow_without_end(tmp_path):
    rows = [1.0]
    for _ in range(40):
        rows = [rows, rows]
    copies.objects(tmp_path / "annotations.npy", np.array({"1": rows}))
    with pytest.raises(DataError, match="boxes are rows of"):
        get_published("virat-std").open(tmp_path)


@pytest.mark.parametrize("key", ["../1", "/etc/1", "a/../../1", ".."])
def test_a_list_names_nothing_outside_of_its_folder(tmp_path, key):
    copies.objects(tmp_path / "annotations.npy", np.array({key: [[1, 2, 3, 4]]}))
    with pytest.raises(DataError, match="outside of the folder"):
        open_named(f"virat-std:{tmp_path}")
