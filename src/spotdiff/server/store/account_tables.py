"""The tables of who may do what, and of what each has sent."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from spotdiff.server.store.schema import LONG, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("scope", String(10), nullable=False),  # read, write, admin
    Column("password", Text),  # of a person, as argon2 writes it
    Column("token", String(64), unique=True),  # of a program, its SHA-256: 256 bits by chance need no slow hash
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),  # of a token; none for one that does not
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of what the cookie holds
    Column("account", String(100), ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Index("sessions_by_account", "account"),
)

uploads = Table(  # a row a picture and sender, written before its file is put in place
    "uploads",
    metadata,
    Column("number", LONG, primary_key=True, autoincrement=True),
    Column("account", String(100), nullable=False),  # "" where no account is needed
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Index("uploads_by_picture", "sha256"),
    Index("uploads_by_account", "account"),
)

job_owners = Table(
    "job_owners",
    metadata,
    Column("job", String(32), primary_key=True),
    Column("account", String(100), nullable=False),
    Column("bytes", BigInteger),  # of the answer's files; none until they are counted
    Index("jobs_by_account", "account"),
)
