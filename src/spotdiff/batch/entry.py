"""A pair by name, before it is loaded, and the files that its answer is written to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath


@dataclass(frozen=True, slots=True)
class Entry:
    """One pair of a batch.

    Attributes:
        name: Its name, which may hold slashes; the record is NAME.json.
        before, after: Path or URL of the pictures; "" for one that is not there.
        error: Why it cannot be compared; empty for a pair that can be tried.
        history: Folder of earlier pictures in which nothing changed; "" for none.
        placed: False when its name is not its own or leads elsewhere, so that nothing may be done under it.
    """

    name: str
    before: str
    after: str
    error: str = ""
    placed: bool = True
    history: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the answer for a pair is written, under the folder `out`."""

    out: Path
    name: str

    @property
    def record(self) -> Path:
        """The record, NAME.json."""
        return self.out / f"{self.name}.json"

    @property
    def maps(self) -> tuple[Path, Path]:
        """The probability maps."""
        return self.out / f"{self.name}.before.png", self.out / f"{self.name}.after.png"

    @property
    def thumbs(self) -> tuple[Path, Path]:
        """The small pictures that the index page shows."""
        return self.out / "thumbs" / f"{self.name}.before.jpg", self.out / "thumbs" / f"{self.name}.after.jpg"

    @property
    def page(self) -> Path:
        """The pair's own report."""
        return self.out / "pages" / f"{self.name}.html"

    def all(self) -> tuple[Path, ...]:
        """Every file that may be written for the pair."""
        return self.record, *self.maps, *self.thumbs, self.page


def checked(entries: Iterable[Entry], *, out: Path) -> Iterator[Entry]:
    """The entries, with an error for a name that is taken or leads out of the folder, or that would harm a picture.

    Examples:
        >>> rows = [Entry("roof/1", "a.png", "b.png"), Entry("../x", "a.png", "b.png"), Entry("roof/1", "", "")]
        >>> [bool(entry.error) for entry in checked(rows, out=Path("out"))]
        [False, True, True]
    """
    entries = list(entries)
    pictures = {str(Path(path).absolute()) for entry in entries for path in (entry.before, entry.after) if path}
    taken: set[str] = set()
    for entry in entries:
        error = name_error(entry.name)
        if not error and entry.name in taken:
            error = "another pair has this name already; names must differ"
        if not error and any(str(path.absolute()) in pictures for path in Places(out, entry.name).all()):
            error = "its answer would be written over a picture; choose another --out"
        taken.add(entry.name)
        yield replace(entry, error=error or entry.error, placed=not error)


def name_error(name: str) -> str:
    """Why a name cannot be the name of a file below the output folder; empty when it can.

    Examples:
        >>> name_error("roof/1"), name_error("")
        ('', 'it has no name')
        >>> name_error("/etc/passwd")
        'its name leads out of the output folder; use relative names without . and ..'
    """
    if not name:
        return "it has no name"
    if any(ord(letter) < 32 for letter in name):
        return "its name holds control characters"
    leaves = "\\" in name or PureWindowsPath(name).drive or any(part in ("", ".", "..") for part in name.split("/"))
    return "its name leads out of the output folder; use relative names without . and .." if leaves else ""
