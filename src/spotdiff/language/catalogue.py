"""Catalogues of phrases, as gettext keeps them: English is in the code, every other language in a file NAME.po."""

from __future__ import annotations

import functools
import gettext
import io
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spotdiff.errors import DataError, OptionError, error_line
from spotdiff.input_files import read_text

_FOLDER = Path(__file__).parent / "catalogues"
ENGLISH = "en"
_COUNTED = 200  # numbers that a plural rule is tried on
_AN = re.compile(r"a (?=[aeio]|u(?!ni|s|te))")


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One language.

    Attributes:
        name: Such as `en`.
        phrases: What was translated.
    """

    name: str
    phrases: gettext.NullTranslations

    def say(self, context: str, phrase: str, **values: object) -> str:
        """A phrase in this language, its gaps filled in."""
        return self.phrases.pgettext(context, phrase).format(**values)

    def count(self, context: str, one: str, many: str, number: int) -> str:
        """A phrase whose gap `{number}` is filled with a number, in the form that the number wants."""
        return self.phrases.npgettext(context, one, many, number).format(number=self.number(number))

    def number(self, number: int) -> str:
        """A number up to ten as a word."""
        words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
        return self.say("number", words[number]) if number < len(words) else str(number)

    def sentence(self, clause: str) -> str:
        """What was said, as a whole sentence."""
        return self.say("sentence", "{said}.", said=clause[:1].upper() + clause[1:])

    def noun(self, phrase: str, **words: str) -> str:
        """A thing; in English with `an` before a vowel.

        Examples:
            >>> get_catalogue("en").noun("a {colour} {name}", colour="orange", name="box")
            'an orange box'
        """
        filled = self.say("thing", phrase, **words)
        return _AN.sub("an ", filled, count=1) if self.name == ENGLISH and filled.startswith("a ") else filled

    def text(self, sentences: Iterable[str]) -> str:
        """Sentences, one behind the other."""
        return functools.reduce(lambda text, more: self.say("list", "{said} {more}", said=text, more=more), sentences)


def languages() -> tuple[str, ...]:
    """Names of the languages that come with spotdiff, ours first."""
    return (ENGLISH, *sorted(path.stem for path in _FOLDER.glob("*.po")))


def get_catalogue(language: str) -> Catalogue:
    """The catalogue of a language by its name, or from a file NAME.po.

    Raises:
        OptionError: there is no such language or file, or the file is no catalogue.

    Examples:
        >>> get_catalogue("zh").number(2)
        '两'
    """
    if language == ENGLISH:
        return Catalogue(ENGLISH, gettext.NullTranslations())
    path = Path(language) if language.endswith(".po") else _FOLDER / f"{language}.po"
    if path.parent == _FOLDER and language not in languages() and not language.endswith(".po"):
        raise OptionError(
            f"there is no language {language!r}; there are {', '.join(languages())}, or give a file NAME.po"
        )
    try:
        stat = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise OptionError(f"{path} cannot be read as a catalogue: {error_line(error)}") from None
    return _catalogue(path, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=8)
def _catalogue(path: Path, _modified: int, _size: int) -> Catalogue:
    """A catalogue as its file is now: one that was written anew since is read anew."""
    return Catalogue(path.stem, _read(path))


def _read(path: Path) -> gettext.GNUTranslations:
    import polib

    try:
        text = read_text(path)
    except DataError as error:
        raise OptionError(f"{error}; a catalogue of phrases is asked for") from None
    try:
        read = polib.pofile(text)
        for entry in read:
            _check(entry.msgid, [entry.msgstr, *entry.msgstr_plural.values()])
        if not read.translated_entries():
            raise ValueError("nothing is translated in it")
        phrases = gettext.GNUTranslations(io.BytesIO(read.to_binary()))
        for number in range(_COUNTED):
            phrases.ngettext("", "", number)
    except (OSError, LookupError, ArithmeticError, ValueError, TypeError, SyntaxError, RecursionError) as error:
        raise OptionError(f"{path} is no catalogue of phrases: {str(error).partition(chr(10))[0]}") from None
    return phrases


def _check(phrase: str, translations: Iterable[str]) -> None:
    """Translations may have the gaps of their phrase and no others, and nothing in the gaps but a name."""
    known = {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}
    for translation in translations:
        for _, name, form, conversion in string.Formatter().parse(translation):
            if name is not None and (name not in known or form or conversion):
                raise ValueError(f"{translation!r} has a gap that {phrase!r} has not")
