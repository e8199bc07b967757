"""Who may use a server: people with passwords, programs with tokens, and the sessions of those who have logged in.

No secret is kept as it is: passwords by argon2, tokens and sessions by SHA-256, for they are 256 bits of chance.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete, insert, select, update

from spotdiff.database.connection import writing
from spotdiff.errors import DataError, OptionError
from spotdiff.server.store.account_tables import accounts, sessions
from spotdiff.server.store.schema import now, shown_time

if TYPE_CHECKING:
    from argon2 import PasswordHasher
    from sqlalchemy import Connection, Engine, RowMapping

SCOPES = ("read", "write", "admin")  # each includes those before it
SESSION_DAYS = 14
_DAY = 86_400_000_000  # in the tables' microseconds
_SHORTEST, _LONGEST = 8, 1000
_PREFIX = "spotdiff_"  # so that a token is known for one where it should not be


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request.

    Attributes:
        name: Of the account; "" where none is needed.
        scope: One of `SCOPES`.
        by: What the request proved it with; "" where nothing was asked.
    """

    name: str
    scope: str
    by: Literal["", "token", "session"]

    def may(self, scope: str) -> bool:
        """Does the caller's scope include this one?"""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


class Accounts:
    """The accounts of a server; threads and processes may share it."""

    def __init__(self, engine: Engine) -> None:
        """Over a database."""
        self._engine = engine

    def any(self) -> bool:
        """Is there an account?"""
        with self._engine.begin() as connection:
            return connection.execute(select(accounts.c.name).limit(1)).first() is not None

    def set_password(self, name: str, password: str, *, scope: str | None = None) -> None:
        """Give a person a password, or another one, which ends their sessions.

        Args:
            name: Of the account, which is made where there is none.
            password: 8 to 1000 characters.
            scope: One of `SCOPES`; None leaves it as it is, and is `write` for a new account.

        Raises:
            OptionError: no account can be called so, or the password is too short or long.
            DataError: the name is that of a token.
        """
        _check(name, scope)
        if not _SHORTEST <= len(password) <= _LONGEST:
            raise OptionError(f"a password has {_SHORTEST} to {_LONGEST} characters")
        values = {"password": _hasher().hash(password)}
        with writing(self._engine).begin() as connection:
            known = _account(connection, name)
            if known is not None and known["token"] is not None:
                raise DataError(f"{name} is the name of a token; revoke it first, or take another name")
            if known is None:
                row = {"name": name, "scope": scope or "write", "created": now(), **values}
                connection.execute(insert(accounts).values(row))
                return
            if scope is not None:
                values["scope"] = scope
            connection.execute(update(accounts).where(accounts.c.name == name).values(values))
            connection.execute(delete(sessions).where(sessions.c.account == name))

    def add_token(self, name: str, *, scope: str, days: int | None = None) -> str:
        """Make a token, which cannot be shown again.

        Args:
            name: What it is for.
            scope: One of `SCOPES`.
            days: After which it ends; None for one that does not.

        Raises:
            OptionError: no account can be called so.
            DataError: there is an account of that name.
        """
        _check(name, scope)
        token = _PREFIX + secrets.token_urlsafe(32)
        expires = None if days is None else now() + days * _DAY
        row = {"name": name, "scope": scope, "token": _digest(token), "created": now(), "expires": expires}
        with writing(self._engine).begin() as connection:
            if _account(connection, name) is not None:
                raise DataError(f"there is an account {name} already; revoke it first, or take another name")
            connection.execute(insert(accounts).values(row))
        return token

    def listed(self) -> list[dict[str, Any]]:
        """Every account by name, without its secret."""
        with self._engine.begin() as connection:
            rows = connection.execute(select(accounts).order_by(accounts.c.name)).mappings().all()
        return [
            {
                "name": row["name"],
                "kind": "password" if row["token"] is None else "token",
                "scope": row["scope"],
                "created": shown_time(row["created"]),
                "expires": shown_time(row["expires"]),
            }
            for row in rows
        ]

    def revoke(self, name: str) -> bool:
        """Take an account away with all its sessions; whether there was one."""
        with writing(self._engine).begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.account == name))
            return bool(connection.execute(delete(accounts).where(accounts.c.name == name)).rowcount)

    def by_token(self, token: str) -> Caller | None:
        """Whose token this is; None for nobody's, or one that has ended."""
        wanted = accounts.c.token == _digest(token)
        with self._engine.begin() as connection:
            row = connection.execute(select(accounts).where(wanted)).mappings().first()
        if row is None or (row["expires"] is not None and row["expires"] <= now()):
            return None
        return Caller(row["name"], row["scope"], "token")

    def by_session(self, secret: str) -> Caller | None:
        """Whose session this is; None for nobody's, or one that has ended."""
        held = select(accounts).join(sessions, sessions.c.account == accounts.c.name)
        wanted = (sessions.c.id == _digest(secret)) & (sessions.c.expires > now())
        with self._engine.begin() as connection:
            row = connection.execute(held.where(wanted)).mappings().first()
        return None if row is None else Caller(row["name"], row["scope"], "session")

    def log_in(self, name: str, password: str) -> str | None:
        """What the cookie of a new session holds; None where name or password are wrong, which takes as long."""
        with self._engine.begin() as connection:
            row = _account(connection, name)
        known = row["password"] if row is not None else None
        if not _matches(known or _nobody(), password) or known is None:
            return None
        secret = secrets.token_urlsafe(32)
        with writing(self._engine).begin() as connection:
            again = _account(connection, name)
            if again is None or again["password"] != known:  # changed or revoked meanwhile
                return None
            connection.execute(delete(sessions).where(sessions.c.expires <= now()))
            row_of = {"id": _digest(secret), "account": name, "created": now()}
            connection.execute(insert(sessions).values(**row_of, expires=now() + SESSION_DAYS * _DAY))
        return secret

    def log_out(self, secret: str) -> None:
        """End a session."""
        with writing(self._engine).begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.id == _digest(secret)))


def _check(name: str, scope: str | None) -> None:
    if name != name.strip() or not name.isprintable() or not 1 <= len(name) <= 100 or "/" in name:
        raise OptionError("the name of an account has 1 to 100 letters that print, no slash and no blank at either end")
    if scope is not None and scope not in SCOPES:
        raise OptionError(f"scope takes one of {', '.join(SCOPES)}, not {scope!r}")


def _account(connection: Connection, name: str) -> RowMapping | None:
    return connection.execute(select(accounts).where(accounts.c.name == name)).mappings().first()


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that no password has, so that a name that is unknown takes as long as one that is known."""
    return _hasher().hash(secrets.token_urlsafe(32))


def _matches(kept: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(kept, password[: _LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
