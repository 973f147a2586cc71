"""Merging staged entities into their tables: insert what is new, change what differs, leave the rest alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from gateway.model.enums import EntityType
from gateway.store.shape import Reference, Shape, shape, stub_values
from gateway.store.staging import Connection

ORDER = (
    EntityType.ORGANIZATION,
    EntityType.PERSON,
    EntityType.HARVEST_BACKEND,
    EntityType.HARVEST_SOURCE,
    EntityType.HARVEST_JOB,
    EntityType.DATASET,
    EntityType.HARVEST_RECORD,
    EntityType.HARVEST_ERROR,
)
"""Parents first, so that a child that comes with its parent finds it."""

BULK = frozenset({EntityType.HARVEST_RECORD, EntityType.HARVEST_ERROR, EntityType.DATASET})
"""Types whose arrival is told per job, not per row."""

_DERIVED_FROM = {"status": "wire_status"}
"""Columns that begin as what the wire says; ``derive`` settles the rest."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did: rows inserted, rows changed, and for bulk types the new rows by job."""

    new: int = 0
    changed: int = 0
    arrived: tuple[tuple[int, int], ...] = ()
    """(job's key, new rows)."""


async def merge(
    connection: Connection, type_: EntityType, portal: int, now: datetime, *, seen: bool = True
) -> Merged:
    """Merge the staged rows of *type_*, with stubs for the parents they name and their documents.

    Not *seen*: the rows come out of stored documents, so that one that is gone stays gone.
    """
    shape_ = shape(type_)
    for reference in shape_.references:
        await connection.execute(_stubs(shape_, reference), portal, now)
    if type_ is EntityType.DATASET:
        await connection.execute(_new_datasets(), portal, now)
        return Merged()
    rows = await connection.fetch(_upsert(type_), portal, now, seen)
    await connection.execute(_documents(shape_), portal)
    arrived = tuple((row["job_id"], row["new"]) for row in rows if row["job_id"] is not None and row["new"])
    return Merged(sum(row["new"] for row in rows), sum(row["changed"] for row in rows), arrived)


async def retire_lost_errors(connection: Connection, portal: int, now: datetime) -> int:
    """Mark errors gone that a changed job or item no longer holds; return how many.

    Only errors that come inside their owner's document: they carry no fingerprint of their own.
    """
    status = await connection.execute(
        """
        UPDATE harvest_error e SET presence = 'GONE', removed_at = $2, last_seen_at = e.changed_at, changed_at = $2
        WHERE e.portal = $1 AND e.document_hash IS NULL AND e.row_hash IS NOT NULL AND e.presence = 'PRESENT'
          AND (e.record_id IN (SELECT t.id FROM stage_harvest_record s
                               JOIN harvest_record t ON t.portal = $1 AND t.native_id = s.native_id)
            OR e.record_id IS NULL AND e.job_id IN (SELECT t.id FROM stage_harvest_job s
                               JOIN harvest_job t ON t.portal = $1 AND t.native_id = s.native_id))
          AND NOT EXISTS (SELECT FROM stage_harvest_error s WHERE s.native_id = e.native_id)
        """,
        portal,
        now,
    )
    return int(status.rsplit(" ", 1)[1])


@cache
def _stubs(shape_: Shape, reference: Reference) -> str:
    """Return the statement that makes a stub of every parent that is named but not known."""
    values = stub_values(reference.table)
    return f"""
        INSERT INTO {reference.table} (portal, native_id, first_seen_at, changed_at, {", ".join(values)})
        SELECT DISTINCT $1::smallint, s."{reference.field}", $2::timestamptz, $2::timestamptz,
            {", ".join(values.values())}
        FROM {shape_.stage} s
        WHERE s."{reference.field}" IS NOT NULL AND NOT EXISTS (
            SELECT FROM {reference.table} t WHERE t.portal = $1 AND t.native_id = s."{reference.field}")
        ON CONFLICT DO NOTHING
    """


def _joins(shape_: Shape) -> str:
    return "\n".join(
        f"LEFT JOIN {ref.table} r_{ref.field} ON r_{ref.field}.portal = $1 "
        f'AND r_{ref.field}.native_id = s."{ref.field}"'
        for ref in shape_.references
    )


def _key_of(shape_: Shape, reference: Reference) -> str:
    if shape_.type is EntityType.HARVEST_RECORD and reference.field == "source":
        return "coalesce(r_source.id, r_job.source_id)"
    return f"r_{reference.field}.id"


def _begun(column: str, source: str) -> str:
    """Return the setting of a derived column whose source has changed: as in a row that is new."""
    return f"{column} = CASE WHEN t.{source} = excluded.{source} THEN t.{column} ELSE excluded.{column} END"


@cache
def _upsert(type_: EntityType) -> str:
    """Return the statement that merges a stage; it answers job_id (bulk types), new, changed."""
    shape_ = shape(type_)
    plain = [name for name in shape_.plain if name != "native_id"]
    derived = {column: source for column, source in _DERIVED_FROM.items() if source in plain}
    columns = [f'"{name}"' for name in plain] + [ref.column for ref in shape_.references]
    values = [f's."{name}"' for name in plain] + [_key_of(shape_, ref) for ref in shape_.references]
    updates = ", ".join(f"{column} = excluded.{column}" for column in columns)
    if type_ is EntityType.HARVEST_RECORD:  # of the others, derive settles every touched row
        updates += ", " + ", ".join(_begun(column, source) for column, source in derived.items())
    stays = "NOT $3::boolean AND t.presence IN ('GONE', 'EXPIRED')"
    presence = f"CASE WHEN {stays} THEN t.presence ELSE excluded.presence END"
    differs = f"(t.row_hash IS DISTINCT FROM excluded.row_hash OR t.presence IS DISTINCT FROM {presence})"
    by_job = "job_id" if type_ in BULK else "NULL::bigint AS job_id"
    keep = (
        ""
        if type_ in BULK
        else f", kept AS (INSERT INTO stage_fresh SELECT '{type_}', id FROM merged WHERE fresh)"
    )
    return f"""
        WITH merged AS (
            INSERT INTO {shape_.table} AS t (portal, native_id, presence, first_seen_at, changed_at,
                {", ".join([*columns, *derived])}, row_hash, document_hash)
            SELECT $1::smallint, s.native_id, CASE WHEN s.deleted_at IS NULL THEN 'PRESENT' ELSE 'DELETED' END,
                $2::timestamptz, $2::timestamptz,
                {", ".join([*values, *(f"s.{source}" for source in derived.values())])},
                s.row_hash, s.document_hash
            FROM {shape_.stage} s
            {_joins(shape_)}
            ON CONFLICT (portal, native_id) DO UPDATE SET {updates}, presence = {presence},
                removed_at = CASE WHEN {stays} THEN t.removed_at END,
                last_seen_at = CASE WHEN {stays} THEN t.last_seen_at END, row_hash = excluded.row_hash,
                document_hash = excluded.document_hash,
                changed_at = CASE WHEN {differs} THEN excluded.changed_at ELSE t.changed_at END
            WHERE {differs} OR t.document_hash IS DISTINCT FROM excluded.document_hash
            RETURNING t.id, {by_job}, t.xmax = 0 AS fresh, t.changed_at = $2 AS differs
        ){keep}
        SELECT job_id, count(*) FILTER (WHERE fresh) AS new, count(*) FILTER (WHERE differs AND NOT fresh) AS changed
        FROM merged GROUP BY job_id
    """


@cache
def _documents(shape_: Shape) -> str:
    return f"""
        INSERT INTO document (portal, entity_type, entity_id, hash, body, parent, position, counted, fetch_id)
        SELECT $1::smallint, '{shape_.type}', t.id, s.document_hash, s.body, s.doc_parent, s.doc_position,
            s.doc_counted, s.fetch_id
        FROM {shape_.stage} s JOIN {shape_.table} t ON t.portal = $1 AND t.native_id = s.native_id
        WHERE s.body IS NOT NULL AND s.fetch_id IS NOT NULL
        ON CONFLICT DO NOTHING
    """


@cache
def _new_datasets() -> str:
    """Return the statement that makes a row of every dataset that is new; what it says is settled by derive."""
    shape_ = shape(EntityType.DATASET)
    plain = [f'"{name}"' for name in shape_.plain if name != "native_id"]
    references = [ref.column for ref in shape_.references]
    return f"""
        INSERT INTO dataset (portal, native_id, presence, first_seen_at, changed_at,
            {", ".join([*plain, *references])}, row_hash, state)
        SELECT DISTINCT ON (s.native_id) $1::smallint, s.native_id, 'PRESENT', $2::timestamptz, $2::timestamptz,
            {", ".join([*(f"s.{name}" for name in plain), *(_key_of(shape_, ref) for ref in shape_.references)])},
            s.row_hash, 'UNPUBLISHED'
        FROM {shape_.stage} s {_joins(shape_)}
        WHERE NOT EXISTS (SELECT FROM dataset t WHERE t.portal = $1 AND t.native_id = s.native_id)
        ON CONFLICT DO NOTHING
    """
