"""``gateway forget`` as an operator types it: what is said of somebody is nowhere any more, and does not come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncpg
import pytest
from acceptance.operating import Operator
from acceptance.syncing import rehearsal

from gateway.ports import Pass

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


@pytest.mark.parametrize("portal", sorted(CHOICES))
async def test_who_is_forgotten_is_nowhere_and_does_not_come_back(
    portal: str, database_url: str, tmp_path: Path
) -> None:
    async with rehearsal(portal, database_url, seed=6) as mirror:
        operator, connection = Operator(mirror, database_url, tmp_path), mirror.connection
        await mirror.run(Pass.RECONCILE)
        word, who, source = await connection.fetchrow(CHOICES[portal])
        for change in CHANGED:
            await connection.execute(change, source)
        mirror.sandbox.advance(1)
        await mirror.run(Pass.RECONCILE)  # with a change, history and an event of it
        before, hashes = await spoken(connection, word), await fingerprints(connection)
        assert {"document", "event", "harvest_source_history" if portal == "data-gov" else "person"} <= set(
            before
        )

        shown = await operator.told("forget", who)
        assert (shown["done"], shown["forgotten"]) == (False, {})
        assert shown["portals"][portal]["documents"] == before["document"]
        assert await spoken(connection, word) == before, "nothing was changed"

        done = await operator.types("forget", who, "--yes")
        assert done.returncode == 0, done.stderr
        assert "Blanked" in done.stdout
        assert await spoken(connection, word) == {}
        assert await fingerprints(connection) == hashes

        again = await operator.told("forget", who, "--yes")
        assert sum(again["portals"][portal].values()) == 0
        assert again["forgotten"][portal]["by"] == "command line"
        unchanged = await mirror.run(Pass.RECONCILE)
        assert sum(tally.changed + tally.new for tally in unchanged.streams.values()) == 0
        await connection.execute(
            "UPDATE harvest_source SET document_hash = 'old' WHERE native_id = $1", source
        )
        mirror.sandbox.advance(3)
        await mirror.run(Pass.RECONCILE)
        assert await spoken(connection, word) == {}, "it arrived again, and was blanked"

        unknown = await operator.types("forget", f"{portal}/nobody")
        assert (unknown.returncode, unknown.stdout) == (2, "")
        assert "has no person 'nobody'" in unknown.stderr
