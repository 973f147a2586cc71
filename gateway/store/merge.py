"""Merging staged entities into their tables: insert what is new, change what differs, leave the rest alone."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from gateway.model.enums import EntityType
from gateway.store.shape import Reference, Row, Shape, shape, stub_values
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
    """Merge the staged rows of *type_*, with their documents; the parents that they name are there.

    Not *seen*: the rows come out of stored documents, so that one that is gone stays gone.
    """
    shape_ = shape(type_)
    rows = await connection.fetch(_upsert(type_), portal, now, seen)
    await connection.execute(_documents(shape_), portal)
    arrived = tuple((row["job_id"], row["new"]) for row in rows if row["job_id"] is not None and row["new"])
    return Merged(sum(row["new"] for row in rows), sum(row["changed"] for row in rows), arrived)


async def make_stubs(
    connection: Connection,
    type_: EntityType,
    portal: int,
    now: datetime,
    rows: Iterable[Row],
    coming: Mapping[str, Container[str]],
) -> None:
    """Make a stub of each parent that staged *rows* of *type_* name, that is not known and does not come with them.

    *coming*: the native ids that come with them, by table.
    """
    shape_ = shape(type_)
    for reference in shape_.references:
        place, known = shape_.fields.index(reference.field), coming.get(reference.table, ())
        named = [name for name in {row[place] for row in rows} if name is not None and name not in known]
        if named:
            await connection.execute(_stubs(reference.table), portal, now, named)


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
def _stubs(table: str) -> str:
    """Return the statement that makes a stub of every row of *table* that is named ($3) but not known."""
    values = stub_values(table)
    return f"""
        INSERT INTO {table} (portal, native_id, first_seen_at, changed_at, {", ".join(values)})
        SELECT $1::smallint, n.native_id, $2::timestamptz, $2::timestamptz, {", ".join(values.values())}
        FROM unnest($3::text[]) AS n (native_id)
        WHERE (SELECT t.id FROM {table} t WHERE t.portal = $1 AND t.native_id = n.native_id) IS NULL
        ON CONFLICT DO NOTHING
    """


def joins(shape_: Shape) -> str:
    """Return the joins of a stage, at the alias s, with the rows that it refers to."""
    found = [
        f"LEFT JOIN {ref.table} r_{ref.field} ON r_{ref.field}.portal = $1 "
        f'AND r_{ref.field}.native_id = s."{ref.field}"'
        for ref in shape_.references
    ]
    if any(ref.table == "dataset" for ref in shape_.references):
        found.append("LEFT JOIN stage_newborn n ON n.native_id = s.dataset")
    return "\n".join(found)


def key_of(shape_: Shape, reference: Reference) -> str:
    """Return the SQL of the key of the row that a staged row refers to."""
    if shape_.type is EntityType.HARVEST_RECORD and reference.field == "source":
        return "coalesce(r_source.id, r_job.source_id)"
    if reference.table == "dataset":
        return f"coalesce(r_{reference.field}.id, n.id)"
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
    values = [f's."{name}"' for name in plain] + [key_of(shape_, ref) for ref in shape_.references]
    updates = ", ".join(f"{column} = excluded.{column}" for column in columns)
    if type_ is EntityType.HARVEST_RECORD:  # of the others, derive settles every touched row
        updates += ", " + ", ".join(_begun(column, source) for column, source in derived.items())
    stays = "NOT $3::boolean AND t.presence IN ('GONE', 'EXPIRED')"
    presence = f"CASE WHEN {stays} THEN t.presence ELSE excluded.presence END"
    differs = f"(t.row_hash IS DISTINCT FROM excluded.row_hash OR t.presence IS DISTINCT FROM {presence})"
    by_job = "job_id" if type_ in BULK else "NULL::bigint"
    belongs = {
        EntityType.HARVEST_JOB: "t.id, NULL::bigint",
        EntityType.HARVEST_RECORD: "t.job_id, t.dataset_id",
        EntityType.HARVEST_ERROR: "t.job_id, NULL::bigint",
    }.get(type_, "NULL::bigint, NULL::bigint")
    return f"""
        WITH merged AS (
            INSERT INTO {shape_.table} AS t (portal, native_id, presence, first_seen_at, changed_at,
                {", ".join([*columns, *derived])}, row_hash, document_hash)
            SELECT $1::smallint, s.native_id, CASE WHEN s.deleted_at IS NULL THEN 'PRESENT' ELSE 'DELETED' END,
                $2::timestamptz, $2::timestamptz,
                {", ".join([*values, *(f"s.{source}" for source in derived.values())])},
                s.row_hash, s.document_hash
            FROM {shape_.stage} s
            {joins(shape_)}
            ON CONFLICT (portal, native_id) DO UPDATE SET {updates}, presence = {presence},
                removed_at = CASE WHEN {stays} THEN t.removed_at END,
                last_seen_at = CASE WHEN {stays} THEN t.last_seen_at END, row_hash = excluded.row_hash,
                document_hash = excluded.document_hash,
                changed_at = CASE WHEN {differs} THEN excluded.changed_at ELSE t.changed_at END
            WHERE {differs} OR t.document_hash IS DISTINCT FROM excluded.document_hash
            RETURNING t.id, t.native_id, {belongs}, t.xmax = 0, t.changed_at = $2
        ), stored (id, native_id, job_id, dataset_id, fresh, differs) AS (SELECT * FROM merged), kept AS (
            INSERT INTO stage_stored SELECT '{type_}', id, native_id, job_id, dataset_id, fresh FROM stored
        )
        SELECT {by_job} AS job_id, count(*) FILTER (WHERE fresh) AS new,
            count(*) FILTER (WHERE differs AND NOT fresh) AS changed
        FROM stored GROUP BY 1
    """


@cache
def _documents(shape_: Shape) -> str:
    return f"""
        INSERT INTO document (portal, entity_type, entity_id, hash, body, parent, position, counted, fetch_id)
        SELECT $1::smallint, '{shape_.type}', t.id, s.document_hash, s.body, s.doc_parent, s.doc_position,
            s.doc_counted, s.fetch_id
        FROM {shape_.stage} s JOIN stage_stored t ON t.entity_type = '{shape_.type}' AND t.native_id = s.native_id
        WHERE s.body IS NOT NULL AND s.fetch_id IS NOT NULL
        ON CONFLICT DO NOTHING
    """
