"""How often a caller may ask, and how large and slow a body may be."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from spotdiff.shown_text import megabytes

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_KEYS = 10_000
_SMALL = 4_000_000  # bytes of a body that is no upload


class RateLimit:
    """Token buckets by key, the least recently used forgotten; for one thread."""

    def __init__(self, *, per_minute: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Let `burst` through at once, and `per_minute` in the long run."""
        self._rate, self._burst, self._clock = per_minute / 60, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # what is left, as of when

    def take(self, key: str) -> float:
        """Seconds to wait, 0 where none; then one is taken.

        Examples:
            >>> limit = RateLimit(per_minute=60, burst=2, clock=lambda: 0)
            >>> [limit.take("ann") for _ in range(3)], limit.take("bob")
            ([0, 0, 1.0], 0)
        """
        left = self._left(key)
        if left < 1:
            return (1 - left) / self._rate
        self._put(key, left - 1)
        return 0

    def give_back(self, key: str) -> None:
        """Undo a `take`."""
        self._put(key, min(self._left(key) + 1, self._burst))

    def _left(self, key: str) -> float:
        left, since = self._buckets.get(key, (self._burst, 0.0))
        return min(left + (self._clock() - since) * self._rate, self._burst)

    def _put(self, key: str, left: float) -> None:
        self._buckets[key] = (left, self._clock())
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)


def address_key(address: str) -> str:
    """What stands for a client in limits: an IPv4 address, or the 64 bits of an IPv6 one that are a household's.

    Examples:
        >>> address_key("192.0.2.7"), address_key("2001:db8::1:2")
        ('192.0.2.7', '2001:db8::/64')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


@dataclass
class Body:
    """What may come of a request's body; `allow` widens it for an upload."""

    most: int
    until: float
    read: int = 0
    whole: bool = False

    async def next(self, receive: Receive) -> Message:
        """The next message of a client.

        Raises:
            HTTPException: 408, it comes too slowly; 413, it is too long.
        """
        if self.whole:  # what comes now is the end of the connection
            return await receive()
        try:
            async with asyncio.timeout_at(self.until):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408, "the request did not arrive in time; send it faster, or less") from None
        self.read += len(message.get("body", b""))
        if self.read > self.most:
            raise HTTPException(413, f"the request has more than {megabytes(self.most)}")
        self.whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message


class BodyLimit:
    """ASGI middleware: no body is read without end, whatever reads it."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        """Round an application; `seconds` is the longest time that a body may take."""
        self._app, self._seconds = app, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = Body(_SMALL, asyncio.get_running_loop().time() + self._seconds)
        scope.setdefault("state", {})["body"] = body
        await self._app(scope, lambda: body.next(receive), send)
