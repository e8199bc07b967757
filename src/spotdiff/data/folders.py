"""Datasets in folders: the pictures of a pair, and the truth of it, share a name.

    DATA/before/NAME.png    or t0/, or A/
    DATA/after/NAME.jpg     or t1/, or B/
    DATA/mask/NAME.png      or label/: 255 changed, 0 not, 170 and 85 not counted
    DATA/gone/NAME.png      the same values, in before's pixels: what has no counterpart in after
    DATA/new/NAME.png       the same values, in after's pixels: what has no counterpart in before
    DATA/boxes/NAME.json    what changed as boxes, or whether anything did
    DATA/val.txt            or in list/: names of a split, one a line

A name may hold folders (`before/yard/0001.png` is `yard/0001`). Opening lists names and reads no picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from spotdiff.errors import DataError

if TYPE_CHECKING:
    from spotdiff.data.truth import Truth

PAIRS = (("before", "after"), ("t0", "t1"), ("A", "B"))
MASKS = ("mask", "label")
GONE, NEW = ("gone",), ("new",)
BOXES = ("boxes",)
_PHOTOS = (".png", ".jpg", ".jpeg", ".jpe", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".jp2", ".j2k")
PICTURES = frozenset((*_PHOTOS, ".gif", ".ppm", ".pgm", ".pbm", ".pnm"))
_SHOWN = 5  # names in a message


@dataclass(frozen=True, slots=True)
class Sample:
    """A pair with its truth, as files; nothing is read yet.

    Attributes:
        name: Its name in the dataset: the path below the folder of pictures, without the ending.
        before: The earlier picture.
        after: The later picture.
        mask: Picture of `before`'s size that says which pixels changed; None for none.
        boxes: JSON file that says what changed as boxes, or whether anything did; None for none.
        gone, new: Pictures of before's and of after's size that say which pixels have no counterpart; None for none.
        reader: What reads the truth of a sample laid out in a way of its own; None for the way told above.
    """

    name: str
    before: Path
    after: Path
    mask: Path | None = None
    boxes: Path | None = None
    gone: Path | None = None
    new: Path | None = None
    reader: Callable[[Sample], Truth] | None = None

    @property
    def has_truth(self) -> bool:
        """Whether anything says what changed."""
        return any((self.mask, self.boxes, self.gone, self.reader))


@dataclass(frozen=True, slots=True)
class Dataset:
    """A set of samples.

    Attributes:
        name: The folder's name; with a split, `NAME/SPLIT`.
        samples: Sorted by name.
        odd: What could not be paired, one line a file; these files are in no sample.
    """

    name: str
    samples: tuple[Sample, ...]
    odd: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)


def open_dataset(path: str | Path, *, split: str = "", layout: str = "") -> Dataset:
    """The dataset in a folder; see `spotdiff.data.folders` for how the folder is laid out.

    Args:
        path: The folder.
        split: Only the names in `SPLIT.txt`, or the dataset in the folder SPLIT where there is no such list.
        layout: Name of a published set whose layout the folder has, such as `levir-cd`; it knows its own splits.

    Raises:
        DataError: there is no dataset in the folder, or no such split, or two files claim one name.
        OptionError: there is no such layout.
    """
    root = Path(path)
    if layout:
        from spotdiff.data.published import get_published

        return get_published(layout).open(root, split)
    listed = _split_files(root).get(split) if split else None
    if split and listed is None and _pair_folders(root / split) is not None:
        return replace(open_dataset(root / split), name=f"{root.resolve().name}/{split}")
    found = _pair_folders(root)
    if found is None:
        raise DataError(_no_dataset(root))
    if split and listed is None:
        raise DataError(_no_split(root, split))
    dataset = _matched(root, *found)
    return _chosen(dataset, listed) if listed else dataset


def find_datasets(path: str | Path) -> tuple[Path, ...]:
    """The folder itself where it is a dataset, else the datasets right below it, sorted.

    Raises:
        DataError: there is none.
    """
    root = Path(path)
    if _pair_folders(root) is not None:
        return (root,)
    below = tuple(_datasets_below(root))
    if not below:
        raise DataError(_no_dataset(root))
    return below


def _pair_folders(root: Path) -> tuple[Path, Path] | None:
    both = [(root / before, root / after) for before, after in PAIRS]
    return next(((before, after) for before, after in both if before.is_dir() and after.is_dir()), None)


def _datasets_below(root: Path) -> list[Path]:
    return [p for p in sorted(root.iterdir()) if _pair_folders(p) is not None] if root.is_dir() else []


def _no_dataset(root: Path) -> str:
    if not root.is_dir():
        return f"{root} is not a folder"
    below = [p.name for p in _datasets_below(root)]
    if below:
        return f"{root} holds {len(below)} datasets: {_some(below)}; open one of them"
    return f"{root} holds no dataset: it needs the folders before and after (or t0 and t1, or A and B)"


def _matched(root: Path, before_folder: Path, after_folder: Path) -> Dataset:
    """Every name that both folders have, with its truth; what is left over is odd."""
    odd: list[Path] = []
    before, after = _by_name(before_folder, PICTURES, odd), _by_name(after_folder, PICTURES, odd)
    masks = _by_name(_first(root, MASKS), PICTURES, odd)
    gone, new = (_by_name(_first(root, folder), PICTURES, odd) for folder in (GONE, NEW))
    boxes = _by_name(_first(root, BOXES), {".json"}, odd)
    names = sorted(before.keys() & after.keys())
    if not names:
        raise DataError(f"{root} holds no pair: no name is both in {before_folder.name} and in {after_folder.name}")
    samples = [
        Sample(
            name,
            before[name],
            after[name],
            mask=masks.get(name),
            boxes=boxes.get(name),
            gone=gone.get(name),
            new=new.get(name),
        )
        for name in names
    ]
    wanted = set(names)
    every = [path for files in (before, after, masks, boxes, gone, new) for path in files.items()]
    odd += [path for name, path in every if name not in wanted]
    lines = [f"{path.relative_to(root).as_posix()} belongs to no pair" for path in sorted(odd)]
    return Dataset(root.resolve().name, tuple(samples), tuple(lines))


def _first(root: Path, names: Iterable[str]) -> Path | None:
    return next((root / name for name in names if (root / name).is_dir()), None)


def _by_name(folder: Path | None, endings: Set[str], odd: list[Path]) -> dict[str, Path]:
    """The files of a folder and those below it by name; files with other endings go to `odd`, hidden ones nowhere."""
    files: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")) if folder else ():
        inside = path.relative_to(folder or path)
        if path.is_dir() or any(part.startswith(".") for part in inside.parts):
            continue
        if path.suffix.lower() not in endings:
            odd.append(path)
            continue
        name = inside.with_suffix("").as_posix()
        if name in files:
            raise DataError(f"{path.name} and {files[name].name} in {path.parent} claim one name: keep one of them")
        files[name] = path
    return files


def _split_files(root: Path) -> dict[str, Path]:
    return {path.stem: path for folder in (root / "list", root) for path in sorted(folder.glob("*.txt"))}


def _no_split(root: Path, split: str) -> str:
    folders = [path.name for path in _datasets_below(root)]
    known = sorted({*_split_files(root), *folders})
    return f"{root} has no split {split!r}: " + (f"it has {_some(known)}" if known else f"put names into {split}.txt")


def _chosen(dataset: Dataset, listed: Path) -> Dataset:
    """The samples whose names a split file lists, with or without an ending."""
    by_name = {sample.name: sample for sample in dataset.samples}
    try:
        lines = [line.strip() for line in listed.read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError:
        raise DataError(f"{listed} is no text in UTF-8") from None
    wanted = [line for line in lines if line and not line.startswith("#")]
    names = [line if line in by_name else _without_ending(line) for line in wanted]
    unknown = [line for line, name in zip(wanted, names, strict=True) if name not in by_name]
    if unknown or not names:
        trouble = f"lists names without a pair: {_some(unknown)}" if unknown else "lists no name"
        raise DataError(f"{listed} {trouble}")
    samples = tuple(by_name[name] for name in sorted(set(names)))
    return replace(dataset, name=f"{dataset.name}/{listed.stem}", samples=samples)


def _without_ending(line: str) -> str:
    path = PurePosixPath(line)
    return str(path.with_suffix("")) if path.suffix.lower() in PICTURES else line


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
