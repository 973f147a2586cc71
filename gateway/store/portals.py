"""The portals' own rows: each configured portal has a number for life."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.model.entities import JSON
from gateway.ports import Adapter, Portal
from gateway.store import bookkeeping, provenance
from gateway.store.staging import Connection, value

_TURN = 5_004_201
"""The advisory lock of those who give portals their numbers."""


async def register(
    connection: Connection, portals: Mapping[str, Portal], adapters: Mapping[str, Adapter]
) -> dict[str, int]:
    """Store what is configured and return each portal's number; rows that say the same are left alone.

    A number that a forgotten portal had is not given again: its leases, which are kept, tell it.
    """
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
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _TURN)  # processes start at once
            await connection.execute(
                """
                INSERT INTO portal AS p (number, key, adapter, title, base_url, site_url, sandbox, inventory, caveats,
                    job_statuses, capabilities, breaker_state)
                SELECT greatest((SELECT max(number) FROM portal), (SELECT max(portal) FROM lease), 0) + 1,
                    $1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, '{}', 'CLOSED'
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
            await bookkeeping.move_version(connection)
    return numbers


async def noted(connection: Connection, portal: int) -> Mapping[str, JSON]:
    """Return what passes have noted of the portal's wire, empty at first."""
    found: Mapping[str, JSON] = msgspec.json.decode(
        await value(connection, "SELECT capabilities FROM portal WHERE number = $1", portal)
    )
    return found


async def note(connection: Connection, portal: int, noted: Mapping[str, JSON]) -> None:
    """Remember what a pass has found of the portal's wire; the same again writes nothing."""
    async with connection.transaction():
        await connection.execute(
            "UPDATE portal SET capabilities = $2 WHERE number = $1 AND capabilities IS DISTINCT FROM $2::jsonb",
            portal,
            bookkeeping.encode(dict(noted)),
        )
        await bookkeeping.move_version(connection)
