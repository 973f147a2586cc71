"""How a portal is asked: at its own time, over a connection and with a client that are one task's alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

import aiohttp

from gateway import postgres
from gateway.compose.parts import Parts
from gateway.compose.settling import collect_rarely
from gateway.ports import Part, Pass, Portal
from gateway.store import lease, overview, timetable
from gateway.store.absence import Cap
from gateway.store.away import spoken
from gateway.store.keeping import Keeper
from gateway.store.lease import Lease, this_process
from gateway.store.staging import Connection
from gateway.sync.asking import asked, fetch_payload
from gateway.sync.passes import Limits, PortalPass
from gateway.sync.progress import Progress, RunSummary
from gateway.sync.units import Rhythm, outlook

Clock = Callable[[], datetime]
Wanted = Callable[[Connection, int, Pass], Awaitable[bool]]
"""Given a connection, a portal's number and a kind of pass: whether that pass is still wanted."""


async def always(_connection: Connection, _portal: int, _kind: Pass) -> bool:
    """Want every pass."""
    return True


def real_time() -> datetime:
    """Return the time (aware, UTC)."""
    return datetime.now(UTC)


async def run_pass(
    parts: Parts,
    portal: Portal,
    kind: Pass,
    progress: Progress,
    clock: Clock | None = None,
    *,
    wanted: Wanted = always,
) -> RunSummary | None:
    """Run one pass over *portal* with a client and a connection of its own, and note when the next one is due.

    *wanted* decides, under the portal's lease, whether there is anything to do; None: there was not. Raises LeaseHeld,
    LeaseLost, DatabaseUnavailable.
    """
    collect_rarely()
    now = clock or await portal_clock(portal)
    connection, number = await postgres.connect(parts.url), parts.numbers[portal.key]
    try:
        with spoken():
            async with keeper(parts).holding(connection, number) as held:
                if not await wanted(connection, number, kind):
                    return None
                async with asked(partial(postgres.connect, parts.url), portal, number, now) as client:
                    summary = await PortalPass(
                        portal=portal,
                        number=number,
                        adapter=parts.adapters[portal.settings.adapter],
                        client=client,
                        connection=connection,
                        now=now,
                        held=held,
                        progress=progress,
                        limits=Limits(
                            parts.settings.batch_size,
                            Cap(parts.settings.deletion_cap_percent, parts.settings.deletion_cap_rows),
                        ),
                    ).run(kind)
                await _settle(connection, held, rhythm(parts), kind, summary, now())
                return summary
    finally:
        connection.terminate()


async def _settle(
    connection: Connection, held: Lease, rhythm: Rhythm, kind: Pass, summary: RunSummary, now: datetime
) -> None:
    """Note what follows from a pass for the timetable; *now* by the portal's clock."""
    began = await overview.reconciled_at(connection, held.portal)
    async with lease.writing(connection, held):
        found = outlook(
            kind,
            summary,
            rhythm,
            failures=await timetable.failures(connection, held.portal, kind),
            resumes=None if summary.resumes_at is None else (summary.resumes_at - now).total_seconds(),
            reconciled=None if began is None else (now - began).total_seconds(),
        )
        await timetable.settle(connection, held.portal, found.seconds, found.failures)


def rhythm(parts: Parts) -> Rhythm:
    """Return how often portals are polled and reconciled."""
    return Rhythm(parts.settings.poll_seconds, parts.settings.reconcile_seconds)


def keeper(parts: Parts) -> Keeper:
    """Return what takes leases in the name of this process, and keeps them."""
    return Keeper(partial(postgres.connect, parts.url), this_process(), parts.settings.heartbeat_seconds)


async def ask_payload(parts: Parts, key: str, record: str, part: Part) -> bool:
    """Ask the portal *key* for a payload of the record with that native id, and store it.

    False where the portal's wire has none of its own, or the portal is no longer configured. Raises
    PortalUnavailable, PortalRefused, PortalUnreadable.
    """
    if key not in parts.portals:
        return False
    portal, number = parts.portals[key], parts.numbers[key]
    now = await portal_clock(portal)
    connection = await postgres.connect(parts.url)
    try:
        async with asked(partial(postgres.connect, parts.url), portal, number, now) as client:
            adapter = parts.adapters[portal.settings.adapter]
            return await fetch_payload(connection, portal, number, adapter, client, record, part)
    finally:
        await connection.close()


async def portal_clock(portal: Portal) -> Clock:
    """Return the portal's clock: a sandbox portal's is its world's, a live one's is the time.

    The offset is asked for once a pass, so that a pass has one time.
    """
    if not portal.settings.sandbox:
        return real_time
    parts = urlsplit(portal.settings.base_url)
    url = f"{parts.scheme}://{parts.netloc}/_sandbox/clock"
    try:
        async with aiohttp.ClientSession(trust_env=False) as session, session.get(url) as response:
            told = datetime.fromisoformat((await response.json())["now"])
    except (aiohttp.ClientError, OSError, ValueError, KeyError):
        return real_time  # the pass itself says that the portal cannot be reached
    return lambda: told
