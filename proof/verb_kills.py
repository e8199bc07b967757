"""Verbs that write files are killed at random moments and started again: no file is half, and the end is the usual one.

    python proof/verb_kills.py --kills 20             # of each verb; exit code 1 where anything is wrong

After each kill every file that the verb promises is read where it stands: it is whole. After a few kills the verb runs
to its end in the same folder, and what it leaves is what it leaves where nobody kills it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

PAIRS = 40
EACH = 4  # kills before a run to the end
_PLAIN = ("--method", "pixel", "--align", "off", "--light", "off")


@dataclass
class Figures:
    """What came of the kills of one verb."""

    verb: str = ""
    kills: int = 0
    too_late: int = 0  # of those the verb had ended by itself
    runs_to_the_end: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Verb:
    """A verb in a folder: what is run, what it needs, and what is left when nobody kills it."""

    arguments: Callable[[Path], list[str]]
    prepare: Callable[[Path], None]
    left: Callable[[Path], object]
    codes: tuple[int, ...] = (0, 1)


def draw_pairs(root: Path) -> None:
    """Folders of pairs, every other one changed."""
    for number in range(PAIRS):
        rng = np.random.default_rng(number)
        before = np.kron(rng.integers(40, 210, (12, 16, 3)), np.ones((20, 20, 1))).astype(np.uint8)
        after = before.copy()
        if number % 2:
            after[60:120, 80:150] = rng.integers(0, 255, 3)
        for side, picture in (("before", before), ("after", after)):
            (root / side).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(root / side / f"{number}.png")


def draw_examples(root: Path) -> None:
    """A few labelled pairs and a recipe that learns them in seconds."""
    for number in range(8):
        rng = np.random.default_rng(number)
        before = np.kron(rng.integers(60, 200, (8, 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
        after, mask = before.copy(), np.zeros((64, 64), np.uint8)
        after[10:34, 20:44], mask[10:34, 20:44] = rng.integers(0, 255, 3), 255
        for side, picture in (("before", before), ("after", after), ("mask", mask)):
            (root / "data" / side).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(root / "data" / side / f"{number}.png")


def batch_and_run(root: Path) -> None:
    """Pairs, and a batch over them that went to its end."""
    draw_pairs(root)
    done = subprocess.run(command(BATCH.arguments(root)), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)


def verdicts(root: Path) -> object:
    """The index of a batch, and what the record of each pair says."""
    with (root / "answers" / "index.csv").open(newline="") as file:
        rows = sorted((row["name"], row["verdict"], row["regions"]) for row in csv.DictReader(file))
    answers = [path for path in sorted((root / "answers").glob("*.json")) if not path.name.startswith(".")]
    records = {path.stem: json.loads(path.read_text())["verdict"] for path in answers}
    return rows, records


def baselines(root: Path) -> object:
    """Which of the baselines are now the later pictures, and what the log of approvals tells of them."""
    same = [
        (root / "before" / f"{n}.png").read_bytes() == (root / "after" / f"{n}.png").read_bytes() for n in range(PAIRS)
    ]
    lines = (root / "answers" / "approvals.jsonl").read_text().splitlines()
    return same, bool([json.loads(line) for line in lines])


def answer_files(root: Path) -> object:
    """The record without what a clock says."""
    record = json.loads((root / "one.json").read_text())
    return record["verdict"], record["regions"]


def weights(root: Path) -> object:
    """The names of the weights that are left, which are there to be used."""
    from spotdiff.nets.parts.weights import read_weights

    _, values = read_weights(root / "run" / "weights.safetensors")
    return sorted(values)


COMPARE = Verb(
    lambda root: [
        *("compare", str(root / "before" / "1.png"), str(root / "after" / "1.png"), *_PLAIN),
        *("--json", str(root / "one.json"), "--report", str(root / "one.html"), "--overlay", str(root / "one.png")),
        *("--maps", str(root / "maps")),
    ],
    draw_pairs,
    answer_files,
)
BATCH = Verb(
    lambda root: [
        *("batch", str(root / "before"), str(root / "after"), "--out", str(root / "answers"), *_PLAIN),
        *("--maps", "--workers", "1", "--report", str(root / "answers" / "report.html")),
    ],
    draw_pairs,
    verdicts,
)
APPROVE = Verb(lambda root: ["approve", str(root / "answers"), "--all"], batch_and_run, baselines)
TRAIN = Verb(
    lambda root: [
        *("train", "fc-siam-diff", "--data", str(root / "data"), "--out", str(root / "run"), "--steps", "12"),
        *("--set", "size=64", "--set", "batch=2", "--set", "measure_every=4"),
        *("--workers", "0", "--threads", "1", "--quiet"),
    ],
    draw_examples,
    weights,
)
VERBS = {"compare": COMPARE, "batch": BATCH, "approve": APPROVE, "train": TRAIN}


def command(arguments: list[str]) -> list[str]:
    """The whole command line of a verb."""
    return [sys.executable, "-m", "spotdiff", *arguments]


def half_files(root: Path) -> list[str]:
    """Files that stand under their own name and are not whole."""
    found = []
    for path in sorted(root.rglob("*")):
        if not path.is_file() or any(part.startswith(".") for part in path.relative_to(root).parts):
            continue  # what begins with a dot is nobody's answer yet
        try:
            if path.suffix == ".png":
                with Image.open(path) as picture:
                    picture.load()
            elif path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".html" and not path.read_text().rstrip().endswith("</html>"):
                raise ValueError("no end")
            elif path.suffix == ".safetensors":
                _whole_weights(path)
        except Exception as error:
            found.append(f"{path.name} is half: {type(error).__name__} {error}")
    return found


def _whole_weights(path: Path) -> None:
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        list(file.keys())


def killed(arguments: list[str], seconds: float) -> bool:
    """Run a verb, and kill it with all of its processes after so many seconds; whether it still ran."""
    process = subprocess.Popen(
        command(arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def to_the_end(verb: Verb, root: Path) -> tuple[float, str]:
    """Run a verb to its end: seconds, and what was wrong with its exit code."""
    begun = time.monotonic()
    done = subprocess.run(command(verb.arguments(root)), capture_output=True, text=True, check=False)
    wrong = "" if done.returncode in verb.codes else f"exit code {done.returncode}: {done.stderr.strip()[-300:]}"
    return time.monotonic() - begun, wrong


def kill_often(name: str, kills: int, chance: random.Random) -> Figures:
    """Kill a verb so many times."""
    verb, figures = VERBS[name], Figures(name)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        verb.prepare(root)
        lasts, wrong = to_the_end(verb, root)
        if wrong:
            figures.wrong.append(f"without a kill: {wrong}")
            return figures
        usual = verb.left(root)
    while figures.kills < kills:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            verb.prepare(root)
            moments = []
            for _ in range(min(EACH, kills - figures.kills)):
                moments.append(round(lasts * chance.uniform(0.3, 0.95), 3))  # before, nothing is written
                figures.too_late += not killed(verb.arguments(root), moments[-1])
                figures.kills += 1
                figures.wrong += [f"killed at {moments}: {line}" for line in half_files(root)]
            _, wrong = to_the_end(verb, root)
            figures.runs_to_the_end += 1
            if not wrong:
                left = verb.left(root)
                wrong = "" if left == usual else f"{left} is left and not {usual}"
            figures.wrong += [f"killed at {moments}: {wrong}"] if wrong else []
            figures.wrong += half_files(root)
    return figures


def main() -> int:
    """Kill each verb, and print what came of it; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="of each verb")
    parser.add_argument("--verb", action="append", choices=tuple(VERBS), help="this one alone; may be given again")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    failed = False
    for name in asked.verb or VERBS:
        figures = kill_often(name, asked.kills, random.Random(asked.seed))
        print(json.dumps(asdict(figures), indent=1), flush=True)
        failed = failed or bool(figures.wrong)
    return int(failed)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    raise SystemExit(main())
