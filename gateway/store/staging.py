"""The temporary tables in which a commit unit is laid out before it is merged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from gateway.model.enums import EntityType
from gateway.store.shape import ADDRESS, Row, Shape, shape

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

ENTWINED = frozenset(
    {EntityType.HARVEST_JOB, EntityType.HARVEST_RECORD, EntityType.HARVEST_ERROR, EntityType.DATASET}
)
"""Types whose stages are always there: what becomes of one follows from the others."""

_PRIOR = """
CREATE TEMP TABLE IF NOT EXISTS stage_prior (
    entity_type text NOT NULL, id bigint NOT NULL, row jsonb NOT NULL, PRIMARY KEY (entity_type, id)
) ON COMMIT DELETE ROWS
"""
_STORED = """
CREATE TEMP TABLE IF NOT EXISTS stage_stored (
    entity_type text NOT NULL, id bigint NOT NULL, native_id text NOT NULL, job_id bigint, dataset_id bigint,
    fresh boolean NOT NULL
) ON COMMIT DELETE ROWS
"""
"""The rows that merging has inserted or changed: what follows asks for them by their keys."""
_NEWBORN = """
CREATE TEMP TABLE IF NOT EXISTS stage_newborn (native_id text NOT NULL, id bigint NOT NULL) ON COMMIT DELETE ROWS
"""
"""Datasets that this unit makes, with the keys that they will have: a row is written once, when all of it is known."""
_TOUCHED = """
CREATE TEMP TABLE IF NOT EXISTS stage_touched (
    entity_type text NOT NULL, id bigint NOT NULL, PRIMARY KEY (entity_type, id)
) ON COMMIT DELETE ROWS
"""
_EVENT = """
CREATE TEMP TABLE IF NOT EXISTS stage_event (
    n bigint GENERATED ALWAYS AS IDENTITY, at timestamptz NOT NULL, portal smallint NOT NULL, run_id bigint,
    cause text NOT NULL, kind text NOT NULL, entity_type text NOT NULL, entity_id bigint, native_id text, after jsonb,
    count integer
) ON COMMIT DELETE ROWS
"""
"""Events of a unit that are written at its end with the rest: who writes events keeps all others from it."""


def _stage(shape_: Shape) -> str:
    columns = [f'"{name}" {kind}' for name, kind in zip(shape_.fields, shape_.types, strict=True)]
    columns += ["row_hash bytea", *(f"{name} {kind}" for name, kind in ADDRESS)]
    return f"CREATE TEMP TABLE IF NOT EXISTS {shape_.stage} ({', '.join(columns)}) ON COMMIT DELETE ROWS"


LIGHT = """
    SELECT set_config(name, 'lz4', false) FROM pg_settings
    WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)
"""
"""Compresses long values in a fifth of the time, where this Postgres can."""


async def prepare(connection: Connection) -> None:
    """Make this connection ready for units: its temporary tables are empty again after each commit.

    Commits do not wait for the disk: what a crash of Postgres takes back it takes back whole, with the cursors, and
    the next pass reads it again. Tables grow faster than their statistics here, so that statements are planned each
    time they are executed, and without merge joins: the planner trusts these to end early, and lets what feeds them
    read a whole table once for each row. What they look at was just written, so that it is in memory wherever it lies.
    To find rows by their keys a sample of 6,000 rows tells enough (``gateway.store.growth``): a fifth of what Postgres
    takes, and of its time. Autovacuum looks again in its own way.
    """
    await connection.execute(
        "SET synchronous_commit = off; SET enable_mergejoin = off; SET plan_cache_mode = force_custom_plan; "
        "SET random_page_cost = 1.1; SET default_statistics_target = 20"
    )
    await connection.execute(LIGHT)
    for statement in (_PRIOR, _STORED, _NEWBORN, _TOUCHED, _EVENT):
        await connection.execute(statement)
    await make_stages(connection, ENTWINED)


async def stage(connection: Connection, shape_: Shape, rows: Iterable[Row]) -> None:
    """Lay out *rows* (the shape's fields, row_hash, then the document's address)."""
    await connection.copy_records_to_table(shape_.stage, records=rows, columns=shape_.staged)


async def make_stages(connection: Connection, types: Iterable[EntityType]) -> None:
    """Create the temporary tables of *types*: each one that is there costs every commit its emptying."""
    for type_ in types:
        await connection.execute(_stage(shape(type_)))


async def value(connection: Connection, query: str, *arguments: object) -> Any:
    """Return the one value that *query* answers, None without a row."""
    return await connection.fetchval(query, *arguments)


async def new_keys(connection: Connection, table: str, count: int) -> list[int]:
    """Return *count* keys that rows of *table* will have."""
    keys: list[int] = await value(
        connection,
        "WITH sequence AS MATERIALIZED (SELECT pg_get_serial_sequence($1, 'id')::regclass AS name) "
        "SELECT coalesce(array_agg(nextval(name)), '{}') FROM sequence, generate_series(1, $2)",
        table,
        count,
    )
    return keys


async def touched(connection: Connection) -> set[EntityType]:
    """Return the types of the rows that have been touched in this unit."""
    rows = await connection.fetch("SELECT DISTINCT entity_type FROM stage_touched")
    return {EntityType(row["entity_type"]) for row in rows}


async def touched_keys(connection: Connection, type_: EntityType) -> list[int]:
    """Return the keys of the touched rows of a type: given as values, their number is no guess to the planner."""
    rows = await connection.fetch("SELECT id FROM stage_touched WHERE entity_type = $1", type_.value)
    return [row["id"] for row in rows]


async def touch(connection: Connection, type_: EntityType, ids: Iterable[int]) -> None:
    """Note rows whose derived columns must be looked at before the commit."""
    await connection.execute(
        "INSERT INTO stage_touched SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING",
        type_.value,
        list(ids),
    )
