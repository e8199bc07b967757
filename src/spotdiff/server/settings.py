"""What a server is started with."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from spotdiff.errors import OptionError
from spotdiff.http_delivery import is_web_address
from spotdiff.params import check, param
from spotdiff.server.workers.webhook import Hook, signing_key

_SHORTEST_SECRET = 16  # bytes
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_NAME = re.compile(r"(https?://)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?(:(?P<port>[0-9]{1,5}))?")
_HOOK = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_LAST_PORT = 65535


def is_loopback(host: str) -> bool:
    """Does this machine alone reach the address?

    Examples:
        >>> is_loopback("127.0.0.2"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("hall.example")
        (True, True, False, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a server listens, where it keeps things, and how much it takes.

    Attributes:
        host: Address it listens at.
        names: What else it is called: hall.example, or https://hall.example where a proxy adds TLS.
        port: Port; 0 takes one that is free.
        data: Folder of all that is kept.
        database: SQLAlchemy URL; empty for `server.db` in the folder.
        workers: Processes that compare.
        queue: Most jobs that wait; further ones are sent away for a while.
        upload_mb: Largest picture taken.
        megapixels: Largest picture compared.
        wait: Longest time that a request waits for its answer before it is given the job's address instead.
        upload: Longest time that a request may take to arrive.
        limit: Longest time that a job may take.
        rate: Most requests a minute of an account, or of an address without one; 0 for any number.
        quota_mb: Most that an account keeps, pictures and answers; 0 for any number.
        quota_jobs: Most jobs of an account that wait.
        spare_mb: Room on the disk that uploads leave.
        keep: Age at which comparisons and pictures are deleted; 0 for never.
        webhooks: Who messages of ended jobs are posted to; places choose among those that have a name.
        log: What is written to standard error: text when something is wrong, or all that happens as json.
        folders: Watched folders by the names of the places whose pictures come there.
        folder_accounts: Accounts that pictures of watched folders count for, by the names of their places.
        sets: Folder of labelled sets, each a folder below it; None for none.
        watch: File of rules of the cameras that are watched; None for none.
    """

    host: str = "127.0.0.1"
    names: tuple[str, ...] = ()
    port: int = param(8642, "port; 0 takes one that is free", low=0, high=65535)
    data: Path = Path("spotdiff-data")
    database: str = param("", "SQLAlchemy URL of a database")
    workers: int = param(max((os.cpu_count() or 2) // 2, 1), "processes that compare", low=1, high=256)
    queue: int = param(64, "most jobs that wait", low=1, high=100_000)
    upload_mb: float = param(100.0, "largest picture taken", low=0.001, high=2000, unit="MB")
    megapixels: float = param(200.0, "largest picture compared", low=0.001, high=1000, unit="million pixels")
    wait: float = param(60.0, "longest wait of a request", low=0, high=3600, unit="s")
    upload: float = param(300.0, "longest arrival of a request", low=0.1, high=86400, unit="s")
    limit: float = param(600.0, "longest time of a job", low=1, high=86400, unit="s")
    rate: int = param(3000, "most requests a minute of an account; 0 for any number", low=0, high=10_000_000)
    quota_mb: float = param(0.0, "most that an account keeps; 0 for any number", low=0, high=1e9, unit="MB")
    quota_jobs: int = param(32, "most jobs of an account that wait", low=1, high=100_000)
    spare_mb: float = param(100.0, "room on the disk that uploads leave", low=0, high=1e9, unit="MB")
    keep: float = param(0.0, "age at which comparisons are deleted; 0 for never", low=0, high=36500, unit="days")

    webhooks: tuple[Hook, ...] = ()
    log: str = param("text", "what is written to standard error", choices=("text", "json"))
    folders: Mapping[str, Path] = field(default_factory=dict)
    folder_accounts: Mapping[str, str] = field(default_factory=dict)
    sets: Path | None = None
    watch: Path | None = None

    def __post_init__(self) -> None:
        check(self)
        check_webhooks(self.webhooks)
        self._check_folders()
        for name in self.names:
            known = _NAME.fullmatch(name)
            if known is None or int(known["port"] or 0) > _LAST_PORT:
                raise OptionError(f"--name {name}: it is a name such as hall.example or https://hall.example")

    def _check_folders(self) -> None:
        if self.sets is not None and not self.sets.is_dir():
            raise OptionError(f"--sets {self.sets}: there is no such folder")
        for name, folder in self.folders.items():
            if not folder.is_dir():
                raise OptionError(f"--watch-folder {name}={folder}: there is no such folder")
            if self.data.resolve() in (folder.resolve(), *folder.resolve().parents):
                raise OptionError(f"--watch-folder {name}={folder}: it is the server's own; watch another one")

        for name in self.folder_accounts:
            if name not in self.folders:
                raise OptionError(f"--folder-account {name}=...: there is no --watch-folder {name}=DIR")

    @property
    def open(self) -> bool:
        """Do other machines reach it, themselves or through a proxy that calls it by a name?"""
        return bool(self.names) or not is_loopback(self.host)

    @property
    def webhook_names(self) -> list[str]:
        """The webhooks among which places choose, by name."""
        return sorted(hook.name for hook in self.webhooks if hook.name)

    @property
    def database_url(self) -> str:
        """The database's address, with SQLite's own file where none is given."""
        return self.database or f"sqlite:///{(self.data / 'server.db').absolute()}"


def check_webhooks(hooks: Sequence[Hook]) -> None:
    """Raise `OptionError` where messages cannot be posted to one of them, its secret signs nothing, or two are one."""
    for hook in hooks:
        _check_webhook(hook)
    if len({hook.name for hook in hooks}) < len(hooks):
        raise OptionError("--webhook: every address has another name, and one alone may have none")


def _check_webhook(hook: Hook) -> None:
    if hook.name and not _HOOK.fullmatch(hook.name):
        raise OptionError("--webhook NAME=URL: a name has up to 40 letters, digits, dots, hyphens and underscores")
    if not is_web_address(hook.url) or "@" in urlsplit(hook.url).netloc:
        raise OptionError("--webhook takes an address such as https://example.org/hook, without a user")
    try:
        long_enough = len(signing_key(hook.secret)) >= _SHORTEST_SECRET
    except ValueError:
        raise OptionError("the webhook's secret starts with whsec_, but no base64 follows") from None
    if not long_enough:
        own = f"--webhook-secret-file {hook.name}=FILE" if hook.name else "--webhook-secret-file"
        where = f"{own} or SPOTDIFF_WEBHOOK_SECRET"
        raise OptionError(f"--webhook needs a secret of {_SHORTEST_SECRET} letters or more, in {where}")
