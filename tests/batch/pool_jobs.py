"""Jobs for worker processes, which import them by name."""

from __future__ import annotations

import os
import signal
import time


def double(item, *, folder):
    """Double it; "die" always kills its process, "stumble" the first time."""
    if item in ("die", "die too"):
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "stumble" and not (folder / "stumbled").exists():
        (folder / "stumbled").touch()
        os._exit(3)
    return (item * 2, os.getpid())


def fail(item):
    raise ValueError(item)


def wait(item, *, folder):
    (folder / f"{os.getpid()}.pid").touch()
    time.sleep(600 if item else 0)
