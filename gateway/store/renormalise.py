"""Running the normalisers again over everything that is stored, without a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gateway.model.enums import Cause, EntityType
from gateway.ports import Adapter, Scope
from gateway.store import bookkeeping, drift, lease, retrying
from gateway.store.absence import Cap
from gateway.store.afterwards import insist, start_anew
from gateway.store.bookkeeping import Run
from gateway.store.documents import current_documents
from gateway.store.lease import Lease
from gateway.store.merge import ORDER
from gateway.store.parts import Part, Tally
from gateway.store.retrying import Retried
from gateway.store.staging import Connection
from gateway.store.unit import Writer

QUARANTINE = "Quarantine"
"""What the tallies call elements that lay in quarantine."""


async def renormalise(
    connection: Connection,
    *,
    number: int,
    adapter: Adapter,
    held: Lease,
    batch: int,
    now: Callable[[], datetime],
) -> dict[str, Any]:
    """Normalise a portal's current documents again, and what lies in quarantine.

    Return by entity type, and for the quarantine, what was read and what changed.
    """
    told: dict[str, Any] = {}
    async with _reading(connection, number, adapter, held, now, told) as writer:
        async with lease.writing(connection, held):
            await drift.retire(connection, number, adapter.expected)
            await bookkeeping.move_version(connection)
        for type_ in ORDER:
            tally = await _type(connection, writer, number, type_, batch)
            if tally.fetched:
                told[type_.value] = asdict(tally)
        await _retry(connection, writer, number, None, told)
    return told


async def retry(
    connection: Connection,
    *,
    number: int,
    adapter: Adapter,
    held: Lease,
    now: Callable[[], datetime],
    ids: Sequence[int],
) -> Retried:
    """Normalise the entries *ids* of a portal's quarantine again; return what came of each."""
    told: dict[str, Any] = {}
    async with _reading(connection, number, adapter, held, now, told) as writer:
        return await _retry(connection, writer, number, ids, told)


async def _retry(
    connection: Connection, writer: Writer, number: int, ids: Sequence[int] | None, told: dict[str, Any]
) -> Retried:
    retried = await retrying.retry(connection, writer, number, ids)
    tried = len(retried.read) + len(retried.refused)
    if tried:
        told[QUARANTINE] = asdict(
            Tally(fetched=tried, new=len(retried.read), quarantined=len(retried.refused))
        )
    return retried


@asynccontextmanager
async def _reading(
    connection: Connection,
    number: int,
    adapter: Adapter,
    held: Lease,
    now: Callable[[], datetime],
    told: dict[str, Any],
) -> AsyncIterator[Writer]:
    """Note, around a ``with`` block, that what is stored is read again; *told* is what is noted at its end."""
    async with lease.writing(connection, held):
        run = await bookkeeping.start_run(connection, number, "RENORMALISE", now(), baseline=False)
    state = "FAILED"
    try:
        writer = Writer(
            connection,
            run=run,
            held=held,
            normalise=adapter.normalise,
            inventory=adapter.inventory,
            cap=Cap(),
            now=now,
        )
        await writer.open()
        yield writer
        state = "DONE"
    except BaseException:
        await start_anew(connection)
        raise
    finally:
        await insist(lambda: _end(connection, held, run, state, now(), told))


async def _end(
    connection: Connection, held: Lease, run: Run, state: str, now: datetime, told: dict[str, Any]
) -> None:
    async with lease.writing(connection, held):
        await bookkeeping.end_run(
            connection, run, state=state, whole=False, now=now, requests=0, tallies=told, notice=None
        )


async def _type(connection: Connection, writer: Writer, number: int, type_: EntityType, batch: int) -> Tally:
    total = Tally()
    if type_ is EntityType.DATASET:
        return total  # a dataset's text comes with its record
    scope = Scope("renormalise", type_)
    async for documents in current_documents(connection, number, type_, batch):
        total.add(await writer.commit([Part(scope, documents)], cause=Cause.RENORMALISE, again=True))
    return total
