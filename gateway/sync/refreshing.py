"""Reading one source or run anew: asked for by itself, written as a pass writes.

The portal is asked without its lease, so that no pass waits for what only a reader wants. Whoever writes a portal moves
the token of its lease: where that shows that somebody wrote while the portal was asked, what came is thrown away.
Refreshes of one portal follow each other, in all processes, by a lease of their own that no pass looks at.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.errors import LeaseHeld, PortalError, PortalRefused, PortalUnavailable
from gateway.fetch.budget import Spending
from gateway.fetch.client import BreakerOpen, BudgetSpent, Client, Throttled
from gateway.model.document import Document
from gateway.model.enums import Cause, EntityType
from gateway.ports import Adapter, Fresh, Portal, Refreshing, Wanted
from gateway.store import bookkeeping, following, refreshed
from gateway.store.absence import Cap
from gateway.store.bookkeeping import Run
from gateway.store.keeping import Keeper
from gateway.store.known import StoredKnowledge
from gateway.store.lease import Lease
from gateway.store.parts import Part
from gateway.store.staging import Connection
from gateway.store.unit import Writer
from gateway.sync import schedule
from gateway.sync.patience import once_free

UNIT = "refresh"
"""The lease of those who read one thing of a portal."""
PATIENCE_SECONDS = 1.0
"""How long a refresh waits for whoever writes the portal: for the end of a short poll, not of a long pass."""
PAUSE_SECONDS = 0.05

Asked = Callable[[], AbstractAsyncContextManager[Client]]
"""Opens a client that shares what may be asked (``gateway.sync.asking.asked``)."""


class Reason(StrEnum):
    """Why what is stored is all that is told: a closed list."""

    NOT_ALLOWED = "NOT_ALLOWED"
    NOT_KNOWN = "NOT_KNOWN"
    NOT_CONFIGURED = "NOT_CONFIGURED"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    LOADING = "LOADING"
    BUSY = "BUSY"
    BUDGET_SPENT = "BUDGET_SPENT"
    BREAKER_OPEN = "BREAKER_OPEN"
    PORTAL_UNAVAILABLE = "PORTAL_UNAVAILABLE"
    PORTAL_REFUSED = "PORTAL_REFUSED"
    PORTAL_UNREADABLE = "PORTAL_UNREADABLE"
    UNKNOWN_THERE = "UNKNOWN_THERE"
    TIMED_OUT = "TIMED_OUT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a refresh."""

    at: datetime | None = None
    """As of when the thing was read, by the portal's clock; None where it was not."""
    reason: Reason | None = None
    """Why it was not."""
    message: str = ""
    """The same in words for users."""
    retry_at: datetime | None = None
    """When the portal may be asked again, where that is known."""


BUSY = Outcome(reason=Reason.BUSY, message="A pass over the portal goes on: it writes what there is to know.")
LOADING = Outcome(reason=Reason.LOADING, message="The first load of the portal is not done.")
UNKNOWN_THERE = Outcome(
    reason=Reason.UNKNOWN_THERE, message="The portal does not show it. That alone does not prove it gone."
)
UNREAD = Outcome(
    reason=Reason.PORTAL_UNREADABLE,
    message="What the portal shows of it cannot be read: it is in quarantine.",
)


class Refresh:
    """Reads things of one portal, one at a time, over *connection*; *now* is the portal's clock."""

    def __init__(
        self,
        *,
        portal: Portal,
        number: int,
        adapter: Adapter,
        connection: Connection,
        asked: Asked,
        keeper: Keeper,
        now: Callable[[], datetime],
        cap: Cap,
    ) -> None:
        self._portal = portal
        self._number = number
        self._adapter = adapter
        self._connection = connection
        self._asked = asked
        self._keeper = keeper
        self._now = now
        self._cap = cap

    async def run(self, wanted: Wanted, began: datetime) -> Outcome:
        """Read *wanted* unless somebody has since *began* (Postgres' clock).

        What the portal does is an outcome. Raises DatabaseError, ConfigurationError for a portal that is forgotten.
        """
        async with self._alone():
            at = await refreshed.since(self._connection, self._number, wanted.type, wanted.native_id, began)
            if at is not None:
                return Outcome(at)
            if await bookkeeping.unloaded_streams(self._connection, self._number, self._adapter.streams):
                return LOADING
            token = await self._free()
            if token is None:
                return BUSY
            try:
                return await self._read(wanted, token)
            except LeaseHeld:
                return BUSY
            except PortalError as error:
                return told(error, self._now())

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Wait until no other process refreshes anything of the portal, for as long as the caller lets it."""
        async with AsyncExitStack() as stack:

            async def taken() -> Lease:
                holding = self._keeper.holding(self._connection, self._number, UNIT)
                return await stack.enter_async_context(holding)

            await once_free(taken, patience=math.inf, pause=PAUSE_SECONDS)
            yield

    async def _free(self) -> int | None:
        """Return the token of the last who wrote, None where somebody goes on writing."""
        for _ in range(round(PATIENCE_SECONDS / PAUSE_SECONDS)):
            token = await refreshed.free(self._connection, self._number)
            if token is not None:
                return token
            await asyncio.sleep(PAUSE_SECONDS)
        return None

    async def _read(self, wanted: Wanted, token: int) -> Outcome:
        at = self._now()
        found = await self._ask(wanted, at)
        if not any(names(element, wanted) for fresh in found for element in fresh.elements):
            return UNKNOWN_THERE
        async with self._keeper.holding(self._connection, self._number) as held:
            if held.token != token + 1:
                return BUSY
            return Outcome(at) if await self._write(held, wanted, found, at) else UNREAD

    async def _ask(self, wanted: Wanted, at: datetime) -> list[Fresh]:
        """Return what the portal shows; polls go first: what they need of the budget is left to them."""
        assert isinstance(self._adapter, Refreshing), "it was asked for"
        known = StoredKnowledge(self._connection, self._number, nothing_waits)
        async with self._asked() as client:
            client.spending = Spending.BACKFILL
            reading = self._adapter.refresh(self._portal, client, known, wanted, at)
            return [fresh async for fresh in reading]

    async def _write(self, held: Lease, wanted: Wanted, found: Sequence[Fresh], at: datetime) -> bool:
        """Write what came, in one unit, then what follows from the clock; whether *wanted* could be read."""
        writer = Writer(
            self._connection,
            run=Run(None, self._number, at, baseline=False),
            held=held,
            normalise=self._adapter.normalise,
            inventory=self._adapter.inventory,
            cap=self._cap,
            now=self._now,
            expected=self._adapter.expected,
        )
        await writer.open()
        await writer.commit([Part(fresh.scope, fresh.elements) for fresh in found])
        if wanted.type is EntityType.HARVEST_SOURCE:
            await writer.set_schedules(schedule.settle)
        documents = [e for fresh in found for e in fresh.elements if isinstance(e, Document)]
        shown = [document.hash for document in documents if names(document, wanted)]
        read = await refreshed.stored(self._connection, self._number, wanted.type, wanted.native_id, shown)
        async with writer.unit(Cause.CLOCK):
            jobs = [d.native_id for d in documents if d.type is EntityType.HARVEST_JOB]
            await refreshed.touch_shown(self._connection, self._number, jobs)
            if read:
                await refreshed.note(self._connection, self._number, wanted.type, wanted.native_id, at)
        await following.settle(self._connection)
        return read


def names(thing: object, wanted: Wanted) -> bool:
    """Whether a document, rejection or entity is of what is *wanted*."""
    return (getattr(thing, "type", None), getattr(thing, "native_id", None)) == (
        wanted.type,
        wanted.native_id,
    )


async def nothing_waits() -> None:
    """Do nothing: what is stored is all there is."""


def told(error: PortalError, now: datetime) -> Outcome:
    """Return what a portal's failure means to whoever wanted to read it."""
    after = error.retry_after if isinstance(error, PortalUnavailable) else None
    retry_at = None if after is None else now + timedelta(seconds=after)
    return Outcome(reason=_reason(error), message=error.message, retry_at=retry_at)


def _reason(error: PortalError) -> Reason:
    if isinstance(error, BreakerOpen):
        return Reason.BREAKER_OPEN
    if isinstance(error, BudgetSpent | Throttled):
        return Reason.BUDGET_SPENT
    if isinstance(error, PortalUnavailable):
        return Reason.PORTAL_UNAVAILABLE
    return Reason.PORTAL_REFUSED if isinstance(error, PortalRefused) else Reason.PORTAL_UNREADABLE
