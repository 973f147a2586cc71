from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import asyncpg
import pytest

pytest.register_assert_rewrite("gateway.testing")

from contract.test_fetch_budget import NOON  # noqa: E402 - they import it
from contract.turnstiles import TERM, Opening, registered  # noqa: E402
from contract.writing import DAYS, Bench, runs  # noqa: E402

from gateway import postgres  # noqa: E402
from gateway.model.enums import EntityType  # noqa: E402
from gateway.ports import Scope  # noqa: E402
from gateway.store.parts import Part  # noqa: E402
from gateway.store.turnstile import SharedTurnstile  # noqa: E402


@pytest.fixture
async def number(database_url: str) -> int:
    """The number of the one portal of the database."""
    return await registered(database_url)


@pytest.fixture
def opening(database_url: str, number: int) -> Opening:
    """Makes turnstiles of the portal, each over a connection of its own."""

    def make(**options: Any) -> SharedTurnstile:
        given: dict[str, Any] = {
            "requests_per_second": 1e6,
            "connections": 1,
            "now": lambda: NOON,
            "term": TERM,
            "connect": partial(postgres.connect, database_url),
            **options,
        }
        return SharedTurnstile(given.pop("connect"), number, "", **given)

    return make


@pytest.fixture
async def bench(pool: asyncpg.Pool) -> AsyncIterator[Bench]:
    """A writer that knows two runs of one source, whose records are still to come."""
    async with pool.acquire() as connection:
        bench = await Bench.open(connection, inventory=True)
        await bench.writer.commit([Part(Scope("jobs", EntityType.HARVEST_JOB), runs("s", DAYS))])
        yield bench
