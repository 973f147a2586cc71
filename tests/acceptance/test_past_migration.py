"""Revision 0011 on a database that older gateways have filled: its past has neither holes nor overlaps then."""

from __future__ import annotations

from itertools import pairwise

from gateway.postgres import connect, downgrade, migrate

_FILL = """
    INSERT INTO portal (number, key, adapter, title, base_url, sandbox, inventory, capabilities, caveats, breaker_state)
    VALUES (1, 'a', 'a', 'A', 'http://localhost', false, true, '{}', '{}', 'CLOSED');
    INSERT INTO sync_stream (portal, stream, reconciled_at, complete, done)
    VALUES (1, 'sources', '2026-01-02', true, 0);
    INSERT INTO sync_run (portal, kind, state, whole, baseline, started_at, ended_at, requests, tallies) VALUES
        (1, 'POLL', 'FAILED', false, true, '2026-01-01', '2026-01-01', 0, '{}'),
        (1, 'RECONCILE', 'DONE', NULL, true, '2026-01-02', '2026-01-03', 0, '{}'),
        (1, 'POLL', 'DONE', true, false, '2026-01-04', '2026-01-05', 0, '{}');
    INSERT INTO harvest_source (portal, native_id, name, presence, first_seen_at, changed_at, protocol,
        metadata_standard, standard_family)
    VALUES (1, 's', 'c', 'PRESENT', '2026-01-01', '2026-01-09', 'CKAN', 'CKAN', 'CKAN');
    INSERT INTO harvest_source_history (id, portal, native_id, name, presence, first_seen_at, changed_at, protocol,
        metadata_standard, standard_family, valid_from, valid_to)
    SELECT t.id, 1, 's', v.name, 'PRESENT', '2026-01-01', v.since, 'CKAN', 'CKAN', 'CKAN', v.since, v.until
    FROM harvest_source t, (VALUES ('a', timestamptz '2026-01-03', timestamptz '2026-01-05'),
        ('b', timestamptz '2026-01-04', timestamptz '2026-01-06')) v (name, since, until)
"""
_NAMED = """
    INSERT INTO organization (portal, native_id, presence, first_seen_at, changed_at, kind)
    VALUES (1, 'o', 'PRESENT', '2026-01-01', '2026-01-02', 'OTHER');
    INSERT INTO harvest_backend (portal, native_id, presence, first_seen_at, changed_at, protocol, metadata_standard,
        standard_family)
    VALUES (1, 'b', 'PRESENT', '2026-01-01', '2026-01-02', 'CKAN', 'CKAN', 'CKAN');
    INSERT INTO harvest_job (portal, native_id, presence, first_seen_at, changed_at, status, wire_status, kind)
    VALUES (1, 'j', 'PRESENT', '2026-01-01', '2026-01-02', 'FAILED', 'FAILED', 'HARVEST')
"""
_VERSIONS = """
    SELECT valid_from, valid_to, name, presence FROM harvest_source_history
    UNION ALL SELECT changed_at, 'infinity', name, presence FROM harvest_source ORDER BY 1
"""


async def test_versions_follow_each_other_from_the_first_sight_on(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    await downgrade(empty_database_url, "0010")
    connection = await connect(empty_database_url)
    try:
        await connection.execute(_FILL)
        await connection.execute(_NAMED)
        await migrate(empty_database_url)
        found = await connection.fetch(_VERSIONS)
        assert [(row["name"], row["presence"]) for row in found] == [
            (None, "UNKNOWN"),
            ("a", "PRESENT"),
            ("b", "PRESENT"),
            ("c", "PRESENT"),
        ]
        assert [row["valid_from"].day for row in found] == [1, 3, 4, 9]
        assert all(one["valid_to"] == other["valid_from"] for one, other in pairwise(found))
        for table in ("organization", "harvest_backend", "harvest_job"):
            row = await connection.fetchrow(f"SELECT presence FROM {table}_history")
            assert row["presence"] == "UNKNOWN", f"each {table} was only named at first"
        since = await connection.fetchval("SELECT known_since FROM portal_past WHERE pruned_until IS NULL")
        assert since.isoformat() == "2026-01-03T00:00:00+00:00"
    finally:
        await connection.close()
