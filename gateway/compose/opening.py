"""Opens a gateway, and closes everything that it holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import asyncpg

from gateway import postgres, registry
from gateway.compose.acting import acts
from gateway.compose.deciding import Desk
from gateway.compose.gateway import Gateway
from gateway.compose.passes import portal_clock
from gateway.compose.refreshing import Refresher
from gateway.config import Settings
from gateway.store import portals
from harvest_graphql.doing import Act
from harvest_graphql.engine import Engine
from harvest_graphql.limits import limits
from harvest_graphql.listening import Listener

_CLOSING_SECONDS = 3.0
MUTATION_SECONDS = 5.0
"""How long a mutation waits for the pass that is under way over its portal."""


@asynccontextmanager
async def prepared(settings: Settings, *, migrate: bool = False) -> AsyncIterator[postgres.Postgres]:
    """Open Postgres, with tables as this version wants them: after it has migrated them, where *migrate* says so."""
    async with postgres.postgres(settings.database_url, settings.data_dir) as database:
        if migrate:
            await postgres.migrate(database.url)
        else:
            await postgres.ensure_current(database.url)
        yield database


@asynccontextmanager
async def opened(settings: Settings, *, migrate: bool = False) -> AsyncIterator[Gateway]:
    """Open Postgres, optionally *migrate* it, register the portals; close everything at the end."""
    adapters = registry.adapters()
    configured = registry.portals(settings)
    async with prepared(settings, migrate=migrate) as database:
        pool = await postgres.connect_pool(database.url, size=settings.pool_size + 2)
        listener = Listener(partial(postgres.connect, database.url))
        does: dict[str, Act] = {}
        numbers: dict[str, int] = {}
        refresher = Refresher(settings, database.url, pool, configured, adapters, numbers, portal_clock)
        engine = Engine(
            pool,
            limits=limits(settings.limits, locked=settings.profile == "locked"),
            connections=settings.pool_size,  # two are left: for callers' keys, payloads, and what is read anew
            cache_bytes=settings.cache_bytes,
            listener=listener,
            acts=does,
            refreshes=refresher.ask,
        )
        try:
            async with pool.acquire() as connection:
                numbers.update(await portals.register(connection, configured, adapters))
            gateway = Gateway(
                settings,
                database.where,
                database.url,
                pool,
                configured,
                adapters,
                numbers,
                engine,
                listener,
                refresher,
            )
            does.update(acts(Desk(gateway, patience=MUTATION_SECONDS)))
            yield gateway
        finally:
            await _close(pool, engine, refresher)


async def _close(pool: asyncpg.Pool, engine: Engine, refresher: Refresher) -> None:
    try:
        async with asyncio.timeout(_CLOSING_SECONDS):
            await refresher.close()
            await engine.close()
            await pool.close()
    except (TimeoutError, asyncio.CancelledError):
        pool.terminate()
