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

import os
import re
import reprlib
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from spotdiff.data.dataset import PICTURE_SUFFIXES, Dataset, Sample, Truth
from spotdiff.data.file_names import claim_text, composed, is_plain_name
from spotdiff.data.published import get_published
from spotdiff.errors import DataError, OptionError, why_no_folder
from spotdiff.input_files import read_text, why_no_file

PAIR_FOLDERS = (("before", "after"), ("t0", "t1"), ("A", "B"))
_MASK_FOLDERS = ("mask", "label")
_KEY, _ANY_SUFFIX = "{}", ".*"
_TOKENS = re.compile(r"\*\*/|\*|\{\}")
_REGEX_OF = {"**/": "((?:[^/]+/)*)", "*": "([^/]*)", _KEY: "([^/]+)"}
_NAMED = re.compile(r"([A-Za-z][\w-]+):(.+)", re.DOTALL)  # two letters or more: one is a drive
_SHOWN = 5  # names in a message

Key = tuple[str, ...]  # what the wildcards of a pattern and its {} stand for
K = TypeVar("K")


def open_named(named: str | Path, *, split: str = "") -> Dataset:
    """The dataset that `NAME:PATH` stands for, NAME a published set, or the one in our own layout in a folder PATH.

    Raises:
        OptionError: there is no published set of that name.
        DataError: there is no such dataset, or no such split.
    """
    name, path = split_name(named)
    return open_dataset(path, split=split, layout=name)


def split_name(named: str | Path) -> tuple[str, str]:
    """NAME and PATH of `NAME:PATH`; the name is empty where there is none, or a file or folder is called so.

    Examples:
        >>> split_name("levir-cd:/data/LEVIR"), split_name("C:/data")
        (('levir-cd', '/data/LEVIR'), ('', 'C:/data'))
    """
    match = _NAMED.fullmatch(str(named))
    return ("", str(named)) if match is None or Path(named).exists() else (match[1], match[2])


def open_dataset(path: str | Path, *, split: str = "", layout: str = "") -> Dataset:
    """The dataset in a folder; see `spotdiff.data.open` for how the folder is laid out.

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
        return _kept_inside(get_published(layout).open(root, split), root)
    list_file = _split_files(root).get(composed(split)) if split else None
    if split and list_file is None and _pair_folders(root / split) is not None:
        return replace(open_dataset(root / split), name=f"{root.resolve().name}/{split}")
    folders = _pair_folders(root)
    if folders is None:
        raise DataError(_no_dataset(root))
    if split and list_file is None:
        known = sorted({*_split_files(root), *(path.name for path in _datasets_below(root))})
        hint = f"it has {_some(known)}" if known else f"put names into {split}.txt"
        raise DataError(f"{root} has no split {split!r}: {hint}")
    dataset = _match_by_name(root, *folders)
    return select_split(dataset, list_file) if list_file else dataset


def _kept_inside(dataset: Dataset, root: Path) -> Dataset:
    """The dataset, once none of its names and files leads out of its folder: lists that others wrote name them.

    Raises:
        DataError: one does.
    """
    top = os.path.normpath(root.absolute())
    for sample in dataset:
        outside = [path for path in sample.files if not _is_below(os.path.normpath(path.absolute()), top)]
        if outside or not is_plain_name(sample.name):
            which = f"of {reprlib.repr(sample.name)}" + (f", {outside[0]}," if outside else "")
            raise DataError(f"{root}: a list names a picture {which} that lies outside of the folder")
    return dataset


def _is_below(path: str, top: str) -> bool:
    return path.startswith(top if top.endswith(os.sep) else top + os.sep)


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


def select_split(dataset: Dataset, list_file: Path) -> Dataset:
    """The samples whose names a file lists, one a line, with or without a suffix; the split has the file's name.

    Raises:
        DataError: the file is no text, lists no name, or one without a pair.
    """
    by_name = {sample.name: sample for sample in dataset.samples}
    lines = [composed(line.strip()) for line in read_text(list_file).splitlines()]
    names, unknown = set(), []
    for line in lines:
        if not line or line.startswith("#"):
            continue
        path = PurePosixPath(line)
        bare = str(path.with_suffix("")) if path.suffix.lower() in PICTURE_SUFFIXES else line
        name = line if line in by_name else bare
        names.add(name)
        if name not in by_name:
            unknown.append(line)
    if unknown or not names:
        trouble = f"lists names without a pair: {_some(unknown)}" if unknown else "lists no name"
        raise DataError(f"{list_file} {trouble}")
    samples = tuple(by_name[name] for name in sorted(names))
    return replace(dataset, name=f"{dataset.name}/{list_file.stem}", samples=samples)


def _pair_folders(root: Path) -> tuple[Path, Path] | None:
    folders = [(root / before, root / after) for before, after in PAIR_FOLDERS]
    return next(((before, after) for before, after in folders if before.is_dir() and after.is_dir()), None)


def _datasets_below(root: Path) -> list[Path]:
    return [path for path in sorted(root.iterdir()) if _pair_folders(path) is not None] if root.is_dir() else []


def _no_dataset(root: Path) -> str:
    if not root.is_dir():
        return f"{root}: {why_no_folder(root)}"
    below = [path.name for path in _datasets_below(root)]
    if below:
        return f"{root} holds {len(below)} datasets: {_some(below)}; open one of them"
    return f"{root} holds no dataset: it needs the folders before and after (or t0 and t1, or A and B)"


def _match_by_name(root: Path, before_folder: Path, after_folder: Path) -> Dataset:
    """Every name that both folders have, with its truth; what is left over is odd."""
    mask_folder = next((root / name for name in _MASK_FOLDERS if (root / name).is_dir()), root / _MASK_FOLDERS[0])
    folders = {"before": before_folder, "after": after_folder, "mask": mask_folder}
    folders |= {role: root / role for role in ("gone", "new", "boxes")}
    odd: list[Path] = []
    files: dict[str, dict[str, Path]] = {}
    for role, folder in folders.items():
        files[role], others = _files_by_name(folder, {".json"} if role == "boxes" else PICTURE_SUFFIXES)
        odd += others
    names = sorted(files["before"].keys() & files["after"].keys())
    if not names:
        raise DataError(f"{root} holds no pair: no name is both in {before_folder.name} and in {after_folder.name}")
    samples = tuple(
        Sample(name, reader=None, **{role: by_name[name] for role, by_name in files.items() if name in by_name})
        for name in names
    )
    return Dataset(root.resolve().name, samples, _unpaired(root, files, names, odd))


def _files_by_name(folder: Path, suffixes: Set[str]) -> tuple[dict[str, Path], list[Path]]:
    """The files of a folder and those below it by name, and those with other suffixes; hidden ones are left out."""
    files: dict[str, Path] = {}
    others: list[Path] = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        inside = path.relative_to(folder)
        if path.is_dir() or any(part.startswith(".") for part in inside.parts):
            continue
        if path.suffix.lower() not in suffixes or why_no_file(path):
            others.append(path)
            continue
        name = composed(inside.with_suffix("").as_posix())
        if name in files:
            raise DataError(f"{path.parent}: {claim_text([files[name], path])}")
        files[name] = path
    return files, others


def _split_files(root: Path) -> dict[str, Path]:
    return {composed(path.stem): path for folder in (root / "list", root) for path in sorted(folder.glob("*.txt"))}


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def open_patterns(
    root: str | Path,
    *,
    before: str,
    after: str,
    mask: str = "",
    gone: str = "",
    new: str = "",
    boxes: str = "",
    reader: Callable[[Sample], Truth] | None = None,
    name: str = "",
) -> Dataset:
    """A dataset of any layout: patterns say where the pictures and the truth lie; nothing is read.

        open_patterns("rain", before="*/t0/{}.jpg", after="*/t1/{}.jpg", mask="*/gt/{}.png")

    A pattern is a path below the root. `{}` stands once in it, for the key of a pair; `*` is any part of a name and
    `**` any number of folders, and what they stand for belongs to the key as well: `yard/t0/007.jpg` above has the key
    `yard/007`. A suffix `.*` is any picture's. Everything else is meant as it is written.

    Args:
        root: The folder that the patterns start from.
        before: Where the earlier pictures are.
        after: Where the later ones are.
        mask: Where the truth is, see `spotdiff.data.dataset.Sample`; "" for none, as with the three below.
        gone: What is gone, in before's pixels.
        new: What is new, in after's pixels.
        boxes: What changed as boxes.
        reader: What reads the truth, where it is not written in our own way.
        name: Of the dataset; the folder's name when empty.

    Returns:
        Samples sorted by key; a file that a pattern finds but no pair holds is in `odd`.

    Raises:
        OptionError: a pattern has no `{}` or several, or two patterns differ in their wildcards.
        DataError: there is no pair, or two files have one key.
    """
    folder = Path(root)
    given = {"before": before, "after": after, "mask": mask, "gone": gone, "new": new, "boxes": boxes}
    patterns = {role: _compile(pattern, role) for role, pattern in given.items() if pattern}
    wildcards = patterns["before"].groups - 1
    for role, pattern in patterns.items():
        if pattern.groups - 1 != wildcards:
            raise OptionError(
                f"the pattern for {role} has {pattern.groups - 1} wildcards besides {{}}, "
                f"that for before {wildcards}: their keys could never be the same"
            )
    paths = list(_paths_below(folder))
    files = {role: _files_by_key(folder, paths, pattern) for role, pattern in patterns.items()}
    keys = sorted(files["before"].keys() & files["after"].keys(), key=_joined)
    if not keys and not folder.is_dir():
        raise DataError(f"{folder}: {why_no_folder(folder)}")
    if not keys:
        counts = f"{before} finds {len(files['before'])} files, {after} {len(files['after'])}"
        raise DataError(f"{folder} holds no pair: {counts}, and no key is in both")
    samples = tuple(
        Sample(_joined(key), reader=reader, **{role: by_key[key] for role, by_key in files.items() if key in by_key})
        for key in keys
    )
    return Dataset(name or folder.resolve().name, samples, _unpaired(folder, files, keys))


def _compile(pattern: str, role: str) -> re.Pattern[str]:
    """The regular expression of a pattern; every wildcard is a group, and so is the key."""
    if pattern.count(_KEY) != 1:
        raise OptionError(f"the pattern for {role} needs {{}} once, for the key of a pair, not {pattern!r}")
    pattern = composed(pattern.removeprefix("./"))
    stem, suffix = pattern, ""
    if pattern.endswith(_ANY_SUFFIX):
        stem = pattern.removesuffix(_ANY_SUFFIX)
        suffix = "(?i:" + "|".join(map(re.escape, sorted(PICTURE_SUFFIXES))) + ")"
    parts, start = [], 0
    for token in _TOKENS.finditer(stem):
        parts += [re.escape(stem[start : token.start()]), _REGEX_OF[token.group()]]
        start = token.end()
    return re.compile("".join(parts) + re.escape(stem[start:]) + suffix)


def _paths_below(root: Path) -> Iterable[str]:
    """Paths of all files below a folder, with forward slashes, hidden ones left out."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = Path(folder).relative_to(root).as_posix()
        above = "" if inside == "." else f"{inside}/"
        yield from (above + file for file in sorted(files) if not file.startswith("."))


def _files_by_key(root: Path, paths: Iterable[str], pattern: re.Pattern[str]) -> dict[Key, Path]:
    files: dict[Key, Path] = {}
    by_name: dict[str, str] = {}
    for path in paths:
        match = pattern.fullmatch(composed(path))
        if match is None:
            continue
        key = tuple(part.strip("/") for part in match.groups())
        first = by_name.setdefault(_joined(key), path)
        if first != path:
            raise DataError(f"{first} and {path} in {root} have one key, {_joined(key)}: keep one of them")
        files[key] = root / path
    return files


def _joined(key: Key) -> str:
    return "/".join(filter(None, key))


def _why_unpaired(path: Path) -> str:
    return f"belongs to no pair: {wrong}" if (wrong := why_no_file(path)) else "belongs to no pair"


def _unpaired(
    root: Path, files: dict[str, dict[K, Path]], keys: Iterable[K], others: Iterable[Path] = ()
) -> tuple[str, ...]:
    """One line on every file that is in no pair, sorted."""
    paired = {path for key in keys for by_key in files.values() if (path := by_key.get(key)) is not None}
    alone = {path for by_key in files.values() for path in by_key.values()} - paired
    return tuple(f"{path.relative_to(root).as_posix()} {_why_unpaired(path)}" for path in sorted({*alone, *others}))
