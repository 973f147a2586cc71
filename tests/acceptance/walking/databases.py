"""Databases for a command: a Postgres of its own, and empty, migrated databases in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path

from databases import address, command, made

from gateway.postgres import Server, migrate

_TEMPLATE = "walk_template"


@asynccontextmanager
async def databases(folder: Path) -> AsyncIterator[Callable[[], AbstractAsyncContextManager[str]]]:
    """Start a Postgres in *folder* and yield what makes a database in it; it is stopped at the end."""
    server = Server(folder, durable=False)
    await asyncio.to_thread(server.start)
    try:
        await command(server.url, f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0 ENCODING 'UTF8'")
        await migrate(address(server.url, _TEMPLATE))
        yield making(server.url, _TEMPLATE)
    finally:
        await asyncio.to_thread(server.stop)


def making(server: str, template: str) -> Callable[[], AbstractAsyncContextManager[str]]:
    """Return what makes a copy of the database *template* of *server*, yields its address and removes it."""
    numbers = count(1)

    def make() -> AbstractAsyncContextManager[str]:
        return made(server, f"{template}_{next(numbers)}", f"TEMPLATE {template}")

    return make
