"""What tests share: one Postgres for a run, and a fresh, migrated database for each test that asks for one.

``GATEWAY_TEST_DATABASE_URL`` names a Postgres to use instead of the embedded one; its user must be allowed to
make databases there.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = (_ROOT / "graphql" / "__init__.py", _ROOT / "alembic" / "__init__.py")
_SHADOWS = [file for file in (*_PACKAGES, *(_ROOT / "tests").rglob("__init__.py")) if file.exists()]
if _SHADOWS:
    raise pytest.UsageError(
        f"Remove {', '.join(map(str, _SHADOWS))}: as packages, these folders hide installed libraries."
    )

from databases import address, command, made  # noqa: E402 - after the guard

from gateway.postgres import Server, connect_pool, migrate  # noqa: E402 - after the guard

_NUMBERS = itertools.count()
CLOSING_SECONDS = 10.0
"""After which a pool is ended whose connections a test has not given back: one that failed would hang."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the run's Postgres, so that ``-m postgres`` runs it alone on another one."""
    for item in items:
        if "postgres_url" in getattr(item, "fixturenames", ()):
            item.add_marker("postgres")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of the Postgres of this run; tests that write ask for ``database_url`` instead."""
    if url := os.environ.get("GATEWAY_TEST_DATABASE_URL"):
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="gateway-") as folder:
        Path(folder).chmod(0o755)  # Postgres may run as another user, who passes through
        server = Server(Path(folder), durable=False)
        server.start()
        try:
            yield server.url
        finally:
            server.stop()


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> Iterator[str]:
    """The name of a migrated database that nobody is connected to, for CREATE DATABASE … TEMPLATE."""
    name = f"gateway_template_{os.getpid()}"
    asyncio.run(command(postgres_url, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    try:
        asyncio.run(migrate(address(postgres_url, name)))
        yield name
    finally:
        asyncio.run(command(postgres_url, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database_url(postgres_url: str, template_database: str) -> AsyncIterator[str]:
    """The address of a migrated database of the test's own."""
    async with made(postgres_url, _name(), f"TEMPLATE {template_database}") as url:
        yield url


@pytest.fixture
async def empty_database_url(postgres_url: str) -> AsyncIterator[str]:
    """The address of a database without any table."""
    async with made(postgres_url, _name(), "TEMPLATE template0 ENCODING 'UTF8'") as url:
        yield url


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool of two connections to ``database_url``."""
    pool = await connect_pool(database_url, size=2)
    try:
        yield pool
    finally:
        async with asyncio.timeout(CLOSING_SECONDS):
            await pool.close()


def _name() -> str:
    return f"gateway_test_{os.getpid()}_{next(_NUMBERS)}"
