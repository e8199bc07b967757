"""A drawn day before a camera, watched as fast as it goes: memory stays flat, and what was left is told once each time.

python proof/long_watch.py --hours 24     # a frame each 10 s; exit code 1 where memory or events are wrong
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np
import watch_kills
from stream_reconnects import memory_mb

from spotdiff.options import Options
from spotdiff.watching.events import open_store, verify
from spotdiff.watching.rules import Camera, Rules, Zone
from spotdiff.watching.run import Watch

STEP = 10  # seconds of camera time between two frames
STAYS, EVERY = 1200, 3600  # seconds: something is left each hour and taken away 20 minutes later
FLAT = 1.05  # of memory from its second quarter to its last one
BOX = watch_kills.THINGS["first"][0]


@dataclass
class Figures:
    """What came of the day."""

    hours: float = 0.0
    frames: int = 0
    seconds: float = 0.0
    things_left: int = 0
    events: int = 0
    memory_mb: list[int] = field(default_factory=list)
    growth: float = 0.0
    disk_mb: float = 0.0
    wrong: list[str] = field(default_factory=list)


def light_at(second: float) -> float:
    """How bright the place is: dim at night, brightest at noon, clouds now and then."""
    sun = 0.45 + 0.55 * max(0.0, math.sin(math.pi * (second / 86400 - 0.25) * 2) * 0.5 + 0.5)
    return sun * (1 - 0.08 * (math.sin(second / 900) > 0.7))


def is_there(second: float) -> bool:
    """Whether the thing stands there."""
    return second % EVERY >= EVERY - STAYS - 600 and second % EVERY < EVERY - 600


def make_film(path: Path, hours: float) -> int:
    """The day as a film whose clock is the camera's; how many things are left in it."""
    empty, left, stood = watch_kills.empty_place(), 0, False
    noise = [np.random.default_rng(n).integers(-2, 3, empty.shape) for n in range(16)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(1, STEP))
        stream.width, stream.height = watch_kills.SIZE
        stream.pix_fmt, stream.time_base = "yuv420p", Fraction(STEP, 1)
        stream.options = {"preset": "ultrafast", "g": "30", "bf": "0", "crf": "18"}
        for number in range(int(hours * 3600 / STEP)):
            second, shown = number * STEP, empty
            if there := is_there(second):
                shown = empty.copy()
                box = BOX
                shown[box[1] : box[3], box[0] : box[2]] = watch_kills.COLOURS["first"]
            left, stood = left + (there and not stood), there
            lit = np.clip(shown * light_at(second) + noise[number % 16], 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(lit, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(STEP, 1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return left


def watched(hours: float) -> Figures:
    """Draw the day, watch it, and look at what is left."""
    figures, begun = Figures(hours), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        film = folder / "day.mkv"
        figures.things_left = make_film(film, hours)
        options = Options(method="classic", align="off", describe="off")
        sinks = {"log": {"kind": "lines", "path": str(folder / "told.jsonl")}}
        rules = Rules(
            {"hall": Camera("hall", str(film), fps=1.0)},
            {"": Zone("", dwell=60.0)},
            store=str(folder / "events.db"),
            reserve_mb=0,
            options=options,
            sinks=sinks,
        )
        with Watch(rules, replay=True, start=watch_kills.NOON) as watch, closing(watch.steps()) as steps:
            for _ in steps:
                figures.frames += 1
                if figures.frames % 50 == 0:
                    figures.memory_mb.append(memory_mb())
        with open_store(rules.store, reserve_mb=0) as store:
            events = store.events()
            figures.events = len(events)
            figures.wrong += [str(problem) for problem in verify(store)]
        figures.disk_mb = round(sum(path.stat().st_size for path in folder.rglob("events*")) / 1e6, 1)
    figures.seconds = round(time.monotonic() - begun, 1)
    figures.wrong += judged(figures)
    figures.memory_mb = figures.memory_mb[:: max(len(figures.memory_mb) // 12, 1)]
    return figures


def judged(figures: Figures) -> list[str]:
    """What is wrong with memory and events."""
    wrong, memory = [], figures.memory_mb
    if len(memory) >= 8:
        quarter = len(memory) // 4
        figures.growth = round(median(memory[-quarter:]) / max(median(memory[quarter : 2 * quarter]), 1), 3)
        if figures.growth > FLAT:
            wrong.append(f"memory grew to {figures.growth:.0%} of what it was")
    if figures.events < figures.things_left:
        wrong.append(f"{figures.things_left} things were left, and {figures.events} events told")
    return wrong


def main() -> int:
    """Print figures; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    figures = watched(asked.hours)
    print(json.dumps(asdict(figures), indent=1))
    return int(bool(figures.wrong))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
