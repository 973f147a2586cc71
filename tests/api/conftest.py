from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient as Client
from api.engines import engine_on
from api.live import Place, place
from api.operating import SECRETS, Asking
from api.searched import fill
from api.ways import Server
from api.world import Ask, World, seed
from databases import filled
from listening import listening

from gateway.access.keys import Keys
from gateway.compose import Gateway, opened
from gateway.config import Settings
from gateway.postgres import connect, connect_pool
from gateway.resources import operations
from harvest_graphql.engine import Engine
from harvest_graphql.pages.mounting import Pages
from harvest_graphql.visibility import READ_PRIVATE

Serve = Callable[..., Awaitable[Client]]
Serving = Callable[..., Awaitable[tuple[Gateway, ClientSession]]]
ABSENT = Path(__file__).parent / "no-explorer"


@pytest.fixture(scope="session")
def seeded_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """The address of a seeded database that tests share: they only read it."""
    with filled(postgres_url, f"gateway_seeded_{os.getpid()}", template_database, seed) as url:
        yield url


@pytest.fixture(scope="session")
def searched_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """The address of a seeded database with more things to be found, which tests only read, too."""
    with filled(postgres_url, f"gateway_searched_{os.getpid()}", template_database, fill) as url:
        yield url


@pytest.fixture
async def engine(seeded_url: str) -> AsyncIterator[Engine]:
    """An engine on the shared database, whose freshness is read with every answer."""
    pool = await connect_pool(seeded_url, size=2)
    try:
        async with engine_on(pool, status_seconds=0) as engine:
            await engine.status()
            yield engine
    finally:
        await pool.close()


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


@pytest.fixture
def private(engine: Engine) -> Ask:
    """Return the whole answer to a document of a caller who may read what is private."""

    async def ask(document: str, **variables: Any) -> Any:
        return json.loads(await engine.execute(document, variables, scopes=frozenset({READ_PRIVATE})))

    return ask


@pytest.fixture(params=["short", "usual"])
def serve(aiohttp_client: Any, engine: Engine, request: pytest.FixtureRequest) -> Serve:
    """Serve the endpoint on the shared database, with the options of ``routes``; return a client of it."""

    async def start(**options: Any) -> Client:
        given = {"page": Pages(operations(), built=ABSENT).front, **options}
        server = Server(engine, web.Application(), is_short=request.param == "short", **given)
        client: Client = await aiohttp_client(server)
        return client

    return start


@pytest.fixture
async def own_world(database_url: str) -> AsyncIterator[World]:
    """A seeded database of the test's own, which it may change."""
    connection = await connect(database_url)
    try:
        yield await seed(connection)
    finally:
        await connection.close()


@pytest.fixture
async def own_engine(own_world: World, pool: asyncpg.Pool) -> AsyncIterator[Engine]:
    """An engine on ``own_world``."""
    assert own_world.keys
    async with engine_on(pool, status_seconds=0) as engine:
        yield engine


@pytest.fixture
async def serving(database_url: str, own_world: World, tmp_path: Path) -> AsyncIterator[Serving]:
    """Serve a gateway with some settings; return it and a session at its address."""
    assert own_world.keys
    async with AsyncExitStack() as stack:

        async def start(**settings: object) -> tuple[Gateway, ClientSession]:
            chosen = Settings.model_validate({"database_url": database_url, "data_dir": tmp_path, **settings})
            gateway = await stack.enter_async_context(opened(chosen))
            address = await stack.enter_async_context(listening(gateway))
            return gateway, await stack.enter_async_context(ClientSession(address))

        yield start


@pytest.fixture
async def ask(serving: Serving, own_world: World) -> Asking:
    """Ask an endpoint on a world of the test's own, as who operates it."""
    gateway, session = await serving()
    keys = Keys(gateway.pool)
    made = {name: (await keys.create(name, scopes)).key for name, scopes in SECRETS.items()}
    return Asking(gateway, session, own_world, made)


@pytest.fixture
async def there(database_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    """A small portal, and gateways that can read it."""
    async with place(database_url, tmp_path) as made:
        yield made
