"""A server from its start to its end: one for a folder, ended by a signal, nothing that it accepted lost."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from spotdiff.errors import DataError, SpotdiffError
from spotdiff.file_lock import try_lock
from spotdiff.server.app import create_app
from spotdiff.server.store.open import open_database

if TYPE_CHECKING:
    from spotdiff.server.service import Service
    from spotdiff.server.settings import Settings

_GOODBYE = 5  # seconds that open connections have once the server ends


def serve(settings: Settings, *, started: Callable[[str], None] = lambda address: None) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        settings: Where, and how much.
        started: Called with the server's address once its port is open.

    Raises:
        SpotdiffError: the port is taken.
        DataError: another server has the folder, or the database cannot be used.
        OSError: the folder cannot be written.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    lock = try_lock(settings.data / ".lock")
    if lock is None:
        raise DataError(f"{settings.data}: another server has this folder; give another one with --data")
    try:
        listening = _bound(settings)
        try:
            _serve(settings, listening, started)
        finally:
            listening.close()
    finally:
        os.close(lock)


def _serve(settings: Settings, listening: socket.socket, started: Callable[[str], None]) -> None:
    incoming = settings.data / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir()
    engine = open_database(settings.database_url)
    try:
        port = listening.getsockname()[1]
        app = create_app(settings, engine, port=port)
        config = uvicorn.Config(
            app,
            log_level="warning",
            lifespan="on",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GOODBYE,
        )
        shown = f"[{settings.host}]" if ":" in settings.host else settings.host
        started(f"http://{shown}:{port}")
        signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn sends it again once it has ended
        _Server(config, app.state.service).run(sockets=[listening])
    finally:
        engine.dispose()


def _bound(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)
        raise SpotdiffError(f"port {settings.port} cannot be opened ({reason}); choose another with --port") from None
    return listening


class _Server(uvicorn.Server):
    """Lets the requests that wait for a job go as soon as the end begins."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: nobody waits for an answer any more."""
        self._service.stop_waiting()
        await super().shutdown(sockets)
