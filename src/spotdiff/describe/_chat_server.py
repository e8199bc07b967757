"""A server that speaks the OpenAI chat format, asked about one region; its answer is checked before it is believed."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import json
import re
import time
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2

from spotdiff.errors import OptionError
from spotdiff.http_deadline import TimedConnection, TimedTlsConnection
from spotdiff.language.facts import COLOURS, SIZES
from spotdiff.regions.context_crop import surroundings
from spotdiff.types import KINDS

if TYPE_CHECKING:
    from spotdiff.types import Bytes, Kind, Pair, Region

_MOST_BYTES = 1 << 20  # of an answer
_PAUSE = 0.5  # seconds before a question is asked again, doubled each time
_NAME = re.compile(r"[a-z][a-z0-9' -]{0,38}[a-z0-9]")
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+")
_WORDS = 4  # most in a name
_NO_NAMES = {
    "unsure",
    "unknown",
    "nothing",
    "none",
    "null",
    "object",
    "thing",
    "something",
    "background",
    "or",
    "maybe",
}
_NO_NAMES |= {"not", "no", "new", "gone", "missing", *KINDS, *COLOURS, *SIZES}
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


class NoAnswer(Exception):
    """The server gave no answer that can be used; the message says why."""


@dataclass(frozen=True, slots=True)
class ObjectNames:
    """What a server says of a region: what happened, and the names of what it shows; "" where it does not know."""

    kind: str = "unsure"
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """Where questions go: there alone, as no redirect and no proxy is followed.

    Attributes:
        secure: Whether by HTTPS.
        name: Host name or address.
        port: Of the host.
        path: Up to and with `/v1`.
        model: Name of the model.
        key: Sent as a bearer token; "" for none.
        timeout: Seconds until the end of an answer.
        retries: Times that a question is asked again.
    """

    secure: bool
    name: str
    port: int
    path: str
    model: str
    key: str
    timeout: float
    retries: int

    @classmethod
    def at(cls, url: str, model: str, *, key: str, timeout: float, retries: int, remote: bool) -> Server:
        """The server of that address.

        Raises:
            OptionError: the address is none, or of another machine though `remote` is not set, or the key is none.
        """
        try:
            parts = urllib.parse.urlsplit(url)
            name, port = parts.hostname or "", parts.port
        except ValueError:
            raise OptionError(f"endpoint url is no address: {url!r}") from None
        plain = f"[{name}]" if ":" in name else name
        whole = parts.netloc.lower() in (plain, f"{plain}:{port}") and not (parts.query or parts.fragment)
        if parts.scheme not in ("http", "https") or not whole or not _HOST.fullmatch(name) or not parts.path.isascii():
            raise OptionError(f"endpoint url takes http://HOST:PORT/v1, not {url!r}")
        if not remote and not _is_here(name):
            raise OptionError(f"{name} is not this machine: pictures go there only with --describe-set remote=true")
        key = key.strip()
        if not (key.isascii() and (key.isprintable())):
            raise OptionError("OPENAI_API_KEY holds what no key can hold; set it anew")
        secure = parts.scheme == "https"
        path = urllib.parse.quote(parts.path.rstrip("/"), safe="/%")
        return cls(secure, name, port or (443 if secure else 80), path, model, key, timeout, retries)

    @property
    def host(self) -> str:
        """Scheme, host and port, for people."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return f"http{'s' if self.secure else ''}://{name}:{self.port}"

    def ask(self, pair: Pair, region: Region, *, side: int) -> ObjectNames:
        """What the server sees where a region is.

        Raises:
            NoAnswer: it did not answer, or not with what can be used, as often as it was asked.
        """
        here = region.box_before or region.box_after or (0, 0, *pair.before.size)
        there = region.box_after or here
        pictures = [
            _data_url(surroundings(pair.before.opaque, here, side)),
            _data_url(surroundings(pair.after.opaque, there, side)),
        ]
        return self._ask_with_retries(_question(self.model, region.kind, pictures))

    def _ask_with_retries(self, body: dict[str, Any]) -> ObjectNames:
        why = ""
        for turn in range(self.retries + 1):
            if turn:
                time.sleep(_PAUSE * 2 ** (turn - 1))
            try:
                return read_answer(self._post(body))
            except NoAnswer as no_answer:
                why = str(no_answer)
                if "HTTP 400" in why:
                    body = {name: value for name, value in body.items() if name != "response_format"}
                elif re.search(r"HTTP 4(?!08|29)", why):
                    break
        raise NoAnswer(why)

    def _post(self, body: dict[str, Any]) -> str:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        kind = TimedTlsConnection if self.secure else TimedConnection
        connection = kind(self.name, self.port, timeout=self.timeout)
        try:
            connection.request("POST", f"{self.path}/chat/completions", json.dumps(body).encode(), headers)
            with connection.getresponse() as answer:
                status, content = answer.status, answer.read(_MOST_BYTES + 1)
        except TimeoutError:
            raise NoAnswer("timed out") from None
        except (OSError, ValueError, http.client.HTTPException) as error:  # no connection, broken answer
            raise NoAnswer(_why(error)) from None
        finally:
            connection.close()
        if status != 200:
            raise NoAnswer(f"HTTP {status}")
        return _content(content)


def _why(error: Exception) -> str:
    """In one line, without what was sent."""
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return f"its answer is broken ({type(error).__name__})"


def _question(model: str, kind: Kind, pictures: list[str]) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": _TASK.format(kind=kind)}]
    content += [{"type": "image_url", "image_url": {"url": url}} for url in pictures]
    schema = {"name": "region", "strict": True, "schema": _SCHEMA}
    return {
        "model": model,
        "temperature": 0,
        "messages": [{"role": "user", "content": content}],
        "response_format": {"type": "json_schema", "json_schema": schema},
    }


def _content(body: bytes) -> str:
    """The text of a chat's answer."""
    if len(body) > _MOST_BYTES:
        raise NoAnswer("its answer is too long")
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise NoAnswer("its answer is not of the chat format") from None
    if not isinstance(content, str):
        raise NoAnswer("its answer is not of the chat format")
    return content


def read_answer(text: str) -> ObjectNames:
    """The names in an answer; those left out that are no short names.

    Raises:
        NoAnswer: the text holds no such JSON.

    Examples:
        >>> read_answer('{"kind": "added", "object_before": null, "object_after": "Traffic cone"}')
        ObjectNames(kind='added', before='', after='traffic cone')
    """
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = json.loads(text[start : end + 1])
        kind = answer["kind"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NoAnswer("its answer is not the JSON that was asked for") from None
    if kind not in (*KINDS, "unsure"):
        raise NoAnswer("its answer names no kind of change")
    return ObjectNames(kind, _name(answer.get("object_before")), _name(answer.get("object_after")))


def _name(value: object) -> str:
    """A name of one to four words without an article; "" for anything else."""
    if not isinstance(value, str):
        return ""
    name = re.sub(r"^(?:a|an|the) ", "", " ".join(value.lower().split()))
    words = set(re.split(r"[ -]", name))
    return name if _NAME.fullmatch(name) and len(name.split()) <= _WORDS and not words & _NO_NAMES else ""


def _is_here(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _data_url(square: Bytes) -> str:
    encoded = cv2.imencode(".jpg", cv2.cvtColor(square, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"
