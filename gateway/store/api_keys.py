"""The rows of the keys of the endpoint's callers; all instants are by the clock of Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from gateway.store.staging import Connection

_SHOWN = "id, name, start, scopes, created_at, expires_at, revoked_at"


@dataclass(frozen=True, slots=True)
class Issued:
    """What may be shown of a key: neither the key nor its hash."""

    id: int
    name: str
    start: str
    """Its first characters."""
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Active:
    """A key that is neither revoked nor expired."""

    key_hash: bytes
    name: str
    scopes: list[str]
    seconds_left: float | None
    """Until it expires; None where it never does."""


async def add(
    connection: Connection,
    *,
    name: str,
    start: str,
    key_hash: bytes,
    scopes: Sequence[str],
    lifetime: timedelta | None,
) -> Issued:
    """Store a key that is valid from now on, for *lifetime* or for ever."""
    row = await connection.fetchrow(
        f"""
        INSERT INTO api_key (name, start, key_hash, scopes, created_at, expires_at)
        VALUES ($1, $2, $3, $4, now(), now() + $5::interval) RETURNING {_SHOWN}
        """,
        name,
        start,
        key_hash,
        list(scopes),
        lifetime,
    )
    assert row is not None
    return _issued(row)


async def active(connection: Connection, key_hash: bytes) -> Active | None:
    """Return the key with that hash; None where there is none, or it is revoked or expired."""
    row = await connection.fetchrow(
        """
        SELECT key_hash, name, scopes, extract(epoch FROM expires_at - now())::float8 AS seconds_left FROM api_key
        WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        """,
        key_hash,
    )
    return None if row is None else Active(**dict(row))


async def every(connection: Connection) -> list[Issued]:
    """Return all keys that were ever made, the oldest first."""
    rows = await connection.fetch(f"SELECT {_SHOWN} FROM api_key ORDER BY created_at, id")
    return [_issued(row) for row in rows]


async def fitting(connection: Connection, word: str, key_hash: bytes) -> list[Issued]:
    """Return the keys that begin with or are called *word*, or have that hash; the oldest first."""
    rows = await connection.fetch(
        f"SELECT {_SHOWN} FROM api_key WHERE start = $1 OR name = $1 OR key_hash = $2 ORDER BY created_at, id",
        word,
        key_hash,
    )
    return [_issued(row) for row in rows]


async def revoke(connection: Connection, id_: int) -> Issued | None:
    """Make a key invalid from now on; None where it was already."""
    row = await connection.fetchrow(
        f"UPDATE api_key SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING {_SHOWN}", id_
    )
    return None if row is None else _issued(row)


def _issued(row: asyncpg.Record) -> Issued:
    return Issued(**dict(row))
