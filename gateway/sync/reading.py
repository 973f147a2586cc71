"""Reading one scope: pages gathered to commit units, and what a stream has brought so far."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field

from gateway.errors import PortalUnreadable
from gateway.model.document import Document, Rejection
from gateway.model.entities import JSON
from gateway.ports import End, Page, Scope
from gateway.store.absence import Seen
from gateway.store.unit import Tally, Writer
from gateway.sync.progress import StreamTally

UNIT_ELEMENTS = 10_000
"""Most elements of one commit unit."""
UNIT_BYTES = 16 * 1024 * 1024
"""Bytes of documents at which a unit is committed all the same: what bounds the worker's memory."""
UNIT_SECONDS = 10.0
"""Seconds after which a unit is committed all the same, so that readers see a slow load grow."""


@dataclass(slots=True)
class Stream:
    """What one stream of a pass has brought."""

    name: str
    baseline: bool
    read_before: frozenset[str]
    """Keys of its scopes that had been read whole when the pass began."""
    requests_before: int
    began: float = field(default_factory=time.monotonic)
    tally: Tally = field(default_factory=Tally)
    expected: int | None = None
    proved: bool = True
    watermark: JSON = None
    covered: list[str] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0

    @property
    def newly_covered(self) -> list[str]:
        """Return the keys of the scopes that were read whole for the first time."""
        return [key for key in self.covered if key not in self.read_before]

    def expect(self, total: int | None) -> None:
        """Add to the number of elements that will come."""
        if total is not None:
            self.expected = (self.expected or 0) + total

    def conclude(self, end: End) -> None:
        """Take over what a scope's end says."""
        self.proved = self.proved and end.proved
        self.covered.extend(end.covers)
        if end.watermark is not None:
            self.watermark = end.watermark

    def summary(self) -> StreamTally:
        """Return the stream's line of the pass's summary."""
        return StreamTally(**asdict(self.tally), requests=self.requests, seconds=round(self.seconds, 3))


class ScopeReader:
    """Gathers a scope's pages to units and commits them; what was gathered is committed also when reading fails."""

    def __init__(
        self, writer: Writer, scope: Scope, seen: Seen | None, *, baseline: bool, elements: int
    ) -> None:
        self._writer = writer
        self._scope = scope
        self._seen = seen
        self._baseline = baseline
        self._elements = elements
        self._gathered: list[Document | Rejection] = []
        self._bytes = 0
        self._cursor: JSON = None
        self._since = time.monotonic()
        self.loaded = 0
        """Rows that were new."""
        self.heard: Callable[[Tally], None] = lambda _: None
        """Told what each unit brought."""

    async def read(self, items: AsyncIterator[Page | End]) -> End:
        """Commit everything that *items* brings and return its end."""
        end: End | None = None
        try:
            async for item in items:
                if isinstance(item, End):
                    end = item
                    break
                await self._take(item)
        finally:
            await self._commit()
        if end is None:
            raise PortalUnreadable(
                f"The adapter left the scope {self._scope.stream}/{self._scope.key} without an end."
            )
        return end

    async def _take(self, page: Page) -> None:
        await self._writer.heartbeat()
        self._gathered.extend(page.elements)
        self._bytes += sum(len(element.body) for element in page.elements)
        self._cursor = page.cursor
        full = len(self._gathered) >= self._elements or self._bytes >= UNIT_BYTES
        if full or time.monotonic() - self._since >= UNIT_SECONDS:
            await self._commit()

    async def _commit(self) -> None:
        for start in range(0, len(self._gathered), self._elements):
            unit = self._gathered[start : start + self._elements]
            last = start + self._elements >= len(self._gathered)
            tally = await self._writer.commit(
                self._scope,
                unit,
                seen=self._seen,
                cursor=self._cursor if last else None,
                baseline=self._baseline,
            )
            self.loaded += tally.new
            self.heard(tally)
        self._gathered, self._bytes, self._since = [], 0, time.monotonic()
