"""A pass as the engine makes it, into memory: scope by scope, page by page, to be stopped after any page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from gateway.fetch.client import Client
from gateway.ports import Adapter, Crawl, End, Page, Pass, Portal, Scope
from gateway.testing.memory import MemoryKnown, Reading


class Interrupted(Exception):
    """The pass was stopped after the page that it was to stop after."""


def portal_for(adapter: Adapter, base_url: str, **settings: Any) -> Portal:
    """Return a portal of *adapter* at *base_url*; *settings* as in its settings model."""
    return Portal("tested", adapter.settings(**{"adapter": adapter.name, "base_url": base_url, **settings}))


def client_for(portal: Portal, now: datetime, **options: Any) -> Client:
    """Return a client of *portal* that waits for nothing; *options* as in ``Client``."""
    key = portal.settings.api_key
    chosen: dict[str, Any] = {
        "requests_per_second": 1e9,
        "backoff_seconds": 0.0,
        "timeout_seconds": 30.0,
        "api_key": None if key is None else key.get_secret_value(),
        **options,
    }
    return Client(
        portal=portal.key,
        base_url=portal.settings.base_url,
        now=lambda: now,
        user_agent="harvest-gateway tests",
        **chosen,
    )


class MemoryPass:
    """One pass over *portal* into *known*, at ``known.now``.

    *pages*: raise Interrupted once so many are stored; *wanted*: which scopes are read.
    """

    def __init__(
        self,
        adapter: Adapter,
        portal: Portal,
        client: Client,
        known: MemoryKnown,
        kind: Pass,
        *,
        pages: int | None = None,
        wanted: Callable[[Scope], bool] = lambda _: True,
    ) -> None:
        self._crawl: Crawl = adapter.crawl(portal, client, known, kind, known.now)
        self._known = known
        self._client = client
        self._last = pages
        self._wanted = wanted
        self.read = 0
        """Pages stored so far."""
        self.pages: dict[tuple[str, str], int] = {}
        """The same by scope, as (stream, key)."""
        self.ends: list[tuple[Scope, End]] = []
        """Each scope that was read, with its end."""
        self.requests: dict[str, int] = {}
        """Requests sent for the scopes of each stream."""

    async def run(self) -> None:
        """Read every scope to its end."""
        scopes = self._crawl.scopes()
        try:
            async for scope in scopes:
                if self._wanted(scope):
                    before = self._client.requests
                    await self._scope(scope)
                    sent = self._client.requests - before
                    self.requests[scope.stream] = self.requests.get(scope.stream, 0) + sent
        finally:
            self._known.wire = self._crawl.noted
            await _close(scopes)

    async def _scope(self, scope: Scope) -> None:
        reading = self._known.begin(scope)
        self.pages[scope.stream, scope.key] = 0
        cursor = self._known.cursors.get((scope.stream, scope.key))
        items = self._crawl.read(scope, cursor)
        try:
            async for item in items:
                if isinstance(item, End):
                    self._known.conclude(reading, item)
                    self.ends.append((scope, item))
                    return
                self._take(reading, item)
        finally:
            await _close(items)
        raise AssertionError(f"{scope.stream}/{scope.key} was left without an end")

    def _take(self, reading: Reading, page: Page) -> None:
        self._known.take(reading, page.elements, page.cursor)
        self.read += 1
        self.pages[reading.scope.stream, reading.scope.key] += 1
        if self.read == self._last:
            raise Interrupted


async def _close(items: AsyncIterator[Any]) -> None:
    """Close a generator that may have been left early."""
    if close := getattr(items, "aclose", None):
        await close()


async def harvest(
    adapter: Adapter, portal: Portal, client: Client, known: MemoryKnown, kind: Pass, **options: Any
) -> MemoryPass:
    """Make one pass and return it; *options* as in ``MemoryPass``."""
    made = MemoryPass(adapter, portal, client, known, kind, **options)
    await made.run()
    return made
