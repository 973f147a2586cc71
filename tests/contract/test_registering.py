"""Portals get a number for life, also where several processes start at once on an empty database."""

from __future__ import annotations

import asyncio

from gateway import registry
from gateway.config import Settings
from gateway.postgres import connect
from gateway.store import portals


async def test_processes_that_start_at_once_agree(database_url: str) -> None:
    configured, adapters = registry.portals(Settings()), registry.adapters()
    connections = [await connect(database_url) for _ in range(6)]
    try:
        found = await asyncio.gather(
            *(portals.register(connection, configured, adapters) for connection in connections)
        )
    finally:
        for connection in connections:
            await connection.close()
    assert all(numbers == found[0] for numbers in found)
    assert sorted(found[0].values()) == list(range(1, len(configured) + 1))
