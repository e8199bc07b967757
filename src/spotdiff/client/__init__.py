"""A server of comparisons asked from Python: pictures are sent, records and files come back."""

from __future__ import annotations

from spotdiff.client.client import Client as Client
from spotdiff.client.client import Job as Job
