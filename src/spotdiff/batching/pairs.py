"""The pairs of a batch, out of a table or of two folders, and the files that each answer is written to."""

from __future__ import annotations

import csv
import io
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath
from typing import IO, TYPE_CHECKING, Any, Literal

from spotdiff.data.dataset import PICTURE_SUFFIXES
from spotdiff.data.file_names import DiskSpelling, claim_text, composed, is_hidden
from spotdiff.errors import DataError, MissingExtra, OptionError, why_no_folder
from spotdiff.input_files import read_bytes, why_no_file
from spotdiff.output_files import file_identities

if TYPE_CHECKING:
    from spotdiff.options import Options, OptionValues
    from spotdiff.types import Box

Only = Literal["new", "missing"]
Tell = Callable[[str], None]  # is told in a line what a person should know of the pairs

COLUMNS = ("name", "before", "after")
HISTORY = "history"  # a column that may be there: a folder of earlier pictures of the place
ASKED = ("preset", "ignore", "focus")  # further columns that may be there: options of the pair
_DELIMITERS = (",", ";", "\t")
_BOX = re.compile(r"\s*(-?\d+)\s*,\s*(-?\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*")


def unheard(line: str) -> None:
    """A `Tell` that tells nobody."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One pair of a batch.

    Attributes:
        name: Its name, which may hold slashes; the record is NAME.json.
        before, after: Path or URL of the pictures; "" for one that is not there.
        error: Why it cannot be compared; empty for a pair that can be tried.
        history: Folder of earlier pictures in which nothing changed; "" for none.
        preset: Options of this pair by what is compared; "" for those of the batch.
        ignore, focus: Boxes of this pair, in place of those of the batch.
        only: new or missing for a picture that has no counterpart in the earlier or in the later pictures.
        placed: False when its name is not its own or leads elsewhere, so that nothing may be done under it.
    """

    name: str
    before: str
    after: str
    error: str = ""
    placed: bool = True
    history: str = ""
    preset: str = ""
    ignore: tuple[Box, ...] = ()
    focus: tuple[Box, ...] = ()
    only: Only | None = None

    def options(self, options: Options) -> Options:
        """The options of the batch with those of this pair over them.

        Raises:
            OptionError: there is no such preset, or a box cannot be.
        """
        own: OptionValues = {}
        if self.ignore:
            own["ignore"] = self.ignore
        if self.focus:
            own["focus"] = self.focus
        return options.changed(preset=self.preset or None, **own)


@dataclass(frozen=True, slots=True)
class OutputPaths:
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

    def overlay(self, folder: Path) -> Path:
        """The overlay, in a folder of overlays."""
        return folder / f"{self.name}.png"

    def all(self) -> tuple[Path, ...]:
        """Every file that may be written for the pair."""
        return self.record, *self.maps, *self.thumbs, self.page


def check_names(entries: Iterable[Entry], *, out: Path, inputs: Iterable[str]) -> Iterator[Entry]:
    """The entries, with an error for a name that is taken or leads out of the folder, or that would harm an input.

    Examples:
        >>> rows = [Entry("roof/1", "a.png", "b.png"), Entry("../x", "a.png", "b.png"), Entry("roof/1", "", "")]
        >>> [bool(entry.error) for entry in check_names(rows, out=Path("out"), inputs=["a.png", "b.png"])]
        [False, True, True]
    """
    read = file_identities(inputs)
    taken: set[str] = set()
    for entry in entries:
        error = name_error(entry.name)
        if not error and composed(entry.name) in taken:
            error = "another pair has this name already; names must differ"
        if not error and not read.isdisjoint(file_identities(OutputPaths(out, entry.name).all())):
            error = "its answer would be written over a file that is read; choose another folder for the answers"
        taken.add(composed(entry.name))
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


def pairs_of_table(path: str | Path) -> list[Entry]:
    """The pairs of a table, in its order; relative paths are relative to the table's folder.

    A row without one of the three values becomes an entry with an error.

    Raises:
        DataError: not a table, a column is missing, or it has no rows.
        MissingExtra: it is Parquet, and pyarrow is not installed.
    """
    path = Path(path)
    with _open_table(path) as file:
        is_parquet = file.read(4) == b"PAR1"
        file.seek(0)
        rows = _parquet(path, file) if is_parquet else _csv(path, file)
    spelling = DiskSpelling()
    folder = Path() if path.is_fifo() else path.parent  # a pipe lies nowhere
    entries = [pair_of_row(row, lambda name: str(spelling(folder / name))) for row in rows]
    if not entries:
        raise DataError(f"{path}: no pairs in it")
    return entries


def _open_table(path: Path) -> IO[bytes]:
    """The file, or what a pipe such as a shell's `<(...)` holds.

    Raises:
        DataError: it cannot be opened.
    """
    if why_no_file(path):
        return io.BytesIO(read_bytes(path, pipe=True))
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _csv(path: Path, table: IO[bytes]) -> Sequence[Mapping[str, Any]]:
    try:
        with io.TextIOWrapper(table, encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            if file.read(1) != "\ufeff":
                file.seek(0)
            delimiter = max(_DELIMITERS, key=head.count)
            reader = csv.DictReader(file, skipinitialspace=True, delimiter=delimiter)
            check_columns(path, reader.fieldnames or ())
            return list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a CSV table in UTF-8 ({error})") from None


def _parquet(path: Path, table: IO[bytes]) -> Sequence[Mapping[str, Any]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise MissingExtra("pyarrow", extra="scale") from None
    try:
        names = pyarrow.parquet.read_schema(table).names
        check_columns(path, names)
        wanted = [*COLUMNS, *(name for name in (HISTORY, *ASKED) if name in names)]
        rows: list[Mapping[str, Any]] = pyarrow.parquet.read_table(table, columns=wanted).to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(f"{path}: not a Parquet table ({str(error).splitlines()[0]})") from None
    return rows


def check_columns(path: str | Path, columns: Iterable[str]) -> None:
    """Raise a DataError where a table of pairs has not the columns that it takes."""
    columns = list(columns)
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise DataError(f"{path}: no column {' and no '.join(missing)}; it takes the columns {', '.join(COLUMNS)}")


def pair_of_row(row: Mapping[str, Any], placed: Callable[[str], str]) -> Entry:
    """The pair of a table's row; `placed` gives the path for a name that is relative to the table's folder."""
    columns = (*COLUMNS, HISTORY, *ASKED)
    values = {name: str(row[name]).strip() if row.get(name) not in (None, "") else "" for name in columns}
    before, after, history = (
        path if not path or "://" in path else placed(path)
        for path in (values[name] for name in ("before", "after", HISTORY))
    )
    empty = [name for name in COLUMNS[1:] if not values[name]]
    error = f"its row has no {' and no '.join(empty)}" if empty else ""
    ignore: tuple[Box, ...] = ()
    focus: tuple[Box, ...] = ()
    try:
        ignore, focus = (boxes_of(values[name], column=name) for name in ("ignore", "focus"))
    except OptionError as wrong:
        error = error or str(wrong)
    entry = Entry(values["name"], before, after, error, history=history, preset=values["preset"])
    return replace(entry, ignore=ignore, focus=focus)


def boxes_of(text: str, *, column: str) -> tuple[Box, ...]:
    """The half-open boxes of a cell: `x,y,width,height`, several of them parted by spaces, | or ;.

    Raises:
        OptionError: the cell holds something else.

    Examples:
        >>> boxes_of("0,0,10,20 | 5,5,2,2", column="ignore")
        ((0, 0, 10, 20), (5, 5, 7, 7))
    """
    boxes = []
    for part in filter(str.strip, re.split(r"[|;]|(?<=\d)\s+(?=-?\d+\s*,)", text)):
        found = _BOX.fullmatch(part)
        if not found or not int(found[3]) or not int(found[4]):
            raise OptionError(f"{column} takes x,y,width,height in whole pixels, not {part.strip()!r}")
        x, y, width, height = map(int, found.groups())
        boxes.append((x, y, x + width, y + height))
    return tuple(boxes)


def _is_picture(path: Path, folder: Path) -> bool:
    """Is it no folder, not hidden below `folder`, and called as pictures are? A pipe is told of when it is read."""
    return _is_called_picture(path) and not is_hidden(path, folder)


def _is_called_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURE_SUFFIXES and os.path.lexists(path) and not path.is_dir()


def pictures_in(folder: str | Path, *, called: str) -> list[str]:
    """The pictures of a folder by name, not those of folders in it.

    Args:
        folder: Where they are.
        called: What names the folder in an error.

    Raises:
        OptionError: it is no folder, or holds no picture.
    """
    if not Path(folder).is_dir():
        raise OptionError(f"{called} takes a folder of pictures; {folder}: {why_no_folder(folder)}")
    pictures = [str(path) for path in sorted(Path(folder).iterdir()) if _is_picture(path, Path(folder))]
    if not pictures:
        raise OptionError(f"{called} {folder} holds no picture")
    return pictures


def pairs_of_folders(
    before: str | Path, after: str | Path, *, besides: Path | None = None, tell: Tell = unheard
) -> list[Entry]:
    """The pairs of two folders by name; a picture without a counterpart is new or missing.

    Args:
        before: Folder of the earlier pictures, with any folders in it.
        after: Folder of the later ones.
        besides: A folder inside of them whose files are not looked at, such as where answers are written.
        tell: Hears in a line of pictures that are hidden, and so are not compared.

    Raises:
        DataError: one of the two is no folder, or neither holds a picture.
    """
    earlier, later = (_pictures(Path(folder), besides, tell) for folder in (before, after))
    names = sorted({*earlier, *later})
    if not names:
        raise DataError(f"neither {before} nor {after} holds a picture")
    folders = str(before), str(after)
    return [_matched((earlier.get(name, ()), later.get(name, ())), folders) for name in names]


def pairs_of_golden(
    golden: str | Path, folder: str | Path, *, besides: Path | None = None, tell: Tell = unheard
) -> list[Entry]:
    """One picture held against every picture of a folder, with any folders in it.

    Args:
        golden: The picture that is as it should be.
        folder: Of the pictures.
        besides: As in `pairs_of_folders`.
        tell: The same.

    Raises:
        DataError: the folder is none, or holds no picture.
    """
    pictures = _pictures(Path(folder), besides, tell)
    if not pictures:
        raise DataError(f"{folder} holds no picture")
    entries = []
    for _, paths in sorted(pictures.items()):
        name = _name_below(folder, paths[0])
        error = f"{claim_text(paths)} (in {folder})" if len(paths) > 1 else ""
        entries.append(Entry(name, str(golden), str(paths[0]), error))
    return entries


def _pictures(folder: Path, besides: Path | None, tell: Tell) -> Mapping[str, Sequence[Path]]:
    """The pictures below a folder by their relative names without extension, letters composed."""
    if not folder.is_dir():
        takes = "batch takes a table of pairs, two folders, or a picture and a folder"
        raise DataError(f"{folder}: {why_no_folder(folder)}; {takes}")
    left_out = None if besides is None or folder.resolve() not in besides.resolve().parents else besides.resolve()
    pictures: dict[str, list[Path]] = defaultdict(list)
    hidden = []
    for path in sorted(folder.rglob("*")):
        if not _is_called_picture(path) or (left_out is not None and left_out in path.resolve().parents):
            continue
        if is_hidden(path, folder):
            hidden.append(path)
        else:
            pictures[composed(_name_below(folder, path))].append(path)
    if hidden:
        count = "one picture" if len(hidden) == 1 else f"{len(hidden):,} pictures"
        tell(f"{folder}: {count} passed over as hidden, such as {hidden[0].relative_to(folder)}")
    return pictures


def _name_below(folder: str | Path, path: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


def _matched(sides: tuple[Sequence[Path], Sequence[Path]], folders: tuple[str, str]) -> Entry:
    """The pair, called as before's file is, or else after's."""
    name = next(_name_below(folder, paths[0]) for paths, folder in zip(sides, folders, strict=True) if paths)
    before, after = (str(paths[0]) if paths else "" for paths in sides)
    claims = (
        f"{claim_text(paths)} (in {folder})" for paths, folder in zip(sides, folders, strict=True) if len(paths) > 1
    )
    only: Only | None = "new" if not before else "missing" if not after else None
    return Entry(name, before, after, next(claims, ""), only=only)
