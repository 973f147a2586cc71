"""An engine that keeps answers, on a database that a test changes as passes do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from gateway.postgres import connect, connect_pool
from harvest_graphql.engine import Engine
from harvest_graphql.listening import Listener
from harvest_graphql.visibility import NOBODY, Scopes


class Keeping:
    """An engine, and the listener by which it knows of commits."""

    def __init__(self, engine: Engine, listener: Listener, line: list[asyncpg.Connection]) -> None:
        self.engine = engine
        self.listener = listener
        self.line = line
        """The listener's connections, the newest last."""

    async def ask(self, document: str, *, scopes: Scopes = NOBODY, **variables: Any) -> Any:
        """Return the whole answer."""
        return json.loads(await self.engine.execute(document, variables, scopes=scopes))

    async def sends(self, document: str, *, scopes: Scopes = NOBODY, **variables: Any) -> int:
        """Return how many statements an answer takes."""
        before = self.engine.sent
        assert "errors" not in await self.ask(document, scopes=scopes, **variables)
        return self.engine.sent - before

    async def heard(self, version: int) -> None:
        """Wait until *version* has been heard of."""
        await until(lambda: (self.listener.version or 0) >= version)


@asynccontextmanager
async def keeping(url: str, *, status_seconds: float = 60, **options: Any) -> AsyncIterator[Keeping]:
    """Open an engine that keeps answers and hears of commits; *options* are the engine's."""
    line: list[asyncpg.Connection] = []

    async def connecting() -> asyncpg.Connection:
        line.append(await connect(url))
        return line[-1]

    pool = await connect_pool(url, size=2)
    listener = Listener(connecting, alive_seconds=30)
    engine = Engine(pool, status_seconds=status_seconds, listener=listener, **options)
    try:
        async with listener.listening():
            await until(lambda: listener.version is not None)
            await engine.status()
            yield Keeping(engine, listener, line)
    finally:
        await engine.close()
        await pool.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)
