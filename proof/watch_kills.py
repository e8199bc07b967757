"""A watch is killed again and again around a change of light: is every event that is so in the end told, and once?

python proof/watch_kills.py --kills 40           # prints figures; exit code 1 where an event is lost or told twice
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
from sqlalchemy import select

from spotdiff.options import Options
from spotdiff.watching.events import open_store, verify
from spotdiff.watching.events.schema import outbox
from spotdiff.watching.rules import Camera, Rules, Zone
from spotdiff.watching.run import Watch

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE, FPS = (320, 180), 5
SECONDS, STEP = 44, 20.0  # of the film; when the light changes
DARKER = 0.6
THINGS = {"first": ((40, 30, 90, 70), 12.0), "second": ((200, 100, 250, 140), 24.0)}  # box, and when it is left
COLOURS = {"first": (60, 70, 225), "second": (225, 225, 60)}
NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)
AROUND = (8.0, SECONDS)  # seconds of the film between which a watch is killed
LATEST = 0.03  # seconds after a frame was seen to within which it is killed
HANGS = 120.0  # seconds after which a run of the watch is given up
SPREAD = 8.0  # seconds by which the things of a film come earlier or later than in `THINGS`, at most


@dataclass
class Figures:
    """What came of the kills."""

    kills: int = 0
    frames: int = 0
    films: int = 0
    opened: int = 0
    wrong: list[str] = field(default_factory=list)


def empty_place() -> NDArray[np.uint8]:
    """(H, W, 3) with detail of several sizes."""
    rng = np.random.default_rng(3)
    width, height = SIZE
    picture = np.full((height, width, 3), 120.0)
    for sigma, strength in ((3, 26), (9, 30), (36, 40)):
        layer = cv2.GaussianBlur(rng.normal(size=(height, width, 3)), (0, 0), sigma)
        picture += strength * layer / layer.std()
    return np.clip(picture, 20, 235).astype(np.uint8)


def make_film(path: Path, comes: dict[str, float]) -> None:
    """A film of the place: the light changes at once, and two things are left, each at its second."""
    empty = empty_place()
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "g": "10", "bf": "0", "crf": "16"}
        for number in range(SECONDS * FPS):
            shown = empty.copy()
            for name, (box, _) in THINGS.items():
                left, top, right, bottom = box
                if number / FPS >= comes[name]:
                    shown[top:bottom, left:right] = COLOURS[name]
            lit = shown * (DARKER if number / FPS >= STEP else 1.0)
            noise = np.random.default_rng(number).integers(-2, 3, lit.shape)
            frame = av.VideoFrame.from_ndarray(np.clip(lit + noise, 0, 255).astype(np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def rules_for(folder: Path, film: Path, method: str) -> Rules:
    """A watch of the film whose sink is a file of lines."""
    sinks = {"log": {"kind": "lines", "path": str(folder / "told.jsonl")}}
    options = Options(method=method, align="off", describe="off")
    store = str(folder / "events.db")
    cameras, zones = {"hall": Camera("hall", str(film))}, {"": Zone("", dwell=4.0)}
    return Rules(cameras, zones, store=store, reserve_mb=0, options=options, sinks=sinks)


def watch_in_child(rules: Rules, tell: int) -> None:
    """Replay the film; through the pipe goes a byte after each frame."""
    cv2.setNumThreads(1)
    with Watch(rules, replay=True, start=NOON) as watch:
        for _ in watch.steps():
            os.write(tell, b".")


def run(rules: Rules, *, kill_at: int | None, seconds: float = 0.0) -> int:
    """Replay the film in a process of its own, and kill that so many seconds after a frame.

    Returns:
        How many frames it saw to.
    """
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            os.close(hear)
            watch_in_child(rules, tell)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(tell)
    frames, end = 0, time.monotonic() + HANGS
    with os.fdopen(hear, "rb", buffering=0) as pipe:
        while (kill_at is None or frames < kill_at) and time.monotonic() < end and pipe.read(1):
            frames += 1
    if kill_at is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code != (0 if kill_at is None else -signal.SIGKILL):
        raise SystemExit(f"a watch ended by itself with {code} after {frames} frames")
    return frames


def wrong_with(rules: Rules) -> tuple[list[str], int]:
    """What is not as it ought to be at the end of the film, and how many events were opened in all."""
    wrong = []
    with open_store(rules.store, reserve_mb=0) as store:
        events = store.events()
        open_now = [event for event in events if event.state != "closed"]
        for name, (box, _) in THINGS.items():
            told = [event.id for event in open_now if event.box is not None and shared(event.box, box)]
            wrong += [] if len(told) == 1 else [f"{name} thing: open are {told or 'no events'}"]
        strays = [
            each.id for each in events if not any(each.box and shared(each.box, box) for box, _ in THINGS.values())
        ]
        wrong += [f"{id_}: nothing was there" for id_ in strays]
        wrong += [str(problem) for problem in verify(store)]
        with store.reading() as connection:
            rows = connection.execute(select(outbox.c.event, outbox.c.key, outbox.c.state)).all()
        messages = Counter(row.event for row in rows if "/opened/" in row.key)
        wrong += [f"{event.id}: {messages[event.id]} messages" for event in events if messages[event.id] != 1]
        wrong += [f"{row.key} is {row.state}" for row in rows if row.state != "sent"]
    return wrong, len(events)


def shared(box: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two boxes have more than half of the smaller one in common."""
    left, top, right, bottom = (*map(max, box[:2], other[:2]), *map(min, box[2:], other[2:]))
    areas = [(each[2] - each[0]) * (each[3] - each[1]) for each in (box, other)]
    return max(right - left, 0) * max(bottom - top, 0) > min(areas) / 2


def tried(folder: Path, kills: int, chance: random.Random, method: str) -> Figures:
    """One film, so many kills, and a last run to its end."""
    comes = {name: round(second + chance.uniform(-SPREAD, SPREAD), 1) for name, (_, second) in THINGS.items()}
    film = folder / "film.mp4"
    make_film(film, comes)
    rules, figures = rules_for(folder, film, method), Figures(films=1)
    moments = []
    for _ in range(kills):
        kill_at = round(chance.uniform(*AROUND) * FPS)
        moments.append(kill_at / FPS)
        figures.frames += run(rules, kill_at=kill_at, seconds=chance.uniform(0, LATEST))
        figures.kills += 1
    figures.frames += run(rules, kill_at=None)
    wrong, figures.opened = wrong_with(rules)
    figures.wrong = [f"{comes}, killed at {moments}: {line}" for line in wrong]
    return figures


def main() -> int:
    """Kill, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=16, help="in all")
    parser.add_argument("--each", type=int, default=4, help="kills before a film is watched to its end")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--method", default="classic")
    parser.add_argument("--keep", type=Path, help="keep what was wrong in this folder")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    chance, total = random.Random(given.seed), Figures()
    while total.kills < given.kills:
        with tempfile.TemporaryDirectory() as name:
            each = tried(Path(name), min(given.each, given.kills - total.kills), chance, given.method)
            if each.wrong and given.keep:
                shutil.copytree(name, given.keep / f"film{total.films}", dirs_exist_ok=True)
        for attribute in ("kills", "frames", "films", "opened", "wrong"):
            setattr(total, attribute, getattr(total, attribute) + getattr(each, attribute))
    print(json.dumps(asdict(total), indent=1))
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
