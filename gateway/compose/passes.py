"""How a portal is asked: at its own time, over a connection and with a client that are one task's alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import aiohttp

from gateway import postgres
from gateway.compose.parts import Parts
from gateway.ports import Part, Pass, Portal
from gateway.store import overview
from gateway.store.absence import Cap
from gateway.store.keeping import Keeper
from gateway.store.lease import this_process
from gateway.sync.asking import asked, fetch_payload
from gateway.sync.passes import Limits, PortalPass
from gateway.sync.progress import Progress, RunSummary
from gateway.sync.worker import PortalWorker, Rhythm

Clock = Callable[[], datetime]


def real_time() -> datetime:
    """Return the time (aware, UTC)."""
    return datetime.now(UTC)


def worker(parts: Parts, portal: Portal, progress: Progress) -> PortalWorker:
    """Return what keeps *portal* current."""
    rhythm = Rhythm(parts.settings.poll_seconds, parts.settings.reconcile_seconds)

    async def run(kind: Pass) -> RunSummary:
        return await run_pass(parts, portal, kind, progress, None)

    async def since_reconcile() -> timedelta | None:
        async with parts.pool.acquire() as connection:
            began = await overview.reconciled_at(connection, parts.numbers[portal.key])
        return None if began is None else (await portal_clock(portal))() - began

    return PortalWorker(portal.key, rhythm, run, since_reconcile)


async def run_pass(
    parts: Parts, portal: Portal, kind: Pass, progress: Progress, clock: Clock | None
) -> RunSummary:
    """Run one pass over *portal* with a client and a connection of its own."""
    now = clock or await portal_clock(portal)
    connection = await postgres.connect(parts.url)
    try:
        async with (
            keeper(parts).holding(connection, parts.numbers[portal.key]) as held,
            asked(connection, portal, parts.numbers[portal.key], now) as client,
        ):
            return await PortalPass(
                portal=portal,
                number=parts.numbers[portal.key],
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
    finally:
        await connection.close()


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
        async with asked(connection, portal, number, now) as client:
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
