"""Asking for scopes before their turn, as many at once as the portal may be asked: they are read in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress

from gateway.ports import End, Page, Scope
from gateway.store.absence import Seen

LARGE = 5_000
"""Elements of a scope beyond which its pages do not wait in memory, beside those that are read, for their turn."""


class Begun:
    """A scope whose reading has begun: *items* are its pages and its end.

    *at_once*: the first of them is asked for now, else when its turn has come.
    """

    def __init__(
        self, scope: Scope, seen: Seen | None, items: AsyncIterator[Page | End], *, at_once: bool
    ) -> None:
        self.scope = scope
        self.seen = seen
        self._items = items
        self._first = asyncio.create_task(_next(items)) if at_once else None

    async def items(self) -> AsyncIterator[Page | End]:
        """Yield what the scope brings; what failed before its turn is told now."""
        if self._first is not None and (first := await self._first) is not None:
            yield first
        async for item in self._items:
            yield item

    async def give_up(self) -> None:
        """Ask for nothing more of it."""
        if self._first is not None:
            self._first.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._first
        if isinstance(self._items, AsyncGenerator):
            await self._items.aclose()


class Ahead:
    """The scopes that have begun, in their order: no more than *most* beyond the one whose turn it is."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._begun: deque[Begun] = deque()

    def beside(self, scope: Scope) -> int:
        """Return how many scopes may be under way beside *scope*: none where it depends on others, or is large."""
        return self.most if scope.apart and (scope.total or 0) <= LARGE else 0

    def add(self, begun: Begun) -> None:
        """Let it wait for its turn."""
        self._begun.append(begun)

    def due(self, most: int) -> Iterator[Begun]:
        """Yield those whose turn it is, so that *most* are left."""
        while len(self._begun) > most:
            yield self._begun.popleft()

    async def give_up(self) -> None:
        """Ask for nothing more."""
        for begun in self.due(0):
            await begun.give_up()


async def _next(items: AsyncIterator[Page | End]) -> Page | End | None:
    return await anext(items, None)
