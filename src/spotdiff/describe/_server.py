"""A server that speaks the OpenAI chat format, asked about one region; its answer is checked before it is believed."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from spotdiff.errors import OptionError
from spotdiff.regions.surroundings import surroundings
from spotdiff.types import KINDS

if TYPE_CHECKING:
    from spotdiff.language.facts import ChangeFact
    from spotdiff.types import Pair, Region

_MOST_BYTES = 1 << 20  # of an answer
_PAUSE = 0.5  # seconds before a question is asked again, doubled each time
_NAME = re.compile(r"[a-z][a-z0-9' -]{0,38}[a-z0-9]")
_WORDS = 4  # most in a name
_VAGUE = {"unsure", "unknown", "nothing", "none", "null", "object", "thing", "something", "background", "n a"}
_SCHEMA = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": [*KINDS, "unsure"]},
        "object_before": {"type": ["string", "null"]},
        "object_after": {"type": ["string", "null"]},
    },
    "required": ["kind", "object_before", "object_after"],
    "additionalProperties": False,
}
_TASK = (
    "Two cut-outs of one place: first before, then after. A program found that something in the middle was {kind}. "
    "Name what stands in the middle of each cut-out in one to three plain English words without articles or colours, "
    "or null where nothing stands there or you are not sure. In kind, say what you see happened, or unsure. "
    "Answer with JSON only: kind, object_before, object_after."
)


class Silent(Exception):
    """The server gave no answer that can be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a server says of a region: what happened, and the names of what it shows; "" where it does not know."""

    kind: str = "unsure"
    before: str = ""
    after: str = ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A server on this machine could send the pictures elsewhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 (as the base class has it)
        return None


@dataclass(frozen=True, slots=True)
class Server:
    """Where questions go.

    Attributes:
        url: Up to and with `/v1`.
        model: Name of the model.
        key: Sent as a bearer token; "" for none.
        timeout: Seconds until an answer.
        retries: Times that a question is asked again.
    """

    url: str
    model: str
    key: str
    timeout: float
    retries: int

    @classmethod
    def at(cls, url: str, model: str, *, key: str, timeout: float, retries: int, remote: bool) -> Server:
        """The server of that address.

        Raises:
            OptionError: the address is none, or of another machine though `remote` is not set.
        """
        try:
            parts = urllib.parse.urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise OptionError(f"endpoint url is no address: {url!r}") from None
        if parts.scheme not in ("http", "https") or not host:
            raise OptionError(f"endpoint url takes http://HOST:PORT/v1, not {url!r}")
        if not remote and not _is_here(host):
            raise OptionError(f"{host} is not this machine: pictures go there only with --describe-set remote=true")
        return cls(url.rstrip("/"), model, key, timeout, retries)

    @property
    def host(self) -> str:
        """Scheme, host and port, for people."""
        parts = urllib.parse.urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"

    def ask(self, pair: Pair, region: Region, fact: ChangeFact, *, side: int) -> Named:
        """What the server sees where a region is.

        Raises:
            Silent: it did not answer, or not with what can be used, as often as it was asked.
        """
        here = region.box_before or region.box_after or (0, 0, *pair.before.size)
        there = region.box_after or here
        pictures = [
            _data_url(surroundings(pair.before.pixels, here, side)),
            _data_url(surroundings(pair.after.pixels, there, side)),
        ]
        content = [{"type": "text", "text": _TASK.format(kind=fact.kind)}]
        content += [{"type": "image_url", "image_url": {"url": url}} for url in pictures]  # type: ignore[dict-item]
        body = {
            "model": self.model,
            "temperature": 0,
            "messages": [{"role": "user", "content": content}],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "region", "strict": True, "schema": _SCHEMA},
            },
        }
        return self._asked_again(body)

    def _asked_again(self, body: dict[str, Any]) -> Named:
        why = ""
        for turn in range(self.retries + 1):
            if turn:
                time.sleep(_PAUSE * 2 ** (turn - 1))
            try:
                return read_answer(self._post(body))
            except Silent as silent:
                why = str(silent)
                if "HTTP 400" in why:
                    body = {name: value for name, value in body.items() if name != "response_format"}
                elif re.search(r"HTTP 4(?!08|29)", why):
                    break
        raise Silent(why)

    def _post(self, body: dict[str, Any]) -> str:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        request = urllib.request.Request(f"{self.url}/chat/completions", json.dumps(body).encode(), headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
        try:
            with opener.open(request, timeout=self.timeout) as answer:
                said = answer.read(_MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            raise Silent(f"HTTP {error.code}") from None
        except (OSError, ValueError) as error:  # no connection, time-out, broken answer
            reason = getattr(error, "reason", error)
            raise Silent(str(reason) or type(error).__name__) from None
        if len(said) > _MOST_BYTES:
            raise Silent("its answer is too long")
        try:
            content = json.loads(said)["choices"][0]["message"]["content"]
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            raise Silent("its answer is not of the chat format") from None
        if not isinstance(content, str):
            raise Silent("its answer is not of the chat format")
        return content


def read_answer(text: str) -> Named:
    """The names in an answer; those left out that are no short names.

    Raises:
        Silent: the text holds no such JSON.

    Examples:
        >>> read_answer('{"kind": "added", "object_before": null, "object_after": "Traffic cone"}')
        Named(kind='added', before='', after='traffic cone')
    """
    start, end = text.find("{"), text.rfind("}")
    try:
        said = json.loads(text[start : end + 1])
        kind = said["kind"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Silent("its answer is not the JSON that was asked for") from None
    if kind not in (*KINDS, "unsure"):
        raise Silent("its answer names no kind of change")
    return Named(kind, _name(said.get("object_before")), _name(said.get("object_after")))


def _name(said: object) -> str:
    """A name of one to four words without an article; "" for anything else."""
    if not isinstance(said, str):
        return ""
    name = re.sub(r"^(?:a|an|the) ", "", " ".join(said.lower().split()))
    fits = _NAME.fullmatch(name) and len(name.split()) <= _WORDS and name not in _VAGUE
    return name if fits else ""


def _is_here(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _data_url(square: np.ndarray) -> str:
    encoded = cv2.imencode(".jpg", cv2.cvtColor(square, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"
