from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from spotdiff.errors import OptionError, Refusal
from spotdiff.image.background_models import Knn, Median, Mog2, Vibe, middle, nearest, shadow
from spotdiff.methods.background import Background
from spotdiff.types import Pair, Picture

MODELS = ("median", "mog2", "knn", "vibe")
SIZE = (48, 64)


def place(seed: int, *, noise: float = 2.0) -> np.ndarray:
    """A place with a bright and a dark half, seen once."""
    look = np.full((*SIZE, 3), 90.0)
    look[:, 32:] = (150, 140, 120)
    return np.clip(look + np.random.default_rng(seed).normal(0, noise, look.shape), 0, 255).astype(np.uint8)


def with_thing(picture: np.ndarray, left: int, colour: tuple[int, int, int] = (220, 30, 30)) -> np.ndarray:
    picture = picture.copy()
    picture[16:32, left : left + 12] = colour
    return picture


def pair(before: np.ndarray, after: np.ndarray, history: tuple[np.ndarray, ...] = (), **more: object) -> Pair:
    return Pair(Picture(before), Picture(after), history=tuple(Picture(frame) for frame in history), **more)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("count", [0, 1, 6])
def test_evidence_keeps_the_contract(model, count):
    history = tuple(place(seed) for seed in range(count))
    before, after = place(20), with_thing(place(21), 20)
    kept = [frame.copy() for frame in (*history, before, after)]
    method = Background(model=model)
    evidence = method.score(pair(before, after, history))
    assert evidence.gone is evidence.new
    assert not evidence.directed
    assert evidence.notes["learned_from"] == count + 1
    assert evidence.change.dtype == np.float32
    assert evidence.change.shape == SIZE
    assert np.isfinite(evidence.change).all()
    assert 0 <= evidence.change.min() <= evidence.change.max() <= 1
    assert all(np.array_equal(*frames) for frames in zip(kept, (*history, before, after), strict=True))
    assert np.array_equal(evidence.change, method.score(pair(before, after, history)).change)


@pytest.mark.parametrize("model", MODELS)
def test_the_same_picture_says_0(model):
    busy = np.random.default_rng(1).integers(0, 256, (*SIZE, 3), np.uint8)
    assert not Background(model=model).score(pair(busy, busy.copy())).change.any()


@pytest.mark.parametrize("model", ["median", "mog2", "knn"])
def test_the_same_picture_many_times_says_0(model):
    busy = np.random.default_rng(1).integers(0, 256, (*SIZE, 3), np.uint8)
    assert not Background(model=model).score(pair(busy, busy, (busy,) * 5)).change.any()


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("count", [0, 2, 9])
def test_a_thing_left_is_found_and_noise_is_not(model, count):
    history = tuple(place(seed) for seed in range(count))
    change = Background(model=model).score(pair(place(20), with_thing(place(21), 20), history)).change
    assert change[18:30, 22:30].min() >= 0.5
    change[13:35, 17:35] = 0
    assert change.max() < 0.5


@pytest.mark.parametrize("model", ["median", "mog2", "knn"])
def test_a_passer_by_in_the_history_leaves_no_trace(model):
    history = tuple(with_thing(place(seed), 2 + 12 * seed) for seed in range(5))
    change = Background(model=model).score(pair(place(20), with_thing(place(21), 26), history)).change
    assert change[18:30, 29:35].min() >= 0.5
    change[13:35, 23:41] = 0
    assert change.max() < 0.5


def test_vibe_forgets_a_passer_by_who_came_after_the_first_frame():
    history = (place(0), *(with_thing(place(seed), 10 * seed) for seed in range(1, 5)))
    change = Background(model="vibe").score(pair(place(20), place(21), history)).change
    assert change.max() < 0.5


def test_what_flickers_is_usual_to_the_median_once_seen():
    screen = [with_thing(place(seed), 20, (grey,) * 3) for seed, grey in enumerate((60, 200, 90, 230, 130, 40, 170))]
    after = with_thing(place(30), 20, (110,) * 3)
    quiet = Background().score(pair(screen[-1], after, tuple(screen[:-1]))).change
    assert quiet.max() < 0.5
    assert Background().score(pair(place(20), with_thing(place(30), 20, (200,) * 3))).change.max() >= 0.5


@pytest.mark.parametrize("model", MODELS)
def test_a_shadow_is_a_change_only_until_it_is_asked_for(model):
    before, after = place(0), place(1)
    after[10:30, 36:60] = after[10:30, 36:60] * 0.7
    after[34:44, 36:60] = (30, 150, 200)
    changed = Background(model=model).score(pair(before, after)).change
    asked = Background(model=model, shadows=True).score(pair(before, after)).change
    assert changed[13:27, 39:57].min() >= 0.5
    assert asked[13:27, 39:57].max() < 0.5
    assert asked[36:42, 39:57].min() >= 0.5


@pytest.mark.parametrize("model", MODELS)
def test_unusable_pixels_say_nothing_and_influence_nothing(model):
    valid = np.ones(SIZE, bool)
    valid[10:40, 15:40] = False
    frames = [place(seed) for seed in range(4)]
    after = with_thing(place(9), 20)
    other = [frame.copy() for frame in (*frames, after)]
    for seed, frame in enumerate(other):
        frame[~valid] = seed * 50
    evidence = Background(model=model).score(pair(frames[-1], after, tuple(frames[:-1]), valid=valid))
    again = Background(model=model).score(pair(other[3], other[4], tuple(other[:3]), valid=valid))
    assert not evidence.change[~valid].any()
    assert np.array_equal(evidence.change, again.change)
    assert evidence.change.max() < 0.5


def test_only_the_latest_frames_are_learned():
    history = (*(with_thing(place(seed), 20) for seed in range(6)), place(7), place(8))
    evidence = Background(frames=3).score(pair(place(20), with_thing(place(21), 20), history))
    assert evidence.notes["learned_from"] == 3
    assert evidence.change[18:30, 22:30].min() >= 0.5
    assert Background().score(pair(place(20), with_thing(place(21), 20), history)).change.max() < 0.5


def test_transparent_pixels_are_judged_on_white():
    clear = np.zeros(SIZE, np.uint8)
    hidden = Pair(Picture(place(0), alpha=clear), Picture(np.full((*SIZE, 3), 255, np.uint8)))
    assert not Background().score(hidden).change.any()


def test_a_history_of_another_size_is_refused():
    with pytest.raises(Refusal, match="picture 1 of the history"):
        Background().score(pair(place(0), place(1), (place(2)[:40],)))


def test_an_unknown_model_is_refused():
    with pytest.raises(OptionError, match="model takes one of median, mog2, knn, vibe"):
        Background(model="gmm")


def models() -> list[object]:
    return [
        Median(capacity=10, noise=4.0, threshold=5.0),
        Mog2(capacity=10, noise=4.0, threshold=5.0),
        Knn(capacity=10, min_matches=2, radius=20.0),
        Vibe(samples=20, min_matches=2, radius=20.0, subsampling=4, seed=0),
    ]


@pytest.mark.parametrize("model", models(), ids=MODELS)
def test_judging_does_not_learn(model):
    for seed in range(4):
        model.learn(place(seed))
    first = model.judge(with_thing(place(9), 20))
    for _ in range(5):
        again = model.judge(with_thing(place(9), 20))
    assert first.max() >= 0.5
    assert np.array_equal(first, again)
    off = np.abs(model.usual().astype(int) - place(9, noise=0))
    off[:, 31:33] = 0  # where vibe's samples come from either side of the edge
    assert off.max() < 12


@pytest.mark.parametrize("model", models()[:3], ids=MODELS[:3])
def test_a_stream_makes_a_parked_thing_usual(model):
    for seed in range(5):
        model.learn(place(seed))
    parked = with_thing(place(9), 20)
    assert model.judge(parked)[18:30, 22:30].min() >= 0.5
    for seed in range(10, 40):
        model.learn(with_thing(place(seed), 20))
    assert model.judge(parked).max() < 0.5


def test_vibe_keeps_to_its_rules():
    model = Vibe(samples=6, min_matches=2, radius=20.0, subsampling=1, seed=3)
    with pytest.raises(ValueError, match="after it has learned"):
        model.judge(place(0))
    model.learn(place(0))
    for seed in range(1, 30):
        model.learn(with_thing(place(seed), 20))
    # Conservative: what does not agree is never learned, so the thing is still foreign after 29 frames.
    assert model.judge(with_thing(place(40), 20))[18:30, 22:30].min() >= 0.5


def test_vibe_heals_a_ghost_from_its_neighbours():
    ghost = with_thing(place(0, noise=0), 20)
    model = Vibe(samples=20, min_matches=2, radius=20.0, subsampling=1, seed=3)
    model.learn(ghost)
    empty = place(1, noise=0)
    assert (model.judge(empty) >= 0.5).sum() > 100
    for _ in range(60):
        model.learn(empty)
    assert model.judge(empty).max() < 0.5


def test_vibe_is_drawn_by_its_seed():
    def change(seed: int) -> np.ndarray:
        history = tuple(place(n, noise=12) for n in range(3))
        return Background(model="vibe", seed=seed).score(pair(place(5), place(6, noise=12), history)).change

    assert np.array_equal(change(1), change(1))
    assert not np.array_equal(change(1), change(2))


@settings(max_examples=50, deadline=None)
@given(frames=arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 5), st.integers(1, 5))))
def test_middle_is_the_median(frames):
    assert np.array_equal(middle(list(frames)), np.median(frames, axis=0))


@settings(max_examples=30, deadline=None)
@given(
    frames=arrays.arrays(np.uint8, st.tuples(st.integers(2, 6), st.integers(1, 4), st.integers(1, 4), st.just(3))),
    rank=st.integers(1, 2),
)
def test_nearest_is_the_distance_of_that_rank(frames, rank):
    apart = np.linalg.norm(frames.astype(float) - frames[0], axis=-1)
    expected = np.sort(apart, axis=0)[rank - 1]
    assert np.allclose(nearest(frames[0], frames, rank=rank), expected, atol=1e-3)


def test_shadow_is_darker_of_one_hue():
    usual = np.full((1, 5, 3), (200, 150, 100), np.uint8)
    frame = usual.copy()
    frame[0] = [(140, 105, 70), (60, 45, 30), (100, 105, 140), (240, 180, 120), (200, 150, 100)]
    assert shadow(frame, usual).tolist() == [[True, False, False, False, False]]
