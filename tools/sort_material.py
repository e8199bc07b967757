"""Sort a collection of pictures into the folders that a training takes: sort_material.py COLLECTION --out MATERIAL.

A collection has a `manifest.csv` with the columns path, kind (photo, cutout, timelapse, exposure, noise), class and
split (train or val). Out come `train` and `val`, each with `photos`, `cutouts` and `views`, as links. Pictures that
differ in nothing but exposure or noise are cameras of two pictures.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

_FOLDERS = {"photo": "photos", "cutout": "cutouts"}
_VIEWS = {"timelapse", "exposure", "noise"}


def place(row: dict[str, str]) -> Path | None:
    """Where a file of the manifest goes, below its split; None for what is not sorted."""
    path = Path(row["path"])
    if folder := _FOLDERS.get(row["kind"]):
        return Path(folder, *path.parts[1:])
    if row["kind"] not in _VIEWS:
        return None
    camera = path.parent.name if row["kind"] == "timelapse" else f"{row['kind']}_{path.stem.rpartition('_')[0]}"
    return Path("views", camera, path.name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collection", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    root = options.collection.resolve()
    count = 0
    with (root / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            where = place(row)
            if where is None:
                continue
            link = options.out / row["split"] / where
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(root / row["path"])
            count += 1
    for camera in options.out.glob("*/views/*"):  # a camera with one picture has no two times
        pictures = list(camera.iterdir())
        if len(pictures) < 2:
            pictures[0].unlink()
            camera.rmdir()
    print(f"{count} files in {options.out}")


if __name__ == "__main__":
    main()
