"""What is told can be read back, in every combination; every language has every phrase."""

from __future__ import annotations

import itertools
import re
import string
from dataclasses import replace
from pathlib import Path
from random import Random

import polib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.errors import OptionError
from spotdiff.language import grammar, summary
from spotdiff.language.catalogue import get_catalogue, languages
from spotdiff.language.facts import COLOURS, SIZES, ChangeFact, Spot, Thing
from spotdiff.language.grammar import SURE, fact_sentence
from spotdiff.language.paraphrase import NOTHING, TEMPLATES, caption, fill_template
from spotdiff.language.parse import parse
from spotdiff.language.places import PLACES, SIDES, WAYS
from spotdiff.types import KINDS, Region
from spotdiff.watching import event_texts

SUMMED = (summary._FIRST, summary._NEXT, summary._FIRST_SEEMS, summary._NEXT_SEEMS)
ENGLISH = get_catalogue("en")
NAMES = ("", "chair", "chest of drawers", "orange", "apple")
things = st.builds(Thing, st.sampled_from(NAMES), st.sampled_from(("", *COLOURS)), st.sampled_from(("", *SIZES)))
unnamed = st.builds(Thing, st.just(""), st.sampled_from(("", *COLOURS)), st.sampled_from(("", *SIZES)))
spots = st.builds(Spot, st.sampled_from(PLACES), st.sampled_from(("", "gate", "shelf 3")))


@st.composite
def facts(draw, thing=things):
    kind = draw(st.sampled_from(KINDS))
    spot, to = draw(spots), draw(spots)
    one, other = draw(thing), draw(thing)
    moved = kind == "moved"
    within = moved and spot == to
    return ChangeFact(
        kind,
        one,
        spot,
        other if kind == "replaced" and other != one else Thing(),
        to if moved and not within else Spot(),
        draw(st.sampled_from(WAYS)) if within else "",
        draw(st.none() | st.tuples(st.sampled_from(SIDES), st.integers(1, 99))),
    )


HEDGES = st.sampled_from(({"score": SURE}, {"score": 0.1}, {"likely": False}))


@given(facts(), HEDGES)
def test_what_is_told_can_be_read_back(fact, hedge):
    (read,) = parse(fact_sentence(replace(fact, **hedge), ENGLISH))
    assert read == fact


@given(st.lists(facts(), max_size=3), st.integers(0, 99))
def test_what_a_caption_says_can_be_read_back(some, seed):
    plain = [replace(one, beside=None, way="", spot=Spot(one.spot.place), to=Spot(one.to.place)) for one in some]
    plain = [replace(one, to=one.to if one.to.place else Spot("top")) if one.kind == "moved" else one for one in plain]
    assert parse(caption(plain, Random(seed))) == tuple(plain)


@pytest.mark.parametrize(("kind", "frame"), [(kind, frame) for kind, frames in TEMPLATES.items() for frame in frames])
def test_every_frame_can_be_read_back(kind, frame):
    fact = ChangeFact(kind, Thing("car", "red", "small"), Spot("bottom left"))
    fact = replace(fact, other=Thing("dog", "blue")) if kind == "replaced" else fact
    fact = replace(fact, to=Spot("centre")) if kind == "moved" else fact
    assert parse(fill_template(fact, frame)) == (fact,)


@pytest.mark.parametrize("text", [*NOTHING, "", "A nice day.", "No change found. All of the picture was compared."])
def test_what_states_no_change_is_read_as_none(text):
    assert parse(text) == ()


@pytest.mark.parametrize("language", languages())
@given(fact=facts(unnamed), hedge=HEDGES)
def test_no_language_mixes_in_another_or_leaves_a_gap(language, fact, hedge):
    plain = replace(fact, **hedge, spot=Spot(fact.spot.place), to=Spot(fact.to.place))
    said = fact_sentence(plain, get_catalogue(language))
    assert not set("{}") & set(said)
    if language != "en":
        assert not re.search("[A-Za-z]", said), said


@pytest.mark.parametrize(
    "path", sorted((Path(grammar.__file__).parent / "catalogues").glob("*.po")), ids=lambda p: p.stem
)
def test_a_catalogue_has_every_phrase_with_its_gaps(path):
    wanted = phrases()
    entries = {(one.msgctxt, one.msgid): one for one in polib.pofile(str(path))}
    assert entries.keys() == wanted, "phrases are missing, or are not said any more"
    for (context, phrase), entry in entries.items():
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                left_out = {"reason"} if phrase.endswith(": {reason}") else set()  # reasons are in English
                assert gaps(text) | left_out == gaps(phrase), (context, phrase)
        assert entry.translated()


def phrases():
    """(context, phrase) of everything that the project says, read from its tables and its code."""
    tables = {
        "change": [*grammar._CERTAIN.values(), *grammar._SEEMING.values(), *grammar._POSSIBLE.values()],
        "thing": grammar._THING.values(),
        "place": grammar._PLACES.values(),
        "way": grammar._WAYS.values(),
        "side": grammar._SIDES.values(),
        "colour": COLOURS,
        "size": SIZES,
        "summary": [one for one, _ in (one for table in SUMMED for one in table.values())],
        "event": [*event_texts._FAULTS.values(), *event_texts._KINDS.values()],
        "checked": [*filter(None, summary._UNTOLD.values()), *summary._EQUAL.values()],
        "number": ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"],
    }
    found = {(context, phrase) for context, some in tables.items() for phrase in some}
    house = Path(grammar.__file__).parents[1]
    files = [
        *(house / "language").glob("*.py"),
        *(house / "describe").glob("*.py"),
        *(house / "watching").rglob("*.py"),
    ]
    code = "\n".join(path.read_text(encoding="utf-8") for path in files)
    found |= set(re.findall(r'\.say\(\s*"(\w+)", "([^"]+)"', code))
    for name in ("more", "alone"):
        found |= {("summary", one) for one in re.findall(rf'{name} = \("([^"]+)"', code)}
    found |= {("checked", one) for one in re.findall(r'where = "([^"]+)" if whole else "[^"]+"', code)}
    found |= {("checked", one) for one in re.findall(r'where = "[^"]+" if whole else "([^"]+)"', code)}
    return found


def gaps(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_a_catalogue_of_ones_own(tmp_path):
    (tmp_path / "xx.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        'msgctxt "thing"\nmsgid "something"\nmsgstr "etwas"\n',
        encoding="utf-8",
    )
    said = fact_sentence(ChangeFact("added", spot=Spot("top")), get_catalogue(str(tmp_path / "xx.po")))
    assert said == "Etwas was added at the top."


def test_a_catalogue_written_anew_is_read_anew(tmp_path):
    path = tmp_path / "xx.po"
    header = (
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    )
    sentences = []
    for word in ("etwas", "irgendetwas"):
        path.write_text(f'{header}msgctxt "thing"\nmsgid "something"\nmsgstr "{word}"\n', encoding="utf-8")
        sentences.append(fact_sentence(ChangeFact("added", spot=Spot("top")), get_catalogue(str(path))))
    assert sentences == ["Etwas was added at the top.", "Irgendetwas was added at the top."]


HEAD = b'msgid ""\nmsgstr "Content-Type: text/plain; charset=%s\\nPlural-Forms: nplurals=2; plural=%s;\\n"\n\n'
ENTRY = b'msgctxt "sentence"\nmsgid "{said}."\nmsgstr "%s"\n'


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\xff\xfe",
        b"msgid broken",
        HEAD % (b"klingon", b"0") + ENTRY % b"{said}.",
        HEAD % (b"UTF-8", b"n/0") + ENTRY % b"{said}.",
        *(
            HEAD % (b"UTF-8", b"0") + ENTRY % one
            for one in (b"{gesagt}.", b"{0}.", b"{said.", b"{said.x}", b"{said:>99}", b"{said!r}")
        ),
    ],
)
def test_a_wrong_catalogue_is_told(tmp_path, content):
    path = tmp_path / "xx.po"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OptionError, match=r"xx\.po"):
        get_catalogue(str(path))


def region(kind, score, *, likely=True):
    return Region(kind, score, 9, (0, 0, 3, 3), (0, 0, 3, 3), likely=likely)


def test_one_of_the_changed_places_is_no_thing():
    said = summary.changes_text([region("changed", 0.9), region("added", 0.6)], summary.Conditions(), ENGLISH)
    assert said == "One place changed and one thing seems to have been added."


def test_names_of_areas_are_left_as_they_are():
    assert "(hall a exit)" in fact_sentence(ChangeFact("added", spot=Spot("top", "hall a exit")), ENGLISH)
    assert fact_sentence(ChangeFact("added", Thing("used towel"), Spot("top")), ENGLISH).startswith("A used towel")


def test_a_language_that_is_not_there_is_told():
    with pytest.raises(OptionError, match="there are en, zh"):
        get_catalogue("tlh")


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("counts", list(itertools.product((0, 1, 2, 11), repeat=2)), ids=str)
def test_a_summary_counts(language, counts):
    changes = [region("removed", 0.9)] * counts[0] + [region("moved", 0.9, likely=False)] * counts[1]
    if not changes:
        return
    said = summary.changes_text(changes, summary.Conditions(), get_catalogue(language))
    if language == "en":
        words = {1: "one", 2: "two", 11: "11"}
        assert all(words[count] in said.lower() for count in counts if count)
        assert ("possible" in said) == bool(counts[1])
    assert not set("{}") & set(said)
