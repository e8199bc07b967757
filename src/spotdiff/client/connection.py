"""Requests to one server: sent again while it is busy, its refusals told in its own words."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import spotdiff
from spotdiff.errors import OptionError, ServerError
from spotdiff.http_deadline import TimedConnection, TimedTlsConnection
from spotdiff.http_delivery import is_web_address, retry_after, shown

_BUSY = (429, 503)
_PAUSE = 1.0  # seconds, where a busy server names none
_ENDED = (ConnectionRefusedError, ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered with less than 400."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 (JSON's own types)
        """The body as JSON.

        Raises:
            ServerError: it is none: something else answers there.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise ServerError("the answer is no JSON; is the address that of a spotdiff server?") from None


@dataclass(frozen=True, slots=True)
class Connection:
    """The way to a server: there alone, as no redirect and no proxy is followed; threads may share it.

    Attributes:
        url: http:// or https://, with a path where the server stands below one.
        token: Sent as bearer authorization; "" for none.
        timeout: Seconds that an answer may keep one waiting, to its last byte.
        patience: Seconds for which a request is sent again to a server that is busy, or has ended.

    Raises:
        OptionError: the address or the token cannot be used.
    """

    url: str
    token: str
    timeout: float
    patience: float

    def __post_init__(self) -> None:
        if not is_web_address(self.url):
            raise OptionError("a server's address is one such as http://127.0.0.1:8642")
        parts = urlsplit(self.url)
        if parts.username is not None or parts.query or parts.fragment:
            raise OptionError("a server's address has no user, query or fragment; give a token by itself")
        if not (self.token.isascii() and self.token.isprintable()):
            raise OptionError("the token holds what no token can hold")

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        returns: bool = False,
    ) -> Reply:
        """The answer to a request.

        Args:
            method: Of HTTP.
            path: Below the server's address, quoted, from its slash on.
            body: What is sent.
            headers: Of the request.
            returns: Whether a server that has ended is waited for: it was there, and the request can be sent twice.

        Raises:
            ServerError: the server refuses it, cannot be reached, or stays busy for as long as patience lasts.
        """
        end = time.monotonic() + self.patience
        while True:
            pause, trouble = _PAUSE, None
            try:
                reply = self._once(method, path, body, {**(headers or {}), **self._own_headers()})
            except (OSError, http.client.HTTPException) as error:
                trouble = ServerError(f"{shown(self.url)} cannot be reached: {_why(error)}")
                if not (returns and isinstance(error, _ENDED)):
                    raise trouble from None
            else:
                if reply.status < 300:
                    return reply
                trouble = _refusal(reply, self.url)
                if reply.status not in _BUSY or trouble.job:
                    raise trouble
                asked = retry_after(reply.headers.get("retry-after"))
                pause = _PAUSE if asked is None else max(asked, 0.1)
            if time.monotonic() + pause > end:
                raise trouble from None
            time.sleep(pause)

    def _own_headers(self) -> dict[str, str]:
        own = {"User-Agent": f"spotdiff/{spotdiff.__version__}", "Accept": "*/*"}
        return own | ({"Authorization": f"Bearer {self.token}"} if self.token else {})

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Reply:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        connection: TimedConnection
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = TimedTlsConnection(parts.hostname, parts.port, timeout=self.timeout, context=context)
        else:
            connection = TimedConnection(parts.hostname, parts.port, timeout=self.timeout)
        try:
            try:
                connection.request(method, parts.path.rstrip("/") + path, body, dict(headers))
            except (BrokenPipeError, ConnectionResetError):
                if connection.sock is None:
                    raise  # else it has refused what was still being sent, and says why
            with connection.getresponse() as answer:
                named = {name.lower(): value for name, value in answer.getheaders()}
                return Reply(answer.status, named, answer.read())
        finally:
            connection.close()


class Refusal(ServerError):
    """A server refused a request; `job` is the address of the job that it is kept as, or ""."""

    def __init__(self, detail: str, *, status: int, job: str = "") -> None:
        super().__init__(detail, status=status)
        self.job = job


def _refusal(reply: Reply, url: str) -> Refusal:
    if reply.status < 400:
        reason = f"{shown(url)} answers {reply.status}: the address has moved; give the new one"
        return Refusal(reason, status=reply.status)
    try:
        problem = json.loads(reply.body)
        return Refusal(str(problem["detail"]), status=reply.status, job=str(problem.get("job", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Refusal(f"{shown(url)} answers {reply.status}", status=reply.status)


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer came in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
