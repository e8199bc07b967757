"""Small films and folders of a place where things come and go, and a watch over them that is quick."""

from __future__ import annotations

import functools
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from spotdiff.options import Options
from spotdiff.watching.rules import Camera, Rules, Zone
from spotdiff.watching.run import Watch
from spotdiff.watching.texts import record_of

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
SIZE = (320, 180)
BAG = (200, 100, 250, 140)
YELLOW = (225, 225, 60)
QUICK = Options(method="classic", align="off")


@functools.cache
def _empty():
    rng = np.random.default_rng(3)
    width, height = SIZE
    picture = np.full((height, width, 3), 120.0)
    for sigma, strength in ((3, 26), (9, 30), (36, 40)):
        layer = cv2.GaussianBlur(rng.normal(size=(height, width, 3)), (0, 0), sigma)
        picture += strength * layer / layer.std()
    return np.clip(picture, 20, 235).astype(np.uint8)


def place(*boxes):
    """The place with yellow things in it."""
    picture = _empty().copy()
    for left, top, right, bottom in boxes:
        picture[top:bottom, left:right] = YELLOW
    return picture


def spans(*, bag=BAG, first=12.0, last=1e9):
    """What is there at a time: a thing from `first` to `last`."""
    return lambda seconds: place(bag) if first <= seconds < last else place()


def noisy(picture, number):
    noise = np.random.default_rng(number).integers(-2, 3, picture.shape)
    return np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def make_film(path, seconds, draw, *, fps=5):
    """A film; where `draw` gives None there is no frame."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "g": "10", "bf": "0", "crf": "16"}
        for number in range(round(seconds * fps)):
            picture = draw(number / fps)
            if picture is not None:
                frame = av.VideoFrame.from_ndarray(noisy(picture, number), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, fps)
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def drop(folder, picture, seconds, *, start=NOON):
    """Put a picture into a folder, whole at once, with its time as its name."""
    folder.mkdir(exist_ok=True)
    part = folder / ".part"
    data = cv2.imencode(".png", noisy(picture, round(seconds * 10))[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
    part.write_bytes(data.tobytes())
    moment = start + timedelta(seconds=seconds)
    part.rename(folder / f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z.png")


def make_rules(folder, sources, *, dwell=4.0, **settings):
    """Rules for sources by name, with everything kept in a folder."""
    cameras = {name: one if isinstance(one, Camera) else Camera(name, str(one)) for name, one in sources.items()}
    zones = settings.pop("zones", {"": Zone("", dwell=dwell)})
    given = {"store": str(Path(folder) / "events.db"), "reserve_mb": 0, "options": QUICK} | settings
    return Rules(cameras, zones, **given)


@dataclass
class Heard:
    """What a watch has told, in order."""

    all: list = field(default_factory=list)

    def __call__(self, event, change):
        self.all.append((event, change))

    def of(self, change):
        return [event for event, how in self.all if how == change]

    @property
    def told(self):
        return [(event.id, event.kind, change) for event, change in self.all]

    @property
    def records(self):
        return [record_of(event) for event, _ in self.all]


def replayed(rules, *, start=NOON):
    """Replay everything; what was told."""
    heard = Heard()
    with Watch(rules, replay=True, start=start, listener=heard) as watch:
        watch.run()
    return heard


def lived(rules, heard, *, until, most=4000):
    """Watch what is live until a condition holds."""
    with Watch(rules, listener=heard) as watch, closing(watch.steps()) as steps:
        for number, _ in enumerate(steps):
            if until(watch):
                return
            assert number < most, f"it never came to be: {heard.told}"


def growing(folder, **settings):
    return replace(Camera("hall", str(folder), grows=True, fps=60), **settings)
