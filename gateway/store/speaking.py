"""A connection that is spoken over by one at a time, hears what others call, and is made anew where it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import asyncpg

from gateway.store.away import LOST, passes, spoken

Result = TypeVar("Result")
_ME = """
    SELECT pid || '/' || extract(epoch FROM backend_start)::text FROM pg_stat_activity WHERE pid = pg_backend_pid()
"""


class Speaker:
    """*connect* opens a connection; *hear* is told what others call on *channel*, *anew* of each new connection."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        channel: str,
        hear: Callable[[object], None],
        anew: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._channel = channel
        self._hear = hear
        self._anew = anew
        self._connection: asyncpg.Connection | None = None
        self._one = asyncio.Lock()
        self.me = ""
        """How the connection is known to those who look whether it lives: its process in Postgres, and since when."""

    async def speak(self, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        """Do *work* over the connection, once more over a new one where it is lost; nobody else speaks meanwhile.

        Raises DatabaseUnavailable.
        """
        async with self._one:
            try:
                return await work(self._connection or await self._connected())
            except (asyncpg.PostgresError, *LOST) as error:
                if not passes(error):
                    raise
            with spoken():
                return await work(await self._connected())

    async def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            with suppress(asyncpg.PostgresError, *LOST):
                await self._connection.close()
            self._connection = None

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
        connection = await self._connect()
        await connection.execute("SET synchronous_commit = off")
        await connection.add_listener(self._channel, self._called)
        self.me = str(await connection.fetchval(_ME))
        self._connection = connection
        self._anew()
        return connection

    def _called(self, _connection: Any, pid: int, _channel: str, words: object) -> None:
        """Pass on what another one calls."""
        if not self.me.startswith(f"{pid}/"):
            self._hear(words)
