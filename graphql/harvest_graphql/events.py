"""When a subscription is told something: at once, then whenever what it watches has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol

from harvest_graphql.envelope import Answer
from harvest_graphql.listening import SYNC

Look = Callable[[], Awaitable[Answer]]
"""Reads the state of now."""
Tell = Callable[[Answer], Awaitable[None]]
"""Passes a state on; returns once it is on its way."""


class Heard(Protocol):
    """What was told of one channel."""

    async def __anext__(self) -> str:
        """Wait for the next thing that was told."""
        ...


class Changes(Protocol):
    """Hears from the database that something has moved."""

    @property
    def version(self) -> int | None:
        """None while nothing is heard."""
        ...

    def hearing(self, channel: str) -> AbstractAsyncContextManager[Heard]:
        """Hear what is told on *channel* from now on."""
        ...


class Unheard:
    """Hears nothing, so that watchers have to look by themselves."""

    version: int | None = None

    @asynccontextmanager
    async def hearing(self, channel: str) -> AsyncIterator[Unheard]:  # noqa: ARG002 - the protocol's
        """Hear nothing."""
        yield self

    async def __anext__(self) -> str:
        """Wait for ever."""
        await asyncio.Event().wait()
        raise StopAsyncIteration


class Events:
    """Lets watchers look as *changes* are heard: each at most every *pause* seconds.

    Where nothing is heard they look every *blind* seconds. One looks at a time, so that watchers, however many, take
    one connection from those who ask.
    """

    def __init__(self, changes: Changes | None = None, *, pause: float = 0.5, blind: float = 3.0) -> None:
        self._changes: Changes = changes or Unheard()
        self._pause = pause
        self._blind = blind
        self._turn = asyncio.Lock()
        self.watchers = 0
        """How many subscriptions are running."""

    async def follow(self, look: Look, tell: Tell) -> Answer:
        """Tell what *look* finds, first and whenever it differs; return the first answer where it refuses, else never.

        The next look is taken after *tell* has returned, so who reads slowly misses states, but never the newest.
        A look that is refused later (too much was asked for, the database was away) is taken again.
        """
        self.watchers += 1
        try:
            async with self._changes.hearing(SYNC) as heard:
                return await self._follow(look, tell, heard)
        finally:
            self.watchers -= 1

    async def _follow(self, look: Look, tell: Tell, heard: Heard) -> Answer:
        last: bytes | str | None = None
        while True:
            async with self._turn:
                answer = await look()
            if answer.refused and last is None:
                return answer
            state = answer.code if answer.data is None else answer.data
            if state != last and not answer.refused:
                last = state
                await tell(answer)
            await asyncio.sleep(self._pause)
            await self._moved(heard, known=answer.data is not None)

    async def _moved(self, heard: Heard, *, known: bool) -> None:
        """Return when something was told, or when it is time to look without: also where the state is not *known*."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._blind):
                    await heard.__anext__()
                return
            if not known or self._changes.version is None:
                return
