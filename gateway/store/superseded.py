"""Documents that nothing was read from any more: found, and removed beside units that may bring them back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from gateway.model.enums import EntityType
from gateway.store import bookkeeping
from gateway.store.staging import Connection
from gateway.store.tables import HISTORY, ROWS


def query(type_: EntityType, kept: str = "true") -> str:
    """Return the SELECT of the documents of *type_* that no row was read from, nor any version ``h`` that is *kept*.

    The document has to be older than $1. Another one has taken its place, or its row is no more.
    """
    told = ""
    if type_ in HISTORY:
        same = f"h.id = d.entity_id AND h.document_hash = d.hash AND {kept}"
        told = f" AND NOT EXISTS (SELECT FROM {HISTORY[type_].__tablename__} h WHERE {same})"
    return (
        f"SELECT d.id, d.entity_id, d.hash FROM document d JOIN fetch_log f ON f.id = d.fetch_id"
        f" LEFT JOIN {ROWS[type_].__tablename__} t ON t.id = d.entity_id"
        f" WHERE d.entity_type = '{type_}' AND f.fetched_at < $1 AND t.document_hash IS DISTINCT FROM d.hash{told}"
    )


async def remove(
    connection: Connection, type_: EntityType, before: datetime, batch: int
) -> AsyncIterator[int]:
    """Remove superseded documents of *type_*, by the order of their keys.

    A unit that brings such a document back writes its row first. So the rows are locked, those alone that no unit
    is writing, and looked at once more: what is written later finds its document gone, and stores it.
    """
    table, after = str(ROWS[type_].__tablename__), 0
    page = f"{query(type_)} AND d.id > $2 ORDER BY d.id LIMIT $3"
    while True:
        async with connection.transaction():
            found = await connection.fetch(page, before, after, batch)
            owners = [row["entity_id"] for row in found]
            locked = await connection.fetch(
                f"SELECT id, document_hash FROM {table} WHERE id = ANY ($1) ORDER BY id FOR SHARE SKIP LOCKED",
                owners,
            )
            there = await connection.fetch(f"SELECT id FROM {table} WHERE id = ANY ($1)", owners)
            current = {row["id"]: row["document_hash"] for row in locked}
            busy = {row["id"] for row in there} - current.keys()
            stale = [
                row["id"]
                for row in found
                if row["entity_id"] not in busy and current.get(row["entity_id"]) != row["hash"]
            ]
            gone = await removed(connection, "DELETE FROM document WHERE id = ANY ($1)", stale)
            await bookkeeping.move_version(connection)
        if gone:
            yield gone
        if len(found) < batch:
            return
        after = found[-1]["id"]


async def removed(connection: Connection, statement: str, *arguments: object) -> int:
    """Return how many rows a DELETE removes."""
    status = await connection.execute(statement, *arguments)
    return int(status.rsplit(" ", 1)[1])
