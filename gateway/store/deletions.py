"""Deletions above the cap: what waits for somebody's word, and what comes of that word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from gateway.errors import UsageError
from gateway.model.enums import Cause, EntityType
from gateway.store import absence
from gateway.store.staging import Connection
from gateway.store.tables import ROWS
from gateway.store.unit import Writer

EXAMPLES = 5
"""How many rows of a deletion are shown."""
_NAMED = {
    EntityType.DATASET: "title",
    EntityType.HARVEST_BACKEND: "label",
    EntityType.HARVEST_ERROR: "message",
    EntityType.HARVEST_JOB: "created_at::text",
    EntityType.HARVEST_RECORD: "remote_id",
    EntityType.HARVEST_SOURCE: "name",
    EntityType.ORGANIZATION: "name",
    EntityType.PERSON: "slug",
}
"""What people know a row by, beside its native id."""

_LISTED = """
    SELECT h.id, p.key AS portal, h.stream, h.scope, h.entity_type, cardinality(h.entity_ids) AS rows, h.members,
        h.held_at, r.kind AS run_kind, r.started_at AS run_started_at, h.decided_at, h.decided_by, h.decision,
        h.lapsed_at
    FROM held_deletion h JOIN portal p ON p.number = h.portal LEFT JOIN sync_run r ON r.id = h.run_id
"""


async def listed(
    connection: Connection, portals: Sequence[str] | None, *, every: bool
) -> list[dict[str, Any]]:
    """Return the deletions of *portals* (None: of all) that wait, or *every* one there ever was, the oldest first."""
    rows = await connection.fetch(
        f"{_LISTED} WHERE ($1::text[] IS NULL OR p.key = ANY ($1)) AND ($2 OR h.decided_at IS NULL) ORDER BY h.id",
        None if portals is None else list(portals),
        every,
    )
    return [dict(row) for row in rows]


async def shown(connection: Connection, id_: int) -> dict[str, Any]:
    """Return a deletion with examples of its rows; UsageError where there is none such."""
    row = await connection.fetchrow(f"{_LISTED} WHERE h.id = $1", id_)
    if row is None:
        raise unknown(id_)
    type_ = EntityType(row["entity_type"])
    examples = await connection.fetch(
        f"SELECT t.native_id, {_NAMED[type_]} AS name, t.presence, t.portal_url FROM held_deletion h, "
        f"{ROWS[type_].__tablename__} t WHERE h.id = $1 AND t.id = ANY (h.entity_ids[1:{EXAMPLES}]) ORDER BY t.id",
        id_,
    )
    return {**dict(row), "examples": [dict(example) for example in examples]}


async def portals_of(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Return the key of the portal of each of the deletions *ids*; UsageError for one that there is not."""
    rows = await connection.fetch(
        "SELECT h.id, p.key FROM held_deletion h JOIN portal p ON p.number = h.portal WHERE h.id = ANY ($1)",
        list(ids),
    )
    found = {row["id"]: row["key"] for row in rows}
    for id_ in ids:
        if id_ not in found:
            raise unknown(id_)
    return {id_: found[id_] for id_ in ids}


async def approve(writer: Writer, connection: Connection, id_: int, by: str | None, now: datetime) -> int:
    """Bury the rows of a deletion, as somebody (*by*) decided, with what falls with them; return how many are gone.

    Rows that are gone already, or came back, are left alone. UsageError where the deletion does not wait.
    """
    async with writer.unit(Cause.ACTION):
        decided = await _decide(connection, id_, "APPROVED", by, now)
        return await absence.bury(connection, EntityType(decided["entity_type"]), decided["entity_ids"], now)


async def reject(connection: Connection, id_: int, by: str | None, now: datetime) -> None:
    """Keep the rows of a deletion until a pass finds others missing; UsageError where the deletion does not wait."""
    await _decide(connection, id_, "REJECTED", by, now)


async def _decide(
    connection: Connection, id_: int, word: str, by: str | None, now: datetime
) -> asyncpg.Record:
    found = await connection.fetchrow(
        "UPDATE held_deletion SET decided_at = $3, decision = $2, decided_by = $4 WHERE id = $1 AND decided_at IS NULL "
        "RETURNING entity_type, entity_ids",
        id_,
        word,
        now,
        by,
    )
    if found is None:
        raise await _decided(connection, id_)
    return found


async def _decided(connection: Connection, id_: int) -> UsageError:
    """Return what is said of a deletion that does not wait."""
    row = await connection.fetchrow("SELECT decision, decided_at FROM held_deletion WHERE id = $1", id_)
    if row is None:
        return unknown(id_)
    if row["decision"] == "SUPERSEDED":
        return UsageError(
            f"The deletion {id_} waits no more: a later pass found other rows missing, or all of them back.",
            hint="`gateway deletions list` shows what waits now.",
        )
    return UsageError(
        f"The deletion {id_} was {row['decision'].lower()} already, on {row['decided_at']:%Y-%m-%d}."
    )


def unknown(id_: int) -> UsageError:
    """Return what is said of a deletion that there is not."""
    return UsageError(f"There is no held deletion {id_}.", hint="`gateway deletions list` shows what waits.")
