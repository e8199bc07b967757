"""An HTTP server that messages are posted to."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message as Headers
from email.utils import parsedate_to_datetime
from typing import IO
from urllib.parse import unquote, urlsplit

import spotdiff
from spotdiff.errors import OptionError
from spotdiff.params import Param, check, param
from spotdiff.watching.alerts.message import Message, body_of
from spotdiff.watching.alerts.sink import SinkDown, shown

_WORTH_RETRYING = {408, 429}  # of the answers that otherwise say that the message itself is refused


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: a POST that is redirected becomes a GET, and the message is lost."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Headers, newurl: str
    ) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts the event as JSON, with the header `Idempotency-Key`.

    Attributes:
        name: Names the sink.
        url: http:// or https://; a user and password in it are sent as basic authorization.
        token: Sent as bearer authorization, or "".
        timeout: Seconds to wait for the server.
        picture: Send the picture itself too, as base64.

    Raises:
        OptionError: the URL cannot be used.
    """

    name: str = "webhook"
    url: str = field(default="", repr=False, metadata={"param": Param("http:// or https:// address to post to")})
    token: str = field(default="", repr=False, metadata={"param": Param("token for bearer authorization")})
    timeout: float = param(10.0, "time that the server may take", low=0.1, high=600.0, unit="s")
    picture: bool = param(False, "send the picture itself too, as base64")

    def __post_init__(self) -> None:
        check(self)
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise OptionError("url is an address such as https://example.org/hook")

    def send(self, message: Message, key: str) -> None:
        """Post the message.

        Raises:
            SinkDown: the server cannot be reached or does not take the message; finally so for any 4xx but 408 and 429.
        """
        opener = urllib.request.build_opener(_NoRedirects)
        try:
            with opener.open(self._request(message, key), timeout=self.timeout):
                return
        except urllib.error.HTTPError as answer:
            with answer:
                raise _refusal(answer, self.url) from None
        except urllib.error.URLError as error:
            raise SinkDown(f"{shown(self.url)} cannot be reached: {error.reason}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SinkDown(f"{shown(self.url)} cannot be reached: {type(error).__name__}") from None

    def _request(self, message: Message, key: str) -> urllib.request.Request:
        body = body_of(message, key)
        if self.picture and message.picture is not None and message.picture.is_file():
            body["picture_base64"] = base64.b64encode(message.picture.read_bytes()).decode("ascii")
        parts = urlsplit(self.url)
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": json.dumps(key).strip('"'),  # a header is ASCII
            "User-Agent": f"spotdiff/{spotdiff.__version__}",
        }
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        elif parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
        return urllib.request.Request(url, json.dumps(body).encode("ascii"), headers, method="POST")


def _refusal(answer: urllib.error.HTTPError, url: str) -> SinkDown:
    where = shown(url)
    if 300 <= answer.code < 400:
        return SinkDown(f"{where} answers {answer.code}: the address has moved; give the new one as url")
    final = 400 <= answer.code < 500 and answer.code not in _WORTH_RETRYING
    return SinkDown(
        f"{where} answers {answer.code} {answer.reason}",
        final=final,
        retry_after=_retry_after(answer.headers.get("Retry-After")),
    )


def _retry_after(header: str | None) -> float | None:
    """Seconds from a header that gives seconds or a date; None when it is missing or neither."""
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    until = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max((until - datetime.now(UTC)).total_seconds(), 0.0)
