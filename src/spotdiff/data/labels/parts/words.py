"""What labels mean: the house's kinds, and the words that others use for them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from spotdiff.errors import DataError, OptionError

ADDED, REMOVED, CHANGED, MOVED, IGNORE = KINDS = ("added", "removed", "changed", "moved", "ignore")
_USUAL = {
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


def words_of(given: Iterable[str] = ()) -> Mapping[str, str]:
    """The kind that each word stands for, in small letters.

    Args:
        given: `theirs=ours` for words that are not known, or that mean something else here.

    Raises:
        OptionError: one is not of that form, or names no kind.

    Examples:
        >>> words = words_of(["stolen = removed"])
        >>> words["stolen"], words["replaced"], words["added"]
        ('removed', 'changed', 'added')
    """
    words = {**{kind: kind for kind in KINDS}, **_USUAL}
    for text in given:
        theirs, equals, ours = (part.strip().lower() for part in text.rpartition("="))
        if not equals or not theirs:
            raise OptionError(f"--label takes theirs=ours, not {text!r}")
        if ours not in KINDS:
            near = difflib.get_close_matches(ours, KINDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KINDS)}"
            raise OptionError(f"--label {text}: there is no kind {ours!r}; {hint}")
        words[theirs] = ours
    return words


def kind_of(label: str, words: Mapping[str, str]) -> str:
    """The kind that a label stands for.

    Raises:
        DataError: nobody knows; the nearest word is suggested.
    """
    found = words.get(label.strip().lower())
    if found is None:
        near = difflib.get_close_matches(label.lower(), words, n=1)
        hint = f"did you mean {near[0]}? Else" if near else "say what it means with"
        raise DataError(f"unknown label {label!r}; {hint} --label {label or 'WORD'}={'|'.join(KINDS)}")
    return found
