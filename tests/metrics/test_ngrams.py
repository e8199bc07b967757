"""Wordings against the values of pycocoevalcap 1.2 on the same words."""

from __future__ import annotations

import sys
import types

import pytest

from spotdiff.metrics.ngrams import bleu4, cider, meteor, rouge_l

SAID = [
    "a red car is gone from the left",
    "there is now a small dog at the top right",
    "nothing changed",
    "the person in the middle moved to the right side of the road",
]
REFERENCES = [
    ["the red car on the left is gone", "a red car is no longer at the left", "a car is gone"],
    ["a small dog appeared at the top right", "there is a dog at the top now"],
    ["there is no change", "nothing changed", "both pictures are the same"],
    [
        "a person moved to the right",
        "the person in the middle has walked to the other side of the road",
        "the man is at the right of the road now",
    ],
]


def split(said=SAID, references=REFERENCES):
    return [text.split() for text in said], [[text.split() for text in some] for some in references]


def test_the_values_of_the_usual_implementation():
    assert bleu4(*split()) == pytest.approx(0.6084253711067615, abs=1e-12)
    assert rouge_l(*split()) == pytest.approx(0.8780070886535587, abs=1e-12)
    assert cider(*split()) == pytest.approx(3.092500974603465, abs=1e-9)


def test_the_same_words_are_alike_and_others_are_not():
    same = [some[0] for some in REFERENCES]
    assert bleu4(*split(same)) == pytest.approx(1, abs=1e-6)
    assert rouge_l(*split(same)) == 1
    other = ["x y z w"] * len(SAID)
    assert bleu4(*split(other)) < 1e-3
    assert rouge_l(*split(other)) == cider(*split(other)) == 0


def test_saying_nothing_is_worth_nothing():
    assert rouge_l([[]], [[["a"]]]) == 0
    assert bleu4([[]], [[["a"]]]) < 1e-3
    assert cider([[], ["a"]], [[["a"]], [["a"]]]) == 0


def test_without_its_words_there_is_no_meteor(monkeypatch):
    monkeypatch.setitem(sys.modules, "nltk.translate.meteor_score", None)
    assert meteor(*split()) is None


def test_meteor_is_the_mean_over_pairs(monkeypatch):
    stub = types.ModuleType("nltk.translate.meteor_score")
    stub.meteor_score = lambda references, said: len(references) + len(said) / 100
    for name in ("nltk", "nltk.translate"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "nltk.translate.meteor_score", stub)
    said, references = split()
    expected = sum(len(some) + len(one) / 100 for one, some in zip(said, references, strict=True)) / len(said)
    assert meteor(said, references) == pytest.approx(expected)
