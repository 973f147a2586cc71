"""Several clients before one portal, each with a turnstile of its own, as in processes of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from contract.test_fetch_budget import NOON
from contract.writing import Toy

from gateway import postgres
from gateway.fetch.client import Client
from gateway.fetch.turnstile import Heard
from gateway.ports import Portal, PortalSettings
from gateway.store import portals
from gateway.store.turnstile import SharedTurnstile
from gateway.testing import FakePortal

SERVES = Heard(serves=True)
TERM = timedelta(minutes=4)


class Statements:
    """Connects, and counts what is said over its connections."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.said: list[str] = []

    async def connect(self) -> asyncpg.Connection:
        connection = await postgres.connect(self._url)
        connection.add_query_logger(lambda record: self.said.append(record.query))
        return connection


class Late:
    """Connects; once *held*, a change of the row is written and nobody learns of it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self.held = False
        self.written = asyncio.Event()

    async def connect(self) -> Any:
        self._connection = await postgres.connect(self._url)
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetchrow(self, query: str, *given: Any) -> Any:
        row = await self._connection.fetchrow(query, *given)
        if self.held and "UPDATE budget" in query:
            self.written.set()
            await asyncio.Event().wait()
        return row


class Time:
    """A clock that sleeping moves on, at once."""

    def __init__(self) -> None:
        self.now = NOON

    def clock(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


async def registered(url: str) -> int:
    """Return the number of the one portal of the database."""
    connection = await postgres.connect(url)
    try:
        toy: Any = Toy(inventory=True)
        settings = PortalSettings(adapter="toy", base_url="http://portal.example")
        return (await portals.register(connection, {"p": Portal("p", settings)}, {"toy": toy}))["p"]
    finally:
        await connection.close()


@asynccontextmanager
async def row(url: str) -> AsyncIterator[asyncpg.Record]:
    connection = await postgres.connect(url)
    try:
        yield await connection.fetchrow(
            "SELECT p.*, b.* FROM portal p LEFT JOIN budget b ON b.portal = p.number"
        )
    finally:
        await connection.close()


Opening = Callable[..., SharedTurnstile]


@asynccontextmanager
async def clients(
    opening: Opening, portal: FakePortal, count: int, now: Callable[[], datetime], **options: Any
) -> AsyncIterator[list[Client]]:
    """Open so many clients of *portal*, each with a turnstile of its own as in a process of its own."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            turnstile = await stack.enter_async_context(opening(now=now, **options))
            client = Client(
                portal="p",
                base_url=portal.base_url,
                now=now,
                user_agent="t",
                turnstile=turnstile,
                backoff_seconds=0.0,
            )
            opened.append(await stack.enter_async_context(client))
        yield opened


async def asked(client: Client, count: int) -> None:
    for _ in range(count):
        await client.get("/a")
