"""Messages for an HTTP server that may be down: posting one, what its refusal means, and when to try again."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message as Headers
from email.utils import parsedate_to_datetime
from typing import IO
from urllib.parse import urlsplit

from spotdiff.errors import SpotdiffError
from spotdiff.http_deadline import TimedConnection, TimedTlsConnection

_LATE = "no answer came in time"
LONGEST_REASON = 300  # characters
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 600.0  # seconds between two tries
JITTER = 0.25  # of a pause, so that many senders do not fall upon a server together when it is back
_WORTH_RETRYING = {408, 429}  # of the answers that otherwise say that the message itself is refused
_USER_INFO = re.compile(r"://[^/\s@]*(?:@[^/\s@]*)*@")


class Undelivered(SpotdiffError):
    """A message was not taken; the reason is one line and shows no password.

    Attributes:
        final: This message will never be taken, so it is not tried again.
        retry_after: The receiver asked not to be tried again for so many seconds, or None.
    """

    def __init__(self, reason: str, *, final: bool = False, retry_after: float | None = None) -> None:
        super().__init__(one_line(reason))
        self.final = final
        self.retry_after = retry_after


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: a POST that is redirected becomes a GET, and the message is lost."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Headers, newurl: str
    ) -> None:
        return None


class _TimedHttp(urllib.request.HTTPHandler):
    """Opens http:// addresses; answers end in time."""

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(TimedConnection, req)  # type: ignore[arg-type]  # a class, as its own is


class _TimedHttps(urllib.request.HTTPSHandler):
    """Opens https:// addresses; answers end in time."""

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(TimedTlsConnection, req)  # type: ignore[arg-type]  # a class, as its own is


def is_web_address(url: str) -> bool:
    """Whether a message can be posted there.

    Examples:
        >>> is_web_address("https://example.org/hook"), is_web_address("example.org"), is_web_address("http://x:0")
        (True, False, False)
    """
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float) -> None:
    """Post a message; no redirect is followed.

    Args:
        url: http:// or https://, without user and password.
        body: The message.
        headers: Of the request.
        timeout: Seconds that the server may take, to the end of what it says of the message.

    Raises:
        Undelivered: the server cannot be reached or does not take it; finally so for any 4xx but 408 and 429.
    """
    opener = urllib.request.build_opener(_NoRedirects, _TimedHttp, _TimedHttps)
    try:
        with opener.open(urllib.request.Request(url, body, dict(headers), method="POST"), timeout=timeout):
            return
    except urllib.error.HTTPError as answer:
        with answer:
            raise _refusal(answer, url) from None
    except urllib.error.URLError as error:
        late = isinstance(error.reason, TimeoutError)
        raise Undelivered(f"{shown(url)} cannot be reached: {_LATE if late else error.reason}") from None
    except TimeoutError:
        raise Undelivered(f"{shown(url)} cannot be reached: {_LATE}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Undelivered(f"{shown(url)} cannot be reached: {type(error).__name__}") from None


def _refusal(answer: urllib.error.HTTPError, url: str) -> Undelivered:
    where = shown(url)
    if 300 <= answer.code < 400:
        return Undelivered(f"{where} answers {answer.code}: the address has moved; give the new one as url")
    final = 400 <= answer.code < 500 and answer.code not in _WORTH_RETRYING
    return Undelivered(
        f"{where} answers {answer.code} {answer.reason}",
        final=final,
        retry_after=retry_after(answer.headers.get("Retry-After")),
    )


def retry_after(header: str | None) -> float | None:
    """Seconds from a header `Retry-After`, which gives seconds or a date; None when it is missing or neither.

    Examples:
        >>> retry_after("5"), retry_after("soon"), retry_after("Thu, 01 Jan 1970 00:00:00 GMT")
        (5.0, None, 0.0)
    """
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


def backoff(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures in a row: 1, 2, 4, ... 600, a quarter more or less by `chance` (0 to 1).

    Examples:
        >>> backoff(1, 0.5), backoff(4, 0.5), backoff(4, 1.0), backoff(50, 1.0)
        (1.0, 8.0, 10.0, 600.0)
    """
    exact = FIRST_PAUSE * 2.0 ** min(failures - 1, 32)
    return min(max(exact * (1 - JITTER + 2 * JITTER * chance), FIRST_PAUSE), LONGEST_PAUSE)


def one_line(text: str) -> str:
    r"""A text on one line of at most 300 characters, its URLs without user and password.

    Examples:
        >>> one_line("cannot reach\n https://me:secret@example.org/hook")
        'cannot reach https://example.org/hook'
    """
    line = _USER_INFO.sub("://", " ".join(text.split()))
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 3] + "..."


def shown(url: str) -> str:
    """Scheme, host and port of a URL: its user, path and query often are the secret.

    Examples:
        >>> shown("https://me:secret@example.org:8443/services/T0/B0?token=x")
        'https://example.org:8443'
    """
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the URL"
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host or ''}{port}"
