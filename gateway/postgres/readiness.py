"""Whether a database that is in use can still be used: it answers, and has the tables that the code wants."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from gateway.errors import DatabaseUnavailable, DatabaseUnusable

SECONDS = 3.0
_REVISION = "SELECT version_num FROM alembic_version"
_LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


async def ensure_ready(pool: asyncpg.Pool, wanted: str) -> None:
    """Raise DatabaseUnavailable or DatabaseUnusable unless *pool*'s database has the revision *wanted* or a later one.

    A later one is fine: migrations fit the release before them, which runs on until it is replaced.
    """
    try:
        found = str(await _revision(pool))
    except asyncpg.UndefinedTableError:
        raise DatabaseUnusable("The database has no tables.", hint="Run: gateway migrate") from None
    except _LOST as error:
        raise DatabaseUnavailable("The database does not answer now.") from error
    if found < wanted:
        words = f"The database has an older schema ({found}, the code wants {wanted})."
        raise DatabaseUnusable(words, hint="Run: gateway migrate")


async def _revision(pool: asyncpg.Pool) -> Any:
    """Return the database's revision; after a restart of Postgres the pool's connections are dead once."""
    async with asyncio.timeout(SECONDS):
        for _ in range(pool.get_max_size()):
            try:
                return await pool.fetchval(_REVISION)
            except (asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.InterfaceError):
                continue
        return await pool.fetchval(_REVISION)
