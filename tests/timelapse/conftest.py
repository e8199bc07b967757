"""A site that is drawn: a wall that is filled step by step, a gate that stays as it is, seen by a camera that moves."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from spotdiff.options import Options
from spotdiff.timelapse import measure_progress, series

WIDTH, HEIGHT, MARGIN = 320, 240, 40
WALL, GATE = (40, 60, 200, 160), (230, 40, 300, 200)  # left, top, right, bottom in the first picture
VOID = {"img", "meta", "link", "input", "br"}


def corners(box):
    left, top, right, bottom = box
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


AREAS = {"wall": corners(WALL), "gate": corners(GATE)}


@dataclass(frozen=True)
class Shot:
    """How much of the wall is filled, and how the camera stands and the light is."""

    filled: float
    dx: float = 0
    dy: float = 0
    turned: float = 0
    gain: float = 1
    seed: int = 0


def motion(shot: Shot) -> np.ndarray:
    """(3, 3) from the first picture's pixels to the shot's."""
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), shot.turned, 1)
    turn[:, 2] += (shot.dx, shot.dy)
    return np.vstack([turn, (0, 0, 1)])


def drawn(shot: Shot, texture) -> np.ndarray:
    world = texture(WIDTH + 2 * MARGIN, HEIGHT + 2 * MARGIN, seed=shot.seed).copy()
    wall = texture(WALL[2] - WALL[0], WALL[3] - WALL[1], seed=50)
    columns = round(shot.filled * wall.shape[1])
    left, top = WALL[0] + MARGIN, WALL[1] + MARGIN
    world[top : top + wall.shape[0], left : left + columns] = wall[:, :columns]
    into_frame = np.array([[1, 0, -MARGIN], [0, 1, -MARGIN], [0, 0, 1.0]])
    seen = cv2.warpPerspective(world, motion(shot) @ into_frame, (WIDTH, HEIGHT))
    return np.clip(seen * shot.gain, 0, 255).astype(np.uint8)


SHOTS = (
    Shot(0),
    Shot(0.25, 3, -2, 0.3, 1.1),
    Shot(0.25, -4, 1, -0.5, 0.8),
    Shot(0.5, 5, 4, 0.6, 1.15),
    Shot(1, 4, 3, -0.8, 0.75),
)
DAYS = ("2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01")


@pytest.fixture(scope="session")
def draw(texture):
    """Write a shot to a file; JPEG as cameras do."""

    def write(shot: Shot, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), drawn(shot, texture)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93])
        return path

    return write


@pytest.fixture(scope="session")
def folder(draw, tmp_path_factory):
    """The five shots, dated by their names. To be read only."""
    place = tmp_path_factory.mktemp("site")
    for shot, day in zip(SHOTS, DAYS, strict=True):
        draw(shot, place / f"yard_{day}.jpg")
    return place


@pytest.fixture(scope="session")
def steps(folder):
    return list(measure_progress(series(folder), areas=AREAS, options=Options(method="classic")))


class Reader(HTMLParser):
    """A page: its elements, the text of style and script, its words, and whether every element is closed."""

    def __init__(self, text: str):
        super().__init__()
        self.elements, self.code, self.open, self.words = [], {}, [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            self.code[self.open[-1]] = self.code.get(self.open[-1], "") + data
        else:
            self.words.append(data)

    def all(self, tag, **wanted):
        found = (attributes for name, attributes in self.elements if name == tag)
        return [a for a in found if all(a.get(key.rstrip("_")) == value for key, value in wanted.items())]


@pytest.fixture
def read():
    return Reader
