"""Processes that do not outlive the one that started them."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def end_with_parent(watched: Connection) -> None:
    """End this process at once when the other end of a pipe, which the parent alone holds, is closed or says so."""
    threading.Thread(target=_end_after, args=(watched,), daemon=True).start()


def _end_after(watched: Connection) -> None:
    watched.poll(None)
    os._exit(1)
