"""ChangeSim: a flight through simulated warehouses, twice, with things that came, left, turned or were exchanged."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from spotdiff.data.dataset import Dataset
from spotdiff.data.open import open_patterns
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.data.published._label_images import LabelReader

_LABELS = LabelReader(
    ((0, "unchanged"), ((81, 38, 0), "new"), ((41, 36, 132), "gone"), ((25, 48, 16), "both"), ((131, 192, 13), "both"))
)
_FOLDERS = {"train": "Query_Seq_Train", "test": "Query_Seq_Test"}


class Changesim:
    """Layout after `script/dataloader.py` of SAMMiCA/ChangeSim and `src/dataset/changesim.py` of DoctorKey/C-3PO.

    The label picture is drawn from where `after` was taken. `before` is the nearest picture of the first flight, so
    what is gone stands off by the difference of the two views: score it with care.
    """

    card: ClassVar[Card] = Card(
        title="ChangeSim",
        shows="ten simulated warehouses from a drone, some with dust or in the dark",
        size="about 130 000 pictures of 640x480; sequences of warehouses 0 to 5 train, 6 to 9 test",
        licence="MIT (its repository)",
        citation="Park, Jang, Yoo, Lee, Kim and Kim, ChangeSim: towards end-to-end online scene change detection in "
        "industrial indoor environments, IROS 2021, doi:10.1109/IROS51168.2021.9636350",
        homepage="https://github.com/SAMMiCA/ChangeSim",
        splits=("train", "test"),
        folders=(
            (
                "Query/Query_Seq_Train and Query/Query_Seq_Test (or Localization/...), each with "
                "Warehouse_N/Seq_M/rgb, t0/rgb and change_segmentation"
            ),
        ),
        values={
            "(0, 0, 0)": "unchanged",
            "(81, 38, 0)": "new",
            "(41, 36, 132)": "missing, read as gone",
            "(25, 48, 16)": "rotated, read as gone and new",
            "(131, 192, 13)": "replaced, read as gone and new",
        },
        known_from="its repository: folders from the data loader, colours 0 to 4 of idx2color.txt in the order of "
        "Change_Labeling.py; size from memory",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`.

        Raises:
            DataError: it is not laid out so, or has no such split.
        """
        check_split(self.card, split)
        above = next((name for name in ("Query", "Localization", "") if any((root / name).glob("Query_Seq_*"))), None)
        if above is None:
            raise layout_error(self.card, root)
        folder = f"{_FOLDERS[split]}/*" if split else "*/*"
        return open_patterns(
            root / above,
            before=f"{folder}/*/t0/rgb/{{}}.*",
            after=f"{folder}/*/rgb/{{}}.*",
            mask=f"{folder}/*/change_segmentation/{{}}.*",
            reader=_LABELS,
            name=split_title("changesim", split),
        )
