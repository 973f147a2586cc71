"""How fresh a portal's data is: the last pass that read all it was to read, and the last reconcile."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from acceptance.syncing import rehearsal

from gateway.ports import Pass
from gateway.postgres import connect_pool
from harvest_graphql.engine import Engine

SYNC = "{ portals { key sync { polledAt reconciledAt complete } } }"
ZERO = {"polledAt": None, "reconciledAt": None, "complete": False}


async def freshness(url: str, portal: str) -> dict[str, Any]:
    """Return what an answer says of a portal's freshness: in its extensions and in its data it is the same."""
    pool = await connect_pool(url, size=2)
    engine = Engine(pool, status_seconds=0)
    answer = json.loads(await engine.execute(SYNC))
    await engine.close()
    await pool.close()
    (found,) = answer["data"]["portals"]
    said = answer["extensions"]["freshness"][portal]
    assert {key: said[key] for key in found["sync"]} == found["sync"]
    return {key: _read(value) for key, value in found["sync"].items()}


def _read(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


@pytest.mark.parametrize("portal", ["data-gouv-fr", "data-gov"])
async def test_polls_and_reconciles_are_told_apart(portal: str, database_url: str) -> None:
    async with rehearsal(portal, database_url, seed=6) as mirror:
        assert await freshness(database_url, portal) == ZERO
        mirror.max_requests = 10
        assert (await mirror.run(Pass.POLL)).state == "INCOMPLETE"
        assert (await freshness(database_url, portal))["polledAt"] is None
        mirror.max_requests = None
        loaded = mirror.sandbox.clock()
        both = {"polledAt": loaded, "reconciledAt": loaded, "complete": True}
        await mirror.run(Pass.POLL)
        assert await freshness(database_url, portal) == both
        mirror.sandbox.advance(1 / 12)
        polled = mirror.sandbox.clock()
        await mirror.run(Pass.POLL)
        assert await freshness(database_url, portal) == {**both, "polledAt": polled}
        mirror.sandbox.advance(1)
        mirror.max_requests = 2
        assert (await mirror.run(Pass.POLL)).state == "INCOMPLETE"
        assert await freshness(database_url, portal) == {**both, "polledAt": polled}
