"""What operators see of the portals and do with one as a whole: where it stands, its breaker, its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from gateway import postgres
from gateway.compose.parts import Parts
from gateway.compose.passes import portal_clock, real_time
from gateway.compose.taking import Waits, taken, unheard
from gateway.fetch.breaker import Breaker
from gateway.fetch.budget import Budget, Spending
from gateway.ports import WIRE
from gateway.store import breakers, forgetting, overview, portals
from gateway.store.lease import Lease
from gateway.sync.asking import key_hash

Told = Callable[[str, int], None]
"""Hears of each unit that is done: the table, and how many of its rows have gone by now."""


async def listed(parts: Parts) -> list[dict[str, Any]]:
    """Return each portal that is configured or stored: who it is, its breaker, and what is left of its limit.

    *next_allowed* is when it may be asked, by its own clock; None: at once.
    """
    async with parts.pool.acquire() as connection:
        rows = await overview.asking(connection)
    return [await _told(parts, row) for row in rows]


async def _told(parts: Parts, row: dict[str, Any]) -> dict[str, Any]:
    portal = parts.portals.get(row["key"])
    now = (real_time if portal is None else await portal_clock(portal))()
    state = row["budgets"].get("" if portal is None else key_hash(portal))
    budget = Budget() if state is None else Budget.from_json(state)
    breaker: Breaker = row["breaker"]
    return {
        "key": row["key"],
        "title": row["title"],
        "adapter": row["adapter"],
        "base_url": row["base_url"],
        "sandbox": row["sandbox"],
        "configured": portal is not None,
        "wire": row["capabilities"].get(WIRE),
        "breaker": msgspec.to_builtins(breaker, builtin_types=(datetime,)),
        "limit": budget.limit,
        "left": budget.left(now),
        "next_allowed": _next(breaker, budget, now),
        "forgetting_since": row["forgetting_since"],
    }


def _next(breaker: Breaker, budget: Budget, now: datetime) -> datetime | None:
    instants = (breaker.left_alone(now), budget.may_send(now, Spending.POLL))
    return max((instant for instant in instants if instant is not None), default=None)


async def reset_breaker(parts: Parts, key: str) -> dict[str, Any]:
    """Let the portal be asked again at once; return how its breaker stood. UsageError for an unknown key."""
    async with parts.pool.acquire() as connection:
        number = await forgetting.number_of(connection, key)
        before, _ = await breakers.change(connection, number, _reset)
    return {"key": key, **msgspec.to_builtins(before, builtin_types=(datetime,))}


def _reset(breaker: Breaker) -> Breaker:
    before = msgspec.structs.replace(breaker)
    breaker.answered()
    return before


async def forgettable(parts: Parts, key: str) -> dict[str, int]:
    """Return how many rows of each table would go with the portal. UsageError for an unknown key."""
    async with parts.pool.acquire() as connection:
        return await forgetting.counted(connection, await forgetting.number_of(connection, key))


async def forget(
    parts: Parts, key: str, told: Told, *, patience: float = 0.0, waits: Waits = unheard
) -> dict[str, int]:
    """Remove everything of the portal; return how many rows of each table went.

    It may be interrupted and begun again. UsageError for an unknown key, LeaseHeld where another process is at work on
    it for more than *patience* seconds.
    """
    connection = await postgres.connect(parts.url)
    try:
        number = await forgetting.number_of(connection, key)
        async with taken(parts, connection, key, number, patience=patience, waits=waits) as held:
            gone = await _forget(parts, connection, held, key, told)
        if key in parts.portals:  # what is known of it without asking stays known to the processes that go on
            await portals.register(connection, {key: parts.portals[key]}, parts.adapters)
        return gone
    finally:
        await connection.close()


async def _forget(
    parts: Parts, connection: asyncpg.Connection, held: Lease, key: str, told: Told
) -> dict[str, int]:
    gone: Counter[str] = Counter()
    await forgetting.begin(connection, held)
    async for table, rows in forgetting.remove(connection, held):
        gone[table] += rows
        told(table, gone[table])
    gone.update(await forgetting.finish(connection, held, configured=key in parts.portals))
    return dict(gone)
