"""BLEU-4, ROUGE-L and CIDEr-D of sentences against references, as the captioning papers count them.

They measure how alike wordings are, not whether what is said is true: one fixed sentence gets a CIDEr of 30 on
Spot-the-diff, as much as some published systems. Put them beside facts and a blind baseline, never in their place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

_ORDER = 4
_BETA = 1.2  # of ROUGE-L: recall counts for more
_SPREAD = 6.0  # of CIDEr-D's punishment for other lengths
_TINY, _SMALL = 1e-15, 1e-9  # that the usual implementation adds, so that no logarithm is of 0
Words = Sequence[str]
Counts = Counter[tuple[str, ...]]


def bleu4(sentences: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """BLEU-4 of a whole corpus, 0 to 1, with the closest reference's length.

    Args:
        sentences: One sentence a pair, as words.
        references: Several sentences a pair.

    References:
        Papineni, Roukos, Ward, Zhu (2002), BLEU, ACL, section 2.3. https://aclanthology.org/P02-1040

    Examples:
        >>> round(bleu4([["a", "b", "c", "d", "e"]], [[["a", "b", "c", "d", "f"]]]), 3)
        0.669
    """
    guesses, right, length, nearest = [0] * _ORDER, [0] * _ORDER, 0, 0
    for sentence, others in zip(sentences, references, strict=True):
        length += len(sentence)
        nearest += min((abs(len(other) - len(sentence)), len(other)) for other in others)[1]
        for size in range(1, _ORDER + 1):
            own, most = _ngrams(sentence, size), Counter[tuple[str, ...]]()
            for other in others:
                most |= _ngrams(other, size)
            guesses[size - 1] += max(len(sentence) - size + 1, 0)
            right[size - 1] += (own & most).total()
    score = math.prod((r + _TINY) / (g + _SMALL) for r, g in zip(right, guesses, strict=True)) ** (1 / _ORDER)
    ratio = (length + _TINY) / (nearest + _SMALL)
    return score * math.exp(1 - 1 / ratio) if ratio < 1 else score


def rouge_l(sentences: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """Mean ROUGE-L, 0 to 1: the longest common subsequence, recall counting for more.

    References:
        Lin (2004), ROUGE, section 3.1, equations 2 to 4, with the best precision and the best recall over the
        references. https://aclanthology.org/W04-1013

    Examples:
        >>> rouge_l([["a", "b"]], [[["a", "b"], ["c"]]])
        1.0
    """
    scores = []
    for sentence, others in zip(sentences, references, strict=True):
        common = [_longest_common(sentence, other) for other in others]
        precision = max(c / len(sentence) if sentence else 0.0 for c in common)
        recall = max(c / len(other) if other else 0.0 for c, other in zip(common, others, strict=True))
        square = _BETA**2
        both = (1 + square) * precision * recall / (recall + square * precision) if precision and recall else 0.0
        scores.append(both)
    return sum(scores) / len(scores)


def cider(sentences: Sequence[Words], references: Sequence[Sequence[Words]]) -> float:
    """Mean CIDEr-D, 0 to 10; rarity is counted over these references.

    References:
        Vedantam, Zitnick, Parikh (2015), CIDEr, CVPR, equations 1 to 3 and 5 (CIDEr-D).
        https://arxiv.org/abs/1411.5726

    Examples:
        >>> pairs = [[["a", "red", "car", "left"]], [["two", "men", "came", "in"]]]
        >>> round(cider([pairs[0][0], pairs[1][0]], pairs), 3)
        10.0
    """
    stand_in: Counts = Counter()
    for others in references:
        stand_in.update({ngram for other in others for ngram in _all_ngrams(other)})
    rare = math.log(len(references))
    scores = []
    for sentence, others in zip(sentences, references, strict=True):
        own = _weighed(sentence, stand_in, rare)
        each = [_alike(own, _weighed(other, stand_in, rare), len(sentence) - len(other)) for other in others]
        scores.append(10 * sum(each) / len(each))
    return sum(scores) / len(scores)


def meteor(sentences: Sequence[Words], references: Sequence[Sequence[Words]]) -> float | None:
    """Mean METEOR, 0 to 1, by NLTK; None where it or its WordNet is not installed.

    References:
        Banerjee, Lavie (2005), METEOR, ACL workshop. https://aclanthology.org/W05-0909
    """
    try:
        from nltk.translate.meteor_score import meteor_score

        scores = [meteor_score(list(others), sentence) for sentence, others in zip(sentences, references, strict=True)]
    except (ImportError, LookupError):
        return None
    return float(sum(scores) / len(scores))


def _ngrams(words: Words, size: int) -> Counts:
    return Counter(tuple(words[start : start + size]) for start in range(len(words) - size + 1))


def _all_ngrams(words: Words) -> Counts:
    counts: Counts = Counter()
    for size in range(1, _ORDER + 1):
        counts += _ngrams(words, size)
    return counts


def _longest_common(first: Words, second: Words) -> int:
    row = [0] * (len(second) + 1)
    for word in first:
        before = 0
        for at, there in enumerate(second, start=1):
            before, row[at] = row[at], before + 1 if word == there else max(row[at], row[at - 1])
    return row[-1]


def _weighed(words: Words, stand_in: Counts, rare: float) -> list[dict[tuple[str, ...], float]]:
    """For each length, the n-grams with how often they stand here times how rare they are."""
    return [
        {ngram: times * (rare - math.log(max(stand_in[ngram], 1))) for ngram, times in _ngrams(words, size).items()}
        for size in range(1, _ORDER + 1)
    ]


def _alike(
    own: Sequence[dict[tuple[str, ...], float]], other: Sequence[dict[tuple[str, ...], float]], longer: int
) -> float:
    scores = []
    for mine, theirs in zip(own, other, strict=True):
        lengths = [math.sqrt(sum(value**2 for value in each.values())) for each in (mine, theirs)]
        common = sum(min(value, theirs.get(ngram, 0.0)) * theirs.get(ngram, 0.0) for ngram, value in mine.items())
        scores.append(common / math.prod(lengths) if all(lengths) else 0.0)
    return sum(scores) / _ORDER * math.exp(-(longer**2) / (2 * _SPREAD**2))
