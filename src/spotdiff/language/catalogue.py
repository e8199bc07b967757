"""Catalogues of phrases, as gettext keeps them: English is in the code, every other language in a file NAME.po."""

from __future__ import annotations

import functools
import gettext
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from spotdiff.errors import OptionError

_FOLDER = Path(__file__).parent / "catalogues"
_OWN = "en"
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiou])")


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One language.

    Attributes:
        name: Such as `en`.
        phrases: What was translated.
        polish: The last touch on a whole sentence.
    """

    name: str
    phrases: gettext.NullTranslations
    polish: Callable[[str], str]

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

    def sentence(self, said: str) -> str:
        """What was said, as a whole sentence."""
        return self.polish(self.say("sentence", "{said}.", said=said))

    def text(self, sentences: Iterable[str]) -> str:
        """Sentences, one behind the other."""
        return functools.reduce(lambda said, more: self.say("list", "{said} {more}", said=said, more=more), sentences)


def languages() -> tuple[str, ...]:
    """Names of the languages that come with spotdiff, ours first."""
    return (_OWN, *sorted(path.stem for path in _FOLDER.glob("*.po")))


@functools.lru_cache(maxsize=8)
def get_catalogue(language: str) -> Catalogue:
    """The catalogue of a language by its name, or from a file NAME.po.

    Raises:
        OptionError: there is no such language or file, or the file is no catalogue.

    Examples:
        >>> get_catalogue("zh").number(2)
        '两'
    """
    if language == _OWN:
        return Catalogue(_OWN, gettext.NullTranslations(), _english)
    path = Path(language) if language.endswith(".po") else _FOLDER / f"{language}.po"
    if path.parent == _FOLDER and language not in languages() and not language.endswith(".po"):
        raise OptionError(
            f"there is no language {language!r}; there are {', '.join(languages())}, or give a file NAME.po"
        )
    return Catalogue(path.stem, _read(path), str)


def _read(path: Path) -> gettext.GNUTranslations:
    import polib

    try:
        text = path.read_text(encoding="utf-8")
        read = polib.pofile(text)
        if not read.translated_entries():
            raise ValueError("nothing is translated in it")
        return gettext.GNUTranslations(io.BytesIO(read.to_binary()))
    except OSError as error:
        raise OptionError(f"{path} cannot be read as a catalogue: {error.strerror}") from None
    except (ValueError, KeyError, SyntaxError) as error:
        raise OptionError(f"{path} is no catalogue of phrases: {str(error).partition(chr(10))[0]}") from None


def _english(sentence: str) -> str:
    """`an` before a vowel, and a capital first.

    Examples:
        >>> _english("a orange box was added.")
        'An orange box was added.'
    """
    said = _ARTICLE.sub(r"\1n ", sentence)
    return said[:1].upper() + said[1:]
