"""Datasets of any layout: patterns say where the pictures and the truth lie, and which of them belong together.

    open_patterns("rain", before="*/t0/{}.jpg", after="*/t1/{}.jpg", mask="*/gt/{}.png")

A pattern is a path below the root. `{}` stands once in it, for the key of a pair; `*` is any part of a name and `**`
any number of folders, and what they stand for belongs to the key as well: `yard/t0/007.jpg` above has the key
`yard/007`. An ending `.*` is any picture's. Everything else is meant as it is written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from spotdiff.data.folders import PICTURES, Dataset, Sample
from spotdiff.errors import DataError, OptionError

if TYPE_CHECKING:
    from spotdiff.data.truth import Truth

_KEY, _ANY_ENDING = "{}", ".*"
_TOKENS = re.compile(r"\*\*/|\*|\{\}")
_MEANT = {"**/": "((?:[^/]+/)*)", "*": "([^/]*)", _KEY: "([^/]+)"}


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
    """The dataset whose files lie where these patterns say; nothing is read.

    Args:
        root: The folder that the patterns start from.
        before: Where the earlier pictures are.
        after: Where the later ones are.
        mask: Where the truth is, see `spotdiff.data.folders.Sample`; "" for none, as with the three below.
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
    asked = {"before": before, "after": after, "mask": mask, "gone": gone, "new": new, "boxes": boxes}
    patterns = {role: _compiled(pattern, role) for role, pattern in asked.items() if pattern}
    _check_wildcards(patterns)
    every = list(_files_below(folder))
    found = {role: _by_key(folder, every, pattern) for role, pattern in patterns.items()}
    keys = sorted(found["before"].keys() & found["after"].keys())
    if not keys:
        raise DataError(_no_pair(folder, found, before, after))
    samples = tuple(
        Sample(key, reader=reader, **{role: files[key] for role, files in found.items() if key in files})
        for key in keys
    )
    return Dataset(name or folder.resolve().name, samples, _odd(folder, found, set(keys)))


def _compiled(pattern: str, role: str) -> re.Pattern[str]:
    """What a pattern means; every wildcard is a group, and so is the key."""
    if pattern.count(_KEY) != 1:
        raise OptionError(f"the pattern for {role} needs {{}} once, for the key of a pair, not {pattern!r}")
    pattern = pattern.removeprefix("./")
    stem, ending = pattern, ""
    if pattern.endswith(_ANY_ENDING):
        stem = pattern.removesuffix(_ANY_ENDING)
        ending = "(?i:" + "|".join(re.escape(one) for one in sorted(PICTURES)) + ")"
    parts, at = [], 0
    for token in _TOKENS.finditer(stem):
        parts += [re.escape(stem[at : token.start()]), _MEANT[token.group()]]
        at = token.end()
    return re.compile("".join(parts) + re.escape(stem[at:]) + ending)


def _check_wildcards(patterns: dict[str, re.Pattern[str]]) -> None:
    first = patterns["before"].groups
    for role, pattern in patterns.items():
        if pattern.groups != first:
            raise OptionError(
                f"the pattern for {role} has {pattern.groups - 1} wildcards besides {{}}, "
                f"that for before {first - 1}: their keys could never be the same"
            )


def _files_below(root: Path) -> Iterable[str]:
    """Paths of all files below a folder, with forward slashes, hidden ones left out."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        inside = Path(folder).relative_to(root).as_posix()
        above = "" if inside == "." else f"{inside}/"
        yield from (above + file for file in sorted(files) if not file.startswith("."))


def _by_key(root: Path, files: Iterable[str], pattern: re.Pattern[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in files:
        match = pattern.fullmatch(file)
        if match is None:
            continue
        key = "/".join(part.strip("/") for part in match.groups() if part)
        if key in found:
            first = found[key].relative_to(root).as_posix()
            raise DataError(f"{first} and {file} in {root} have one key, {key}: keep one of them")
        found[key] = root / file
    return found


def _no_pair(root: Path, found: dict[str, dict[str, Path]], before: str, after: str) -> str:
    if not root.is_dir():
        return f"{root} is not a folder"
    counts = f"{before} finds {len(found['before'])} files, {after} {len(found['after'])}"
    return f"{root} holds no pair: {counts}, and no key is in both"


def _odd(root: Path, found: dict[str, dict[str, Path]], keys: set[str]) -> tuple[str, ...]:
    paired = {path for files in found.values() for key, path in files.items() if key in keys}
    alone = {path for files in found.values() for path in files.values()} - paired
    return tuple(f"{path.relative_to(root).as_posix()} belongs to no pair" for path in sorted(alone))
