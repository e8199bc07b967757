"""What each account has sent and keeps, so that none takes all of a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from spotdiff.database.connection import writing
from spotdiff.server.problems import Problem
from spotdiff.server.store.account_tables import job_owners, uploads
from spotdiff.server.store.answer_files import answer_folder
from spotdiff.server.store.schema import jobs, now

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from spotdiff.server.settings import Settings

_MB = 1_000_000
_HOUR = "3600"


class KeepsTooMuch(Problem):
    """An account keeps as much as it may, which does not pass by itself."""


class Usage:
    """Who has sent what; threads may share it."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        """Over a database, with the quotas of an account."""
        self._engine, self._settings = engine, settings

    def check(self, account: str, *, coming: int) -> None:
        """Look whether an account may send more.

        Args:
            account: Its name.
            coming: Jobs whose pictures it is sending already.

        Raises:
            Problem: 429, it has as many jobs waiting as it may, or keeps as much.
        """
        with self._engine.begin() as connection:
            waiting = coming + _waiting(connection, account)
        if waiting >= self._settings.quota_jobs:
            headers = {"Retry-After": "5"}
            raise Problem(429, f"{waiting} jobs of {account} wait already; send it again later", headers=headers)
        if not self._settings.quota_mb:
            return
        kept = self.kept(account) / _MB
        if kept >= self._settings.quota_mb:
            most = f"{self._settings.quota_mb:g} MB"
            detail = f"{account} keeps {kept:.1f} MB of {most}; have old comparisons deleted, or the quota raised"
            raise KeepsTooMuch(429, detail, headers={"Retry-After": _HOUR})

    def kept(self, account: str) -> int:
        """Bytes of all that an account has sent and been answered and that is still kept."""
        self._count_answers(account)
        each = select(uploads.c.sha256, func.max(uploads.c.bytes).label("bytes")).where(uploads.c.account == account)
        sent = each.group_by(uploads.c.sha256).subquery()
        with self._engine.begin() as connection:
            pictures = connection.execute(select(func.sum(sent.c.bytes))).scalar() or 0
            owned = select(func.sum(job_owners.c.bytes)).where(job_owners.c.account == account)
            return int(pictures + (connection.execute(owned).scalar() or 0))

    def waiting(self, account: str) -> int:
        """How many of an account's jobs wait."""
        with self._engine.begin() as connection:
            return _waiting(connection, account)

    def sent(self, account: str, sha256: str, size: int) -> None:
        """Write down that a picture comes, before its file is put in place: what is young here is not deleted."""
        with writing(self._engine).begin() as connection:
            mine = (uploads.c.account == account) & (uploads.c.sha256 == sha256)
            connection.execute(delete(uploads).where(mine))
            row = {"account": account, "sha256": sha256, "bytes": size, "received": now()}
            connection.execute(insert(uploads).values(row))

    def _count_answers(self, account: str) -> None:
        """Count the files of answers that were made since the last time."""
        owned = select(jobs.c.id).join(job_owners, job_owners.c.job == jobs.c.id)
        new = (job_owners.c.account == account) & job_owners.c.bytes.is_(None) & (jobs.c.state == "done")
        with self._engine.begin() as connection:
            names = connection.execute(owned.where(new)).scalars().all()
        if not names:
            return
        sizes = {name: folder_size(answer_folder(self._settings.data, name)) for name in names}
        with writing(self._engine).begin() as connection:
            for name, size in sizes.items():
                connection.execute(update(job_owners).where(job_owners.c.job == name).values(bytes=size))


def _waiting(connection: Connection, account: str) -> int:
    owned = select(func.count()).select_from(jobs).join(job_owners, job_owners.c.job == jobs.c.id)
    waiting = (job_owners.c.account == account) & (jobs.c.state == "queued")
    return int(connection.execute(owned.where(waiting)).scalar_one())


def folder_size(folder: Path) -> int:
    """Bytes of the files in a folder; 0 where there is none."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else 0
