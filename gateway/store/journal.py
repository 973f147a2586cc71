"""What changed, told: history rows and events, written in the transaction that changed the rows.

Whoever changes rows of a journaled type calls ``remember`` first; ``write`` compares at the unit's end, so that a row
that is merged and then derived in one unit leaves one event and one history row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from gateway.model.enums import Cause, EntityType
from gateway.store.shape import shape
from gateway.store.staging import Connection
from gateway.store.tables import HISTORY, ROWS

JOURNALED = (
    EntityType.ORGANIZATION,
    EntityType.PERSON,
    EntityType.HARVEST_BACKEND,
    EntityType.HARVEST_SOURCE,
    EntityType.HARVEST_JOB,
    EntityType.DATASET,
)

_SILENT = (
    "changed_at",
    "first_seen_at",
    "last_seen_at",
    "document_hash",
    "row_hash",
    "last_job_id",
    "next_run_at",
    "consecutive_failures",
    "text_record_id",
    "plain_name",
    "name_words",
    "state_basis",
)
"""Columns whose change alone is no event: bookkeeping, and what follows from other rows' events."""
_SILENT_ARRAY = "ARRAY[" + ", ".join(f"'{name}'" for name in _SILENT) + "]"


async def remember(connection: Connection, type_: EntityType, where: str, *arguments: object) -> None:
    """Keep the rows ``t`` of *type_* that match *where* as they are now, unless this unit kept them before."""
    await connection.execute(
        f"INSERT INTO stage_prior SELECT '{type_}', t.id, to_jsonb(t) FROM {ROWS[type_].__tablename__} t WHERE {where} "
        "ON CONFLICT DO NOTHING",
        *arguments,
    )


async def remember_staged(connection: Connection, type_: EntityType, portal: int) -> None:
    """Keep the rows that the staged rows of *type_* are about to change."""
    await remember(
        connection,
        type_,
        f"t.portal = $1 AND EXISTS (SELECT FROM {shape(type_).stage} s WHERE s.native_id = t.native_id "
        "AND (s.row_hash IS DISTINCT FROM t.row_hash OR t.presence NOT IN ('PRESENT', 'DELETED')))",
        portal,
    )


async def write(
    connection: Connection, portal: int, run: int | None, now: datetime, cause: Cause, *, baseline: bool
) -> None:
    """Write the history and, unless this is a *baseline*, the events of what differs from what was kept.

    With them the events that others have laid out: all at the end, since who writes events has all others wait.
    """
    kept = await _types(connection, "stage_prior")
    fresh = set() if baseline else await _types(connection, "stage_stored WHERE fresh")
    for type_ in JOURNALED:
        if type_ in kept and type_ in HISTORY:
            await connection.execute(_steady(type_))
            await connection.execute(_history(type_))
        if type_ in kept and not baseline:
            await connection.execute(_changes(type_), now, portal, run, cause.value)
        if type_ in fresh:
            await connection.execute(_creations(type_), now, portal, run, cause.value)
    if await connection.fetchval("SELECT EXISTS (SELECT FROM stage_event)"):
        await connection.execute(_TOLD)


_TOLD = """
    INSERT INTO event (at, portal, run_id, cause, kind, entity_type, entity_id, native_id, after, count)
    SELECT at, portal, run_id, cause, kind, entity_type, entity_id, native_id, after, count
    FROM stage_event ORDER BY n
"""


async def keep(
    connection: Connection, type_: EntityType, where: str, now: datetime, keys: Sequence[int]
) -> None:
    """Keep what the rows ``t`` of *type_* that match *where* ($2: *keys*) were until *now*: they are to be deleted."""
    await connection.execute(
        f"{_kept_as(type_, 'to_jsonb(t)', '$1::timestamptz')} FROM {ROWS[type_].__tablename__} t "
        f"WHERE t.changed_at < $1 AND {where}",
        now,
        keys,
    )


async def _types(connection: Connection, stage: str) -> set[str]:
    return {row["entity_type"] for row in await connection.fetch(f"SELECT DISTINCT entity_type FROM {stage}")}


async def tell_arrival(
    connection: Connection,
    type_: EntityType,
    job: int,
    count: int,
    *,
    portal: int,
    run: int | None,
    now: datetime,
    cause: Cause,
) -> None:
    """Tell by one event, at the unit's end, of the new rows of *type_* of *job* (its key)."""
    await connection.execute(
        """
        INSERT INTO stage_event (at, portal, run_id, cause, kind, entity_type, entity_id, after, count)
        VALUES ($1, $2, $3, $4, 'ARRIVED', $5, $6, $7::text::jsonb, $8)
        """,
        now,
        portal,
        run,
        cause.value,
        type_.value,
        job,
        f'{{"of": "{EntityType.HARVEST_JOB}"}}',
        count,
    )


@cache
def _history(type_: EntityType) -> str:
    """Return the statement that keeps what rows were: each version ends at the very instant where the next begins."""
    table = str(ROWS[type_].__tablename__)
    return f"""
        {_kept_as(type_, "p.row", "t.changed_at")}
        FROM stage_prior p JOIN {table} t ON t.id = p.id
        WHERE p.entity_type = '{type_}' AND (p.row ->> 'changed_at')::timestamptz < t.changed_at
          AND (p.row - {_SILENT_ARRAY}) <> (to_jsonb(t) - {_SILENT_ARRAY})
    """


@cache
def _steady(type_: EntityType) -> str:
    """Return the statement that takes ``changed_at`` back where it would tear a hole into what is known of the past.

    Where nothing that is told has changed, and where the clock of this machine is behind that of the last change.
    """
    before = "(p.row ->> 'changed_at')::timestamptz"
    return f"""
        UPDATE {ROWS[type_].__tablename__} t SET changed_at = {before} FROM stage_prior p
        WHERE p.entity_type = '{type_}' AND t.id = p.id AND t.changed_at <> {before}
          AND (t.changed_at < {before} OR (p.row - {_SILENT_ARRAY}) = (to_jsonb(t) - {_SILENT_ARRAY}))
    """


def _kept_as(type_: EntityType, row: str, until: str) -> str:
    """Return the INSERT of rows of history, up to its FROM, out of the JSON *row*, current until the SQL *until*."""
    past = str(HISTORY[type_].__tablename__)
    return f"""
        INSERT INTO {past}
        SELECT (jsonb_populate_record(NULL::{past}, {row} || jsonb_build_object(
            'history_id', nextval(pg_get_serial_sequence('{past}', 'history_id')),
            'valid_from', {row} -> 'changed_at', 'valid_to', to_jsonb({until})))).*
    """


@cache
def _changes(type_: EntityType) -> str:
    return f"""
        INSERT INTO event (at, portal, run_id, cause, kind, entity_type, entity_id, native_id, before, after)
        SELECT $1, $2, $3, $4,
            CASE WHEN p.row ->> 'presence' = t.presence THEN 'CHANGED'
                 WHEN p.row ->> 'presence' = 'UNKNOWN' THEN 'CREATED'
                 WHEN t.presence = 'PRESENT' THEN 'RESTORED' ELSE t.presence END,
            '{type_}', t.id, t.native_id, d.before, d.after
        FROM stage_prior p JOIN {ROWS[type_].__tablename__} t ON t.id = p.id
        CROSS JOIN LATERAL (
            SELECT jsonb_object_agg(o.key, o.value) AS before, jsonb_object_agg(o.key, n.value) AS after
            FROM jsonb_each(p.row) o JOIN jsonb_each(to_jsonb(t)) n USING (key)
            WHERE o.value IS DISTINCT FROM n.value AND NOT (o.key = ANY ({_SILENT_ARRAY}))
        ) d
        WHERE p.entity_type = '{type_}' AND d.before IS NOT NULL
    """


@cache
def _creations(type_: EntityType) -> str:
    return f"""
        INSERT INTO event (at, portal, run_id, cause, kind, entity_type, entity_id, native_id, after)
        SELECT $1, $2, $3, $4, 'CREATED', '{type_}', t.id, t.native_id,
            jsonb_strip_nulls(to_jsonb(t) - {_SILENT_ARRAY})
        FROM stage_stored f JOIN {ROWS[type_].__tablename__} t ON t.id = f.id
        WHERE f.entity_type = '{type_}' AND f.fresh
    """
