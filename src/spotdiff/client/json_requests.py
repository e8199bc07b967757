"""Requests in JSON, for all that a server is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from spotdiff.client.connection import Connection
from spotdiff.client.request_body import plain


class JsonRequests:
    """Asks one server; what it gives is in JSON's own types."""

    _connection: Connection

    def _get(self, path: str) -> Any:  # noqa: ANN401 (JSON's own types)
        return self._connection.ask("GET", path).json

    def _send_json(self, method: str, path: str, value: Mapping[str, object]) -> Any:  # noqa: ANN401 (JSON's own types)
        body, headers = json.dumps(value, default=plain).encode(), {"Content-Type": "application/json"}
        return self._connection.ask(method, path, body=body, headers=headers).json

    def _post(self, path: str, value: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 (JSON's own types)
        return self._connection.ask("POST", path).json if value is None else self._send_json("POST", path, value)


def address(*parts: str) -> str:
    """The address of something on a server, whatever its name.

    Examples:
        >>> address("places", "Hof 1/2")
        '/api/v1/places/Hof%201%2F2'
    """
    return "/".join(["/api/v1", *(quote(part, safe="") for part in parts)])


def query(**values: object) -> str:
    """What follows an address; nothing for what is None, each for what are several.

    Examples:
        >>> query(limit=20, state=None, zone=["door", "yard"])
        '?limit=20&zone=door&zone=yard'
    """
    given = {name: value for name, value in values.items() if value is not None}
    return f"?{urlencode(given, doseq=True)}" if given else ""


def several(words: str | Iterable[str]) -> list[str]:
    """One word, or any number of them."""
    return [words] if isinstance(words, str) else list(words)
