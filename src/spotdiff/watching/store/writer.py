"""Changes into the database, at once or by way of the spool; and reading from it."""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import DBAPIError

from spotdiff.errors import DataError
from spotdiff.watching.store.changes import fact, perform, remember, told
from spotdiff.watching.store.engine import writing
from spotdiff.watching.store.faults import StoreDown, is_full, is_ours, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from spotdiff.watching.store.address import Address
    from spotdiff.watching.store.changes import Change
    from spotdiff.watching.store.disk import FolderLock, Reserve
    from spotdiff.watching.store.spool import Spool

T = TypeVar("T")
TAKEN = "spool"  # in `kept`: the number of the last change from the spool
RETRY_S = 2.0  # while the database is down it is not asked more often than this


class Writer:
    """What may change the database, one change after the other."""

    def __init__(self, address: Address, engine: Engine, lock: FolderLock, spool: Spool, reserve: Reserve) -> None:
        self.address, self.engine, self.lock = address, engine, lock
        self._writing = writing(engine)
        self._spool, self._reserve = spool, reserve
        self._asked, self._why = -RETRY_S, ""

    @property
    def waiting(self) -> int:
        """How many changes wait for the database."""
        return self._spool.waiting

    @property
    def refused(self) -> Path:
        """The file of the changes from the spool that the database has refused."""
        return self.address.folder / ".refused.jsonl"

    def commit(self, change: Change) -> None:
        """Make a change durable: in the database, or in the spool while the database is down or others wait.

        Raises:
            DataError: the database refuses the change.
            StoreDown: neither can be written.
        """
        with self.lock:
            if not self.settled():
                return self._wait(change)
            try:
                self._transact(lambda connection: perform(connection, change))
            except DBAPIError as error:
                if is_ours(error):
                    raise DataError(f"{self.address.shown}: {reason(error, self.address)}") from None
                self._failed(error)
                self._wait(change)

    def flush(self) -> int:
        """Bring what waits into the database, if it can be reached now.

        Returns:
            How many changes still wait.
        """
        with self.lock:
            self._asked = -RETRY_S
            self.settled()
            return self.waiting

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with, after all that has been changed so far.

        Raises:
            StoreDown: the database does not answer.
        """
        if self.waiting and self.flush():
            raise StoreDown(f"{self.address.shown}: {self._why}")
        try:
            with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise StoreDown(f"{self.address.shown}: {reason(error, self.address)}") from None

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Do something in one transaction that writes; it does not go by way of the spool and may be tried twice.

        Raises:
            StoreDown: the database does not answer, or refuses it; nothing of it is done.
        """
        with self.lock:
            if self.waiting and self.flush():
                raise StoreDown(f"{self.address.shown}: {self._why}")
            try:
                return self._transact(work)
            except DBAPIError as error:
                raise StoreDown(f"{self.address.shown}: {reason(error, self.address)}") from None

    def _transact(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._writing.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            if not (is_full(error) and self._reserve.release()):
                raise
        with self._writing.begin() as connection:
            return work(connection)

    def settled(self) -> bool:
        """Does nothing wait, or no longer? The database is asked only now and then."""
        if not self.waiting:
            return True
        if time.monotonic() - self._asked < RETRY_S:
            return False
        try:
            self.drain()
        except DBAPIError as error:
            self._failed(error)
        except OSError as error:
            self._why = f"its spool cannot be read ({reason(error)})"
        return not self.waiting

    def drain(self) -> None:
        """Take all changes from the spool, each once.

        Raises:
            DBAPIError: the database does not answer; then none is taken.
            OSError: the spool cannot be read.
        """
        with self.lock:
            last = self._transact(self._take)
            if last is not None:
                self._spool.clear(last)

    def _take(self, connection: Connection) -> int | None:
        found = self._spool.changes(after=int(fact(connection, TAKEN) or 0))
        for _, change in found:
            try:
                with connection.begin_nested():
                    perform(connection, change, again=True)
            except DBAPIError as error:
                if not is_ours(error):
                    raise
                self._set_aside(connection, change, reason(error, self.address))
        if not found:
            return None
        remember(connection, TAKEN, found[-1][0])
        return found[-1][0]

    def _set_aside(self, connection: Connection, change: Change, why: str) -> None:
        """Keep a change that the database refuses, so that those behind it do not wait for ever."""
        with self.refused.open("a", encoding="ascii") as file:
            file.write(json.dumps({"why": why, "change": change}) + "\n")
            file.flush()
            os.fsync(file.fileno())
        perform(connection, told(time.time_ns() // 1000, "", "refused", f"{change['do']}: {why}"))

    def _wait(self, change: Change) -> None:
        try:
            try:
                self._spool.append(change)
            except OSError as error:
                if not (is_full(error) and self._reserve.release()):
                    raise
                self._spool.append(change)
        except OSError as error:
            raise StoreDown(f"{self.address.shown}: {self._why}, and its spool: {reason(error)}") from None

    def _failed(self, error: DBAPIError) -> None:
        self._asked, self._why = time.monotonic(), reason(error, self.address)
