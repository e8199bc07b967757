"""An HTTP server that messages are posted to."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import spotdiff
from spotdiff.errors import OptionError
from spotdiff.http_delivery import Undelivered, is_web_address, post
from spotdiff.params import Param, check, param
from spotdiff.watching.alerts.message import Message, body_of
from spotdiff.watching.alerts.sink import SinkDown


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
        if not is_web_address(self.url):
            raise OptionError("url is an address such as https://example.org/hook")

    def send(self, message: Message, key: str) -> None:
        """Post the message.

        Raises:
            SinkDown: the server cannot be reached or does not take the message; finally so for any 4xx but 408 and 429.
        """
        try:
            post(*self._request(message, key), timeout=self.timeout)
        except Undelivered as why:
            raise SinkDown(str(why), final=why.final, retry_after=why.retry_after) from None

    def _request(self, message: Message, key: str) -> tuple[str, bytes, dict[str, str]]:
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
        return url, json.dumps(body).encode("ascii"), headers
