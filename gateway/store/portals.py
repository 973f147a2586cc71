"""The portals' own rows: each configured portal has a number for life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.model.entities import JSON
from gateway.ports import Adapter, Portal
from gateway.store import bookkeeping, provenance
from gateway.store.staging import Connection, value


@dataclass(frozen=True, slots=True)
class Rate:
    """What a portal last said may still be asked, per key."""

    limit: int | None
    remaining: int | None
    blocked_until: datetime | None


async def register(
    connection: Connection, portals: Mapping[str, Portal], adapters: Mapping[str, Adapter]
) -> dict[str, int]:
    """Store what is configured and return each portal's number; rows that say the same are left alone."""
    numbers: dict[str, int] = {}
    for key, portal in portals.items():
        adapter, settings = adapters[portal.settings.adapter], portal.settings
        values = (
            key,
            adapter.name,
            settings.title or adapter.title,
            settings.base_url,
            settings.site_url or None,
            settings.sandbox,
            adapter.inventory,
            list(adapter.caveats),
            bookkeeping.encode(
                [{"word": word, "status": status.value} for word, status in adapter.job_statuses.items()]
            ),
        )
        await connection.execute(
            """
            INSERT INTO portal AS p (number, key, adapter, title, base_url, site_url, sandbox, inventory, caveats,
                job_statuses, capabilities, breaker_state)
            SELECT coalesce((SELECT max(number) FROM portal), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8,
                $9::jsonb, '{}', 'CLOSED'
            WHERE NOT EXISTS (SELECT FROM portal WHERE key = $1)
            """,
            *values,
        )
        await connection.execute(
            """
            UPDATE portal SET adapter = $2, title = $3, base_url = $4, site_url = $5, sandbox = $6, inventory = $7,
                caveats = $8, job_statuses = $9
            WHERE key = $1 AND (adapter, title, base_url, site_url, sandbox, inventory, caveats, job_statuses)
                IS DISTINCT FROM ($2, $3, $4, $5, $6, $7, $8, $9::jsonb)
            """,
            *values,
        )
        numbers[key] = await value(connection, "SELECT number FROM portal WHERE key = $1", key)
        await provenance.tell(connection, numbers[key], adapter)
    return numbers


async def note(connection: Connection, portal: int, noted: Mapping[str, JSON]) -> None:
    """Remember what a pass has found of the portal's wire; the same again writes nothing."""
    await connection.execute(
        "UPDATE portal SET capabilities = $2 WHERE number = $1 AND capabilities IS DISTINCT FROM $2::jsonb",
        portal,
        bookkeeping.encode(dict(noted)),
    )


async def keep_rate(connection: Connection, portal: int, key_hash: str, rate: Rate, now: datetime) -> None:
    """Store what a portal's answers said of its limits."""
    await connection.execute(
        """
        INSERT INTO budget AS b (portal, key_hash, "limit", remaining, blocked_until, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (portal, key_hash) DO UPDATE SET "limit" = $3, remaining = $4, blocked_until = $5, updated_at = $6
        """,
        portal,
        key_hash,
        rate.limit,
        rate.remaining,
        rate.blocked_until,
        now,
    )
