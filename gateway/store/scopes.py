"""What is noted of scopes: where an interrupted read goes on, and which have been read whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from gateway.model.entities import JSON
from gateway.ports import Scope
from gateway.store.bookkeeping import Run, encode
from gateway.store.staging import Connection


async def cursors(connection: Connection, portal: int, stream: str) -> dict[str, JSON]:
    """Return where interrupted reads of *stream*'s scopes go on, by the scope's key."""
    rows = await connection.fetch(
        "SELECT key, cursor FROM scope WHERE portal = $1 AND stream = $2 AND cursor IS NOT NULL",
        portal,
        stream,
    )
    return {row["key"]: msgspec.json.decode(row["cursor"]) for row in rows}


async def keep_cursor(connection: Connection, run: Run, scope: Scope, value: JSON) -> None:
    """Note where reading *scope* goes on if it is interrupted."""
    await connection.execute(
        "INSERT INTO scope (portal, stream, key, cursor, run_id) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (portal, stream, key) DO UPDATE SET cursor = $4, run_id = $5",
        run.portal,
        scope.stream,
        scope.key,
        encode(value),
        run.id,
    )


async def stopped(connection: Connection, portal: int, stream: str, keys: Sequence[str]) -> list[str]:
    """Return those of *keys* whose scope has a cursor from an interrupted read."""
    rows = await connection.fetch(
        "SELECT key FROM scope WHERE portal = $1 AND stream = $2 AND key = ANY ($3) AND cursor IS NOT NULL",
        portal,
        stream,
        list(keys),
    )
    return [row["key"] for row in rows]


async def drop_cursors(connection: Connection, portal: int, stream: str, keys: Sequence[str]) -> None:
    """Forget where reading these scopes goes on: they have been read to their end."""
    await connection.execute(
        "UPDATE scope SET cursor = NULL WHERE portal = $1 AND stream = $2 AND key = ANY ($3)",
        portal,
        stream,
        list(keys),
    )


async def unread(connection: Connection, portal: int, stream: str, keys: Sequence[str]) -> list[str]:
    """Return those of *keys* whose scope has never been read whole."""
    rows = await connection.fetch(
        "SELECT k FROM unnest($3::text[]) AS k WHERE (SELECT s.read_at FROM scope s "
        "WHERE s.portal = $1 AND s.stream = $2 AND s.key = k) IS NULL",
        portal,
        stream,
        list(keys),
    )
    return [row["k"] for row in rows]


async def newly_read(connection: Connection, portal: int, stream: str) -> list[str]:
    """Return the keys of *stream*'s scopes that were read whole for the first time since a pass last came to its end.

    What follows from them is concluded at a stream's end, which passes that broke meanwhile have not reached.
    """
    rows = await connection.fetch(
        """
        SELECT key FROM scope WHERE portal = $1 AND stream = $2 AND read_at IS NOT NULL
            AND run_id > coalesce((SELECT max(id) FROM sync_run WHERE portal = $1 AND whole), 0)
        """,
        portal,
        stream,
    )
    return [row["key"] for row in rows]


async def cover(
    connection: Connection,
    run: Run,
    stream: str,
    keys: Sequence[str],
    marks: Mapping[str, bytes],
    now: datetime,
) -> None:
    """Note that scopes have been read whole, with the marks of those that can be recognised."""
    await connection.execute(
        """
        INSERT INTO scope (portal, stream, key, read_at, run_id, mark)
        SELECT $1, $2, k, $4, $5, mark FROM unnest($3::text[], $6::bytea[]) AS c (k, mark)
        ON CONFLICT (portal, stream, key) DO UPDATE SET read_at = $4, run_id = $5, mark = excluded.mark
        """,
        run.portal,
        stream,
        list(keys),
        now,
        run.id,
        [marks.get(key) for key in keys],
    )
