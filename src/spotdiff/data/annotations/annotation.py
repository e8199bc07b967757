"""Annotations as values: what is drawn on an image, whichever tool drew it, and the categories it may have."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from spotdiff.errors import DataError, OptionError
from spotdiff.regions.polygons import Polygon

Side = Literal["before", "after"]
SIDES: tuple[Side, Side] = ("before", "after")

ADDED, REMOVED, CHANGED, MOVED, IGNORE = CATEGORIES = ("added", "removed", "changed", "moved", "ignore")
_SYNONYMS = {
    "add": ADDED,
    "appeared": ADDED,
    "new": ADDED,
    "remove": REMOVED,
    "gone": REMOVED,
    "missing": REMOVED,
    "disappeared": REMOVED,
    "change": CHANGED,
    "replaced": CHANGED,
    "exchanged": CHANGED,
    "move": MOVED,
    "ignored": IGNORE,
    "uncounted": IGNORE,
}


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """One thing drawn.

    Attributes:
        where: What to call it in messages, such as "shape 3".
        category: The word it bears, ours or the tool's; "" until one of `words` is chosen.
        polygons: Its parts. One that crosses or touches itself covers what an odd number of its turns enclose, so a
            hole is cut by walking to it, around it and back.
        trouble: Why it cannot be used; empty when it can.
        words: Attributes and the words that they hold, where a tool keeps several, any of which may be the category.
        mask_size: (width, height) that the image must have, where it was drawn as a mask of the whole image.
    """

    where: str
    category: str
    polygons: tuple[Polygon, ...]
    trouble: str = ""
    words: tuple[tuple[str, str], ...] = ()
    mask_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ImageAnnotations:
    """What is drawn on one image.

    Attributes:
        name: The image's name in the annotation file, with its folders; "" where the annotation file itself bears the
            name.
        annotations: What is drawn on it.
        file: The annotation file.
        size: (width, height) that the annotation file says the image has, or None.
        path: Where the annotation file says the image is, seen from its own folder.
        embedded: The image's own file, where the annotation file holds it.
        file_size: Bytes of the image's file, -1 for unknown.
    """

    name: str
    annotations: tuple[Annotation, ...]
    file: Path
    size: tuple[int, int] | None = None
    path: str = ""
    embedded: bytes = b""
    file_size: int = -1


class AnnotationFormat(Protocol):
    """How a tool keeps annotations."""

    suffix: ClassVar[str]

    def read(self, path: Path) -> tuple[ImageAnnotations, ...]:
        """What an annotation file says.

        Raises:
            DataError: it is no such file; an annotation alone that cannot be used bears its trouble instead.
        """
        ...

    def write(self, images: Sequence[ImageAnnotations]) -> Mapping[str, bytes]:
        """The annotation files for some images by their path below the folder of the images."""
        ...


def parse_annotation(
    where: str, category: Callable[[], str], polygons: Callable[[], tuple[Polygon, ...]]
) -> Annotation:
    """An annotation whose category and corners are read now; what cannot be read becomes its trouble."""
    word = ""
    try:
        word = category()
        return Annotation(where, word, polygons())
    except DataError as error:
        return Annotation(where, word, (), str(error))


def category_map(synonyms: Iterable[str] = ()) -> Mapping[str, str]:
    """The category that each word stands for, in small letters.

    Args:
        synonyms: `theirs=ours` for words that are not known, or that mean something else here.

    Raises:
        OptionError: one is not of that form, or names no category.

    Examples:
        >>> categories = category_map(["stolen = removed"])
        >>> categories["stolen"], categories["replaced"], categories["added"]
        ('removed', 'changed', 'added')
    """
    categories = {**{category: category for category in CATEGORIES}, **_SYNONYMS}
    for text in synonyms:
        theirs, equals, ours = (part.strip().lower() for part in text.rpartition("="))
        if not equals or not theirs:
            raise OptionError(f"--label takes theirs=ours, not {text!r}")
        if ours not in CATEGORIES:
            near = difflib.get_close_matches(ours, CATEGORIES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(CATEGORIES)}"
            raise OptionError(f"--label {text}: there is no kind {ours!r}; {hint}")
        categories[theirs] = ours
    return categories


def category_of(word: str, categories: Mapping[str, str]) -> str:
    """The category that a word stands for.

    Raises:
        DataError: nobody knows; the nearest word is suggested.
    """
    category = categories.get(word.strip().lower())
    if category is None:
        near = difflib.get_close_matches(word.lower(), categories, n=1)
        hint = f"did you mean {near[0]}? Else" if near else "say what it means with"
        raise DataError(f"unknown label {word!r}; {hint} --label {word or 'WORD'}={'|'.join(CATEGORIES)}")
    return category


@dataclass(frozen=True, slots=True)
class Words:
    """What the words of annotations mean.

    Attributes:
        categories: The category that each word stands for, see `category_map`.
        attribute: The one attribute that counts, where annotations have several; "" for all.
    """

    categories: Mapping[str, str]
    attribute: str = ""

    def category(self, annotation: Annotation) -> str:
        """The category of an annotation; of several attributes that of those which hold a known word.

        Raises:
            DataError: no word is known, or two attributes hold words for different categories.
        """
        if self.attribute and not annotation.words:
            raise DataError("it has no attributes to choose from: leave --attribute out")
        if not annotation.words:
            return category_of(annotation.category, self.categories)
        words = [(name, word) for name, word in annotation.words if self.attribute.lower() in ("", name.lower())]
        if not words:
            names = ", ".join(dict.fromkeys(name for name, _ in annotation.words))
            raise DataError(f"it has no attribute {self.attribute!r}, only {names}: see --attribute")
        known = {
            (name, category): word
            for name, word in words
            if (category := self.categories.get(word.strip().lower())) is not None
        }
        if not known and len(words) > 1:
            held = ", ".join(f"{name}={word!r}" for name, word in words)
            raise DataError(f"no attribute holds a known label ({held}); say what one means with --label")
        if len({category for _, category in known}) > 1:
            raise DataError(_disagreement(known))
        return next((category for _, category in known), "") or category_of(words[0][1], self.categories)


def _disagreement(known: Mapping[tuple[str, str], str]) -> str:
    held = " and ".join(f"{name}={word!r}" for (name, _), word in known.items())
    if len({name for name, _ in known}) == 1:
        return f"its attribute must be one word, not {held}"
    return f"its attributes disagree, {held}: --attribute NAME says which counts"
