"""How a portal is asked: by a client that is set up as the portal is, within what may still be asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from hashlib import sha256

import asyncpg

from gateway import __version__
from gateway.errors import PortalUnavailable
from gateway.fetch.budget import Spending
from gateway.fetch.client import Client
from gateway.fetch.turnstile import Turnstile
from gateway.ports import Adapter, Part, Portal
from gateway.store import payloads, portals
from gateway.store.staging import Connection
from gateway.store.turnstile import SharedTurnstile

GRACE = timedelta(minutes=1)
"""How much longer than its longest answer a request keeps its place, where whoever sent it has stopped."""


@asynccontextmanager
async def asked(
    connect: Callable[[], Awaitable[asyncpg.Connection]],
    portal: Portal,
    number: int,
    now: Callable[[], datetime],
) -> AsyncIterator[Client]:
    """Open a client of *portal* that shares what may be asked with all others who ask it with the same key.

    *connect* opens a connection for that alone; *now* is the portal's clock. A PortalUnavailable that leaves the block
    counts for the portal's breaker. Raises ConfigurationError where the portal has been forgotten.
    """
    settings = portal.settings
    key = settings.api_key.get_secret_value() if settings.api_key else None
    turnstile = SharedTurnstile(
        connect,
        number,
        key_hash(portal),
        requests_per_second=settings.requests_per_second,
        connections=settings.connections,
        now=now,
        term=timedelta(seconds=settings.timeout_seconds) + GRACE,
    )
    async with turnstile, client(portal, key, now, turnstile) as opened:
        try:
            yield opened
        except PortalUnavailable as error:
            await opened.failed(error)
            raise


def key_hash(portal: Portal) -> str:
    """Return the fingerprint by which the store knows the portal's key, "" without one."""
    key = portal.settings.api_key
    return sha256(key.get_secret_value().encode()).hexdigest()[:16] if key else ""


def client(portal: Portal, key: str | None, now: Callable[[], datetime], turnstile: Turnstile) -> Client:
    """Return a client as the portal's settings want it."""
    settings = portal.settings
    return Client(
        portal=portal.key,
        base_url=settings.base_url,
        now=now,
        user_agent=f"harvest-gateway/{__version__} ({settings.contact or 'no contact given'})",
        api_key=key,
        connections=settings.connections,
        timeout_seconds=settings.timeout_seconds,
        max_body_bytes=settings.max_body_bytes,
        max_requests=settings.max_requests,
        turnstile=turnstile,
    )


async def fetch_payload(
    connection: Connection,
    portal: Portal,
    number: int,
    adapter: Adapter,
    opened: Client,
    record: str,
    part: Part,
) -> bool:
    """Ask for a payload of the record with that native id, and store it; False where the wire has none of its own.

    Polls go first: what they need of the budget is left to them. Raises PortalUnavailable, PortalRefused,
    PortalUnreadable.
    """
    opened.spending = Spending.BACKFILL
    noted = await portals.noted(connection, number)
    found = await adapter.payload(portal, opened, noted, record, part)
    return found is not None and await payloads.keep(connection, number, record, part, found)
