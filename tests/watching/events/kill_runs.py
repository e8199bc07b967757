"""Kills a process that writes into a store, again and again, and looks at what it has left.

Run as `kill_runs.py FOLDER RUNS SEED`; answers with one line of JSON. It has one thread only, so that it may fork.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import av
import cv2
from sqlalchemy.exc import OperationalError

from spotdiff.watching.events import clean_up, open_store, verify
from spotdiff.watching.events.write import Writer
from watching.events.store_toys import evidence_files, make_event, make_frames, make_pictures

RUNS_PER_STORE = 10
LONGEST_S = 0.08
EARLY = 0.2  # share of runs that may be killed before the store is open
WITNESS, FRAMES = make_pictures(frames=0), make_frames(6)
FLAKY = 0.3  # share of commits whose answer is lost, in every other store


def write_until_killed(path: Path, tell: int, *, flaky: bool) -> None:
    """Add, film and acknowledge events; say so through the pipe after each is promised."""
    cv2.setNumThreads(1)
    store = open_store(str(path), reserve_mb=1)
    if flaky:
        lose_answers()
    os.write(tell, b"opened -\n")
    for _ in range(1000):
        event = store.add(make_event(), WITNESS)
        os.write(tell, f"added {event.id}\n".encode())
        if store.attach_clip(event.id, FRAMES):
            os.write(tell, f"clip {event.id}\n".encode())
        store.acknowledge(event.id, by="Ann")
        os.write(tell, f"acknowledged {event.id}\n".encode())


def lose_answers() -> None:
    """Have commits fail: before they are done, or after."""
    whole, chance = Writer._transact, random.Random(os.getpid())

    def unsure(self, work):
        lost = OperationalError("COMMIT", {}, Exception("the server closed the connection unexpectedly"))
        luck = chance.random()
        if luck < FLAKY / 2:
            raise lost
        answer = whole(self, work)
        if luck < FLAKY:
            raise lost
        return answer

    Writer._transact = unsure
    sys.modules[Writer.__module__].RETRY_S = 0.01


def killed_run(path: Path, seconds: float, *, early: bool, flaky: bool) -> list[tuple[str, str]]:
    """What a process had promised when it was killed so many seconds after its start, or after it was ready."""
    hear, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write_until_killed(path, tell, flaky=flaky)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(3)
    os.close(tell)
    lines = os.fdopen(hear, encoding="ascii")
    if not early:
        lines.readline()
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL:
        raise SystemExit("the process ended by itself")
    with lines:
        return [tuple(line.split()) for line in lines if line.endswith("\n")]


def looked_at(path: Path, promised: set[tuple[str, str]]) -> tuple[list[str], int]:
    """What is wrong with a store, and how many files had been cut off."""
    with open_store(str(path), reserve_mb=1) as store:
        events = {event.id: event for event in store.events()}
        wrong = [str(problem) for problem in verify(store)]
        wrong += [f"{id_}: lost" for what, id_ in promised if what == "added" and id_ not in events]
        wrong += [
            f"{id_}: not acknowledged"
            for what, id_ in promised
            if what == "acknowledged" and events[id_].state != "acknowledged"
        ]
        wrong += [f"{id_}: no clip" for what, id_ in promised if what == "clip" and "clip" not in store.evidence(id_)]
        wrong += [f"{id_}: evidence lost" for id_ in events if not {"before", "after"} <= set(store.evidence(id_))]
        with store.reading() as connection:
            wrong += [said for (said,) in connection.exec_driver_sql("PRAGMA integrity_check") if said != "ok"]
            known = {path for (path,) in connection.exec_driver_sql("SELECT path FROM evidence")}
        wrong += [] if store.waiting == 0 else ["changes wait"]
        cleaned = clean_up(store)
        wrong += [f"{path}: no row" for path in evidence_files(store.folder) - known]
        wrong += [f"{path}: left" for path in (store.folder / ".staging").rglob("*.*") if path.suffix != ".lock"]
        wrong += unreadable(store, sorted(events)[-1:])
    return wrong, cleaned.parts + cleaned.files


def unreadable(store, ids) -> list[str]:
    """Films that cannot be played."""
    wrong = []
    for id_ in ids:
        if "clip" not in (found := store.evidence(id_)):
            continue
        with av.open(str(found["clip"].path)) as film:
            film.streams.video[0].thread_count = 1
            wrong += [] if sum(1 for _ in film.decode(video=0)) == 6 else [f"{id_}: its film is broken"]
    return wrong


def main(folder: Path, runs: int, seed: int) -> None:
    chance = random.Random(seed)
    cv2.setNumThreads(1)
    answer = {"runs": 0, "promised": 0, "cut": 0, "runs_cut": 0, "wrong": []}
    promised: set[tuple[str, str]] = set()
    for run in range(runs):
        path = folder / f"{run // RUNS_PER_STORE}.db"
        if run % RUNS_PER_STORE == 0:
            promised = set()
        seconds, early = chance.uniform(0, LONGEST_S), chance.random() < EARLY
        new = killed_run(path, seconds, early=early, flaky=run // RUNS_PER_STORE % 2 == 1)
        promised |= set(new)
        wrong, cut = looked_at(path, promised)
        answer["runs"] += 1
        answer["promised"] += len(new)
        answer["cut"] += cut
        answer["runs_cut"] += cut > 0
        answer["wrong"] += [f"run {run}: {line}" for line in wrong]
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
