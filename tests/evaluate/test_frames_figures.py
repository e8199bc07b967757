"""Background models on frames with a truth, held against figures made by hand."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from spotdiff.errors import DataError
from spotdiff.evaluate import frames as scored
from spotdiff.evaluate.frames import MODELS, find_films, frame_table, score_film

SIZE = (48, 36)


def write_film(folder, pictures, truths, *, ending="png"):
    """Frames as CDnet has them; a truth of None is not written."""
    for name in ("input", "groundtruth"):
        (folder / name).mkdir(parents=True)
    for number, (picture, truth) in enumerate(zip(pictures, truths, strict=True), 1):
        assert cv2.imwrite(str(folder / "input" / f"in{number:06}.{ending}"), picture)
        if truth is not None:
            assert cv2.imwrite(str(folder / "groundtruth" / f"gt{number:06}.png"), truth)
    return folder


class Told:
    """A model that says what it was told to, frame by frame."""

    def __init__(self, masks):
        self.masks, self.learned = iter(masks), []

    def learn(self, frame):
        self.learned.append(frame)

    def judge(self, frame):
        return next(self.masks).astype(np.float32)

    def usual(self):
        return np.zeros((SIZE[1], SIZE[0], 3), np.uint8)


def area(left, top, right, bottom, level=255, *, on=None):
    mask = np.zeros(SIZE[::-1], np.uint8) if on is None else on.copy()
    mask[top:bottom, left:right] = level
    return mask


@pytest.fixture
def told(monkeypatch):
    """Makes a model of masks, and lets it be asked by name."""
    monkeypatch.setattr(scored, "shadow", lambda frame, usual: np.zeros(frame.shape[:2], bool))

    def use(masks):
        model = Told([mask > 0 for mask in masks])
        monkeypatch.setattr(scored, "MODELS", {"told": lambda: model})
        return model

    return use


def grey(level=128):
    return np.full((SIZE[1], SIZE[0], 3), level, np.uint8)


def test_the_seven_figures_by_hand(tmp_path, told):
    truth = area(0, 0, 24, 20)  # 480 pixels of 1728
    found = area(0, 8, 24, 32)  # 576: 288 right, 288 wrong
    film = write_film(tmp_path / "film", [grey()] * 3, [truth] * 3)
    told([found, found])
    figures = score_film(film, "told")
    smooth = cv2.medianBlur((found > 0).astype(np.uint8), 5) > 0
    tp, fp = int((smooth & (truth > 0)).sum()), int((smooth & (truth == 0)).sum())
    tn, fn = 1728 - 480 - fp, 480 - tp
    assert abs(tp - 288) <= 6
    assert abs(fp - 288) <= 6
    assert figures.frames == 2
    assert figures.recall == pytest.approx(tp / 480)
    assert figures.specificity == pytest.approx(tn / 1248)
    assert figures.false_positive_rate == pytest.approx(fp / 1248)
    assert figures.false_negative_rate == pytest.approx(fn / 480)
    assert figures.wrong == pytest.approx(100 * (fp + fn) / 1728)
    assert figures.precision == pytest.approx(tp / (tp + fp))
    assert figures.f1 == pytest.approx(2 * tp / (2 * tp + fp + fn))


def test_counts_are_of_all_frames_together(tmp_path, told):
    one, other = area(0, 0, 48, 18), area(0, 18, 48, 36)
    told([one, other * 0])
    figures = score_film(write_film(tmp_path / "f", [grey()] * 3, [one, one, other]), "told")
    assert (figures.recall, figures.precision) == (0.5, 1.0)


@pytest.mark.parametrize(("level", "wrong"), [(85, 0), (170, 0), (50, 100), (0, 100), (255, 0)])
def test_what_the_levels_of_a_truth_mean(tmp_path, told, level, wrong):
    everywhere = np.full(SIZE[::-1], 255, np.uint8)
    truth = area(0, 0, 48, 36, level)
    if level in (85, 170):
        truth[:, :10] = 255
    told([everywhere])
    figures = score_film(write_film(tmp_path / "f", [grey()] * 2, [truth] * 2), "told")
    assert figures.wrong == wrong
    assert math.isnan(figures.false_positive_rate) is (level != 50 and level != 0)


def test_only_frames_with_a_truth_count_and_never_the_first(tmp_path, told):
    mask = area(8, 8, 40, 30)
    model = told([mask])
    figures = score_film(write_film(tmp_path / "f", [grey()] * 5, [mask, None, None, mask, None]), "told")
    assert (figures.frames, figures.recall) == (1, pytest.approx(1, abs=0.02))
    assert len(model.learned) == 5


@pytest.mark.parametrize("model", MODELS)
def test_a_film_that_every_model_gets_right(tmp_path, model):
    rng = np.random.default_rng(0)
    base = cv2.resize(rng.integers(60, 120, (6, 8, 3), np.uint8), (96, 72), interpolation=cv2.INTER_CUBIC)
    pictures, truths = [], []
    for number in range(30):
        picture, truth = base.copy(), np.zeros((72, 96), np.uint8)
        if number >= 20:
            left = 4 * (number - 20)
            picture[20:50, left : left + 24], truth[20:50, left : left + 24] = (30, 40, 250), 255
        pictures.append(picture)
        truths.append(truth)
    figures = score_film(write_film(tmp_path / "f", pictures, truths), model)
    assert figures.frames == 29
    assert figures.f1 > 0.9
    assert figures.specificity > 0.99
    assert figures.wrong < 2


def test_the_same_film_scores_the_same(tmp_path):
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 255, (36, 48, 3), np.uint8) for _ in range(6)]
    film = write_film(tmp_path / "f", pictures, [area(3, 3, 20, 20)] * 6)
    for model in MODELS:
        assert score_film(film, model) == score_film(film, model)


def test_films_are_found_at_any_depth(tmp_path):
    for name in ("cdnet/baseline/highway", "cdnet/night/street"):
        write_film(tmp_path / name, [grey()], [area(0, 0, 5, 5)])
    (tmp_path / "cdnet" / "odd" / "groundtruth").mkdir(parents=True)
    assert [film.name for film in find_films(tmp_path / "cdnet")] == ["highway", "street"]
    assert [film.name for film in find_films(tmp_path / "cdnet" / "night" / "street")] == ["street"]
    with pytest.raises(DataError, match="groundtruth"):
        find_films(tmp_path / "cdnet" / "odd")


def test_no_truth(tmp_path, told):
    told([])
    film = write_film(tmp_path / "f", [grey()] * 3, [area(0, 0, 5, 5), None, None])
    with pytest.raises(DataError, match="no frame"):
        score_film(film, "told")


@pytest.mark.parametrize(("which", "name"), [("input", "in000002.png"), ("groundtruth", "gt000003.png")])
@pytest.mark.parametrize("how", ["text", "size"])
def test_a_bad_picture_is_named(tmp_path, which, name, how):
    film = write_film(tmp_path / "f", [grey()] * 3, [area(0, 0, 5, 5)] * 3)
    path = film / which / name
    path.write_text("no picture")
    if how == "size":
        assert cv2.imwrite(str(path), np.zeros((20, 20), np.uint8))
    with pytest.raises(DataError) as error:
        score_film(film, "mog2")
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_other_files_do_not_matter(tmp_path):
    film = write_film(tmp_path / "f", [grey()] * 3, [area(0, 0, 5, 5)] * 3)
    (film / "input" / "Thumbs.db").write_bytes(b"x")
    (film / "groundtruth" / "notes.txt").write_text("x")
    assert score_film(film, "mog2").frames == 2


def test_the_table(tmp_path, told):
    told([area(0, 0, 0, 0)])
    figures = score_film(write_film(tmp_path / "f", [grey()] * 2, [area(0, 0, 48, 36)] * 2), "told")
    table = frame_table({("highway", "told"): figures})
    said = dict(zip(table.heads, table.rows[0], strict=True))
    assert (said["film"], said["model"], said["frames"], said["recall"], said["wrong %"]) == (
        *("highway", "told"),
        *("1", "0.000", "100.000"),
    )
    assert said["precision"] == "none"
