"""`spotdiff serve` that waits less long than it does for people: for an answer, for a file's end, for a receiver."""

from __future__ import annotations

import sys
from functools import partial

if __name__ == "__main__":  # its workers import this file too
    from spotdiff import http_delivery, server
    from spotdiff.cli import run_verb
    from spotdiff.server.workers import watched_folders, webhook

    server.Settings = partial(server.Settings, wait=10.0)
    watched_folders._LOOK, watched_folders._QUIET = 0.1, 0.3
    webhook._LOOK = http_delivery.FIRST_PAUSE = 0.05
    sys.exit(run_verb(sys.argv[1:]))
