"""What the last daily prune removed is told to Prometheus."""

from __future__ import annotations

from datetime import datetime

from api.conftest import Serving

from gateway.store import upkeep
from gateway.store.upkeep import PRUNE


async def told(serving: Serving) -> tuple[dict[str, float], datetime | None]:
    gateway, session = await serving()
    async with session.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    found = (line.rsplit(" ", 1) for line in lines if line.startswith("harvest_gateway_upkeep_"))
    async with gateway.pool.acquire() as connection:
        rows = await upkeep.told(connection)
    return {name: float(value) for name, value in found}, rows[0]["ended_at"] if rows else None


async def test_what_the_last_prune_removed(serving: Serving) -> None:
    assert await told(serving) == ({}, None), "nobody has looked after it yet"
    gateway, _ = await serving()
    async with gateway.pool.acquire() as connection:
        await upkeep.know(connection, PRUNE)
        await upkeep.begin(connection, PRUNE)
        await upkeep.end(connection, PRUNE, "DONE", {"events": 12, "quarantine": 3}, None)
    numbers, ended = await told(serving)
    assert ended is not None
    assert numbers.pop('harvest_gateway_upkeep_began_timestamp_seconds{kind="prune"}') <= ended.timestamp()
    assert numbers == {
        'harvest_gateway_upkeep_ended_timestamp_seconds{kind="prune"}': ended.timestamp(),
        'harvest_gateway_upkeep_failed{kind="prune"}': 0,
        'harvest_gateway_upkeep_removed_rows{kind="prune",what="events"}': 12,
        'harvest_gateway_upkeep_removed_rows{kind="prune",what="quarantine"}': 3,
    }
