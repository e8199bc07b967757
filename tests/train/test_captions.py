"""Captioners: they learn what they are shown, go on where they stopped, and are held to what is known."""

from __future__ import annotations

from itertools import cycle
from random import Random

import numpy as np
import pytest
import torch

import spotdiff
from spotdiff.data.captioned import open_captions
from spotdiff.data.synth import Synthesis, get_pair_recipe
from spotdiff.data.synth.write_pairs import write_pairs
from spotdiff.describe.captioner import Captioner
from spotdiff.errors import DataError, OptionError
from spotdiff.evaluate.captions import blind, markdown, row, true_regions
from spotdiff.language.parse import parse
from spotdiff.nets.captioner import LOOKS
from spotdiff.nets.captioner import Captioner as Design
from spotdiff.nets.parts.captioning import beam_search, open_captioner
from spotdiff.nets.parts.vocabulary import BEGIN, END, PAD, Vocabulary
from spotdiff.nets.parts.weights import load_weights
from spotdiff.train.captions.loop import nll, validate
from spotdiff.train.captions.recipe import CAPTION_RECIPES, changed
from spotdiff.train.captions.run import prepare_captions
from spotdiff.train.captions.training_data import CaptionBatch, find_caption_data

WORDS = "a red blue car dog was added removed from at the left right top . nothing changed"
TINY = {"net.backbone": "small", "net.width": "64", "side": "32", "batch": "4", "least": "1", "held_out": "0.2"}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("captions") / "pairs"
    recipe = {
        "size": 64,
        "most_changes": 1,
        "unchanged": 0.2,
        "smallest": 0.05,
        "light": 0,
        "sensor": 0,
        "shadows": 0,
        "camera": "still",
    }
    list(write_pairs(Synthesis(get_pair_recipe("captions", recipe), seed=3), folder, 20))
    return folder


def trained(pairs, out, name="captioner", **changes):
    run = prepare_captions(changed(CAPTION_RECIPES[name], {**TINY, "epochs": "2", **changes}), [str(pairs)], out)
    return run, list(run.progress())


@pytest.mark.parametrize(("looks", "decoder"), list(zip(LOOKS, cycle(("lstm", "gru")), strict=False)))
def test_it_learns_eight_pairs_by_heart(pairs, looks, decoder):
    """A net that cannot do that has a fault."""
    torch.manual_seed(0)
    regions = looks == "regions"
    training_data = find_caption_data([str(pairs)], side=32, regions=regions, held_out=0.2, measured=4, least=1)
    items = [item for item in training_data.items if item.facts][:8]
    settings = {"looks": looks, "decoder": decoder, "backbone": "small", "width": 96, "dropout": 0.0}
    net = Design(words=" ".join(training_data.vocabulary.words), **settings).build()
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    batch = CaptionBatch.of(items, net.vocabulary, Random(0))
    first = float(nll(net, batch).detach())
    for _ in range(120):
        loss = nll(net, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert float(loss.detach()) < 0.05 * first
    for module in net.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.train()  # the running mean of so few steps is far off
    memory = net.encode(batch.before, batch.after, batch.facts)
    said = [text for text, _ in beam_search(net.eval(), memory, width=2)]
    right = [net.vocabulary.text(words.tolist()) for words in batch.words]
    assert sum(one == other for one, other in zip(said, right, strict=True)) >= 6


def test_the_published_difference_shows_twice():
    """Exchanged pictures are the other half of the same joined difference."""
    net = Design(words=WORDS, backbone="small", width=16).build().eval()
    before, after = torch.rand(2, 1, 3, 64, 64)
    seen = []
    net.body.register_forward_hook(lambda _, given, __: seen.append(given[0] - 0.5))  # grey is nothing
    net.encode(before, after)
    net.encode(after, before)
    width = before.shape[-1]
    assert seen[0].shape == (1, 3, 64, 2 * width)
    torch.testing.assert_close(seen[0][..., :width], before - after)
    torch.testing.assert_close(seen[0][..., width:], after - before)
    torch.testing.assert_close(seen[1], torch.cat([seen[0][..., width:], seen[0][..., :width]], 3))


def test_a_copied_word_may_be_one_that_is_never_written():
    torch.manual_seed(1)
    net = Design(words=WORDS, looks="regions", backbone="small", width=16).build().eval()
    red = net.vocabulary.number("red")
    facts = torch.full((1, 11), PAD)
    facts[0, 2] = red
    torch.nn.init.constant_(net.teller.copies.bias, 20.0)  # always copies
    memory = net.encode(*torch.rand(2, 1, 3, 32, 32), facts)
    with torch.inference_mode():
        chances, _ = net.teller.step(torch.tensor([1]), net.teller.begin(memory), memory)
    assert int(chances.argmax()) == red
    assert float(chances.exp().sum()) == pytest.approx(1, abs=1e-3)


def test_a_beam_finds_what_the_likeliest_first_word_hides():
    """`a` is the likelier first word, but what follows it is not: `red .` as a whole is likelier than `a .`."""
    net = Design(words="a red .", looks="attention", backbone="small", width=8).build().eval()
    a, red, stop = (net.vocabulary.number(word) for word in ("a", "red", "."))
    then = {BEGIN: {a: 0.6, red: 0.4}, a: {stop: 0.3, END: 0.01}, red: {stop: 1.0}, stop: {END: 1.0}}

    def step(word, state, memory):
        chances = torch.full((len(word), len(net.vocabulary)), 1e-6)
        for number, last in enumerate(word.tolist()):
            for following, chance in then.get(last, {END: 1.0}).items():
                chances[number, following] = chance
        return chances.log(), state

    net.teller.step = step
    memory = net.encode(*torch.rand(2, 1, 3, 32, 32))
    assert beam_search(net, memory, width=1)[0][0] == "a ."
    text, chance = beam_search(net, memory, width=2)[0]
    assert text == "red ."
    assert chance == pytest.approx((0.4 * 1 * 1) ** (1 / 3), abs=1e-3)


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not(pairs, tmp_path):
    trained(pairs, tmp_path / "whole", augment="true", patience="0")
    run = prepare_captions(
        changed(CAPTION_RECIPES["captioner"], {**TINY, "epochs": "2", "augment": "true", "patience": "0"}),
        [str(pairs)],
        tmp_path / "parts",
    )
    for progress in run.progress():
        if progress.measured and progress.step:
            break  # after the first epoch
    again, seen = trained(pairs, tmp_path / "parts", augment="true", patience="0")
    assert again.begun > 0
    assert seen[-1].step == run.steps
    one, other = (load_weights(tmp_path / part / "weights.safetensors") for part in ("whole", "parts"))
    assert one[1].digest == other[1].digest
    assert {"loss", "validation loss", "fact F1", "false statements"} <= set(
        (tmp_path / "whole" / "journal.csv").read_text().splitlines()[0].split(",")
    )
    assert (tmp_path / "whole" / "curves.png").is_file()


def test_another_recipe_or_other_data_are_refused(pairs, tmp_path):
    trained(pairs, tmp_path / "run", epochs="1")
    with pytest.raises(DataError, match="another"):
        trained(pairs, tmp_path / "run", lr="0.5")
    more = tmp_path / "more"
    list(write_pairs(Synthesis(get_pair_recipe("captions", {"size": 64}), seed=4), more, 20))
    with pytest.raises(DataError, match="another"):
        trained(more, tmp_path / "run", epochs="1")


def test_it_stops_when_nothing_gets_better(pairs, tmp_path):
    _, seen = trained(pairs, tmp_path / "run", epochs="9", patience="1", lr="0")
    assert "no better fact F1" in seen[-1].stopped
    assert seen[-1].step < 9 * 4


def test_turned_items_are_still_true(pairs):
    """What is told of a mirrored or exchanged item is what is seen in it: the turned box is where it says."""
    training_data = find_caption_data([str(pairs)], side=64, regions=False, held_out=0.2, measured=4, least=1)
    turned = 0
    for item in training_data.items:
        if not item.facts or item.facts[0].kind not in ("added", "removed"):
            continue
        for seed in range(8):
            now = item.augmented(Random(seed))
            (fact,) = parse(now.sentence(Random(seed)))
            exchanged = any(np.array_equal(now.before, one) for one in (item.after, item.after[:, ::-1]))
            assert (fact.kind != item.facts[0].kind) == exchanged
            apart = np.abs(now.before.astype(int) - now.after.astype(int)).sum(-1)
            places = np.argwhere(apart > 60)
            y, x = (places.min(0) + places.max(0)) / 2
            place = (["top", "", "bottom"][min(int(3 * y / 64), 2)], ["left", "", "right"][min(int(3 * x / 64), 2)])
            named = " ".join(filter(None, place)) or "centre"
            near = min(abs(3 * at / 64 - line) for at in (x, y) for line in (1, 2)) < 0.3
            assert near or fact.spot.place == named
            turned += now.before is not item.before
    assert turned


@pytest.mark.parametrize("name", CAPTION_RECIPES)
def test_a_trained_captioner_describes(pairs, tmp_path, name):
    trained(pairs, tmp_path / "run", name, epochs="1")
    file = str(tmp_path / "run" / "weights.safetensors")
    pair = next(one for one in open_captions(pairs) if one.facts)
    settings = {"weights": file, "least": "0"}
    found = spotdiff.compare(pair.before, pair.after, describe="captioner", describe_settings=settings)
    assert all(region.text for region in found.regions)
    if found.regions and name != "captioner-regions":
        assert "A trained captioner says: " in found.text
    captioner = open_captioner(file)
    assert captioner.captions([], []) == []


def test_what_contradicts_the_region_names_nothing(pairs, tmp_path, monkeypatch):
    trained(pairs, tmp_path / "run", "captioner-regions", epochs="1")
    describer = Captioner(str(tmp_path / "run" / "weights.safetensors"))
    pair = next(one for one in open_captions(pairs) if one.facts and one.facts[0].kind == "added")
    words = true_regions(pair)
    place = pair.facts[0].spot.place
    for said, named in (
        (f"a cup was added at the {place} .", True),
        (f"a cup was removed from the {place} .", False),
        (f"a cup was added at the {'top' if place != 'top' else 'left'} .", False),
        ("nothing changed .", False),
        ("cup cup cup", False),
    ):
        monkeypatch.setattr(
            "spotdiff.nets.parts.captioning.LoadedCaptioner.captions", lambda *_, said=said, **__: [(said, 0.9)]
        )
        from spotdiff.evaluate.captions import _regions
        from spotdiff.image import load_picture
        from spotdiff.types import Pair

        shown = Pair(load_picture(pair.before), load_picture(pair.after))
        (region,) = describer.describe(shown, _regions(pair))
        assert ("cup" in region.text) == named
        assert named or region.text == words


def test_weights_of_another_kind_are_told(tmp_path):
    from spotdiff.train.run import shipped

    with pytest.raises(DataError, match="captioner"):
        Captioner(str(shipped("spot"))).captioner()
    with pytest.raises(OptionError, match="weights="):
        Captioner().captioner()
    with pytest.raises(DataError, match="No such file"):
        Captioner(str(tmp_path / "none.safetensors")).captioner()


def test_too_few_pairs_and_sentences_without_places_are_told(pairs, tmp_path):
    few = tmp_path / "few"
    list(write_pairs(Synthesis(get_pair_recipe("captions", {"size": 64}), seed=4), few, 3))
    with pytest.raises(DataError, match="too few"):
        trained(few, tmp_path / "run")
    with pytest.raises(OptionError, match=r"net\.words"):
        changed(CAPTION_RECIPES["captioner"], {"net.words": "a b"})


def test_the_blind_say_one_thing_and_the_true_regions_are_right(pairs):
    told = open_captions(pairs)
    system = blind(told)
    assert len({system(pair) for pair in told}) == 1
    rows = [row(name, told, [one(pair) for pair in told]) for name, one in (("blind", system), ("true", true_regions))]
    assert rows[1].facts.of("kind").f1 == rows[1].facts.of("place").f1 == 1
    assert rows[1].facts.all.f1 > rows[0].facts.all.f1
    assert rows[1].facts.false_statements == 0
    lines = markdown(rows).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["blind", "true"]


def test_weights_of_unknown_origin_are_left_alone(pairs, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "weights.safetensors").write_bytes(b"somebody's")
    with pytest.raises(DataError, match="unknown origin"):
        trained(pairs, tmp_path / "run")
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() == b"somebody's"


def test_pairs_without_a_region_teach_no_regions(tmp_path):
    source = Synthesis(get_pair_recipe("captions", {"size": 64, "unchanged": 1}), seed=4)
    list(write_pairs(source, tmp_path / "same", 8))
    with pytest.raises(DataError, match="too few"):
        trained(tmp_path / "same", tmp_path / "run", "captioner-regions", held_out="0.9")


def test_measuring_needs_no_facts(pairs):
    training_data = find_caption_data([str(pairs)], side=32, regions=False, held_out=0.2, measured=4, least=1)
    net = Design(words=" ".join(training_data.vocabulary.words), backbone="small", width=16).build().eval()
    figures = validate(net, training_data.held_out, torch.device("cpu"))
    assert figures["validation loss"] > 0


def test_a_vocabulary_keeps_what_is_common():
    known = Vocabulary.of(["a cat", "a dog", "a cat"], least=2)
    assert known.words == ("a", "cat")
    assert known.text(known.numbers("a cat dog")) == "a cat"


def test_a_captioner_is_no_method(pairs, tmp_path):
    trained(pairs, tmp_path / "run", epochs="1")
    with pytest.raises(OptionError, match="--describe captioner"):
        spotdiff.compare(
            pairs / "before" / "000000.png",
            pairs / "after" / "000000.png",
            method="unet",
            settings={"weights": str(tmp_path / "run" / "weights.safetensors")},
        )
