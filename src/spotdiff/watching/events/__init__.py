"""Where events live: tables in SQLite or PostgreSQL, and the files of their evidence.

A store keeps what it has promised: once `add` or `change` returns, the event outlives a killed process, a power cut,
a full disk and a database that goes away. Events are rows, evidence is files in a folder beside them:

    YYYY/MM/DD/<event>/    before.jpg after.jpg boxes.jpg mask.png thumbnail.jpg clip.mp4
    .store.json            which store the folder belongs to, and the last number of each camera
    .spool.jsonl           changes that wait for the database
    .refused.jsonl         changes from the spool that the database has rejected
    .reserve               room that is given up when the disk is full
    .staging/              files that are being written
    .bin/<when>/           what was thrown away, for a week more
"""

# ruff: noqa: E402  (what is missing is told before it is imported)
from __future__ import annotations

from importlib.util import find_spec

from spotdiff.errors import MissingExtra

for _package in ("sqlalchemy", "alembic", "av"):
    if find_spec(_package) is None:
        raise MissingExtra(_package, extra="watch")

from spotdiff.watching.events.errors import StoreDown as StoreDown
from spotdiff.watching.events.evidence import EvidenceFile as EvidenceFile
from spotdiff.watching.events.export import to_coco as to_coco
from spotdiff.watching.events.export import to_csv as to_csv
from spotdiff.watching.events.maintenance import Problem as Problem
from spotdiff.watching.events.maintenance import clean_up as clean_up
from spotdiff.watching.events.maintenance import unknown_files as unknown_files
from spotdiff.watching.events.maintenance import verify as verify
from spotdiff.watching.events.open import check_store as check_store
from spotdiff.watching.events.open import open_store as open_store
from spotdiff.watching.events.retention import Freed as Freed
from spotdiff.watching.events.retention import Retention as Retention
from spotdiff.watching.events.store import Store as Store
