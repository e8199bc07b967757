"""HTTP connections whose answers end in time, since the time-out of a socket begins anew with every byte."""

from __future__ import annotations

import http.client
import io
import socket
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

_LEAST = 0.001  # seconds; 0 would mean a socket that does not wait at all


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment by which something has to end.

    Attributes:
        seconds: How long it may take in all.
        end: When that is over, on the machine's monotonic clock.
    """

    seconds: float
    end: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The moment so many seconds from now."""
        return cls(seconds, time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            TimeoutError: none are.
        """
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"gave no whole answer within {self.seconds:g} s")
        return max(left, _LEAST)


class TimedConnection(http.client.HTTPConnection):
    """A connection over http:// that is used for one request, whose answer is whole by a deadline or fails.

    Args:
        host: Name or address, as `http.client.HTTPConnection` takes it.
        port: None for the usual one.
        timeout: Seconds from now to the end of the answer, however many addresses the host's name has. Only the look-up
            of the name is the system's own affair.
        options: Further ones of the class it extends.

    What takes longer raises TimeoutError, wherever that happens: while it connects, in the head or in the body.
    """

    def __init__(self, host: str, port: int | None = None, *, timeout: float, **options: Any) -> None:  # noqa: ANN401
        super().__init__(host, port, timeout=timeout, **options)
        self._deadline = Deadline.after(timeout)
        self._create_connection = self._connected
        self.response_class = cast("type[http.client.HTTPResponse]", partial(_TimedResponse, self._deadline))

    def send(self, data: Any) -> None:  # noqa: ANN401 (whatever a socket takes)
        """Send a part of the request.

        Raises:
            TimeoutError: it could not be sent by the deadline.
        """
        if self.sock is not None:
            self.sock.settimeout(self._deadline.left())
        super().send(data)

    def _connected(
        self, address: tuple[str, int], timeout: float, source_address: tuple[str, int] | None = None
    ) -> socket.socket:
        """The first of a name's addresses that answers; what is left is shared out among those not tried yet."""
        del timeout  # of one address; all of them have one deadline
        found = socket.getaddrinfo(*address, 0, socket.SOCK_STREAM)
        failed: OSError | None = None
        for number, (family, kind, protocol, _, place) in enumerate(found):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self._deadline.left() / (len(found) - number))
                if source_address is not None:
                    sock.bind(source_address)
                sock.connect(place)
            except OSError as error:
                sock.close()
                failed = failed or error
            else:
                sock.settimeout(self._deadline.left())
                return sock
        raise failed or OSError(f"{address[0]} has no address")


class TimedTlsConnection(TimedConnection, http.client.HTTPSConnection):
    """The same over https://."""


class _TimedResponse(http.client.HTTPResponse):
    """An answer that is read until a deadline and no longer.

    It is the answer, not the connection, that keeps the socket: where the server says that it closes the connection,
    the connection has let go of it by the time that the body is read.
    """

    def __init__(self, deadline: Deadline, sock: socket.socket, *arguments: Any, **named: Any) -> None:  # noqa: ANN401
        super().__init__(sock, *arguments, **named)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_TimedReader(raw, sock.settimeout, deadline))


class _TimedReader(io.RawIOBase):
    """The bytes of a socket, each waited for no longer than until a deadline."""

    def __init__(self, raw: io.RawIOBase, limit: Callable[[float], None], deadline: Deadline) -> None:
        super().__init__()
        self._raw, self._limit, self._deadline = raw, limit, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._limit(self._deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
