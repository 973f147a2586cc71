"""The temporary tables in which a commit unit is laid out before it is merged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from gateway.model.enums import EntityType
from gateway.store.shape import ADDRESS, Shape, shape

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_PRIOR = """
CREATE TEMP TABLE IF NOT EXISTS stage_prior (
    entity_type text NOT NULL, id bigint NOT NULL, row jsonb NOT NULL, PRIMARY KEY (entity_type, id)
) ON COMMIT DELETE ROWS
"""
_FRESH = """
CREATE TEMP TABLE IF NOT EXISTS stage_fresh (
    entity_type text NOT NULL, id bigint NOT NULL, PRIMARY KEY (entity_type, id)
) ON COMMIT DELETE ROWS
"""
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


async def prepare(connection: Connection) -> None:
    """Create the temporary tables of this connection: empty again after each commit.

    Commits do not wait for the disk: what a crash of Postgres takes back it takes back whole, with the cursors, and
    the next pass reads it again.
    """
    await connection.execute("SET synchronous_commit = off")
    for statement in (_PRIOR, _FRESH, _TOUCHED, _EVENT, *(_stage(shape(type_)) for type_ in EntityType)):
        await connection.execute(statement)


async def stage(connection: Connection, shape_: Shape, rows: Sequence[tuple[Any, ...]]) -> None:
    """Lay out *rows* (the shape's fields, row_hash, then the document's address)."""
    await connection.copy_records_to_table(shape_.stage, records=rows, columns=shape_.staged)
    await connection.execute(f"ANALYZE {shape_.stage} ({', '.join(_joined(shape_))})")


def _joined(shape_: Shape) -> tuple[str, ...]:
    """Return the columns of a stage that statements join by: the planner need know no others, least of all bodies."""
    names = ("native_id", *(reference.field for reference in shape_.references), "speaker")
    return tuple(f'"{name}"' for name in names)


async def value(connection: Connection, query: str, *arguments: object) -> Any:
    """Return the one value that *query* answers, None without a row."""
    return await connection.fetchval(query, *arguments)


async def touched(connection: Connection) -> set[EntityType]:
    """Return the types of the rows that have been touched in this unit."""
    rows = await connection.fetch("SELECT DISTINCT entity_type FROM stage_touched")
    return {EntityType(row["entity_type"]) for row in rows}


async def touch(connection: Connection, type_: EntityType, ids: Iterable[int]) -> None:
    """Note rows whose derived columns must be looked at before the commit."""
    await connection.execute(
        "INSERT INTO stage_touched SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING",
        type_.value,
        list(ids),
    )
