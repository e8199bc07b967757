"""What is said of captioned pairs, held against what is known: facts, false statements and wordings, in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotdiff.describe.captioner import Captioner
from spotdiff.describe.words import Words
from spotdiff.errors import DataError
from spotdiff.evaluate.tables import shown
from spotdiff.image import load_picture
from spotdiff.language.facts import COLOURS, ChangeFact, Spot, Thing
from spotdiff.language.paraphrase import TEMPLATES, fill_template
from spotdiff.language.parse import parse
from spotdiff.language.places import PLACES
from spotdiff.metrics import ngrams
from spotdiff.metrics.facts import SLOTS, FactScores
from spotdiff.nets.parts.vocabulary import words_of
from spotdiff.options import Options
from spotdiff.pipeline import compare
from spotdiff.regions.context_crop import square
from spotdiff.types import KINDS, Pair, Region

if TYPE_CHECKING:
    from spotdiff.data.captioned import CaptionedPair

System = Callable[["CaptionedPair"], str]
HEDGE = "possibly "


@dataclass(frozen=True, slots=True)
class Row:
    """One system over all pairs.

    Attributes:
        name: Of the system.
        facts: Its facts; no pair is counted of which only sentences are known.
        wording: BLEU-4, ROUGE-L, CIDEr and, where it can be had, METEOR.
        sentences: What it said, pair by pair.
    """

    name: str
    facts: FactScores
    wording: Mapping[str, float]
    sentences: tuple[str, ...]


def true_regions(pair: CaptionedPair) -> str:
    """What `words` says of the regions of the truth; a system.

    Raises:
        DataError: a picture cannot be read, or nobody knows the places.
    """
    if pair.facts is None:
        raise DataError(f"{pair.name} has sentences and no places")
    pictures = Pair(load_picture(pair.before), load_picture(pair.after))
    return _joined(Words().describe(pictures, _regions(pair)))


def own_regions(options: Options) -> System:
    """A system that compares and tells the regions that it finds, by the describer of the options."""

    def system(pair: CaptionedPair) -> str:
        return _joined(compare(pair.before, pair.after, options=options).regions)

    return system


def whole_picture(weights: str) -> System:
    """A system that shows both pictures to a captioner; raises as `describe.captioner.Captioner` does."""
    captioner = Captioner(weights).captioner()
    if captioner.regions:
        raise DataError(f"{weights} looks at regions, not at whole pictures")

    def system(pair: CaptionedPair) -> str:
        before, after = (square(load_picture(path).pixels, captioner.side) for path in (pair.before, pair.after))
        return captioner.captions([before], [after])[0][0]

    return system


def blind(pairs: Sequence[CaptionedPair]) -> System:
    """The one sentence that is right most often of these pairs, whatever they show: nobody looked at them.

    Every kind, place and colour is tried with the commonest name, in hindsight: no other sentence of the grammar with
    one change has a better fact F1 here. Where only sentences are known it is the commonest of them.
    """
    if any(pair.facts is None for pair in pairs):
        sentence = Counter(text for pair in pairs for text in pair.sentences).most_common(1)[0][0]
        return lambda _: sentence
    truths = [pair.facts or () for pair in pairs]
    names = Counter(fact.thing.name for facts in truths for fact in facts)
    name = names.most_common(1)[0][0] if names else ""
    tried = [
        ChangeFact(kind, Thing(name, colour), Spot(place), to=Spot("centre") if kind == "moved" else Spot())
        for kind in KINDS
        for place in PLACES
        for colour in ("", *COLOURS)
    ]
    best = max(tried, key=lambda fact: _f1([(fact,)] * len(truths), truths))
    sentence = f"{fill_template(best, TEMPLATES[best.kind][0])} ."
    return lambda _: sentence


def row(name: str, pairs: Sequence[CaptionedPair], sentences: Sequence[str]) -> Row:
    """The row of what was said of each pair; what is only said to be possible is not stated."""
    scores = FactScores()
    for pair, text in zip(pairs, sentences, strict=True):
        if pair.facts is not None:
            scores.add(parse(stated(text)), pair.facts)
    words = [words_of(text) for text in sentences]
    references = [[words_of(text) for text in pair.sentences] for pair in pairs]
    wording = {"BLEU-4": ngrams.bleu4, "ROUGE-L": ngrams.rouge_l, "CIDEr": ngrams.cider}
    counted = {metric: count(words, references) for metric, count in wording.items()}
    meteor = ngrams.meteor(words, references)
    return Row(name, scores, counted | ({} if meteor is None else {"METEOR": meteor}), tuple(sentences))


def stated(text: str) -> str:
    """The sentences of a text that state something, without those that call it possible.

    Examples:
        >>> stated("A cup is gone. Possibly a hat moved.")
        'A cup is gone.'
    """
    sentences = [part.strip() for part in text.split(".") if part.strip()]
    return " ".join(f"{part}." for part in sentences if not part.lower().startswith(HEDGE))


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a table: F1 of each fact, of all, precision, recall, false statements, wordings times 100."""
    rows = list(rows)
    metrics = list(rows[0].wording) if rows else []
    heads = [*(f"{slot} F1" for slot in SLOTS), "fact P", "fact R", "fact F1", "wholly right", "false statements"]
    lines = ["| system | " + " | ".join([*heads, *metrics]) + " |", "|---|" + "---:|" * (len(heads) + len(metrics))]
    for system in rows:
        every = system.facts.all
        values = [*(system.facts.of(slot).f1 for slot in SLOTS), every.precision, every.recall, every.f1]
        values += [system.facts.wholly_right, system.facts.false_statements]
        cells = [shown(value) for value in values]
        cells += [f"{100 * system.wording[metric]:.1f}" for metric in metrics]
        lines.append(f"| {system.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _f1(stated: Sequence[Sequence[ChangeFact]], truths: Sequence[Sequence[ChangeFact]]) -> float:
    scores = FactScores()
    for facts, truth in zip(stated, truths, strict=True):
        scores.add(facts, truth)
    return scores.all.f1


def _joined(regions: Sequence[Region]) -> str:
    return " ".join(region.text for region in regions) or "Nothing changed."


def _regions(pair: CaptionedPair) -> tuple[Region, ...]:
    return tuple(
        Region(place.kind, 1.0, 0, place.box_before, place.box_after, place.outline_before, place.outline_after)
        for place in pair.places
    )
