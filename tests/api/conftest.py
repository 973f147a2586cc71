from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import asyncpg
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import World, seed

from harvest_graphql.engine import Engine

Ask = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture
async def world(pool: asyncpg.Pool) -> World:
    """The seeded database of a test."""
    async with pool.acquire() as connection:
        return await seed(connection)


@pytest.fixture
async def engine(pool: asyncpg.Pool, world: World) -> AsyncIterator[Engine]:
    """An engine on the seeded database, whose freshness is read with every answer."""
    engine = Engine(pool, status_seconds=0)
    yield engine
    await engine.close()


@pytest.fixture
def answer(engine: Engine) -> Ask:
    """Return the whole answer to a document."""

    async def ask(document: str, operation_name: str | None = None, **variables: Any) -> Any:
        return json.loads(await engine.execute(document, variables, operation_name))

    return ask


@pytest.fixture
def data(answer: Ask) -> Ask:
    """Return the data of an answer that has no errors."""

    async def ask(document: str, operation_name: str | None = None, **variables: Any) -> Any:
        found = await answer(document, operation_name, **variables)
        assert "errors" not in found, found["errors"]
        return found["data"]

    return ask
