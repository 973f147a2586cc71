"""What somebody would write by hand for these six questions alone: a route each, its SQL, and nothing around it.

``python handwritten.py PORT pool`` takes a connection from asyncpg's default pool for each request;
``... PORT held`` keeps connections, so that none is reset. The database is ``DATABASE_URL``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from aiohttp import web

HELD = 8
"""Connections that are kept: as many as the gateway keeps."""
SQL = {file.stem: file.read_text("utf-8") for file in (Path(__file__).parent / "sql").glob("*.sql")}
ARGUMENTS = {
    "q1": ("portal", "createdAt", "id"),
    "q2": ("portal", "nativeId"),
    "q3": ("portal", "nativeId", "status", "createdAt", "id"),
    "q4": ("portals", "statuses"),
    "q5": ("text",),
    "q6": ("portal", "nativeId"),
}
INSTANTS = {"createdAt"}

Ask = Callable[[str, list[Any]], Awaitable[str]]


def arguments(name: str, variables: dict[str, Any]) -> list[Any]:
    """Return the statement's arguments."""
    return [
        datetime.fromisoformat(variables[each]) if each in INSTANTS else variables[each]
        for each in ARGUMENTS[name]
    ]


def route(name: str, ask: Ask) -> web.RouteDef:
    """Return the route of one question."""
    sql = SQL[name]

    async def handle(request: web.Request) -> web.Response:
        variables = json.loads(await request.read())["variables"]
        answer = await ask(sql, arguments(name, variables))
        return web.Response(body=b'{"data":%b}' % answer.encode(), content_type="application/json")

    return web.post(f"/{name}", handle)


async def pooled(url: str) -> Ask:
    """Return how to ask through asyncpg's pool as it is."""
    pool = await asyncpg.create_pool(url)

    async def ask(sql: str, given: list[Any]) -> str:
        async with pool.acquire() as connection:
            found: str = await connection.fetchval(sql, *given)
            return found

    return ask


async def held(url: str) -> Ask:
    """Return how to ask on connections that are kept."""
    free: asyncio.LifoQueue[asyncpg.Connection] = asyncio.LifoQueue()
    for _ in range(HELD):
        free.put_nowait(await asyncpg.connect(url))

    async def ask(sql: str, given: list[Any]) -> str:
        connection = await free.get()
        try:
            found: str = await connection.fetchval(sql, *given)
            return found
        finally:
            free.put_nowait(connection)

    return ask


async def serve(port: int, way: str) -> None:
    """Serve until the process is ended."""
    ask = await {"pool": pooled, "held": held}[way](os.environ["DATABASE_URL"])
    app = web.Application()
    app.add_routes([route(name, ask) for name in SQL])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2]))
