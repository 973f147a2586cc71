"""The daily prune at work: under a lease of its own, with notes on how far it is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import datetime, time
from typing import Any

import asyncpg
import structlog

from gateway import postgres
from gateway.compose.parts import Parts
from gateway.compose.passes import Clock, keeper, real_time
from gateway.errors import LeaseLost
from gateway.store import lease, pruning, upkeep
from gateway.store.afterwards import insist, start_anew
from gateway.store.away import spoken
from gateway.store.lease import Lease
from gateway.store.staging import Connection
from gateway.store.upkeep import NOBODY, PRUNE
from gateway.sync.upkeep import Tending, due_at

log = structlog.get_logger()
GRACE_SECONDS = 3.0


@asynccontextmanager
async def tending(parts: Parts, stop: asyncio.Event) -> AsyncIterator[None]:
    """Prune each day, where the settings say so, for the length of a block.

    What is under way at its end is noted as interrupted, and whoever looks next goes on.
    """
    at = parts.settings.prune_time
    if at is None:
        yield
        return
    worker = Tending(lambda: is_due(parts, at), lambda: prune_when_due(parts, at))
    task = asyncio.create_task(worker.work(stop), name="upkeep")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE_SECONDS)


async def is_due(parts: Parts, at: time) -> bool:
    """Return whether the prune of each day *at* that time is due; from the first question on it is known."""
    with spoken():
        async with parts.pool.acquire() as connection:
            return await _is_due(connection, at)


async def _is_due(connection: Connection, at: time) -> bool:
    found = await upkeep.standing(connection, PRUNE)
    if found is None:
        await upkeep.know(connection, PRUNE)
        return False
    return due_at(found, at) <= found.now


async def prune_when_due(parts: Parts, at: time, now: Clock = real_time) -> None:
    """Prune under the lease of that, if it is due. Raises LeaseHeld, LeaseLost, DatabaseUnavailable."""
    connection = await postgres.connect(parts.url)
    try:
        with spoken():
            async with keeper(parts).holding(connection, NOBODY, PRUNE) as held:
                if await _is_due(connection, at):
                    await _prune(connection, held, parts.settings.retention.before(now()))
    finally:
        connection.terminate()


async def _prune(connection: asyncpg.Connection, held: Lease, before: Mapping[str, datetime]) -> None:
    async with lease.writing(connection, held):
        await upkeep.begin(connection, PRUNE)
    gone: Counter[str] = Counter()
    state, notice = "INTERRUPTED", None
    try:
        async with aclosing(pruning.prune(connection, before)) as units:
            async for name, rows in units:
                gone[name] += rows
                async with lease.writing(connection, held):
                    await upkeep.note(connection, PRUNE, gone)
        state = "DONE"
    except LeaseLost:
        raise  # whoever has the lease goes on, and notes so
    except BaseException as error:
        if isinstance(error, Exception):
            state, notice = "FAILED", f"{type(error).__name__}: {error}"
        await start_anew(connection)
        raise
    finally:
        await insist(lambda: _note_end(connection, held, state, gone, notice))
    log.info("pruned", **gone)


async def _note_end(
    connection: asyncpg.Connection, held: Lease, state: str, gone: Mapping[str, int], notice: str | None
) -> None:
    async with lease.writing(connection, held):
        await upkeep.end(connection, PRUNE, state, gone, notice)


async def tended(parts: Parts, connection: Connection) -> list[dict[str, Any]]:
    """Return how the upkeep of the database stands; *next_at* is None where the settings say that it is not done."""
    at = parts.settings.prune_time
    found = await upkeep.standing(connection, PRUNE)
    coming = None if found is None or at is None else due_at(found, at)
    return [{**row, "next_at": coming} for row in await upkeep.told(connection)]
