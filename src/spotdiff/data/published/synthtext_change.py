"""Synthtext-Change: photographs, and the same with words drawn onto their surfaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from spotdiff.data.dataset import PICTURE_SUFFIXES, Dataset, Sample, TrueBox, Truth, read_boxes
from spotdiff.data.file_names import is_hidden
from spotdiff.data.published import Card, check_split, layout_error, split_title
from spotdiff.errors import DataError

_BACKGROUNDS = ("bg_imgs", "bg_img")
_UNPACKED, _WORDS = "unpacked", "words"


class SynthtextChange:
    r"""Layout after the README and `data/synthtext_dataset.py` of ragavsachdeva/The-Change-You-Want-to-See.

    The pictures with words lie in one HDF5 file, where no path can point to them. Unpack it once, with h5py at hand,
    into `unpacked/NAME.png` and `words/NAME.json`, NAME being the part of its key before the first dot:

        for key, stored in h5py.File("synthtext-change.h5")["data"].items():
            name = key.partition(".")[0]
            Image.fromarray(stored[...]).save(f"unpacked/{name}.png")
            x, y = np.atleast_3d(stored.attrs["wordBB"])  # (4, N) corners each
            boxes = np.stack([x.min(0), y.min(0), x.max(0), y.max(0)], 1).tolist()
            Path(f"words/{name}.json").write_text(json.dumps({"boxes": boxes}))

    Boxes are in pixels of the unpacked picture, onto which the photograph is stretched.
    """

    card: ClassVar[Card] = Card(
        title="Synthtext-Change",
        shows="photographs of SynthText, and the same with printed words in perspective",
        size="5000 pairs",
        licence="unstated; backgrounds by the terms of SynthText, for research",
        citation="Sachdeva and Zisserman, The change you want to see, WACV 2023, arXiv:2209.14341",
        homepage="https://www.robots.ox.ac.uk/~vgg/research/cyws/",
        splits=("test",),
        folders=(
            (
                "bg_imgs (or bg_img) with NAME.jpg, and synthtext-change.h5 unpacked into unpacked/NAME.png and "
                "words/NAME.json, as `spotdiff.data.published.synthtext_change` shows"
            ),
        ),
        values={"words/NAME.json": '{"boxes": [[left, top, right, bottom], ...]}, one a word'},
        known_from="its README and a public reader; the HDF5 file itself was never seen; size from memory",
    )

    def open(self, root: Path, split: str = "") -> Dataset:
        """The set as it lies below `root`, its HDF5 file unpacked.

        Raises:
            DataError: it is not laid out so, or still packed, or a picture has no background.
        """
        check_split(self.card, split)
        folder = next((root / name for name in _BACKGROUNDS if (root / name).is_dir()), None)
        if folder is None or not (root / _UNPACKED).is_dir():
            packed = sorted(root.glob("*.h5"))
            if folder is not None and packed:
                raise DataError(f"{packed[0]} must be unpacked first: {self.card.folders[0]}")
            raise layout_error(self.card, root)
        backgrounds = {path.name.partition(".")[0]: path for path in _pictures(folder)}
        after = {path.name.partition(".")[0]: path for path in _pictures(root / _UNPACKED)}
        names = sorted(after.keys() & backgrounds.keys())
        if not names:
            raise DataError(f"{root} holds no pair: no name is both in {folder.name} and in {_UNPACKED}")
        odd = tuple(f"{_UNPACKED}/{after[name].name} belongs to no pair" for name in sorted(after.keys() - set(names)))
        words = {name: root / _WORDS / f"{name}.json" for name in names}
        samples = [Sample(name, backgrounds[name], after[name], boxes=words[name], reader=_Words()) for name in names]
        return Dataset(split_title("synthtext-change", split), tuple(samples), odd)


def _pictures(folder: Path) -> Iterator[Path]:
    return (
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in PICTURE_SUFFIXES and not is_hidden(path, folder)
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """Reads boxes in after's pixels; those of `before` are stretched to its size."""

    def __call__(self, sample: Sample) -> Truth:
        from spotdiff.data.picture_size import picture_size

        if sample.boxes is None:
            raise DataError(f"{sample.name} has no file of words")
        words = read_boxes(sample.boxes).boxes
        (width, height), (wide, high) = picture_size(sample.before), picture_size(sample.after)
        x, y = width / wide, height / high
        before: tuple[TrueBox, ...] = tuple((box[0] * x, box[1] * y, box[2] * x, box[3] * y) for box in words)
        return Truth(bool(words), None, "places", before, ("added",) * len(words), words)
