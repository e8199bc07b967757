"""Tiny copies of the published layouts: every function makes one below a folder, as its authors lay it out."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import cv2
import numpy as np

SIZE = 32
SQUARE = (slice(8, 16), slice(4, 20))  # rows, columns of what changes: box 4, 8, 20, 16


def photo(path: Path, seed: int = 0, size: tuple[int, int] = (SIZE, SIZE)) -> Path:
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return save(path, values)


def save(path: Path, values) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), values)
    return path


def label(path: Path, value, ground=0, size: tuple[int, int] = (SIZE, SIZE)) -> Path:
    """A label picture of `ground` with the square in `value`; both grey values or (red, green, blue)."""
    shape = (size[1], size[0]) if isinstance(value, int) else (size[1], size[0], 3)
    values = np.full(shape, ground, np.uint8)
    values[SQUARE] = value if isinstance(value, int) else value[::-1]
    return save(path, values)


def text(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def objects(path: Path, held) -> Path:
    """A .npy file with pickled objects, as NumPy writes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, held, allow_pickle=True)
    return path


def levir_cd(root: Path) -> None:
    for split, count in (("train", 2), ("val", 1), ("test", 1)):
        for number in range(count):
            name = f"{split}_{number}.png"
            photo(root / split / "A" / name, number)
            photo(root / split / "B" / name, number + 9)
            label(root / split / "label" / name, 255)


def levir_cd_flat(root: Path) -> None:
    for name in ("train_1", "train_2", "val_1", "test_1"):
        photo(root / "A" / f"{name}.png")
        photo(root / "B" / f"{name}.png", 1)
        label(root / "label" / f"{name}.png", 255)


def vl_cmu_cd(root: Path) -> None:
    for split, names in (("train", ("000_1_00_0", "000_1_00_1")), ("test", ("006_1_00_0",))):
        for name in names:
            photo(root / split / "t0" / f"{name}.png")
            photo(root / split / "t1" / f"{name}.png", 1)
            label(root / split / "mask" / f"{name}.png", 255)


def vl_cmu_cd_raw(root: Path) -> None:
    for split, sequence in (("train", "001"), ("test", "006")):
        folder = root / split / sequence
        photo(folder / "RGB" / "1_00.png")
        photo(folder / "RGB" / "2_00.png", 1)
        label(folder / "GT" / "gt00.png", 4, ground=255)


def pcd(root: Path) -> None:
    for part in ("TSUNAMI", "GSV"):
        for number in range(10):
            photo(root / part / "t0" / f"{number:08}.jpg", number)
            photo(root / part / "t1" / f"{number:08}.jpg", number + 20)
            label(root / part / "mask" / f"{number:08}.png", 0, ground=255)


def pcd_crops(root: Path) -> None:
    for fold in range(5):
        for side, count in (("train", 2), ("test", 1)):
            for number in range(count):
                folder = root / f"set{fold}" / side
                photo(folder / "t0" / f"{number}.jpg")
                photo(folder / "t1" / f"{number}.jpg", 1)
                label(folder / "mask" / f"{number}.png", 255)


CHANGESIM = {"new": (81, 38, 0), "missing": (41, 36, 132), "rotated": (25, 48, 16), "replaced": (131, 192, 13)}


def changesim(root: Path) -> None:
    for split, house in (("Train", "Warehouse_0"), ("Test", "Warehouse_6")):
        folder = root / "Query" / f"Query_Seq_{split}" / house / "Seq_0"
        for number, colour in enumerate(CHANGESIM.values()):
            photo(folder / "rgb" / f"{number}.png", number)
            photo(folder / "t0" / "rgb" / f"{number}.png", number + 9)
            label(folder / "change_segmentation" / f"{number}.png", colour)


def pscd(root: Path) -> None:
    for number in range(3):
        name = f"{number:08}.png"
        photo(root / "t0" / name, number)
        photo(root / "t1" / name, number + 9)
        label(root / "mask_t0" / name, 7)
        label(root / "mask_t1" / name, 0)
    text(root / "train.txt", "00000000.png\n00000001\n")
    text(root / "test.txt", "00000002.png\n")


def cdnet2014(root: Path) -> None:
    for category, film in (("baseline", "highway"), ("PTZ", "zoom")):
        folder = root / "dataset" / category / film
        for number in range(1, 7):
            photo(folder / "input" / f"in{number:06}.jpg", number)
            values = np.zeros((SIZE, SIZE), np.uint8)
            if number < 3:
                values[:] = 85
            elif number == 3:
                values[0, :2] = 170, 255  # the emptiest: something is left of what moved
            else:
                values[SQUARE], values[20:24], values[:4], values[4:6] = 255, 50, 85, 170
            save(folder / "groundtruth" / f"gt{number:06}.png", values)
        region = np.full((SIZE, SIZE), 255, np.uint8)
        region[:, 30:] = 0
        save(folder / "ROI.bmp", region)
        text(folder / "temporalROI.txt", "3 6\n")


def coco_inpainted(root: Path) -> None:
    boxes = ([4, 8, 16, 8], [0, 0, 4, 4], [20, 20, 10, 6])  # left, top, width, height
    annotations = np.array([{"bbox": list(map(float, box)), "segmentation": [[0.0, 1.0]]} for box in boxes])
    places = {"train": root / "train", **{f"test/{size}": root / "test" / size for size in ("small", "large")}}
    for folder in places.values():
        for index in (3, 12):
            photo(folder / "images_and_masks" / f"{index}.png")
            photo(folder / "inpainted" / f"{index}_mask.png", 1)
            objects(folder / "metadata" / f"{index}.npy", annotations)
        objects(folder / "list_of_indices.npy", np.array([3, 12]))
    photo(root / "train" / "inpainted" / "3_mask5.png", 2, (16, 64))
    label(root / "train" / "images_and_masks" / "3_mask5.png", 255)
    lists = {"train": np.array([3]), "val": np.array([12])}
    (root / "train" / "data_split.pkl").write_bytes(pickle.dumps(lists))
    for size in ("small", "large"):
        (root / "test" / size / "data_split.pkl").write_bytes(pickle.dumps({"test": np.array([3, 12])}))


def synthtext_change(root: Path) -> None:
    for name in ("ant+hill_1", "ballet_2"):
        photo(root / "bg_imgs" / f"{name}.jpg", size=(64, 32))
        photo(root / "unpacked" / f"{name}.png", 1)
        text(root / "words" / f"{name}.json", json.dumps({"boxes": [[4, 8, 20, 16]]}))


def virat_std(root: Path) -> None:
    boxes = {"17": np.array([[4, 8, 20, 16], [0, 0, 5, 5]]), "9": [[1.5, 2, 3, 4]]}
    objects(root / "annotations.npy", boxes)
    for name in boxes:
        photo(root / f"{name}.png")
        photo(root / f"{name}_2.png", 1)


def kubric_change(root: Path) -> None:
    objects(root / "metadata.npy", np.array([["0_0.png"]]))
    for number in range(3):
        photo(root / f"{number}_0.png", number)
        photo(root / f"{number}_1.png", number + 9)
        label(root / f"mask_{number}_00000.png", 255)
        shifted = np.zeros((SIZE, SIZE), np.uint8)
        shifted[10:18, 6:22] = 3
        if number == 1:
            shifted[10:18, 12] = 0  # a bar before it
        if number == 2:
            shifted[:] = 0  # out of sight
        save(root / f"mask_{number}_00001.png", shifted)


def deep_pcb(root: Path) -> None:
    for group, count, file in (("20085", 2, "trainval.txt"), ("12000", 1, "test.txt")):
        folder, lines = root / "PCBData" / f"group{group}", []
        for number in range(count):
            name = f"{group}{number:03}"
            photo(folder / group / f"{name}_temp.jpg", number)
            photo(folder / group / f"{name}_test.jpg", number + 9)
            text(folder / f"{group}_not" / f"{name}.txt", "4 8 20 16 2\n1 1 5 5 6\n")
            lines.append(f"group{group}/{group}/{name}.jpg group{group}/{group}_not/{name}.txt\n")
        text(root / "PCBData" / file, "".join(lines))


def spot_the_diff(root: Path) -> None:
    said = {
        "train": [("10", ["the white car is gone"]), ("10", ["a man came"]), ("11", ["there is no difference"])],
        "val": [("20", ["", " "])],
        "test": [("30", ["no one is left", "the pictures look the same"])],
    }
    for split, entries in said.items():
        rows = [{"img_id": name, "sentences": sentences} for name, sentences in entries]
        text(root / "data" / "annotations" / f"{split}.json", json.dumps(rows))
        for name, _ in entries:
            photo(root / "data" / "resized_images" / f"{name}.png")
            photo(root / "data" / "resized_images" / f"{name}_2.png", 1)


LAYOUTS = (
    ("levir-cd", levir_cd),
    ("levir-cd", levir_cd_flat),
    ("vl-cmu-cd", vl_cmu_cd),
    ("vl-cmu-cd", vl_cmu_cd_raw),
    ("pcd", pcd),
    ("pcd", pcd_crops),
    ("changesim", changesim),
    ("pscd", pscd),
    ("cdnet2014", cdnet2014),
    ("coco-inpainted", coco_inpainted),
    ("synthtext-change", synthtext_change),
    ("virat-std", virat_std),
    ("kubric-change", kubric_change),
    ("deep-pcb", deep_pcb),
    ("spot-the-diff", spot_the_diff),
)
