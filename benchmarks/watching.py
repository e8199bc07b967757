"""The watch beside plain background tools, on labelled clips; its cost and memory; its events on unlabelled film.

python benchmarks/watching.py clips DIR          # a folder of `spotdiff synth --recipe clips`
python benchmarks/watching.py films FILM...      # events on films that have no truth, with a page of stills
python benchmarks/watching.py cost               # CPU a frame, and memory over an hour of replay
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from spotdiff.evaluate.events import ReportedEvent, default_watcher, event_table, read_clips, summed, watch_clip
from spotdiff.evaluate.tables import aligned
from spotdiff.options import Options

DWELL = 10.0  # seconds, for every watcher alike
LEAST = 0.0015  # share of the picture that a thing must fill


@dataclass
class Blob:
    """Something that has stood out since `since`."""

    mask: np.ndarray
    since: float
    seen: float
    told: bool = False


@dataclass
class Blobs:
    """Follows what stands out from look to look, and tells what did so for ten seconds."""

    blobs: list[Blob] = field(default_factory=list)

    def see(self, mask, seconds):
        """What has stood out for ten seconds by now, each once."""
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        parts = [labels == n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= LEAST * mask.size]
        for part in parts:
            known = next((blob for blob in self.blobs if (blob.mask & part).sum() > 0.3 * part.sum()), None)
            if known is None:
                self.blobs.append(Blob(part, seconds, seconds))
            else:
                known.mask, known.seen = part, seconds
        self.blobs = [blob for blob in self.blobs if seconds - blob.seen < 2.0]
        for blob in self.blobs:
            if not blob.told and seconds - blob.since >= DWELL:
                blob.told = True
                left, top, width, height = cv2.boundingRect(blob.mask.astype(np.uint8))
                box = (left, top, left + width, top + height)
                yield ReportedEvent("changed", box, None, blob.since, seconds)


def absdiff(frames):
    """Against the first frame: absolute difference, threshold 30, erosion."""
    blobs, first = Blobs(), None
    for seconds, pixels in frames:
        grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (5, 5), 0)
        first = grey if first is None else first
        mask = cv2.erode((cv2.absdiff(grey, first) > 30).astype(np.uint8), np.ones((3, 3), np.uint8), iterations=2)
        yield from blobs.see(mask > 0, seconds)


def dual_mog2(frames):
    """What a slow mixture of Gaussians calls new and a fast one has learned (Porikli 2008)."""
    blobs = Blobs()
    slow = cv2.createBackgroundSubtractorMOG2(varThreshold=16, detectShadows=True)
    fast = cv2.createBackgroundSubtractorMOG2(varThreshold=16, detectShadows=True)
    for number, (seconds, pixels) in enumerate(frames):
        rate = 1 / (number + 1) if number < 25 else None
        held = slow.apply(pixels, learningRate=rate or 0.0005) == 255
        new = fast.apply(pixels, learningRate=rate or 0.02) == 255
        mask = cv2.morphologyEx((held & ~new).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        yield from blobs.see(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)) > 0, seconds)


WATCHERS = {"spotdiff": default_watcher(Options()), "dual MOG2": dual_mog2, "absdiff": absdiff}


def watched(job):
    """One clip watched by one watcher."""
    name, film, truth = job
    cv2.setNumThreads(1)
    return watch_clip(film, truth, WATCHERS[name])


def clips(folder, only, out):
    there = read_clips(folder)
    rows = {}
    for name in only:  # one after the other, so that what is done is shown
        jobs = [(name, film, truth) for film, truth in there]
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            rows[name] = []
            for clip in pool.map(watched, jobs):
                rows[name].append(clip)
                print(f"\r{name}: {len(rows[name])} of {len(jobs)}", end="", file=sys.stderr)
        print(file=sys.stderr)
        print("\n".join(aligned(event_table({name: rows[name]}))), flush=True)
        if out:
            told = {one: {"sum": asdict(summed(row)), "each": [asdict(c) for c in row]} for one, row in rows.items()}
            Path(out).write_text(json.dumps(told, indent=1))
    mine = sum(len(clip.false) for clip in rows.get("spotdiff", ()))
    for name, row in rows.items():
        false = sum(len(clip.false) for clip in row)
        if name != "spotdiff" and false:
            print(f"spurious events: {mine} against {false} of {name}, {1 - mine / false:.1%} fewer")


def films(sources, out, settings):
    """Replay films or folders and write their events as one page."""
    from spotdiff.video import source_name
    from spotdiff.watching.event_page import event_page
    from spotdiff.watching.rules import rules_of, with_settings
    from spotdiff.watching.run import Watch

    names = [source_name(source) for source in sources]
    rules = rules_of(sources, names=names)
    cameras = {name: with_camera(camera, settings) for name, camera in rules.cameras.items()}
    with tempfile.TemporaryDirectory() as folder:
        rules = with_settings(rules, {"store": f"{folder}/events.db", "reserve_mb": 0})
        rules = type(rules)(**{**rules.__dict__, "cameras": cameras})
        spans = {}
        with Watch(rules, replay=True) as watch:
            watch.run()
            for monitor in watch.monitors:
                last = monitor.analyser.last_frame
                spans[monitor.camera.name] = last.seconds if last else 0.0
            events = watch.store.events()
            for name in names:
                mine = [event for event in events if event.camera == name]
                hours = spans[name] / 3600
                kinds = dict(Counter(event.kind for event in mine))
                rate = len(mine) / hours if hours else 0.0
                print(f"{name:<40} {spans[name]:7.1f} s  {len(mine):3d} events {rate:7.1f} an hour  {kinds}")
                for event in mine:
                    print(f"    {event.seconds:7.1f} s  {event.kind:<9} {event.score:.2f} {event.box} {event.text}")
            if out:
                Path(out).write_text(event_page(watch.store, events, title="Events on film"))


def with_camera(camera, settings):
    from dataclasses import replace

    return replace(camera, **settings)


def cost(minutes):
    """CPU a frame for a quiet scene with passers-by, and memory over a long replay."""
    for size in ((640, 360), (1920, 1080)):
        picture = cv2.imread(str(Path(__file__).parents[1] / "examples" / "hall_before.jpg"))
        place = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_BGR2RGB)
        rng = np.random.default_rng(0)
        noise = [rng.normal(0, 3, (*size[::-1], 1)).astype(np.int16) for _ in range(5)]
        frames = round(minutes * 300 if size[0] == 640 else 300)
        watcher = iterate(place, noise, frames)
        start, memory = time.process_time(), []
        made = 0.0
        run = default_watcher(Options())
        seen = 0

        def fed(source=watcher):
            nonlocal made, seen
            while True:
                at = time.process_time()
                item = next(source, None)
                made += time.process_time() - at
                if item is None:
                    return
                seen += 1
                if seen % 300 == 0:
                    memory.append(resident())
                yield item

        list(run(fed()))
        spent = time.process_time() - start - made
        print(f"{size[0]}x{size[1]}: {1000 * spent / frames:.1f} ms of CPU a frame over {frames} frames", flush=True)
        if len(memory) > 4:
            marks = [2, 5, 10, *range(15, len(memory) + 1, 15)]
            said = ", ".join(f"{memory[m - 1]:.0f} MB after {m} min" for m in marks if m <= len(memory))
            print(f"  memory of the process: {said}")


def resident():
    """Megabytes of memory in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def iterate(place, noise, frames):
    """A still place with noise, in which somebody walks by every 20 seconds and a box is left and taken again."""
    height, width = place.shape[:2]
    for number in range(frames):
        seconds = number / 5
        frame = np.clip(place + noise[number % len(noise)], 0, 255).astype(np.uint8)
        if seconds % 120 > 60:
            frame[height // 2 : height // 2 + height // 8, width // 3 : width // 3 + width // 12] = (200, 40, 30)
        across = int((seconds % 20) / 4 * width)
        if across < width:
            frame[height // 4 : height * 3 // 4, across : across + width // 12] = (30, 40, 60)
        yield seconds, frame


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("clips", "films", "cost"))
    parser.add_argument("sources", nargs="*")
    parser.add_argument("--only", nargs="+", default=list(WATCHERS), choices=list(WATCHERS))
    parser.add_argument("--out", help="clips: figures as JSON; films: a page of stills")
    parser.add_argument("--minutes", type=float, default=60.0, help="cost: length of the replay")
    parser.add_argument("--every", type=float, default=0.0, help="films: seconds between the pictures of a folder")
    given = parser.parse_args()
    if given.what == "clips":
        clips(given.sources[0], given.only, given.out)
    elif given.what == "films":
        films(given.sources, given.out, {"every": given.every} if given.every else {})
    else:
        cost(given.minutes)


if __name__ == "__main__":
    main()
