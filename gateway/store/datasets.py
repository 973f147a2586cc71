"""What became of a dataset: its state, the record that speaks for it, its text. Derived, idempotent."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from gateway.model.enums import EntityType
from gateway.store import journal
from gateway.store.merge import joins, key_of
from gateway.store.shape import Shape, shape
from gateway.store.staging import Connection
from gateway.store.verdicts import COMPLETE, OF_CHANGES, OF_INVENTORY, TOUCHED

_STAGED_RECORDS = """
    FROM stage_harvest_record s JOIN harvest_record r ON r.portal = $1 AND r.native_id = s.native_id
"""


async def touch_former(connection: Connection, portal: int) -> None:
    """Touch the datasets that staged records are linked to before they are merged."""
    await connection.execute(
        f"INSERT INTO stage_touched SELECT DISTINCT '{EntityType.DATASET}', r.dataset_id {_STAGED_RECORDS} "
        "WHERE r.dataset_id IS NOT NULL AND r.row_hash IS DISTINCT FROM s.row_hash ON CONFLICT DO NOTHING",
        portal,
    )


async def touch_unlinked(connection: Connection, portal: int) -> None:
    """Touch the datasets whose latest record no longer speaks of them.

    Only once a stream has been read: while references vanish page by page, what remains is no newest mention.
    """
    await connection.execute(
        f"""
        INSERT INTO stage_touched
        SELECT '{EntityType.DATASET}', d.id FROM dataset d JOIN harvest_record r ON r.id = d.latest_record_id
        WHERE d.portal = $1 AND d.presence <> 'GONE' AND r.dataset_id IS DISTINCT FROM d.id
        ON CONFLICT DO NOTHING
        """,
        portal,
    )


async def touch_stored(connection: Connection, *, inventory: bool) -> None:
    """Touch the datasets of stored records; of an inventory's only where the mention is not an old one."""
    await connection.execute(_touching("FROM stage_stored r", inventory))


async def touch_staged(connection: Connection, portal: int, *, inventory: bool) -> None:
    """Touch the datasets of staged records, stored anew or not, as ``touch_stored`` does."""
    await connection.execute(_touching(_STAGED_RECORDS, inventory), portal)


def _touching(records: str, inventory: bool) -> str:
    """Return the statement that touches the datasets of the *records* (FROM, at the alias r)."""
    newer = """
        LEFT JOIN dataset d ON d.id = r.dataset_id
        LEFT JOIN harvest_job j ON j.id = r.job_id
        LEFT JOIN harvest_record lr ON lr.id = d.latest_record_id
        LEFT JOIN harvest_job lj ON lj.id = lr.job_id
        WHERE r.dataset_id IS NOT NULL AND (lj.id IS NULL
            OR (j.created_at, j.native_id COLLATE "C") >= (lj.created_at, lj.native_id COLLATE "C"))
    """
    return (
        f"INSERT INTO stage_touched SELECT DISTINCT '{EntityType.DATASET}', r.dataset_id {records} "
        f"{newer if inventory else 'WHERE r.dataset_id IS NOT NULL'} ON CONFLICT DO NOTHING"
    )


async def touch_sources(connection: Connection, portal: int, jobs: list[str]) -> None:
    """Touch the datasets that the sources of *jobs* (native ids) have listed and may list no longer.

    What every one of its sources lists as of its last complete run is left alone, unless it is said not to be listed:
    records that name it have touched it themselves.
    """
    await connection.execute(_LISTED_NO_LONGER, portal, jobs)


async def settle(connection: Connection, portal: int, now: datetime, *, inventory: bool, told: bool) -> None:
    """Settle state, presence and latest record of the touched datasets, then their text; make those that are new.

    *told*: events tell what changes, so that it has to be remembered what was; they have no history.
    """
    await connection.execute("ANALYZE stage_touched")
    touched = f"t.portal = $1 AND t.id IN {TOUCHED}"
    if told:
        await journal.remember(connection, EntityType.DATASET, touched, portal)
    newborn = await connection.fetchval("SELECT EXISTS (SELECT FROM stage_newborn)")
    verdict = OF_INVENTORY if inventory else OF_CHANGES
    apply = _apply(linking=not (inventory or told)) if newborn else f", settled AS ({_APPLY})"
    unjudged = await connection.fetchval(f"{verdict} {apply} {_UNJUDGED}", portal, now)
    if unjudged:
        await connection.execute(
            f"""
            UPDATE dataset t SET presence = 'GONE', removed_at = $2, last_seen_at = t.changed_at, changed_at = $2
            WHERE {touched} AND t.presence NOT IN ('GONE', 'UNKNOWN')
              AND NOT EXISTS (SELECT FROM harvest_record r WHERE r.dataset_id = t.id AND r.presence <> 'GONE')
            """,
            portal,
            now,
        )
    await connection.execute(_text(), portal, now)


async def settle_parents(connection: Connection, portal: int) -> None:
    """Link each dataset to the one of its source that its parent identifier names.

    Once a stream has been read: a parent may come after its children.
    """
    await connection.execute(_PARENTS, portal)


async def voiceless(connection: Connection, portal: int, limit: int) -> list[str]:
    """Return native ids of records whose text their dataset should carry and does not, at most *limit*."""
    rows = await connection.fetch(
        """
        SELECT r.native_id FROM dataset t JOIN harvest_record r ON r.id = t.latest_record_id
        WHERE t.portal = $1 AND t.text_record_id IS DISTINCT FROM t.latest_record_id
        ORDER BY t.id LIMIT $2
        """,
        portal,
        limit,
    )
    return [row["native_id"] for row in rows]


@cache
def _text() -> str:
    """Return the statement that gives each dataset the text that its latest record tells, where it is staged."""
    shape_ = shape(EntityType.DATASET)
    sets = ", ".join(f"{name} = s.{name}" for name in _told(shape_))
    return f"""
        UPDATE dataset t SET {sets}, row_hash = s.row_hash, text_record_id = t.latest_record_id,
            changed_at = CASE WHEN t.row_hash IS DISTINCT FROM s.row_hash THEN $2 ELSE t.changed_at END
        FROM harvest_record r, {shape_.stage} s
        WHERE t.portal = $1 AND t.id IN {TOUCHED}
          AND r.id = t.latest_record_id AND s.native_id = t.native_id AND s.speaker = r.native_id
          AND (t.row_hash, t.text_record_id) IS DISTINCT FROM (s.row_hash, t.latest_record_id)
    """


def _told(shape_: Shape) -> list[str]:
    """Return the columns that are a dataset's text: what its records tell, and no verdict."""
    return [f'"{name}"' for name in shape_.plain if name not in {"native_id", "deleted_at"}]


_APPLY = """
    UPDATE dataset t SET state = v.state, presence = v.presence, deleted_at = v.deleted_at, removed_at = NULL,
        last_seen_at = NULL, state_basis = v.basis, state_job_id = v.state_job_id,
        latest_record_id = v.latest_record_id,
        source_id = coalesce(v.source_id, t.source_id), changed_at = $2
    FROM verdict v
    WHERE v.dataset_id = t.id
      AND (t.state, t.presence, t.deleted_at, t.state_job_id, t.latest_record_id, t.source_id) IS DISTINCT FROM
          (v.state, v.presence, v.deleted_at, v.state_job_id, v.latest_record_id, coalesce(v.source_id, t.source_id))
"""

_UNJUDGED = f"SELECT (SELECT count(*) FROM {TOUCHED} t) > (SELECT count(*) FROM verdict)"
"""Whether there are touched datasets without a verdict: all their records are gone."""


@cache
def _apply(*, linking: bool) -> str:
    """Return what makes the rows of new datasets, after a verdict, and changes those of the others.

    A new one has the text that its latest record tells. One without a verdict has only records that are gone.
    *linking*: with its parent, where that is there or comes with it; to link a row later indexes all its words anew.
    """
    shape_ = shape(EntityType.DATASET)
    told = _told(shape_)
    sources = [ref for ref in shape_.references if ref.column == "source_id"]
    source = ", ".join(["v.source_id", *(key_of(shape_, ref) for ref in sources)])
    parent, kin = ("k.parent_id", "LEFT JOIN nearest k ON k.id = b.id") if linking else ("NULL::bigint", "")
    return f"""
    , settled AS ({_APPLY}), chosen AS (
        SELECT DISTINCT ON (n.id) n.id, s.ctid AS place, v.speaker IS NOT DISTINCT FROM s.speaker COLLATE "C" AS speaks
        FROM stage_newborn n JOIN {shape_.stage} s USING (native_id) LEFT JOIN verdict v ON v.dataset_id = n.id
        ORDER BY n.id, speaks DESC
    ), born AS (
        SELECT c.id, c.place, c.speaks, s.native_id, s.remote_id, s.parent_identifier, coalesce({source}) AS source_id
        FROM chosen c JOIN {shape_.stage} s ON s.ctid = c.place LEFT JOIN verdict v ON v.dataset_id = c.id
        {joins(shape_)}
    ), kin AS (
        SELECT b.id, p.id AS parent_id, p.native_id FROM born b JOIN born p
        ON p.source_id = b.source_id AND p.remote_id = b.parent_identifier AND p.id <> b.id
        UNION ALL SELECT b.id, p.id, p.native_id FROM born b JOIN dataset p
        ON p.source_id = b.source_id AND p.remote_id = b.parent_identifier
    ), nearest AS (
        SELECT DISTINCT ON (id) id, parent_id FROM kin ORDER BY id, native_id COLLATE "C"
    ), made AS (
        INSERT INTO dataset (id, portal, native_id, first_seen_at, changed_at, {", ".join(told)}, row_hash, source_id,
            state, presence, deleted_at, state_basis, state_job_id, latest_record_id, text_record_id, parent_id)
        SELECT b.id, $1::smallint, s.native_id, $2::timestamptz, $2::timestamptz,
            {", ".join(f"s.{name}" for name in told)}, s.row_hash, b.source_id,
            coalesce(v.state, 'UNPUBLISHED'), coalesce(v.presence, 'PRESENT'), v.deleted_at, v.basis, v.state_job_id,
            v.latest_record_id, CASE WHEN b.speaks THEN v.latest_record_id END, {parent}
        FROM born b JOIN {shape_.stage} s ON s.ctid = b.place LEFT JOIN verdict v ON v.dataset_id = b.id
        {kin}
        RETURNING id, native_id
    ), kept AS (
        INSERT INTO stage_stored SELECT '{EntityType.DATASET}', id, native_id, NULL, NULL, true FROM made
    )
    """


_LISTED_NO_LONGER = f"""
    WITH concerned AS MATERIALIZED (
        SELECT DISTINCT source_id FROM harvest_job WHERE portal = $1 AND native_id = ANY ($2)
    ), complete AS MATERIALIZED (
        {COMPLETE.format(sources="concerned")}
    ), listing AS MATERIALIZED (
        SELECT j.id FROM harvest_job j JOIN complete c USING (source_id)
        WHERE (j.created_at, j.native_id COLLATE "C") >= (c.created_at, c.native_id)
    ), named AS (
        SELECT r.dataset_id, r.source_id, bool_or(r.presence <> 'GONE' AND r.job_id IN (SELECT id FROM listing))
            OR r.source_id NOT IN (SELECT source_id FROM complete) AS listed
        FROM harvest_record r WHERE r.source_id IN (SELECT source_id FROM concerned) AND r.dataset_id IS NOT NULL
        GROUP BY r.dataset_id, r.source_id
    )
    INSERT INTO stage_touched
    SELECT DISTINCT '{EntityType.DATASET}', n.dataset_id FROM named n JOIN dataset d ON d.id = n.dataset_id
    WHERE n.listed IS NOT TRUE OR d.state = 'NOT_LISTED'
    ON CONFLICT DO NOTHING
"""

_PARENTS = """
    WITH child AS (
        SELECT id, parent_id, source_id, parent_identifier FROM dataset
        WHERE portal = $1 AND (parent_identifier IS NOT NULL OR parent_id IS NOT NULL)
    ), found AS (
        SELECT DISTINCT ON (c.id) c.id, p.id AS parent_id
        FROM child c LEFT JOIN dataset p
            ON p.source_id = c.source_id AND p.remote_id = c.parent_identifier AND p.id <> c.id
        ORDER BY c.id, p.native_id COLLATE "C"
    )
    UPDATE dataset t SET parent_id = f.parent_id FROM found f
    WHERE f.id = t.id AND t.parent_id IS DISTINCT FROM f.parent_id
"""
