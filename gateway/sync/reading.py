"""Gathering what scopes bring to commit units, and counting what a stream has brought."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from gateway.errors import PortalUnreadable
from gateway.model.document import Document, Rejection, Rows
from gateway.model.entities import JSON
from gateway.ports import End, Page, Scope
from gateway.store.absence import Seen
from gateway.store.parts import Part, Tally
from gateway.store.unit import Writer
from gateway.sync.progress import StreamTally

UNIT_ELEMENTS = 10_000
"""Most elements of one commit unit."""
FIRST_PART = 4
"""Which part of that the first unit of a stream holds; each holds twice as much as the one before, up to all of it.

So Postgres has something to do before ten thousand elements have been read, and readers something to see.
"""
UNIT_BYTES = 16 * 1024 * 1024
"""Bytes of documents at which a unit is committed all the same: what bounds the worker's memory."""
UNIT_SECONDS = 5.0
"""Seconds after which a unit is committed all the same, so that readers see a slow load grow."""


@dataclass(slots=True)
class Stream:
    """What one stream of a pass has brought."""

    name: str
    baseline: bool
    read_before: frozenset[str]
    """On a first load: keys of its scopes that had been read whole when the pass began."""
    cursors: dict[str, JSON]
    """Where interrupted scopes of a first load go on."""
    requests_before: int
    resumed: bool = False
    """Whether it is a first load that an earlier pass has begun."""
    began: float = field(default_factory=time.monotonic)
    tally: Tally = field(default_factory=Tally)
    expected: int | None = None
    proved: bool = True
    watermark: JSON = None
    ended: list[str] = field(default_factory=list)
    """Of the jobs' stream: keys of the scopes that have ended since what follows from them was last settled."""
    requests: int = 0
    seconds: float = 0.0
    partial: str = ""
    """Why the stream can never be read whole; "" where it can."""
    doubts: int = 0
    """Lists of it that are not proved complete."""
    doubt: str = ""
    """Which was the first of them, and why."""

    def expect(self, total: int | None) -> None:
        """Add to the number of elements that will come."""
        if total is not None:
            self.expected = (self.expected or 0) + total

    def conclude(self, scope: Scope, end: End) -> None:
        """Take over what a scope's end says."""
        self.proved = self.proved and end.proved
        if end.reason and not end.proved:
            self.doubts += 1
            self.doubt = self.doubt or f"{scope.stream}{f' of {scope.key}' * bool(scope.key)}: {end.reason}"
        self.partial = self.partial or end.partial
        if end.watermark is not None:
            self.watermark = end.watermark

    def summary(self) -> StreamTally:
        """Return the stream's line of the pass's summary."""
        return StreamTally(**asdict(self.tally), requests=self.requests, seconds=round(self.seconds, 3))

    def noted(self) -> dict[str, Any]:
        """Return what is noted of it while the pass runs."""
        return {**asdict(self.summary()), "expected": self.expected}


def doubtful(streams: Iterable[Stream]) -> str | None:
    """Return which lists are not proved complete, in a sentence for users; None where all are."""
    told = [stream for stream in streams if stream.doubts]
    if not told:
        return None
    others = sum(stream.doubts for stream in told) - 1
    more = f" (and {others} more)" if others else ""
    return f"Not proved complete: {told[0].doubt}{more}."


class Gatherer:
    """Gathers parts of scopes to units, each committed while the next is gathered; *heard* hears of it.

    They are committed one after the other, in their order: what was gathered after one that failed is dropped with it.
    """

    def __init__(self, writer: Writer, elements: int, heard: Callable[[Tally], Awaitable[None]]) -> None:
        self._writer = writer
        self._most = elements
        self._elements = max(1, elements // FIRST_PART)
        self._heard = heard
        self._under_way: asyncio.Task[None] | None = None
        self._parts: list[Part] = []
        self._count = 0
        self._bytes = 0
        self._since = time.monotonic()

    async def read(
        self, scope: Scope, items: AsyncIterator[Page | End], *, seen: Seen | None, baseline: bool
    ) -> End:
        """Gather everything that *items* brings and return its end; gathered pages survive an error."""
        loaded = 0
        async for item in items:
            if isinstance(item, End):
                self._parts.append(Part(scope, (), seen, end=item, loaded=loaded if baseline else None))
                await self._flush_when_full()
                return item
            loaded += len(item.elements)
            await self._take(scope, item, seen, loaded if baseline else None)
        raise PortalUnreadable(f"The adapter left the scope {scope.stream}/{scope.key} without an end.")

    async def flush(self) -> None:
        """Commit what has been gathered, and return once that is done."""
        await self._hand_over()
        await self._committed()

    async def rest(self) -> None:
        """Return once nothing is being committed, however often this is cancelled; what failed is told by ``flush``."""
        while self._under_way is not None and not self._under_way.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({self._under_way})

    async def _hand_over(self) -> None:
        """Begin to commit what has been gathered, once the unit before is committed."""
        await self._committed()
        if self._parts:
            parts, self._parts = self._parts, []
            self._count, self._bytes, self._since = 0, 0, time.monotonic()
            self._elements = min(self._most, 2 * self._elements)
            self._under_way = asyncio.create_task(self._commit(parts))

    async def _commit(self, parts: list[Part]) -> None:
        async with self._writer.turn:
            await self._heard(await self._writer.commit(parts))

    async def _committed(self) -> None:
        """Wait for the unit that is being committed; raise what it ended with.

        Who waits here may be cancelled, the unit is not: it is whole in a moment.
        """
        if self._under_way is None:
            return
        await asyncio.wait({self._under_way})
        task, self._under_way = self._under_way, None
        if task.cancelled() or task.exception() is not None:
            self._parts = []
        task.result()

    async def _take(self, scope: Scope, page: Page, seen: Seen | None, loaded: int | None) -> None:
        """Gather a page, in slices that each fit a unit; the cursor goes with the last."""
        fits = len(page.elements) <= self._most
        for start in range(0, max(len(page.elements), 1), self._most):
            elements = page.elements if fits else page.elements[start : start + self._most]
            last = start + self._most >= len(page.elements)
            if self._count + len(elements) > self._elements:
                await self._hand_over()
            cursor, mark = page.cursor if last else None, page.mark if fits else None
            part = Part(scope, elements, seen, cursor=cursor, loaded=loaded, mark=mark)
            if loaded is not None:
                self._writer.read_ahead(part)
            self._parts.append(part)
            self._count += len(elements)
            self._bytes += _size(elements)
        await self._flush_when_full()

    async def _flush_when_full(self) -> None:
        full = self._count >= self._elements or self._bytes >= UNIT_BYTES
        if full or time.monotonic() - self._since >= UNIT_SECONDS:
            await self._hand_over()


def _size(elements: Sequence[Document | Rejection]) -> int:
    """Return how many bytes *elements* hold."""
    return elements.size if isinstance(elements, Rows) else sum(len(element.body) for element in elements)
