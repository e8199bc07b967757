"""Pairs from two folders, matched by their files' relative names without extension."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from spotdiff.batch.entry import Entry
from spotdiff.data.dataset import PICTURE_SUFFIXES
from spotdiff.errors import DataError, OptionError


def is_picture(path: Path) -> bool:
    """Is it a file whose name ends as pictures' names do?"""
    return path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()


def pictures_in(folder: str | Path, *, called: str) -> list[str]:
    """The pictures of a folder by name, not those of folders in it.

    Args:
        folder: Where they are.
        called: What names the folder in an error.

    Raises:
        OptionError: it is no folder, or holds no picture.
    """
    if not Path(folder).is_dir():
        raise OptionError(f"{called} takes a folder of pictures; {folder} is none")
    found = [str(path) for path in sorted(Path(folder).iterdir()) if is_picture(path)]
    if not found:
        raise OptionError(f"{called} {folder} holds no picture")
    return found


def pairs_of_folders(before: str | Path, after: str | Path, *, besides: Path | None = None) -> list[Entry]:
    """The pairs of two folders by name; a picture without its one counterpart becomes an entry with an error.

    Args:
        before: Folder of the earlier pictures, with any folders in it.
        after: Folder of the later ones.
        besides: A folder inside of them whose files are not looked at, such as where answers are written.

    Raises:
        DataError: one of the two is no folder, or neither holds a picture.
    """
    earlier, later = (_pictures(Path(folder), besides) for folder in (before, after))
    names = sorted({*earlier, *later})
    if not names:
        raise DataError(f"neither {before} nor {after} holds a picture")
    folders = str(before), str(after)
    return [_entry(name, (earlier.get(name, ()), later.get(name, ())), folders) for name in names]


def _pictures(folder: Path, besides: Path | None) -> Mapping[str, Sequence[Path]]:
    if not folder.is_dir():
        raise DataError(f"{folder}: not a folder; batch takes a table of pairs, or two folders")
    found: dict[str, list[Path]] = defaultdict(list)
    for path in _files(folder, besides):
        found[path.relative_to(folder).with_suffix("").as_posix()].append(path)
    return found


def _files(folder: Path, besides: Path | None) -> Iterator[Path]:
    left_out = None if besides is None else besides.resolve()
    for path in sorted(folder.rglob("*")):
        if is_picture(path) and (left_out is None or left_out not in path.resolve().parents):
            yield path


def _entry(name: str, found: tuple[Sequence[Path], Sequence[Path]], folders: tuple[str, str]) -> Entry:
    before, after = (str(paths[0]) if paths else "" for paths in found)
    error = ""
    for paths, folder in zip(found, folders, strict=True):
        if not paths:
            error = f"it has no counterpart in {folder}"
        elif len(paths) > 1:
            error = f"{' and '.join(path.name for path in paths)} in {folder} share this name"
    return Entry(name, before, after, error)
