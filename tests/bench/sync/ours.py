"""The gateway's side: ``python tests/bench/sync/ours.py DATABASE PORTAL URL CONNECTIONS``, then an order a line.

Every order is a pass, timed as a user has it; "first" is the load of an empty database.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))  # the rest of the bench

import uvloop
from child import answer, orders
from measured import RATE

from gateway.compose import opened
from gateway.compose.gateway import Gateway
from gateway.config import Settings
from gateway.sync.progress import Silent

WRITTEN = """
    SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables
    WHERE relname = ANY ($1) OR relname LIKE '%\\_history' OR relname LIKE 'harvest\\_%'
"""
TOLD = ["organization", "person", "dataset", "document", "event", "job_rollup", "portal_rollup"]


async def passed(gateway: Gateway, key: str, *, full: bool) -> dict[str, Any]:
    """Return what one pass took, wrote and asked for."""
    before = await _written(gateway)
    began, cpu = perf_counter(), process_time()
    (summary,) = await gateway.sync([key], full=full, progress=Silent())
    seconds, cpu = perf_counter() - began, process_time() - cpu
    return {
        "seconds": round(seconds, 3),
        "cpu": round(cpu, 2),
        "state": summary.state,
        "requests": summary.requests,
        "new": sum(tally.new for tally in summary.streams.values()),
        "changed": sum(tally.changed for tally in summary.streams.values()),
        "fetched": sum(tally.fetched for tally in summary.streams.values()),
        "rows_written": await _written(gateway) - before,
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


async def _written(gateway: Gateway) -> int:
    """Return how many rows of entities, documents, events, history and rollups were ever written."""
    await asyncio.sleep(1.5)  # so long may a backend keep its counts to itself
    async with gateway.pool.acquire() as connection:
        return int(await connection.fetchval(WRITTEN, TOLD))


async def asked(gateway: Gateway) -> list[tuple[str, str | None]]:
    """Return what the pages were asked by that brought something, in their order."""
    async with gateway.pool.acquire() as connection:
        rows = await connection.fetch("SELECT endpoint, mask FROM fetch_log ORDER BY id")
    return list(dict.fromkeys((row["endpoint"], row["mask"]) for row in rows))


async def main(database: str, portal: str, url: str, connections: str) -> None:
    """Do what is told."""
    place = {"base_url": url, "sandbox": True, "requests_per_second": RATE, "connections": connections}
    async with opened(Settings(database_url=database, portals={portal: place}), migrate=True) as gateway:
        for order in orders():
            found = await passed(gateway, portal, full=order != "first")
            answer({**found, "asked": await asked(gateway)} if order == "list" else found)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as `gateway sync` has it
        runner.run(main(*sys.argv[1:5]))
