"""Webhooks: messages are posted in order, signed as Standard Webhooks are, and again until they are taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

import spotdiff
from spotdiff.database.failures import reason
from spotdiff.http_delivery import LONGEST_PAUSE, Undelivered, backoff, post, shown
from spotdiff.server.store.schema import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import RowMapping

    from spotdiff.server.store.deliveries import Deliveries

GIVE_UP = 2 * 24 * 3600.0  # seconds after which a message that is not taken is let go of
_LOOK = 0.5  # seconds between two looks for messages
_TIMEOUT = 10.0  # seconds that the receiver may take
_MOST_ASKED = 3600.0  # seconds that the receiver may ask to be left alone for
_GOODBYE = 2.0  # seconds that a message under way has once the server ends; cut off, it is sent again
_log = logging.getLogger("spotdiff.server")


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that messages may be posted to.

    Attributes:
        name: By which places choose it; "" for the one that is told of everything.
        url: The address.
        secret: Signs the messages.
    """

    name: str
    url: str = field(repr=False)
    secret: str = field(repr=False)


class Webhooks:
    """Posts messages as long as it runs, to every address by itself, so that none waits for another."""

    def __init__(self, hooks: Sequence[Hook], deliveries: Deliveries) -> None:
        """Prepare to post to some addresses; without one nothing is posted."""
        self._deliveries = deliveries
        self._senders = [_Sender(hook, deliveries) for hook in hooks]

    def start(self) -> None:
        """Start to post; what waits for an address that is not known any more is given up."""
        self._deliveries.give_up_all_but([sender.name for sender in self._senders])
        for sender in self._senders:
            sender.start()

    def stop(self) -> None:
        """Post no more; what waits is posted after the next start."""
        for sender in self._senders:
            sender.end()
        for sender in self._senders:
            sender.join()


class _Sender:
    """Posts the messages for one address."""

    def __init__(self, hook: Hook, deliveries: Deliveries) -> None:
        self.name = hook.name
        self._url, self._key, self._deliveries = hook.url, signing_key(hook.secret), deliveries
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"webhook {hook.name}".strip())
        self.start = self._thread.start
        self.end = self._ending.set

    def join(self) -> None:
        """Wait for what is under way, for a moment."""
        if self._thread.is_alive():
            self._thread.join(_GOODBYE)

    def _run(self) -> None:
        pause = 0.0
        while not self._ending.wait(pause):
            try:
                pause = self._post_next()
            except SQLAlchemyError as error:
                _log.error("the database does not answer: %s", reason(error))
                pause = _LOOK

    def _post_next(self) -> float:
        """Post the next message if it is due; seconds until one may be again."""
        message = self._deliveries.head(self.name)
        if message is None:
            return _LOOK
        left: float = (message["due"] - now()) / 1_000_000
        if left > 0:
            return min(left, _LOOK)
        body = message["body"].encode()
        headers = {"Content-Type": "application/json", "User-Agent": f"spotdiff/{spotdiff.__version__}"}
        try:
            headers |= signed(message["id"], body, self._key, at=int(time.time()))
            post(self._url, body, headers, timeout=_TIMEOUT)
        except Undelivered as why:
            self._put_off(message, why)
        else:
            self._deliveries.forget(message["number"])
        return 0.0

    def _put_off(self, message: RowMapping, why: Undelivered) -> None:
        if why.final or now() - message["created"] > GIVE_UP * 1_000_000:
            _log.error("webhook: a message to %s is given up: %s", shown(self._url), why)
            self._deliveries.give_up(message["number"], reason=str(why))
            return
        asked = min(why.retry_after or 0.0, _MOST_ASKED)
        pause = max(backoff(message["tries"] + 1, random.random()), asked)
        self._deliveries.put_off(message["number"], seconds=min(pause, max(LONGEST_PAUSE, asked)), reason=str(why))


def signing_key(secret: str) -> bytes:
    """The key that a secret stands for: its bytes, or what follows `whsec_` in base64.

    Raises:
        ValueError: what follows is no base64.
    """
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return secret.encode()


def signed(name: str, body: bytes, key: bytes, *, at: int) -> dict[str, str]:
    """The headers that say whose message it is: HMAC-SHA256 over id, seconds since 1970, and body.

    Examples:
        >>> signed("m1", b"{}", b"key", at=5)["webhook-signature"]
        'v1,kxAZJWvhPgLLgQIO/rcBrFjc0gbrkF88s8WPMdlGRsA='
    """
    digest = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": name, "webhook-timestamp": str(at), "webhook-signature": signature}
