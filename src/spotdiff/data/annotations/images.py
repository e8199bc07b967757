"""The images that annotations are drawn on: which pair and side they are of, and where their files lie."""

from __future__ import annotations

import filecmp
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

import cv2
import numpy as np

from spotdiff.data.dataset import PICTURE_SUFFIXES
from spotdiff.data.file_names import DiskSpelling, claim_text, composed
from spotdiff.data.open import PAIR_FOLDERS
from spotdiff.errors import DataError, why_no_folder
from spotdiff.image import load_picture
from spotdiff.input_files import read_bytes

if TYPE_CHECKING:
    from spotdiff.data.annotations.annotation import ImageAnnotations, Side
    from spotdiff.types import Bytes

_FOLDERS: dict[Side, tuple[str, ...]] = {
    "before": tuple(before for before, _ in PAIR_FOLDERS),
    "after": tuple(after for _, after in PAIR_FOLDERS),
}
_SIDES: dict[str, Side] = {folder: side for side, folders in _FOLDERS.items() for folder in folders}
_COUNTERPARTS = {folder: other for pair in PAIR_FOLDERS for folder, other in (pair, pair[::-1])}
_IMAGES = "images"  # the folder that CVAT and others put pictures into
_WORDED_SUFFIX = re.compile(r"\.[A-Za-z]\w{0,4}$")  # .png, .jp2 or .heic, but not the .2 of a version
_SIGNATURES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp", b"BM": ".bmp"}


@dataclass(frozen=True, slots=True)
class ImageKey:
    """Which image of a dataset.

    Attributes:
        site: The folders above that of its side; two sites may have pairs of one name.
        pair: The pair's name within its site.
        side: Which of the two it is; None for both, side by side.
    """

    site: tuple[str, ...]
    pair: str
    side: Side | None

    @property
    def other(self) -> ImageKey:
        """The key of the pair's other image."""
        return replace(self, side="before" if self.side == "after" else "after")

    def __str__(self) -> str:
        return "/".join((*self.site, *([self.side] if self.side else ()), self.pair))


def image_key(image: ImageAnnotations, root: Path, *, side_by_side: bool) -> ImageKey:
    """Which image of a dataset is annotated, as far as names tell.

    Its side is the last folder on the way to it that is called before or after; or else t0 or t1; or else A or B. The
    pair's name is what follows, its site what stands before, below the annotation file's own folder. Where the image's
    name has no such folder, the annotation file's own path below `root` tells the side, by a folder or by its name:
    what `before.json` says is of before.

    Raises:
        DataError: nothing tells the side, or the name leads out of the dataset.

    Examples:
        >>> from pathlib import Path
        >>> from spotdiff.data.annotations.annotation import ImageAnnotations
        >>> image = ImageAnnotations("site/before/yard/1.png", (), Path("x.json"))
        >>> image_key(image, Path(), side_by_side=False)
        ImageKey(site=('site',), pair='yard/1', side='before')
        >>> image_key(ImageAnnotations("1.png", (), Path("after.json")), Path(), side_by_side=False)
        ImageKey(site=(), pair='1', side='after')
    """
    in_root = image.file.is_relative_to(root)
    file_parts = _parts(image.file.relative_to(root).with_suffix("").as_posix()) if in_root else ()
    name_parts = _parts(_WORDED_SUFFIX.sub("", image.name))
    parts, folder = (name_parts, file_parts[:-1]) if name_parts else (file_parts, ())
    if side_by_side:
        return ImageKey(_site(folder), _pair_name(parts), None)
    at = _last_side(name_parts or file_parts[:-1])
    if at is not None:
        return ImageKey(_site((*folder, *parts[:at])), _pair_name(parts[at + 1 :]), _SIDES[parts[at]])
    at = _last_side(file_parts)
    if at is None or not name_parts:
        raise DataError("nothing tells whether it is before or after: keep it in a folder of that name")
    return ImageKey(_site(file_parts[:at]), _pair_name(name_parts), _SIDES[file_parts[at]])


def _parts(name: str) -> tuple[str, ...]:
    path = PureWindowsPath(name) if "\\" in name else PurePosixPath(name)
    return tuple(map(composed, path.parts))


def _last_side(parts: tuple[str, ...]) -> int | None:
    for folders in PAIR_FOLDERS:  # what is called A or B below before or after is a part of the name
        sides = [at for at, part in enumerate(parts) if part in folders]
        if sides:
            return sides[-1]
    return None


def _is_plain(part: str) -> bool:
    return bool(part.strip("./")) and part.isprintable() and ":" not in part and "\\" not in part


def _site(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The folders that can be ones of a dataset: those after a drive, a root or a way up."""
    start = max((at + 1 for at, part in enumerate(parts) if not _is_plain(part)), default=0)
    return parts[start:]


def _pair_name(parts: tuple[str, ...]) -> str:
    name = "/".join(parts)
    if not parts or not all(map(_is_plain, parts)):
        raise DataError(f"{name!r} cannot be the name of a pair: it is empty, leads elsewhere or holds odd letters")
    return name


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """An image that was found.

    Attributes:
        source: Its file, or the file's bytes.
        size: (width, height).
        suffix: How the file's name ends.
    """

    source: Path | bytes
    size: tuple[int, int]
    suffix: str

    @property
    def data(self) -> bytes:
        """The image's file as it is."""
        return self.source if isinstance(self.source, bytes) else read_bytes(self.source)

    def halves(self) -> tuple[bytes, bytes]:
        """The left and the right half as PNG files."""
        pixels, middle = load_picture(self.source).pixels, self.size[0] // 2
        return encode_colour(pixels[:, :middle]), encode_colour(pixels[:, middle:])


def encode_colour(pixels: Bytes) -> bytes:
    """A PNG file of (H, W, 3) uint8."""
    _, coded = cv2.imencode(".png", cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR))
    return bytes(coded.tobytes())


@dataclass(frozen=True, slots=True, eq=False)
class ImageFolder:
    """The images of a folder and those below it, by their path without its suffix, hidden ones left out."""

    folder: Path
    files: Mapping[str, Sequence[Path]]

    @classmethod
    def scan(cls, folder: Path) -> ImageFolder:
        """What is there now.

        Raises:
            DataError: it is no folder.
        """
        if not folder.is_dir():
            raise DataError(f"{folder}: {why_no_folder(folder)}")
        files: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            hidden = any(part.startswith(".") for part in inside.parts)
            if not hidden and path.suffix.lower() in PICTURE_SUFFIXES and path.is_file():
                files[composed(inside.with_suffix("").as_posix())].append(path)
        return cls(folder, files)

    def keys(self) -> set[ImageKey]:
        """The images that lie in a folder of a side whose counterpart has one of the same name."""
        keys = set()
        for name in self.files:
            at = _last_side(parts := tuple(name.split("/")))
            if at is not None and at + 1 < len(parts) and _counterpart(parts, at) in self.files:
                keys.add(ImageKey(_site_below(parts, at), "/".join(parts[at + 1 :]), _SIDES[parts[at]]))
        return keys


def _site_below(parts: tuple[str, ...], at: int) -> tuple[str, ...]:
    return parts[1:at] if parts[0] == _IMAGES else parts[:at]


def _counterpart(parts: tuple[str, ...], at: int) -> str:
    return "/".join((*parts[:at], _COUNTERPARTS[parts[at]], *parts[at + 1 :]))


@dataclass(frozen=True, slots=True)
class Located:
    """Where an image lies.

    Attributes:
        path: Its file; None where there is none.
        site: The site that its folders tell, or else its names.
        counterpart: The name below its folder, without suffix, that the pair's other image has; "" where nothing tells.
    """

    path: Path | None
    site: tuple[str, ...]
    counterpart: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ImageFolders:
    """The folders that the user named, in which alone images are looked for: that of the pictures comes first."""

    folders: tuple[ImageFolder, ...]
    spelling: DiskSpelling = field(default_factory=DiskSpelling)

    @classmethod
    def scan(cls, pictures: Path | None, root: Path) -> ImageFolders:
        """The images of `pictures` (if given) and of `root`, where the annotation files are.

        Raises:
            DataError: one is no folder.
        """
        same = pictures is None or pictures.resolve() == root.resolve()
        return cls(tuple(map(ImageFolder.scan, [root] if pictures is None or same else [pictures, root])))

    def find(self, key: ImageKey, image: ImageAnnotations) -> Located:
        """Where an annotated image lies.

        It lies under the name of its key, below as many folders of its site as there are. Only where nothing does, the
        path that the annotation file tells counts: from its own folder, then from that of the pictures.

        Raises:
            DataError: two files claim the place, the annotation file names another image, or one elsewhere.
        """
        if image.embedded:  # what was drawn on is in the annotation file itself
            return Located(None, key.site)
        declared = PurePosixPath(composed(image.path.replace("\\", "/")))
        places = [path for path in self._places(declared, image.file.parent) if self._holds(path)]
        sites = [key.site[start:] for start in range(len(key.site) + 1)]
        names = (name for site in sites for name in _names(replace(key, site=site), declared.parts))
        name = next(filter(self.named, names), "")
        if name:
            return _located(_the_one(_own(self.named(name), declared, _first_picture(places))), name, key)
        if declared.name and not places:
            folders = " and ".join(str(folder.folder) for folder in self.folders)
            raise DataError(f"its picture {declared} lies outside of {folders}: --pictures says where pictures are")
        pointed = _first_picture(map(self.spelling, places))
        if pointed is not None:
            self._check_side(pointed, declared, key)
        return Located(pointed, key.site)

    def at(self, key: ImageKey) -> Path | None:
        """The image of exactly this key, or None.

        Raises:
            DataError: two files claim the place.
        """
        return next(filter(None, map(self.named_once, _names(key, ()))), None)

    def files_of(self, key: ImageKey) -> list[Path]:
        """Every file that may be the image of exactly this key."""
        return [path for name in _names(key, ()) for path in self.named(name)]

    def named_once(self, name: str) -> Path | None:
        """The one file of that name, or None.

        Raises:
            DataError: there are several.
        """
        paths = self.named(name)
        return _the_one(paths) if paths else None

    def named(self, name: str) -> list[Path]:
        """The files of that name, without suffix, below each folder."""
        paths = [path for folder in self.folders for path in folder.files.get(name, ())]
        return list({os.path.normpath(path.absolute()): path for path in reversed(paths)}.values())[::-1]

    def _places(self, declared: PurePosixPath, beside: Path) -> list[Path]:
        bases = [beside, self.folders[0].folder]
        return [Path(os.path.normpath(base.absolute() / declared)) for base in bases]

    def _holds(self, path: Path) -> bool:
        """Whether a path stays below a folder, also where a link in it leads."""
        real = os.path.realpath(path)
        return any(
            path.is_relative_to(os.path.normpath(folder.folder.absolute()))
            and real.startswith(os.path.join(os.path.realpath(folder.folder), ""))  # noqa: PTH118 (ends with a stroke)
            for folder in self.folders
        )

    def _check_side(self, path: Path, declared: PurePosixPath, key: ImageKey) -> None:
        """Refuse a file of the other side; folders above those that the user named tell nothing."""
        tops = [os.path.normpath(folder.folder.absolute()) for folder in self.folders]
        parts = next(path.relative_to(top).parts for top in tops if path.is_relative_to(top))
        at = _last_side(parts)
        if key.side and at is not None and _SIDES[parts[at]] != key.side:
            raise DataError(f"it is of {key.side}, but says that its picture is {declared}")


def _first_picture(paths: Iterable[Path]) -> Path | None:
    return next((path for path in paths if path.suffix.lower() in PICTURE_SUFFIXES and os.path.isfile(path)), None)  # noqa: PTH113 (Path's own raises for names that cannot be)


def _names(key: ImageKey, declared: Sequence[str]) -> Iterator[str]:
    """The names below a folder, without suffix, that the image of a key may have; declared folders come first."""
    folders: Sequence[str | None] = [None]
    if key.side is not None:
        folders = sorted(_FOLDERS[key.side], key=lambda folder: folder not in declared)
    for top in ((), (_IMAGES,)):
        for folder in folders:
            yield "/".join((*top, *key.site, *([folder] if folder else ()), key.pair))


def _located(path: Path, name: str, key: ImageKey) -> Located:
    parts = tuple(name.split("/"))
    at = len(parts) - len(key.pair.split("/")) - (key.side is not None)
    return Located(path, _site_below(parts, at), _counterpart(parts, at) if key.side else "")


def _own(paths: list[Path], declared: PurePosixPath, pointed: Path | None) -> list[Path]:
    """The files of an image's own name and suffix, and the one that its file points to with a path of folders.

    Raises:
        DataError: the annotation file names another image, though one of its own name is there.
    """
    if declared.name and _WORDED_SUFFIX.sub("", declared.name) != composed(paths[0].stem):
        raise DataError(
            f"it says that its picture is {declared}, but {paths[0]} has its own name: rename one of the two"
        )
    paths = [path for path in paths if composed(path.name) == declared.name] or paths
    known = {os.path.normpath(path.absolute()) for path in paths}
    elsewhere = pointed is not None and len(declared.parts) > 1 and str(pointed) not in known
    return [*paths, pointed] if pointed is not None and elsewhere else paths


def _the_one(paths: Sequence[Path]) -> Path:
    """The one file among some of the same name, which may lie in several folders while they hold the same.

    Raises:
        DataError: they differ.
    """
    first, *others = paths
    if any(path.parent == first.parent for path in others):
        raise DataError(f"{first.parent}: {claim_text(paths)}")
    if not all(filecmp.cmp(first, path, shallow=False) for path in others):
        raise DataError(f"{' and '.join(map(str, paths))} claim one name and differ: keep one of them")
    return first


def open_image(path: Path | None, image: ImageAnnotations | None) -> ImageFile:
    """The image, read once to see that it can be.

    Raises:
        DataError: there is none, neither as a file nor inside of the annotation file.
        LoadError: it cannot be read.
    """
    if path is not None:
        return ImageFile(path, load_picture(path).size, path.suffix.lower())
    if image is None or not image.embedded:
        name = f" {image.path}" if image and image.path else ""
        raise DataError(f"the picture{name} is missing; --pictures says where they are")
    suffix = next((suffix for start, suffix in _SIGNATURES.items() if image.embedded.startswith(start)), ".png")
    return ImageFile(image.embedded, load_picture(image.embedded).size, suffix)
