"""What Postgres tells by itself: the data version as it moves, and passes as they get on.

A notification may be lost with the connection that it was for. So each new connection listens first and reads the
version then, and reads it again every few seconds: that also shows whether the other end is still there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg

from gateway.store.bookkeeping import DATA, SYNC

__all__ = ["ANYTHING", "DATA", "SYNC", "Connect", "Heard", "Listener"]

ANYTHING = ""
"""Heard in place of a payload where some may have been missed: look at everything anew."""

Connect = Callable[[], Awaitable[asyncpg.Connection]]
_log = logging.getLogger(__name__)
_MOST_PENDING = 1000
_RETRY_SECONDS = 0.2
_LONGEST_RETRY_SECONDS = 5.0
_CLOSE_SECONDS = 1.0


class Heard:
    """The payloads of one channel, for one who iterates over them: each once, however often it was told meanwhile."""

    def __init__(self) -> None:
        self._pending: dict[str, None] = {}
        self._told = asyncio.Event()

    def tell(self, payload: str) -> None:
        """Put *payload* behind those that wait; where too many wait, ANYTHING stands for them all."""
        if len(self._pending) >= _MOST_PENDING:
            self._pending.clear()
            payload = ANYTHING
        self._pending[payload] = None
        self._told.set()

    def __aiter__(self) -> Heard:
        return self

    async def __anext__(self) -> str:
        """Return the next payload; there is no end."""
        while not self._pending:
            self._told.clear()
            await self._told.wait()
        payload = next(iter(self._pending))
        del self._pending[payload]
        return payload


class Listener:
    """Listens on one connection of its own, from *connect*, which is made anew whenever it is lost.

    It is looked at every *alive_seconds*, and given up where it does not answer for as long. So what a lost
    notification told is known after twice that time at the latest.
    """

    def __init__(self, connect: Connect, *, alive_seconds: float = 2.0) -> None:
        self._connect = connect
        self._alive_seconds = alive_seconds
        self._heard: dict[str, set[Heard]] = {DATA: set(), SYNC: set()}
        self.version: int | None = None
        """The data version that was told last; None while nothing is heard."""
        self.connections = 0
        """How many connections there have been. Versions of two of them say nothing of each other: a crash of
        Postgres can take a version back, which then comes again with other data."""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen for the length of a ``with`` block; it begins at once, whether there is a connection yet or not."""
        task = asyncio.create_task(self._run(), name="listener")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @asynccontextmanager
    async def hearing(self, channel: str) -> AsyncIterator[Heard]:
        """Hear the payloads of *channel* (DATA or SYNC), and ANYTHING after each gap, for the length of a block."""
        heard = Heard()
        self._heard[channel].add(heard)
        try:
            yield heard
        finally:
            self._heard[channel].discard(heard)

    async def _run(self) -> None:
        pause = _RETRY_SECONDS
        while True:
            before = self.connections
            try:
                await self._listen()
                _log.info("the database has ended the connection of the listener")
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing is heard and it is tried again
                _log.warning("nothing is heard from the database: %s", type(error).__name__)
            pause = _RETRY_SECONDS if self.connections > before else min(2 * pause, _LONGEST_RETRY_SECONDS)
            await asyncio.sleep(pause)

    async def _listen(self) -> None:
        """Listen until the connection is lost."""
        connection = await self._connect()
        lost = asyncio.Event()
        self.connections += 1
        try:
            connection.add_termination_listener(lambda _: self._end(lost))
            await self._follow(connection, lost)
        finally:
            self._end(lost)
            await connection.close(timeout=_CLOSE_SECONDS)

    async def _follow(self, connection: asyncpg.Connection, lost: asyncio.Event) -> None:
        def hear(_: object, __: int, channel: str, payload: object) -> None:
            if not lost.is_set():  # else it was under way when the connection was given up
                self._hear(channel, str(payload))

        async with asyncio.timeout(self._alive_seconds):
            for channel in self._heard:
                await connection.add_listener(channel, hear)
        await self._look(connection)
        for channel in self._heard:
            self._tell(channel, ANYTHING)
        while not await _within(self._alive_seconds, lost):
            await self._look(connection)

    async def _look(self, connection: asyncpg.Connection) -> None:
        """Read the version; TimeoutError where nobody answers."""
        async with asyncio.timeout(self._alive_seconds):
            found = await connection.fetchval("SELECT version FROM data_version")
        if found is not None:
            self._move(found)

    def _hear(self, channel: str, payload: str) -> None:
        if channel == DATA and payload.isdecimal():
            self._move(int(payload))
        self._tell(channel, payload)

    def _move(self, version: int) -> None:
        """Take a version that was told or read: what was read may be ahead of what is still to be told."""
        self.version = version if self.version is None else max(version, self.version)

    def _end(self, lost: asyncio.Event) -> None:
        if not lost.is_set():
            lost.set()
            self.version = None

    def _tell(self, channel: str, payload: str) -> None:
        for heard in self._heard[channel]:
            heard.tell(payload)


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Wait for *event*, *seconds* at most; return whether it has come."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
