import os
import subprocess
import sys
import time
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest

from spotdiff.batching.pool import Died, each


@pytest.fixture
def jobs(monkeypatch):
    """The jobs, from where worker processes find them too."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return import_module("pool_jobs")


@pytest.fixture
def run(jobs, tmp_path):
    """Results by item."""

    def call(items, *, workers):
        return dict(each(partial(jobs.double, folder=tmp_path), items, workers=workers))

    return call


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_every_item_once(jobs, tmp_path, workers):
    found = list(each(partial(jobs.double, folder=tmp_path), list(range(21)), workers=workers))
    assert sorted(item for item, _ in found) == list(range(21))
    assert all(result[0] == 2 * item for item, result in found)
    assert (os.getpid() in {result[1] for _, result in found}) == (workers == 0)


def test_nothing_to_do(run):
    assert run([], workers=2) == {}


def test_a_dying_worker_loses_its_own_item_only(run):
    items = [*range(9), "die", *range(9, 30), "die too", *range(30, 40)]
    found = run(items, workers=2)
    assert set(found) == set(items)
    assert [item for item, result in found.items() if isinstance(result, Died)] == ["die", "die too"]


def test_a_worker_that_dies_once_loses_nothing(run, tmp_path):
    found = run([*range(9), "stumble", *range(9, 18)], workers=2)
    assert (tmp_path / "stumbled").exists()
    assert found["stumble"][0] == "stumblestumble"
    assert not [item for item, result in found.items() if isinstance(result, Died)]


def test_what_the_job_raises_ends_the_run(jobs):
    with pytest.raises(ValueError, match="7"):
        list(each(jobs.fail, [7], workers=1))


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return (
        Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1].split()[0] == "Z"
    )


def test_stopping_stops_the_workers(jobs, tmp_path):
    results = each(partial(jobs.wait, folder=tmp_path), [0, *[1] * 7], workers=2)
    next(results)
    results.close()
    pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
    assert pids
    assert all(gone(pid) for pid in pids)


def test_workers_do_not_outlive_their_parent(tmp_path):
    script = f"""
import sys
from functools import partial
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from spotdiff.batching.pool import each
from pool_jobs import wait
if __name__ == "__main__":
    for _ in each(partial(wait, folder=Path({str(tmp_path)!r})), [0, 1, 1, 1], workers=2):
        print("one", flush=True)
"""
    path = tmp_path / "parent.py"
    path.write_text(script)
    with subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout.readline() == b"one\n"
        parent.kill()
    pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
    for _ in range(200):
        if all(gone(pid) for pid in pids):
            break
        time.sleep(0.05)
    assert all(gone(pid) for pid in pids)
