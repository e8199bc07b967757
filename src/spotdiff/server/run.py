"""A server from its start to its end: one for a folder, ended by a signal, nothing that it accepted lost."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from spotdiff.errors import DataError, OptionError, SpotdiffError
from spotdiff.file_lock import try_lock
from spotdiff.server.app import create_app
from spotdiff.server.connection import Connection
from spotdiff.server.logs import log_as_json
from spotdiff.server.store.accounts import Accounts
from spotdiff.server.store.open import open_database

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from spotdiff.server.service import Service
    from spotdiff.server.settings import Settings

_FILES = 8192
_GOODBYE = 5  # seconds that open connections have once the server ends


def serve(settings: Settings, *, started: Callable[[str], None] = lambda address: None) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        settings: Where, and how much.
        started: Called with the server's address once its port is open.

    Raises:
        SpotdiffError: the port is taken.
        OptionError: other machines would be let in though there is no account, or a folder's account is none.
        DataError: another server has the folder, or the database cannot be used.
        OSError: the folder cannot be written.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    _allow_files()
    lock = try_lock(settings.data / ".lock")
    if lock is None:
        raise DataError(f"{settings.data}: another server has this folder; give another one with --data")
    try:
        engine = open_database(settings.database_url)
        try:
            _check_accounts(settings, engine)
            _check_folder_accounts(settings, engine)
            listening = _bound(settings)
            with listening:
                _serve(settings, engine, listening, started)
        finally:
            engine.dispose()
    finally:
        os.close(lock)


def _allow_files() -> None:
    """Raise the limit on open files: each connection takes one, each picture on its way another."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _check_accounts(settings: Settings, engine: Engine) -> None:
    """Refuse to let other machines in that nobody need prove who they are."""
    if settings.open and not Accounts(engine).any():
        reached = f"--host {settings.host}" if not settings.names else f"--name {settings.names[0]}"
        raise OptionError(
            f"{reached}: other machines are served only once there is a password or a token; "
            "make one first: spotdiff serve password NAME, with the same --data"
        )


def _check_folder_accounts(settings: Settings, engine: Engine) -> None:
    """Refuse to count pictures for somebody who is not there."""
    known = {account["name"] for account in Accounts(engine).listed()}
    for place, name in settings.folder_accounts.items():
        if name not in known:
            raise OptionError(
                f"--folder-account {place}={name}: there is no account {name}; make one first: "
                f"spotdiff serve token {name}, with the same --data"
            )


def _serve(settings: Settings, engine: Engine, listening: socket.socket, started: Callable[[str], None]) -> None:
    incoming = settings.data / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir()
    port = listening.getsockname()[1]
    app = create_app(settings, engine, port=port)
    as_json = settings.log == "json"
    if as_json:
        log_as_json()
    config = uvicorn.Config(
        app,
        http=Connection,
        log_config=None if as_json else uvicorn.config.LOGGING_CONFIG,
        log_level=None if as_json else "warning",
        access_log=False,
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
