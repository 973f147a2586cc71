"""Reading what was counted as drift: a list for operators, numbers by portal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.store.staging import Connection

_LISTED = """
    SELECT p.key AS portal, d.entity_type, d.pointer, d.kind, d.word, d.count, d.native_id, d.first_seen_at,
        d.last_seen_at
    FROM drift d JOIN portal p ON p.number = d.portal
    WHERE p.key = ANY ($1) AND d.first_seen_at >= coalesce($2, '-infinity'::timestamptz)
    ORDER BY d.first_seen_at DESC, p.key, d.entity_type, d.pointer, d.kind, d.word
"""
_COUNTED = """
    SELECT p.key, count(d.portal) AS n, extract(epoch FROM max(d.first_seen_at))::float8 AS newest
    FROM portal p LEFT JOIN drift d ON d.portal = p.number GROUP BY p.key
"""


async def listed(
    connection: Connection, portals: Sequence[str], since: datetime | None
) -> list[dict[str, Any]]:
    """Return what *portals* (keys) have sent that nobody expected, the newest first; *since*: new then or later."""
    return [dict(row) for row in await connection.fetch(_LISTED, list(portals), since)]


async def counted(connection: Connection) -> dict[str, dict[str, float]]:
    """Return by portal how many things there are, and when the newest of them was first seen (seconds since 1970)."""
    rows = await connection.fetch(_COUNTED)
    return {
        "drift": {row["key"]: row["n"] for row in rows},
        "drift_newest_timestamp_seconds": {
            row["key"]: row["newest"] for row in rows if row["newest"] is not None
        },
    }
