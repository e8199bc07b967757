"""Names of things from a vision-language server of your own (Ollama, llama.cpp, vLLM); kept to the facts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from spotdiff.describe._chat_server import NoAnswer, Server
from spotdiff.describe._region_facts import facts_of
from spotdiff.errors import OptionError
from spotdiff.language.catalogue import get_catalogue
from spotdiff.language.grammar import fact_sentence
from spotdiff.params import check, param

if TYPE_CHECKING:
    from spotdiff.describe._chat_server import ObjectNames
    from spotdiff.language.facts import ChangeFact
    from spotdiff.language.places import Areas
    from spotdiff.types import Pair, Region


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Asks a server that speaks the OpenAI chat format what each region shows, and tells it by the grammar of `words`.

    Cut-outs of the regions and their kinds are sent to `url` and nowhere else: no redirect and no proxy is followed. A
    host that is not this machine is refused unless `remote` says otherwise. An answer that contradicts the kind of a
    region is dropped, as is one that is no short name. Where the server does not answer, the words say so and go on
    without names. A key is taken from the environment (OPENAI_API_KEY).

    Attributes:
        url: Of the server, up to and with `/v1`; "" for OPENAI_BASE_URL, or Ollama on this machine.
        model: Name of the model.
        remote: Whether pictures may be sent to another machine.
        most: Most regions that are asked about, the surest first.
        side: Of the cut-outs that are sent, in pixels.
        timeout: Seconds until the end of an answer.
        retries: Times that a question is asked again.
        language: Language of the words.
        areas: ObjectNames polygons in before's pixels.
    """

    url: str = param("", "server with /v1; default: OPENAI_BASE_URL, or http://localhost:11434/v1")
    model: str = param("", "name of the model, as the server knows it")
    remote: bool = param(False, "pictures may be sent to another machine")
    most: int = param(8, "most regions that are asked about", low=1, high=1000)
    side: int = param(320, "side of the cut-outs that are sent", low=64, high=2048, unit="px")
    timeout: float = param(60.0, "until an answer", low=0.1, high=3600, unit="s")
    retries: int = param(1, "times a question is asked again", low=0, high=10)
    language: str = param("en", "language of the words: en, zh, or a catalogue FILE.po")
    areas: Areas = field(default_factory=dict)

    def __post_init__(self) -> None:
        check(self)

    def describe(self, pair: Pair, regions: Sequence[Region]) -> tuple[Region, ...]:
        """The same regions, each with its text; raises as `with_note`."""
        return self.with_note(pair, regions)[0]

    def with_note(self, pair: Pair, regions: Sequence[Region]) -> tuple[tuple[Region, ...], str]:
        """The same regions, each with its text, and where the names are from, or why there are none.

        Raises:
            OptionError: no model is named, or the server is not on this machine and `remote` is not set.
        """
        server, catalogue = self._server(), get_catalogue(self.language)
        facts, why = list(facts_of(pair, regions, self.areas)), ""
        try:
            for number, region in enumerate(regions[: self.most]):
                facts[number] = with_names(facts[number], server.ask(pair, region, side=self.side))
        except NoAnswer as no_answer:
            why = str(no_answer)
        notes = []
        if any(fact.thing.name or fact.other.name for fact in facts):
            note = catalogue.say("endpoint", "names are from {model} at {host}", model=self.model, host=server.host)
            notes.append(note)
        if why:
            notes.append(catalogue.say("endpoint", "no more names came from {host}: {why}", host=server.host, why=why))
        texts = [fact_sentence(fact, catalogue) for fact in facts]
        note = catalogue.text(map(catalogue.sentence, notes)) if notes else ""
        return tuple(replace(region, text=text) for region, text in zip(regions, texts, strict=True)), note

    def _server(self) -> Server:
        if not self.model:
            raise OptionError("endpoint needs the name of a model: --describe-set model=NAME")
        url = self.url or os.environ.get("OPENAI_BASE_URL", "") or "http://localhost:11434/v1"
        key = os.environ.get("OPENAI_API_KEY", "")
        return Server.at(url, self.model, key=key, timeout=self.timeout, retries=self.retries, remote=self.remote)


def with_names(fact: ChangeFact, names: ObjectNames) -> ChangeFact:
    """The fact with the names that do not contradict it.

    Examples:
        >>> from spotdiff.describe._chat_server import ObjectNames
        >>> from spotdiff.language.facts import ChangeFact
        >>> with_names(ChangeFact("added"), ObjectNames("added", "", "cup")).thing.name
        'cup'
        >>> with_names(ChangeFact("added"), ObjectNames("removed", "cup", "")).thing.name
        ''
    """
    if names.kind not in (fact.kind, "unsure"):
        return fact
    name = names.after if fact.kind == "added" else names.before
    other = names.after if fact.kind == "replaced" else ""
    return replace(fact, thing=replace(fact.thing, name=name), other=replace(fact.other, name=other))
