"""Names of files as people read them: systems spell one letter composed (NFC) or as letter and mark (NFD)."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath


def composed(name: str) -> str:
    r"""The name with its letters composed (NFC): names that read the same are equal.

    Examples:
        >>> composed("Ku\u0308che") == "K\u00fcche"
        True
    """
    return unicodedata.normalize("NFC", name)


def is_plain_name(name: str) -> bool:
    """Whether a name, which may have folders, stays below the folder that it is put into.

    Examples:
        >>> is_plain_name("yard/1"), is_plain_name("../1"), is_plain_name("/etc/1"), is_plain_name("")
        (True, False, False, False)
    """
    parts = PureWindowsPath(name).parts if "\\" in name else PurePosixPath(name).parts
    return (
        bool(parts)
        and "\0" not in name
        and not any(part == ".." or part[0] in "/\\" or ":" in part[:3] for part in parts)
    )


def is_hidden(path: Path, folder: Path) -> bool:
    """Whether a path below a folder is hidden, or lies in a hidden folder there, as what systems leave beside files is.

    Examples:
        >>> [is_hidden(Path(name), Path("shots")) for name in ("shots/._a.png", "shots/.cache/a.png", "shots/a.png")]
        [True, True, False]
    """
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


class DiskSpelling:
    """Finds files under names that read the same; what folders hold is remembered."""

    def __init__(self) -> None:
        self._folders: dict[Path, dict[str, list[Path]]] = {}

    def __call__(self, path: Path) -> Path:
        """The path as the disk spells it; unchanged where it is there, or not one but several or no thing read so."""
        if str(path).isascii() or os.path.lexists(path) or path.parent == path:
            return path
        folder = self(path.parent)
        if folder not in self._folders:
            entries = defaultdict(list)
            for entry in folder.iterdir() if os.path.isdir(folder) else ():  # noqa: PTH112 (Path's own raises for odd names)
                entries[composed(entry.name)].append(entry)
            self._folders[folder] = entries
        spelled = self._folders[folder].get(composed(path.name), [])
        return spelled[0] if len(spelled) == 1 else path


def claim_text(paths: Sequence[Path]) -> str:
    """Why several files cannot share a name, and what to do."""
    first, *others = paths
    if any(composed(str(path)) == composed(str(first)) for path in others):
        return (
            f"{len(paths)} files read {composed(first.name)} and differ only in how the letters are composed "
            "(Unicode NFC, NFD): keep one of them"
        )
    beside = all(path.parent == first.parent for path in others)
    return f"{' and '.join(path.name if beside else str(path) for path in paths)} claim one name: keep one of them"
