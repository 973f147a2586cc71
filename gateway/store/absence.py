"""What a proved membership no longer holds: tombstones, what falls with them, and what waits for somebody's word."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.model.enums import EntityType
from gateway.ports import Scope
from gateway.store import journal
from gateway.store.bookkeeping import Run
from gateway.store.staging import Connection, touch, value
from gateway.store.tables import ROWS

RETENTION_DAYS = 365
"""Both portals drop jobs and outdated records after a year: older rows expire, they are not deleted."""


@dataclass(frozen=True, slots=True)
class Cap:
    """How much may vanish at once without somebody's word."""

    percent: float = 20.0
    rows: int = 5

    def holds(self, missing: int, members: int) -> bool:
        """Return whether *missing* of *members* rows are too many to believe."""
        return missing >= self.rows and missing * 100 > members * self.percent


class Seen:
    """The rows that a scope named in this pass: eight bytes each."""

    def __init__(self, newest_key: int) -> None:
        self.newest_key = newest_key
        """Largest key when the scope began: later rows are this pass's own."""
        self._keys = array("q")
        self.begun = False
        """Whether anything of the scope has been committed in this pass."""

    def add(self, keys: Sequence[int]) -> None:
        """Note rows that were named by what is being committed."""
        self.begun = True
        self._keys.extend(keys)

    def missing(self, members: Sequence[int]) -> list[int]:
        """Return those of *members* that were not named."""
        named = set(self._keys)
        return [key for key in members if key not in named]


async def newest_key(connection: Connection, type_: EntityType) -> int:
    """Return the largest key of a type's rows, 0 where there is none."""
    key: int = await value(connection, f"SELECT coalesce(max(id), 0) FROM {ROWS[type_].__tablename__}")
    return key


@dataclass(frozen=True, slots=True)
class Standing:
    """A deletion that waits for somebody's word, or whose rejection still holds."""

    id: int
    scope: str
    rejected: bool
    keys: frozenset[int]


async def standing(connection: Connection, portal: int, stream: str, keys: Sequence[str]) -> list[Standing]:
    """Return the deletions of the scopes *keys* that wait, and those that were rejected and have not lapsed."""
    rows = await connection.fetch(
        "SELECT id, scope, decided_at IS NOT NULL AS rejected, entity_ids FROM held_deletion "
        "WHERE portal = $1 AND stream = $2 AND scope = ANY ($3) "
        "AND (decided_at IS NULL OR decision = 'REJECTED' AND lapsed_at IS NULL)",
        portal,
        stream,
        list(keys),
    )
    return [Standing(row["id"], row["scope"], row["rejected"], frozenset(row["entity_ids"])) for row in rows]


async def end(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """End these deletions: a later read proved other rows absent. What waited is superseded, a rejection lapses."""
    await connection.execute(
        "UPDATE held_deletion SET lapsed_at = CASE WHEN decided_at IS NULL THEN lapsed_at ELSE $2 END, "
        "decision = coalesce(decision, 'SUPERSEDED'), decided_at = coalesce(decided_at, $2::timestamptz) "
        "WHERE id = ANY ($1)",
        list(ids),
        now,
    )


async def returned(
    connection: Connection, portal: int, type_: EntityType, keys: Sequence[int]
) -> list[tuple[int, list[int]]]:
    """Return the deletions of *type_* that wait, and those of their rows that are among *keys*: these are there."""
    rows = await connection.fetch(
        "SELECT id, ARRAY(SELECT unnest(entity_ids) INTERSECT SELECT unnest($3::bigint[])) AS keys "
        "FROM held_deletion WHERE portal = $1 AND entity_type = $2 AND decided_at IS NULL",
        portal,
        type_.value,
        list(keys),
    )
    return [(row["id"], row["keys"]) for row in rows if row["keys"]]


async def spare(connection: Connection, id_: int, keys: Sequence[int], now: datetime) -> None:
    """Take rows out of a deletion that waits; one without any row left is superseded."""
    left = await connection.fetchval(
        "UPDATE held_deletion SET entity_ids = ARRAY(SELECT unnest(entity_ids) EXCEPT SELECT unnest($2::bigint[]) "
        "ORDER BY 1) WHERE id = $1 AND decided_at IS NULL RETURNING cardinality(entity_ids)",
        id_,
        list(keys),
    )
    if left == 0:
        await end(connection, [id_], now)


async def bury(connection: Connection, type_: EntityType, keys: Sequence[int], now: datetime) -> int:
    """Mark rows absent, with what falls with them; return how many rows that were."""
    if type_ is EntityType.HARVEST_JOB:
        await _drop_scheduled(connection, keys, now)
    count = await _mark(connection, type_, "t.id = ANY ($2::bigint[])", list(keys), now)
    if type_ is EntityType.HARVEST_SOURCE:
        count += await _bury_jobs_of(connection, keys, now)
    elif type_ is EntityType.HARVEST_JOB:
        count += await _bury_children(connection, list(keys), now)
    elif type_ is EntityType.HARVEST_RECORD:
        await _touch_owners(connection, "t.id = ANY ($1)", keys)
    return count


async def _bury_jobs_of(connection: Connection, sources: Sequence[int], now: datetime) -> int:
    """Mark the jobs of *sources* absent, and drop those that were only planned."""
    rows = await connection.fetch("SELECT id FROM harvest_job WHERE source_id = ANY ($1)", sources)
    jobs = [row["id"] for row in rows]
    await _drop_scheduled(connection, jobs, now)
    where = "t.id = ANY ($2::bigint[])"
    count = await _mark(connection, EntityType.HARVEST_JOB, where, jobs, now, presence="'GONE'")
    return count + await _bury_children(connection, jobs, now)


async def hold(
    connection: Connection, scope: Scope, keys: Sequence[int], size: int, *, run: Run, now: datetime
) -> None:
    """Keep a deletion above the cap waiting."""
    await connection.execute(
        "INSERT INTO held_deletion (portal, stream, scope, entity_type, entity_ids, members, held_at, run_id) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        run.portal,
        scope.stream,
        scope.key,
        scope.member.value,
        list(keys),
        size,
        now,
        run.id,
    )


async def _drop_scheduled(connection: Connection, keys: Sequence[int], now: datetime) -> None:
    """Delete planned runs that vanished: nothing ever happened in them. History keeps that they were planned."""
    planned = "t.id = ANY ($2::bigint[]) AND t.status = 'SCHEDULED'"
    await journal.keep(connection, EntityType.HARVEST_JOB, planned, now, keys)
    await connection.execute(
        """
        WITH dropped AS (
            DELETE FROM harvest_job WHERE id = ANY ($1) AND status = 'SCHEDULED' RETURNING id, source_id
        ), rollup AS (
            DELETE FROM job_rollup WHERE job_id IN (SELECT id FROM dropped)
        ), documents AS (
            DELETE FROM document WHERE entity_type = 'HarvestJob' AND entity_id IN (SELECT id FROM dropped)
        )
        INSERT INTO stage_touched SELECT DISTINCT 'HarvestSource', source_id FROM dropped WHERE source_id IS NOT NULL
        ON CONFLICT DO NOTHING
        """,
        keys,
    )


async def _bury_children(connection: Connection, jobs: Sequence[int], now: datetime) -> int:
    await touch(connection, EntityType.HARVEST_JOB, jobs)
    await _touch_owners(connection, "t.job_id = ANY ($1)", jobs)
    owner = "(SELECT j.presence FROM harvest_job j WHERE j.id = t.job_id)"
    count = 0
    for type_ in (EntityType.HARVEST_RECORD, EntityType.HARVEST_ERROR):
        count += await _mark(
            connection, type_, "t.job_id = ANY ($2::bigint[])", list(jobs), now, presence=owner
        )
    return count


async def _touch_owners(connection: Connection, where: str, keys: Sequence[int]) -> None:
    """Touch the jobs and datasets of records that are about to vanish."""
    for type_, column in ((EntityType.DATASET, "dataset_id"), (EntityType.HARVEST_JOB, "job_id")):
        await connection.execute(
            f"INSERT INTO stage_touched SELECT DISTINCT '{type_}', t.{column} FROM harvest_record t "
            f"WHERE {where} AND t.{column} IS NOT NULL ON CONFLICT DO NOTHING",
            keys,
        )


async def _mark(
    connection: Connection,
    type_: EntityType,
    where: str,
    keys: Sequence[int],
    now: datetime,
    *,
    presence: str = "",
) -> int:
    """Mark the present rows that match *where* as absent; return how many."""
    expires = type_ in {EntityType.HARVEST_JOB, EntityType.HARVEST_RECORD, EntityType.HARVEST_ERROR}
    aged = f"CASE WHEN t.created_at < $1::timestamptz - interval '{RETENTION_DAYS} days' THEN 'EXPIRED' ELSE 'GONE' END"
    word = presence or (aged if expires else "'GONE'")
    present = f"{where} AND t.presence IN ('PRESENT', 'DELETED')"
    if type_ in journal.JOURNALED:
        await journal.remember(connection, type_, present.replace("$2", "$1"), list(keys))
    if type_ is EntityType.HARVEST_JOB:
        await connection.execute(
            "INSERT INTO stage_touched SELECT 'HarvestJob', t.id FROM harvest_job t "
            f"WHERE {present.replace('$2', '$1')} ON CONFLICT DO NOTHING",
            list(keys),
        )
    status = await connection.execute(
        f"UPDATE {ROWS[type_].__tablename__} t SET presence = {word}, removed_at = $1::timestamptz, "
        "last_seen_at = coalesce((SELECT max(s.reconciled_at) FROM sync_stream s WHERE s.portal = t.portal), "
        "t.changed_at), "
        f"changed_at = $1::timestamptz WHERE {present}",
        now,
        list(keys),
    )
    return int(status.rsplit(" ", 1)[1])
