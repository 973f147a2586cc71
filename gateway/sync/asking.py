"""How a portal is asked: by a client that is set up as the portal is, within what may still be asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256

from gateway import __version__
from gateway.fetch.budget import Budget, Spending
from gateway.fetch.client import Client
from gateway.ports import Adapter, Part, Portal
from gateway.store import payloads, portals
from gateway.store.staging import Connection


@asynccontextmanager
async def asked(
    connection: Connection, portal: Portal, number: int, now: Callable[[], datetime]
) -> AsyncIterator[Client]:
    """Open a client of *portal* that knows what may still be asked; keep that, however it ends.

    *now* is the portal's clock.
    """
    key = portal.settings.api_key.get_secret_value() if portal.settings.api_key else None
    key_hash = sha256(key.encode()).hexdigest()[:16] if key else ""
    budget = await portals.budget(connection, number, key_hash)
    async with client(portal, key, now, budget) as opened:
        try:
            yield opened
        finally:
            if opened.requests and budget.told:
                await portals.keep_budget(connection, number, key_hash, budget, datetime.now(UTC))


def client(portal: Portal, key: str | None, now: Callable[[], datetime], budget: Budget) -> Client:
    """Return a client as the portal's settings want it."""
    settings = portal.settings
    return Client(
        portal=portal.key,
        base_url=settings.base_url,
        now=now,
        user_agent=f"harvest-gateway/{__version__} ({settings.contact or 'no contact given'})",
        api_key=key,
        requests_per_second=settings.requests_per_second,
        connections=settings.connections,
        timeout_seconds=settings.timeout_seconds,
        max_body_bytes=settings.max_body_bytes,
        max_requests=settings.max_requests,
        budget=budget,
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
