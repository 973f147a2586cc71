"""An operator's words carried out: each under the lease of the portal that it concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from gateway import postgres
from gateway.compose.parts import Parts
from gateway.compose.passes import Clock, keeper, portal_clock
from gateway.errors import UsageError
from gateway.ports import Portal
from gateway.store import (
    bookkeeping,
    deletions,
    erasing,
    following,
    forgotten,
    lease,
    lying,
    quarantine,
    renormalise,
)
from gateway.store.absence import Cap
from gateway.store.bookkeeping import Run
from gateway.store.forgotten import Forgotten
from gateway.store.lease import Lease
from gateway.store.retrying import Retried
from gateway.store.staging import Connection
from gateway.store.unit import Writer
from gateway.sync.patience import once_free

PATIENCE_SECONDS = 20.0
"""How long a word waits for the pass that is under way over its portal."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a word on a held deletion."""

    id: int
    portal: str
    decision: str
    gone: int
    """How many rows are gone for it, with what fell with them."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a word is carried out."""

    connection: asyncpg.Connection
    portal: Portal
    number: int
    held: Lease
    now: Clock


class Desk:
    """Where operators decide; a word waits *patience* seconds for its portal, then says who is at work on it."""

    def __init__(self, parts: Parts, *, patience: float = PATIENCE_SECONDS) -> None:
        self._parts = parts
        self._patience = patience

    async def deletions(
        self, portals: Sequence[str] | None = None, *, every: bool = False
    ) -> list[dict[str, Any]]:
        """Return the deletions that wait, or *every* one there ever was."""
        async with self._parts.pool.acquire() as connection:
            return await deletions.listed(connection, portals, every=every)

    async def deletion(self, id_: int) -> dict[str, Any]:
        """Return one of them with examples of its rows; UsageError where there is none such."""
        async with self._parts.pool.acquire() as connection:
            return await deletions.shown(connection, id_)

    async def approve(self, ids: Sequence[int], by: str | None) -> list[Decided]:
        """Let the rows of held deletions go, each in a commit of its own; *by* is who decides so.

        UsageError for one that does not wait, LeaseHeld where a pass goes on for too long.
        """
        async with self._parts.pool.acquire() as connection:
            by_portal = await deletions.portals_of(connection, ids)
        done = []
        for key, mine in _grouped(by_portal).items():
            async with self._place(key) as place:
                writer = await self._writer(place, _no_run(place))
                for id_ in mine:
                    gone = await deletions.approve(writer, place.connection, id_, by, place.now())
                    done.append(Decided(id_, key, "APPROVED", gone))
        return done

    async def reject(self, ids: Sequence[int], by: str | None) -> list[Decided]:
        """Keep the rows of held deletions, all or none; UsageError for one that does not wait. *by*: who decides so."""
        async with self._parts.pool.acquire() as connection:
            by_portal = await deletions.portals_of(connection, ids)
            clocks = {key: await portal_clock(self._parts.portal(key)) for key in set(by_portal.values())}
            async with connection.transaction():
                for id_, key in by_portal.items():
                    await deletions.reject(connection, id_, by, clocks[key]())
        return [Decided(id_, key, "REJECTED", 0) for id_, key in by_portal.items()]

    async def entries(
        self,
        portals: Sequence[str] | None = None,
        stream: str | None = None,
        *,
        every: bool = False,
        most: int = 100,
    ) -> list[dict[str, Any]]:
        """Return what lies in quarantine, or *every* entry there ever was, the newest first, without the bytes."""
        async with self._parts.pool.acquire() as connection:
            return await lying.listed(connection, portals, stream, every=every, most=most)

    async def entry(self, id_: int) -> dict[str, Any]:
        """Return one entry with its bytes; UsageError where there is none such."""
        async with self._parts.pool.acquire() as connection:
            return await lying.shown(connection, id_)

    async def retry(
        self, by: str | None, ids: Sequence[int] | None = None, portals: Sequence[str] | None = None
    ) -> Retried:
        """Read entries again with today's rules: *ids*, or all of *portals* (None: of every one); *by* is who says so.

        UsageError for an id that does not lie there, LeaseHeld where a pass goes on for too long.
        """
        async with self._parts.pool.acquire() as connection:
            by_portal = await lying.open_by_portal(connection, ids, portals)
        told = Retried()
        for key, mine in by_portal.items():
            async with self._place(key) as place:
                async with lease.writing(place.connection, place.held):
                    await quarantine.note_retry(place.connection, mine, by, place.now())
                told.add(await self._retry(place, mine))
        return told

    async def spoken_of(self, who: str) -> dict[str, dict[str, int]]:
        """Return, by portal, how many rows of each kind speak of *who*: an address, or PORTAL/NATIVE_ID of a person.

        UsageError for anything else, and for a person who is not known.
        """
        async with self._parts.pool.acquire() as connection:
            whom = await self._whom(connection, who)
            return {
                key: await erasing.counted(connection, self._parts.numbers[key], Forgotten(frozenset([name])))
                for key, name in whom.items()
            }

    async def forget(self, who: str, by: str | None) -> dict[str, dict[str, int]]:
        """Blank what is stored of *who*, and what arrives of them from now on; return the same; *by*: who says so."""
        async with self._parts.pool.acquire() as connection:
            whom = await self._whom(connection, who)
        told = {}
        for key, name in whom.items():
            async with self._place(key) as place:
                async with lease.writing(place.connection, place.held):
                    await forgotten.note(place.connection, place.number, [name], by, place.now())
                writer = await self._writer(place, _no_run(place))
                found = Forgotten(frozenset([name]))
                told[key] = await erasing.erase(place.connection, writer, place.number, found, place.now())
        return told

    async def forgotten(self, who: str) -> dict[str, dict[str, Any]]:
        """Return, by portal, since when *who* is forgotten (``at``) and who said so (``by``), where they are."""
        async with self._parts.pool.acquire() as connection:
            whom = await self._whom(connection, who)
            found = {
                key: await forgotten.noted(connection, self._parts.numbers[key], name)
                for key, name in whom.items()
            }
        return {key: {"at": each[0], "by": each[1]} for key, each in found.items() if each is not None}

    async def _whom(self, connection: Connection, who: str) -> dict[str, str]:
        """Return by portal how *who* is remembered there; UsageError where nobody is meant."""
        if forgotten.is_address(who):
            return dict.fromkeys(self._parts.portals, forgotten.address_name(who))
        key, _, native = who.partition("/")
        self._parts.portal(key)
        if not await erasing.is_known(connection, self._parts.numbers[key], native):
            raise UsageError(
                f"{key} has no person {native!r}.",
                hint="Say PORTAL/NATIVE_ID, as answers have it, or an e-mail address.",
            )
        return {key: native}

    async def waiting(self) -> dict[str, dict[str, float]]:
        """Return how much waits, by portal: `held_deletions`, and `quarantined` elements."""
        async with self._parts.pool.acquire() as connection:
            return await lying.counted(connection)

    async def version(self) -> int:
        """Return the data version of now."""
        async with self._parts.pool.acquire() as connection:
            return await bookkeeping.data_version(connection)

    async def _retry(self, place: _Place, ids: Sequence[int]) -> Retried:
        return await renormalise.retry(
            place.connection,
            number=place.number,
            adapter=self._parts.adapters[place.portal.settings.adapter],
            held=place.held,
            now=place.now,
            ids=ids,
        )

    async def _writer(self, place: _Place, run: Run) -> Writer:
        settings = self._parts.settings
        adapter = self._parts.adapters[place.portal.settings.adapter]
        writer = Writer(
            place.connection,
            run=run,
            held=place.held,
            normalise=adapter.normalise,
            inventory=adapter.inventory,
            cap=Cap(settings.deletion_cap_percent, settings.deletion_cap_rows),
            now=place.now,
        )
        await writer.open()
        return writer

    @asynccontextmanager
    async def _place(self, key: str) -> AsyncIterator[_Place]:
        portal, number = self._parts.portal(key), self._parts.numbers[key]
        async with AsyncExitStack() as stack:
            connection = await postgres.connect(self._parts.url)
            stack.push_async_callback(connection.close)
            held = await self._lease(stack, connection, number)
            yield _Place(connection, portal, number, held, await portal_clock(portal))
            await following.settle(connection)

    async def _lease(self, stack: AsyncExitStack, connection: asyncpg.Connection, number: int) -> Lease:
        """Take the portal's lease, after the pass that has it where that ends soon."""

        async def taken() -> Lease:
            return await stack.enter_async_context(keeper(self._parts).holding(connection, number))

        return await once_free(taken, patience=self._patience)


def _no_run(place: _Place) -> Run:
    return Run(None, place.number, place.now(), baseline=False)


def _grouped(by_portal: dict[int, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for id_, key in by_portal.items():
        found[key].append(id_)
    return found
