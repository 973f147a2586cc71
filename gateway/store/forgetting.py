"""Removing everything of a portal from every table, in commit units between any two of which one may stop.

The tables are those of the metadata that have a column ``portal``, so that none can be forgotten. A portal that is half
removed says so, and is not asked until the rest is gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from gateway.errors import UsageError
from gateway.store import bookkeeping
from gateway.store.declared import METADATA
from gateway.store.lease import Lease, writing
from gateway.store.staging import Connection, value

KEPT = frozenset({"lease", "forgotten"})
"""A lease's tokens only grow, or a worker that was stopped long ago could write again; and who asked to be forgotten
is forgotten in a portal that is read anew, too."""
BLOCKS = 256
"""Pages of a table that one unit looks through: 2 MB, some thousand rows."""

_PAGES = "SELECT pg_relation_size($1::text::regclass) / current_setting('block_size')::bigint"
_BLANK = """
    UPDATE portal SET capabilities = '{}', notice = NULL, forgetting_since = NULL, breaker_state = 'CLOSED',
        breaker_since = NULL, breaker_until = NULL, breaker_reason = NULL, breaker_failures = 0, breaker_openings = 0
    WHERE number = $1
"""


def tables_of_portals() -> Sequence[str]:
    """Return the tables whose rows belong to a portal."""
    found = (table for table in METADATA.sorted_tables if "portal" in table.c)
    return [table.name for table in found if table.name not in KEPT]


async def number_of(connection: Connection, key: str) -> int:
    """Return the number of the portal *key*, configured or not; UsageError for an unknown one."""
    known = {row["key"]: row["number"] for row in await connection.fetch("SELECT key, number FROM portal")}
    if key not in known:
        raise UsageError(f"There is no portal {key!r}.", hint=f"There are: {', '.join(sorted(known))}.")
    return int(known[key])


async def counted(connection: Connection, portal: int) -> dict[str, int]:
    """Return how many rows each table holds of the portal, without those that hold none."""
    counts = {
        table: await value(connection, f"SELECT count(*) FROM {table} WHERE portal = $1", portal)
        for table in tables_of_portals()
    }
    return {table: count for table, count in counts.items() if count}


async def begin(connection: Connection, held: Lease) -> None:
    """Say that the portal is being forgotten: from now on nothing asks it."""
    async with writing(connection, held):
        await connection.execute(
            "UPDATE portal SET forgetting_since = coalesce(forgetting_since, clock_timestamp()) WHERE number = $1",
            held.portal,
        )
        await bookkeeping.move_version(connection)


async def remove(connection: Connection, held: Lease) -> AsyncIterator[tuple[str, int]]:
    """Remove the portal's rows unit by unit; yield the table and how many went, for each that had some."""
    for table in tables_of_portals():
        pages = await value(connection, _PAGES, table)
        for first in range(0, pages, BLOCKS):
            where = f"portal = $1 AND ctid >= '({first},0)' AND ctid < '({first + BLOCKS},0)'"
            async with writing(connection, held):
                gone = await _delete(connection, table, where, held.portal)
                await bookkeeping.move_version(connection)
            if gone:
                yield table, gone


async def finish(connection: Connection, held: Lease, *, configured: bool) -> dict[str, int]:
    """Remove what came meanwhile, and the portal's own row; return how many rows of which table went.

    A portal that is *configured* keeps its row, blank, and its number: processes that know it go on with a first load.
    """
    async with writing(connection, held):
        gone = {
            table: await _delete(connection, table, "portal = $1", held.portal)
            for table in tables_of_portals()
        }
        await connection.execute(
            _BLANK if configured else "DELETE FROM portal WHERE number = $1", held.portal
        )
        await bookkeeping.move_version(connection)
    return {table: rows for table, rows in gone.items() if rows}


async def _delete(connection: Connection, table: str, where: str, portal: int) -> int:
    status = await connection.execute(f"DELETE FROM {table} WHERE {where}", portal)
    return int(status.rpartition(" ")[2])
