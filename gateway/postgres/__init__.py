"""Postgres for the gateway: the embedded one or the one that is named by address, and its schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.postgres.connect import connect, connect_pool, dsn, require_usable, where
from gateway.postgres.migrations import check, downgrade, ensure_current, head, migrate
from gateway.postgres.readiness import ensure_ready
from gateway.postgres.server import Server

__all__ = [
    "Postgres",
    "Server",
    "check",
    "connect",
    "connect_pool",
    "downgrade",
    "ensure_current",
    "ensure_ready",
    "head",
    "migrate",
    "postgres",
]


@dataclass(frozen=True, slots=True)
class Postgres:
    """A Postgres that answers: *url* is for asyncpg (a secret), *where* for people."""

    url: str
    where: str
    embedded: bool


@asynccontextmanager
async def postgres(url: str | None, data_dir: Path) -> AsyncIterator[Postgres]:
    """Open the Postgres at *url*, or without one our own on *data_dir*, which is stopped at the end.

    Raises ConfigurationError (data folder in use or unusable), DatabaseUnavailable, DatabaseUnusable.
    """
    if url:
        await require_usable(url)
        yield Postgres(dsn(url), f"Postgres at {where(url)}", embedded=False)
        return
    server = Server(data_dir)
    try:
        await asyncio.to_thread(server.start)
        yield Postgres(server.url, f"embedded Postgres in {server.data}", embedded=True)
    finally:  # also when the start was cancelled: its thread goes on, and stop waits for it
        await asyncio.shield(asyncio.to_thread(server.stop))
