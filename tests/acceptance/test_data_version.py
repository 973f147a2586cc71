"""Whatever commits a change of rows that answers are made of, moves the data version in the same transaction."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import pytest
from acceptance.syncing import Rehearsal, rehearsal

from gateway import registry
from gateway.model.document import Fetch
from gateway.ports import Part, Pass, Payload
from gateway.postgres import connect, downgrade, migrate
from gateway.store import bookkeeping, payloads, portals
from gateway.store.bookkeeping import READABLE
from gateway.store.renormalise import renormalise

WATCH = """
    CREATE TABLE watched (transaction bigint, relation text, PRIMARY KEY (transaction, relation));
    CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO watched VALUES (txid_current(), TG_TABLE_NAME) ON CONFLICT DO NOTHING; RETURN NULL;
    END $$;
"""
UNTOLD = """
    SELECT DISTINCT relation FROM watched w WHERE relation <> 'data_version' AND NOT EXISTS (
        SELECT FROM watched v WHERE v.transaction = w.transaction AND v.relation = 'data_version')
"""


async def watch(connection: asyncpg.Connection) -> None:
    """Note from now on which transaction changes rows of which table."""
    await connection.execute(WATCH)
    for table in sorted({*READABLE, "data_version"}):
        await connection.execute(
            f"CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION watch()"
        )


async def untold(connection: asyncpg.Connection) -> list[str]:
    """Return the tables that some transaction changed without moving the version."""
    return [row["relation"] for row in await connection.fetch(UNTOLD)]


async def version(mirror: Rehearsal) -> int:
    """Return the data version; what was counted so far counts no more."""
    await mirror.written()
    found: int = await mirror.connection.fetchval("SELECT version FROM data_version")
    return found


@pytest.mark.parametrize("name", ["data-gouv-fr", "data-gov"])
async def test_every_pass_moves_the_version_with_what_it_changes(name: str, database_url: str) -> None:
    async with rehearsal(name, database_url, seed=4) as mirror:
        await watch(mirror.connection)
        await mirror.run(Pass.RECONCILE)
        mirror.sandbox.advance(1)
        await mirror.run(Pass.POLL)
        mirror.sandbox.advance(1)
        await mirror.run(Pass.RECONCILE)
        async with mirror.keeper.holding(mirror.connection, mirror.number) as held:
            await renormalise(
                mirror.connection,
                number=mirror.number,
                adapter=mirror.adapter,
                held=held,
                batch=3000,
                now=mirror.sandbox.clock,
            )
        assert await untold(mirror.connection) == []
        changed = {row["relation"] for row in await mirror.connection.fetch("SELECT relation FROM watched")}
        steady = {
            "payload",
            "person",
            "provenance_rule",
            "drift",
            "harvest_backend_history",
            "organization_history",
        }
        assert READABLE - changed <= steady
        before = await version(mirror)
        await mirror.run(Pass.POLL)
        assert await version(mirror) == before


async def test_what_is_said_of_a_portal_moves_the_version_where_it_differs(database_url: str) -> None:
    async with rehearsal("data-gov", database_url, seed=4) as mirror:
        connection, adapters = mirror.connection, registry.adapters()
        await watch(connection)
        before = await version(mirror)
        await portals.register(connection, {"data-gov": mirror.portal}, adapters)
        assert await version(mirror) == before
        renamed = mirror.portal.settings.model_copy(update={"title": "Another"})
        await portals.register(connection, {"data-gov": replace(mirror.portal, settings=renamed)}, adapters)
        assert await version(mirror) == before + 1
        await connection.execute("DELETE FROM provenance_rule WHERE field = 'presence'")
        await portals.register(connection, {"data-gov": replace(mirror.portal, settings=renamed)}, adapters)
        assert await version(mirror) == before + 2
        for _ in range(2):
            await portals.note(connection, mirror.number, {"wire": "X"})
            assert await version(mirror) == before + 3
        now = mirror.sandbox.clock()
        for _ in range(2):
            run = await bookkeeping.start_run(connection, mirror.number, "POLL", now, baseline=False)
            await bookkeeping.end_run(
                connection,
                run,
                state="FAILED",
                whole=False,
                now=now,
                requests=1,
                tallies={},
                notice="It is down.",
            )
            assert await version(mirror) == before + 4
        for reconcile, moves in ((False, 0), (True, 1)):
            await bookkeeping.end_stream(
                connection, mirror.number, "jobs", now=now, reconcile=reconcile, proved=True, watermark=None
            )
            assert await version(mirror) == before + 4 + moves


async def test_a_change_of_the_schema_moves_the_version(database_url: str) -> None:
    connection = await connect(database_url)
    try:
        assert await connection.fetchval("SELECT version FROM data_version") == 0
        await connection.execute("UPDATE data_version SET version = 7")
        await downgrade(database_url, "-1")
        assert await migrate(database_url)
        assert await connection.fetchval("SELECT version FROM data_version") == 9
        assert not await migrate(database_url)
        assert await connection.fetchval("SELECT version FROM data_version") == 9
    finally:
        await connection.close()


async def test_a_payload_that_is_kept_moves_the_version(database_url: str) -> None:
    async with rehearsal("data-gov", database_url, seed=4) as mirror:
        await mirror.connection.execute(
            "INSERT INTO harvest_record (portal, native_id, presence, status, wire_status, first_seen_at,"
            " changed_at) VALUES ($1, 'r', 'PRESENT', 'FAILED', 'FAILED', now(), now())",
            mirror.number,
        )
        before = await version(mirror)
        found = Payload(b"<x/>", "text/xml", Fetch("/x", None, mirror.sandbox.clock(), b"0" * 16))
        await payloads.keep(mirror.connection, mirror.number, "r", Part.RAW, found)
        assert await version(mirror) == before + 1
