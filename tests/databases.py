"""Databases that tests make on a server, and remove again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from gateway.postgres import connect


def address(server: str, database: str) -> str:
    """Return the address of a database of *server*."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


async def command(url: str, statement: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def ended(connection: asyncpg.Connection) -> None:
    """Wait until Postgres has ended *connection*: whoever asks before may still be let in by what is going down."""
    while True:
        try:
            await connection.execute("SELECT 1")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return
        await asyncio.sleep(0.02)


@asynccontextmanager
async def made(server: str, name: str, options: str) -> AsyncIterator[str]:
    """Make the database *name*, with *options* of CREATE DATABASE, for the length of a ``with`` block."""
    await command(server, f"CREATE DATABASE {name} {options}")
    try:
        yield address(server, name)
    finally:
        await command(server, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def filled(
    server: str, name: str, template: str, fill: Callable[[asyncpg.Connection], Awaitable[object]]
) -> Iterator[str]:
    """Make a copy of *template* that *fill* puts rows into, for tests that only read it."""

    async def make() -> None:
        await command(server, f"CREATE DATABASE {name} TEMPLATE {template}")
        connection = await connect(address(server, name))
        try:
            await fill(connection)
        finally:
            await connection.close()

    asyncio.run(make())
    try:
        yield address(server, name)
    finally:
        asyncio.run(command(server, f"DROP DATABASE {name} WITH (FORCE)"))
