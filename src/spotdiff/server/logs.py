"""What a server writes to standard error: lines for people when something is wrong, or all that happens as JSON."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

_NAMES = ("spotdiff.server", "uvicorn.error")


class JsonLines(logging.Formatter):
    """A record as one JSON object on one line: time, level, event, and the fields that were given."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {"time": at, "level": record.levelname.lower(), "event": record.getMessage()}
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def log_as_json() -> None:
    """Have this process write all that happens as JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    for name, level in zip(_NAMES, (logging.INFO, logging.WARNING), strict=True):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False
