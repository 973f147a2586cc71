"""Where each portal stands, in plain values: what ``gateway status`` and the worker read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.store.breakers import COLUMNS, breaker_in
from gateway.store.staging import Connection
from gateway.store.tables import ROWS

_PORTALS = """
    SELECT number, key, title, adapter, base_url, sandbox, notice, breaker_state, breaker_since,
        breaker_until, breaker_reason, capabilities FROM portal
    WHERE key = ANY ($1) ORDER BY key
"""
_ASKING = f"""
    SELECT key, title, adapter, base_url, sandbox, capabilities, forgetting_since, {COLUMNS},
        (SELECT coalesce(json_object_agg(b.key_hash, b.state), '{{}}')::text FROM budget b
            WHERE b.portal = p.number) AS budgets
    FROM portal p ORDER BY key
"""
_STREAMS = """
    SELECT stream, polled_at, reconciled_at, complete, done, expected, note FROM sync_stream WHERE portal = $1
    ORDER BY stream
"""
_RUNS = """
    SELECT kind, state, baseline, started_at, ended_at, requests, tallies, notice FROM sync_run
    WHERE portal = $1 ORDER BY id DESC LIMIT 5
"""
_BUDGET = """
    SELECT "limit", remaining, blocked_until, updated_at FROM budget
    WHERE portal = $1 AND ("limit" IS NOT NULL OR blocked_until IS NOT NULL) ORDER BY updated_at DESC LIMIT 1
"""

_HELD = (
    "SELECT holder, taken_at FROM lease WHERE portal = $1 AND unit = 'portal' AND until > clock_timestamp()"
)
_DUE = "SELECT kind, due_at, failures FROM sync_due WHERE portal = $1 ORDER BY kind"


async def portals(connection: Connection, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Return, per portal: what it is, how current each stream is, how many rows there are, the last runs.

    Its budget is that of the key that was used last, None where the portal has told of no limit.
    """
    return [await _portal(connection, dict(row)) for row in await connection.fetch(_PORTALS, list(keys))]


async def asking(connection: Connection) -> list[dict[str, Any]]:
    """Return, per portal: who it is, its breaker, and what is known of its budgets by the keys' fingerprints."""
    return [
        {
            **row,
            "capabilities": msgspec.json.decode(row["capabilities"]),
            "breaker": breaker_in(row),
            "budgets": msgspec.json.decode(row["budgets"]),
        }
        for row in await connection.fetch(_ASKING)
    ]


async def _portal(connection: Connection, portal: dict[str, Any]) -> dict[str, Any]:
    number = portal.pop("number")
    streams = [dict(row) for row in await connection.fetch(_STREAMS, number)]
    runs = [dict(row) for row in await connection.fetch(_RUNS, number)]
    for run in runs:
        run["tallies"] = msgspec.json.decode(run["tallies"])
    budget = await connection.fetchrow(_BUDGET, number)
    wire = msgspec.json.decode(portal.pop("capabilities"))
    loading = not streams or any(stream["reconciled_at"] is None for stream in streams)
    return {
        **portal,
        "wire": wire,
        "state": "LOADING" if loading else "READY",
        "counts": await _counts(connection, number),
        "unknown_words": await _unknown(connection, number),
        "quarantined": await connection.fetchval(
            "SELECT count(*) FROM quarantine WHERE portal = $1 AND released_at IS NULL", number
        ),
        "held_deletions": await connection.fetchval(
            "SELECT count(*) FROM held_deletion WHERE portal = $1 AND decided_at IS NULL", number
        ),
        "budget": None if budget is None else dict(budget),
        "streams": streams,
        "runs": runs,
        "work": await _work(connection, number),
    }


async def _work(connection: Connection, number: int) -> dict[str, Any]:
    """Return who is at work since when, None for nobody, and when each kind of pass is due and how it fares."""
    held = await connection.fetchrow(_HELD, number)
    due = await connection.fetch(_DUE, number)
    return {
        "worker": held and held["holder"],
        "since": held and held["taken_at"],
        "due": {row["kind"]: {"at": row["due_at"], "failures": row["failures"]} for row in due},
    }


async def _counts(connection: Connection, number: int) -> dict[str, dict[str, int]]:
    """Return rows by entity type and presence."""
    counts: dict[str, dict[str, int]] = {}
    for type_, row in ROWS.items():
        rows = await connection.fetch(
            f"SELECT presence, count(*) AS n FROM {row.__tablename__} WHERE portal = $1 GROUP BY presence ORDER BY 1",
            number,
        )
        counts[type_.value] = {found["presence"]: found["n"] for found in rows}
    return counts


async def _unknown(connection: Connection, number: int) -> list[dict[str, Any]]:
    """Return the portal's words that the common model has no word for, with how often they occur."""
    rows = await connection.fetch(
        """
        SELECT 'HarvestJob.status' AS field, native_status AS word, count(*) AS n FROM harvest_job
        WHERE portal = $1 AND wire_status = 'UNKNOWN' AND presence <> 'UNKNOWN' GROUP BY 2
        UNION ALL
        SELECT 'HarvestRecord.status', native_status, count(*) FROM harvest_record
        WHERE portal = $1 AND wire_status = 'UNKNOWN' AND presence <> 'UNKNOWN' GROUP BY 2
        UNION ALL
        SELECT 'HarvestSource.backend', b.native_id, count(*) FROM harvest_source s JOIN harvest_backend b
        ON b.id = s.backend_id WHERE s.portal = $1 AND s.protocol = 'UNKNOWN' AND s.presence <> 'UNKNOWN' GROUP BY 2
        ORDER BY 1, 3 DESC
        """,
        number,
    )
    return [dict(row) for row in rows]


async def reconciled_at(connection: Connection, number: int) -> datetime | None:
    """Return when the portal's last reconcile began, by the portal's clock; None while there was none."""
    found: datetime | None = await connection.fetchval(
        "SELECT max(started_at) FROM sync_run "
        "WHERE portal = $1 AND kind = 'RECONCILE' AND state IN ('DONE', 'INCOMPLETE') "
        "AND NOT EXISTS (SELECT FROM sync_stream s WHERE s.portal = $1 AND s.reconciled_at IS NULL)",
        number,
    )
    return found
