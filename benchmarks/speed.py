"""Speed side by side with the peers in one run, as ratios of CPU time (user + system): one table.

    npm install odiff-bin          # in any folder; its binary is found on PATH or given with --odiff
    python benchmarks/speed.py [--odiff node_modules/.bin/odiff] [--rounds 5]

Every round runs the tools in turn; the medians are divided. CPU time, because wall time on a busy machine says little.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
from pictures import changed, page, room, write

OURS = [sys.executable, "-m", "spotdiff", "compare"]
# the rules of odiff: its colour metric, no anti-aliasing test, alpha laid on white
SAME_JOB = ["--method", "pixel", "--align", "off", "--light", "off", "--set", "metric=yiq12"]
SAME_JOB += ["--set", "antialias=off", "--set", "composite=white"]
MAX_RSS = 1024  # kB in a MB, as getrusage counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--odiff", default=shutil.which("odiff"), help="odiff's binary")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.odiff is None:
        sys.exit("speed.py: no odiff on PATH; npm install odiff-bin and give --odiff node_modules/.bin/odiff")
    with tempfile.TemporaryDirectory() as scratch:
        print("| job | ours | peer | ratio |\n|---|---|---|---|")
        against_odiff(Path(scratch), options.odiff, options.rounds)
        against_server(Path(scratch), options.odiff, options.rounds)
        alone(Path(scratch), options.rounds)
        many(Path(scratch))


def cpu(command: list[str]) -> tuple[float, float]:
    """CPU milliseconds and peak memory in MB of a command."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    return 1000 * (used.ru_utime + used.ru_stime), used.ru_maxrss / MAX_RSS


def row(job: str, rounds: int, ours: Callable[[], float], peer: Callable[[], float]) -> None:
    """Run both in turn and print their medians."""
    times = [(ours(), peer()) for _ in range(rounds)]
    mine, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"| {job} | {mine:.0f} ms | {theirs:.0f} ms | {mine / theirs:.2f} |", flush=True)


def against_odiff(folder: Path, odiff: str, rounds: int) -> None:
    for name, (width, height) in {"4K": (3840, 2160), "37 MP": (3446, 10728)}.items():
        pixels = page(width, height)
        before, twin = write(folder / "before.png", pixels), folder / "twin.png"
        twin.write_bytes(before.read_bytes())
        after, same = write(folder / "after.png", changed(pixels)), write(folder / "same.png", pixels, level=6)
        jobs = {"1.5 % differs": after, "same pixels": same}
        for job, other in jobs.items():
            pair, out = [str(before), str(other)], str(folder / "out.png")
            row(
                f"{name}, {job}",
                rounds,
                lambda p=pair: cpu([*OURS, *p, *SAME_JOB])[0],
                lambda p=pair: cpu([odiff, *p])[0],
            )
            drawn = [*OURS, *pair, *SAME_JOB, "--overlay", out]
            row(
                f"{name}, {job}, with a picture",
                rounds,
                lambda c=drawn: cpu(c)[0],
                lambda p=pair: cpu([odiff, *p, out])[0],
            )
        equal = [str(before), str(twin)]
        row(f"{name}, identical files", rounds, lambda: cpu([*OURS, *equal])[0], lambda: cpu([odiff, *equal])[0])
        memory = cpu([*OURS, str(before), str(after), *SAME_JOB])[1], cpu([odiff, str(before), str(after)])[1]
        print(
            f"| {name}, peak memory | {memory[0]:.0f} MB | {memory[1]:.0f} MB | {memory[0] / memory[1]:.2f} |",
            flush=True,
        )


def against_server(folder: Path, odiff: str, rounds: int) -> None:
    """One process for many 4K pairs: CPU of 2 pairs taken off that of 12, divided by 10."""
    pixels = page(3840, 2160)
    before, after = write(folder / "before.png", pixels), write(folder / "after.png", changed(pixels))

    def batch(count: int) -> float:
        table = folder / "pairs.csv"
        table.write_text("name,before,after\n" + "".join(f"p{i},{before},{after}\n" for i in range(count)))
        out = folder / f"out{count}"
        shutil.rmtree(out, ignore_errors=True)
        command = [*OURS[:-1], "batch", str(table), "--out", str(out), "--workers", "1", *SAME_JOB]
        return cpu(command)[0]

    def server(count: int) -> float:
        requests = [
            {"requestId": i, "base": str(before), "compare": str(after), "output": str(folder / "o.png")}
            for i in range(count)
        ]
        start = os.times()
        text = "".join(json.dumps(r) + "\n" for r in requests)
        subprocess.run([odiff, "--server"], input=text, capture_output=True, text=True, check=False)
        end = os.times()
        return 1000 * (end.children_user + end.children_system - start.children_user - start.children_system)

    row("4K pair, warm", rounds, lambda: (batch(12) - batch(2)) / 10, lambda: (server(12) - server(2)) / 10)


def alone(folder: Path, rounds: int) -> None:
    """What has no peer: start-up, and a photograph pair with alignment and light."""
    from spotdiff import compare

    before, after = room()
    cv2.setNumThreads(1)
    compare(before, after)

    def once() -> float:
        start = time.process_time()
        compare(before, after)
        return 1000 * (time.process_time() - start)

    warm = statistics.median(once() for _ in range(rounds))
    print(f"| classic, 1080p pair, aligned and lit, warm | {warm:.0f} ms | | |")
    paths = str(write(folder / "room.png", before)), str(write(folder / "room2.png", after))
    print(f"| classic, 1080p pair, whole process | {median(rounds, [*OURS, *paths]):.0f} ms | | |")
    print(f"| import spotdiff | {median(rounds, [sys.executable, '-c', 'import spotdiff']):.0f} ms | | |")
    print(f"| spotdiff --help | {median(rounds, [*OURS[:-1], '--help']):.0f} ms | | |", flush=True)


def median(rounds: int, command: list[str]) -> float:
    return statistics.median(cpu(command)[0] for _ in range(rounds))


def many(folder: Path) -> None:
    """A batch of 1,000 small pairs by one and by all cores: wall time, for that is what cores buy."""
    before, after = room(160, 120)
    first, second = write(folder / "small.png", before), write(folder / "small2.png", after)
    table = folder / "many.csv"
    table.write_text("name,before,after\n" + "".join(f"p{i},{first},{second}\n" for i in range(1000)))
    cores, walls = os.cpu_count() or 1, []
    for workers in (1, cores):
        shutil.rmtree(folder / "many", ignore_errors=True)
        command = [*OURS[:-1], "batch", str(table), "--out", str(folder / "many"), "--workers", str(workers)]
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False)
        walls.append(time.perf_counter() - start)
    told = f"{walls[1]:.1f} s | {walls[0]:.1f} s | {walls[1] / walls[0]:.2f}"
    print(f"| 1,000 small pairs, wall, {cores} workers against 1 | {told} |")


if __name__ == "__main__":
    main()
