"""The database that every peer reads: invented, the same everywhere for the same number of records.

``python tests/bench/queries/database.py --records 1000000 --data DIR`` keeps one in DIR, an embedded Postgres with a
marker beside it, and says where; what is there already is used again. Rows are made by the SQL in ``world/``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg

from gateway import registry
from gateway.config import Settings
from gateway.errors import DatabaseUnusable
from gateway.model.enums import EntityType
from gateway.postgres import Server, connect, migrate
from gateway.store import derive, portals, rollups, staging

WORLD = Path(__file__).parent / "world"
PORTALS = {1: "data-gouv-fr", 2: "data-gov"}
TABLES = (
    "organization",
    "person",
    "harvest_backend",
    "harvest_source",
    "harvest_job",
    "harvest_record",
    "harvest_error",
    "dataset",
    "document",
    "fetch_log",
    "sync_run",
)
INDEXES = """
    SELECT x.indexrelid::regclass::text AS name, pg_get_indexdef(x.indexrelid) AS definition
    FROM pg_index x WHERE x.indrelid::regclass::text = ANY ($1)
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid)
    ORDER BY 1
"""


def builder() -> str:
    """Return the fingerprint of what makes the rows."""
    files = [Path(__file__), *sorted(WORLD.glob("*.sql"))]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


@contextmanager
def served(folder: Path, records: int) -> Iterator[str]:
    """Run the Postgres in ``<folder>/<records>``, filled, and yield its address; it is kept for the next time."""
    home = folder.absolute() / str(records)
    marker = home / "built.json"
    wanted = {"records": records, "builder": builder()}
    home.mkdir(parents=True, exist_ok=True)
    server = Server(home, durable=False)
    server.start()
    try:
        if not (marker.exists() and json.loads(marker.read_text("utf-8")) == wanted):
            marker.unlink(missing_ok=True)
            asyncio.run(_build(server.url, records))
            marker.write_text(json.dumps(wanted), "utf-8")
        asyncio.run(_brought_up_to_date(server.url, records))
        yield server.url
    finally:
        server.stop()


def process(folder: Path, records: int) -> int:
    """Return the process of the Postgres that is served."""
    file = folder.absolute() / str(records) / "postgres" / "postmaster.pid"
    return int(file.read_text("utf-8").splitlines()[0])


async def _brought_up_to_date(url: str, records: int) -> None:
    """Apply migrations that came after the rows were made; make all anew where the schema is of other code."""
    try:
        if await migrate(url):
            await _execute(url, "VACUUM ANALYZE")
    except DatabaseUnusable:
        await _build(url, records)


async def _build(url: str, records: int) -> None:
    """Make the rows anew."""
    print(f"Making a database of {records:,} records", flush=True)
    await _execute(url, "DROP SCHEMA public CASCADE")
    await _execute(url, "CREATE SCHEMA public")
    await migrate(url)
    connection = await connect(url, command_timeout=3600)
    try:
        await _fill(connection, records)
    finally:
        await connection.close()


async def _fill(connection: asyncpg.Connection, records: int) -> None:
    settings = Settings()
    numbers = await portals.register(connection, registry.portals(settings), registry.adapters())
    assert {number: key for key, number in numbers.items()} == PORTALS, numbers
    await connection.execute("SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'")
    await connection.execute("SELECT set_config('bench.records', $1, false)", str(records))
    indexes = await connection.fetch(INDEXES, list(TABLES))
    for index in indexes:  # made when the rows are there: many times as fast
        await connection.execute(f"DROP INDEX {index['name']}")
    for file in sorted(WORLD.glob("*.sql")):
        await _timed(file.stem, connection.execute(file.read_text("utf-8")))
    for index in indexes:
        await _timed(index["name"], connection.execute(index["definition"]))
    await _timed("analyze", connection.execute("ANALYZE"))
    await _timed("derived", _derive(connection))
    for table in TABLES:
        await connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        )
    await _timed("vacuum", connection.execute("VACUUM (ANALYZE)"))
    await connection.execute("CHECKPOINT")


async def _derive(connection: asyncpg.Connection) -> None:
    """Write the jobs' rollups and the sources' last jobs as a unit does that has touched them all."""
    await staging.prepare(connection)
    async with connection.transaction():
        jobs = await connection.fetch("SELECT id FROM harvest_job")
        await staging.touch(connection, EntityType.HARVEST_JOB, [row["id"] for row in jobs])
        await connection.execute("ANALYZE stage_touched")
        for portal in PORTALS:
            await derive.sources(connection, portal, planned=portal == 2)
            await rollups.refresh(connection, portal)


async def _timed(what: str, work: Any) -> None:
    begun = time.perf_counter()
    await work
    print(f"  {what:<32} {time.perf_counter() - begun:>8.1f} s", flush=True)


async def _execute(url: str, statement: str) -> None:
    connection = await connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def rows(url: str) -> dict[str, int]:
    """Return how many rows each table has."""
    connection = await connect(url)
    try:
        return {
            table: await connection.fetchval(f"SELECT count(*) FROM {table}")
            for table in (*TABLES, "job_rollup")
        }
    finally:
        await connection.close()


def main() -> None:
    """Make the database, or find it made, and say what it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="how many records (default: 1000000)")
    parser.add_argument("--data", type=Path, required=True, help="folder in which databases are kept")
    options = parser.parse_args()
    with served(options.data, options.records) as url:
        found = asyncio.run(rows(url))
    for table, count in found.items():
        print(f"  {table:<20} {count:>12,}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
