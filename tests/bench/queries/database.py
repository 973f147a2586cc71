"""The database that every peer reads: invented, the same everywhere for the same number of records.

``python tests/bench/queries/database.py --records 1000000 --data DIR`` keeps one in DIR, an embedded Postgres with a
marker beside it, and says where; what is there already is used again. Rows are made by the SQL in ``world/``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import building

from gateway.errors import DatabaseUnusable
from gateway.postgres import Server, connect, migrate

DATA = Path(__file__).parents[3] / ".gateway" / "bench"
"""Where databases are kept unless it is said."""


def builder() -> str:
    """Return the fingerprint of what makes the rows."""
    files = [Path(building.__file__), *sorted(building.WORLD.glob("*.sql"))]
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
            asyncio.run(building.build(server.url, records))
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
            await building.execute(url, "VACUUM ANALYZE")
    except DatabaseUnusable:
        await building.build(url, records)


async def rows(url: str) -> dict[str, int]:
    """Return how many rows each table has."""
    connection = await connect(url)
    try:
        return {
            table: await connection.fetchval(f"SELECT count(*) FROM {table}")
            for table in (*building.TABLES, "job_rollup")
        }
    finally:
        await connection.close()


def main() -> None:
    """Make the database, or find it made, and say what it holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000, help="how many records (default: 1000000)")
    parser.add_argument("--data", type=Path, default=DATA, help="folder in which databases are kept")
    options = parser.parse_args()
    with served(options.data, options.records) as url:
        found = asyncio.run(rows(url))
    for table, count in found.items():
        print(f"  {table:<20} {count:>12,}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
