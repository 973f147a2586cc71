"""Somebody of whom a portal tells, and where a database still speaks of them."""

from __future__ import annotations

from typing import Any

import asyncpg

_OLD = "document_hash = 'old', row_hash = 'old'"
_OWNER = "(SELECT owner_id FROM harvest_source WHERE native_id = $1)"
CHANGED = (
    f"UPDATE person SET {_OLD}, slug = slug || '-' WHERE id = {_OWNER}",
    f"""
    UPDATE harvest_source SET {_OLD}, notification_emails = notification_emails || '{{nobody@example.org}}'
    WHERE native_id = $1
    """,
)
"""Lets the next pass find a source and its owner changed."""
TABLES = (
    "person",
    "harvest_source",
    "harvest_source_history",
    "harvest_record",
    "harvest_error",
    "event",
    "drift",
)
BODIES = ("document", "quarantine", "payload")
CHOICES = {
    "data-gouv-fr": (
        "SELECT p.slug AS word, 'data-gouv-fr/' || p.native_id AS who, s.native_id AS source FROM person p"
        " JOIN harvest_source s ON s.owner_id = p.id WHERE p.slug IS NOT NULL ORDER BY p.id LIMIT 1"
    ),
    "data-gov": (
        "SELECT e.mail AS word, e.mail AS who, min(s.native_id) AS source FROM harvest_source s,"
        " unnest(s.notification_emails) e(mail) GROUP BY e.mail ORDER BY count(*), e.mail LIMIT 1"
    ),
}
"""What each portal tells of somebody that nobody else shares."""


async def spoken(connection: asyncpg.Connection, word: str) -> dict[str, int]:
    """Return in how many rows of which tables *word* stands, whatever its capitals."""
    found = {}
    for table in TABLES:
        found[table] = f"SELECT count(*) FROM {table} t WHERE strpos(lower(to_jsonb(t)::text), lower($1)) > 0"
    for table in BODIES:
        found[table] = (
            f"SELECT count(*) FROM {table} t WHERE strpos(lower(octets_text(t.body)), lower($1)) > 0"
        )
    told = {table: await connection.fetchval(query, word) for table, query in found.items()}
    return {table: count for table, count in told.items() if count}


async def fingerprints(connection: asyncpg.Connection) -> list[Any]:
    return await connection.fetch("SELECT entity_type, entity_id, hash FROM document ORDER BY 1, 2, 3")
