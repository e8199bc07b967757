"""Words and their numbers, as a captioner writes them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

PAD, BEGIN, END, UNKNOWN = range(4)
_OWN = ("<pad>", "<begin>", "<end>", "<unknown>")
_WORD = re.compile(r"[a-z0-9']+|[.,;]")


@dataclass(frozen=True)
class Vocabulary:
    """The words that a captioner knows, the commonest first, behind four signs of its own.

    Attributes:
        words: Without the signs.

    Examples:
        >>> known = Vocabulary.of(["A chair is gone.", "a cup is gone."], least=2)
        >>> known.words, known.numbers("a chair is gone.")
        (('.', 'a', 'gone', 'is'), [5, 3, 7, 6, 4, 2])
        >>> known.text([5, 7, 6, 4, 2, 5])
        'a is gone .'
    """

    words: tuple[str, ...]
    _number: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._number.update({word: number for number, word in enumerate(self.words, start=len(_OWN))})

    @classmethod
    def of(cls, sentences: Iterable[str], *, least: int = 1) -> Vocabulary:
        """The words that stand in the sentences `least` times or more."""
        count = Counter(word for sentence in sentences for word in words_of(sentence))
        common = sorted((word for word, times in count.items() if times >= least), key=lambda w: (-count[w], w))
        return cls(tuple(common))

    def __len__(self) -> int:
        return len(_OWN) + len(self.words)

    def numbers(self, sentence: str) -> list[int]:
        """The numbers of a sentence's words, and the end."""
        return [*(self._number.get(word, UNKNOWN) for word in words_of(sentence)), END]

    def number(self, word: str) -> int:
        """The number of a word; that of the unknown where it is not known."""
        return self._number.get(word, UNKNOWN)

    def text(self, numbers: Sequence[int]) -> str:
        """The words of these numbers up to the end, with spaces between."""
        known = []
        for number in numbers:
            if number == END:
                break
            if number >= len(_OWN):
                known.append(self.words[number - len(_OWN)])
        return " ".join(known)


def words_of(sentence: str) -> list[str]:
    """Words and stops of a sentence, in lower case.

    Examples:
        >>> words_of("The chair's GONE.")
        ['the', "chair's", 'gone', '.']
    """
    return _WORD.findall(sentence.lower())
