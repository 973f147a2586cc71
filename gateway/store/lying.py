"""What lies in quarantine, as operators are shown it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.errors import UsageError
from gateway.store.quarantine import OPEN
from gateway.store.staging import Connection

_COLUMNS = """
    q.id, p.key AS portal, q.stream, q.scope, q.entity_type, q.native_id, q.parent, q.position, q.reason,
    length(q.body) AS bytes, encode(q.hash, 'hex') AS hash, q.retriable, q.sightings, q.first_seen_at, q.last_seen_at,
    q.released_at, q.retried_at, q.retried_by
"""


async def listed(
    connection: Connection, portals: Sequence[str] | None, stream: str | None, *, every: bool, most: int
) -> list[dict[str, Any]]:
    """Return *most* entries, those that were seen last first: open ones, or *every* one there ever was."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM quarantine q JOIN portal p ON p.number = q.portal "
        f"WHERE ($1::text[] IS NULL OR p.key = ANY ($1)) AND ($2::text IS NULL OR q.stream = $2) "
        f"AND ($3 OR q.{OPEN}) ORDER BY q.last_seen_at DESC, q.id DESC LIMIT $4",
        None if portals is None else list(portals),
        stream,
        every,
        most,
    )
    return [dict(row) for row in rows]


async def counted(connection: Connection) -> dict[str, dict[str, float]]:
    """Return how many deletions wait and how many elements lie in quarantine, by the keys of portals."""
    rows = await connection.fetch(
        "SELECT p.key, (SELECT count(*) FROM held_deletion h WHERE h.portal = p.number AND h.decided_at IS NULL) "
        f"AS held_deletions, (SELECT count(*) FROM quarantine q WHERE q.portal = p.number AND q.{OPEN}) AS quarantined "
        "FROM portal p"
    )
    return {name: {row["key"]: row[name] for row in rows} for name in ("held_deletions", "quarantined")}


async def shown(connection: Connection, id_: int) -> dict[str, Any]:
    """Return an entry with its bytes (``body``) and what was asked for them; UsageError where there is none such."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS}, f.endpoint, f.fetched_at, q.body FROM quarantine q JOIN portal p ON p.number = q.portal "
        "LEFT JOIN fetch_log f ON f.id = q.fetch_id WHERE q.id = $1",
        id_,
    )
    if row is None:
        raise _unknown(id_)
    return dict(row)


async def open_by_portal(
    connection: Connection, ids: Sequence[int] | None, portals: Sequence[str] | None
) -> dict[str, list[int]]:
    """Return the open entries (*ids* of them, or all) by the keys of their portals (all, or *portals*).

    UsageError for an id that is none, or that has been released, and for a portal that there is not.
    """
    await _ensure_portals(connection, portals or ())
    rows = await connection.fetch(
        "SELECT p.key, array_agg(q.id ORDER BY q.id) AS ids FROM quarantine q JOIN portal p ON p.number = q.portal "
        f"WHERE q.{OPEN} AND ($1::bigint[] IS NULL OR q.id = ANY ($1)) AND ($2::text[] IS NULL OR p.key = ANY ($2)) "
        "GROUP BY p.key ORDER BY p.key",
        None if ids is None else list(ids),
        None if portals is None else list(portals),
    )
    found: dict[str, list[int]] = {row["key"]: row["ids"] for row in rows}
    known = {id_ for mine in found.values() for id_ in mine}
    for id_ in ids or ():
        if id_ not in known:
            raise await _not_open(connection, id_)
    return found


async def _ensure_portals(connection: Connection, keys: Sequence[str]) -> None:
    unknown = await connection.fetchval(
        "SELECT k FROM unnest($1::text[]) k WHERE NOT EXISTS (SELECT FROM portal p WHERE p.key = k) LIMIT 1",
        list(keys),
    )
    if unknown is not None:
        raise UsageError(f"There is no portal {unknown!r}.", hint="`gateway portals` lists them.")


async def _not_open(connection: Connection, id_: int) -> UsageError:
    released = await connection.fetchval("SELECT released_at FROM quarantine WHERE id = $1", id_)
    if released is None:
        return _unknown(id_)
    return UsageError(f"The entry {id_} of the quarantine was released already, on {released:%Y-%m-%d}.")


def _unknown(id_: int) -> UsageError:
    return UsageError(
        f"There is no entry {id_} in quarantine.", hint="`gateway quarantine list` shows what lies there."
    )
