"""What needs several rows or the clock: final statuses of jobs and records, a source's last job and next run.

Every statement is idempotent: run twice, it writes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime

from gateway.model.enums import EntityType
from gateway.store import journal
from gateway.store.shape import shape
from gateway.store.staging import Connection

OPEN = "('SCHEDULED', 'PENDING', 'RUNNING')"
LOST_AFTER = "interval '48 hours'"
JUDGED = "('SUCCEEDED', 'PARTIAL', 'FAILED', 'LOST')"
"""Ended runs that say something about their source, as ``gateway.compare.counting`` has it."""
BAD = "('FAILED', 'LOST')"
HARVESTS = "('HARVEST', 'FORCE_HARVEST', 'UNKNOWN')"
"""Runs that harvest."""

_JOB_STATUS = f"""
    CASE
        WHEN t.wire_status = 'PENDING' AND t.created_at > $2 THEN 'SCHEDULED'
        WHEN t.wire_status IN ('PENDING', 'RUNNING') AND t.created_at + {LOST_AFTER} <= $2 THEN 'LOST'
        WHEN t.wire_status = 'FAILED' AND EXISTS (SELECT FROM harvest_error e WHERE e.job_id = t.id
             AND e.record_id IS NULL AND e.native_type = 'CancelledJob' AND e.presence = 'PRESENT') THEN 'CANCELLED'
        WHEN t.wire_status = 'FAILED' AND EXISTS (SELECT FROM harvest_error e WHERE e.job_id = t.id
             AND e.record_id IS NULL AND e.native_type = 'FailedJobCleanup' AND e.presence = 'PRESENT') THEN 'LOST'
        ELSE t.wire_status
    END
"""

_MOVED_JOBS = f"t.portal = $1 AND t.presence = 'PRESENT' AND t.id = ANY ($3) AND t.status <> ({_JOB_STATUS})"

_RECORD_STATUS = f"""
    CASE
        WHEN t.wire_status = 'PENDING' AND j.status NOT IN {OPEN} AND j.presence <> 'UNKNOWN' THEN 'LOST'
        WHEN t.wire_status = 'UNPUBLISHED' AND j.status IN {OPEN} THEN 'PENDING'
        ELSE t.wire_status
    END
"""


def last_job(jobs: str, source: str) -> str:
    """Return the SQL of the key of the last job among *jobs* (after FROM) of the row at the alias *source*."""
    return f"""
    (SELECT j.id FROM {jobs} j
     WHERE j.source_id = {source}.id AND j.status <> 'SCHEDULED' AND j.presence IN ('PRESENT', 'EXPIRED')
     ORDER BY j.created_at DESC NULLS LAST, j.native_id COLLATE "C" DESC LIMIT 1)
"""


def next_run(jobs: str, source: str) -> str:
    """Return the SQL of when the next of the planned *jobs* of *source* is due."""
    return f"""
    (SELECT min(j.created_at) FROM {jobs} j
     WHERE j.source_id = {source}.id AND j.status = 'SCHEDULED' AND j.presence = 'PRESENT')
"""


def failures(jobs: str, source: str) -> str:
    """Return the SQL of how many of the judged *jobs* of *source* ended badly since the last that did not."""
    return f"""
    (SELECT count(*)::int FROM (
        SELECT bool_or(j.status NOT IN {BAD}) OVER (
            ORDER BY j.created_at DESC NULLS LAST, j.native_id COLLATE "C" DESC) AS was_good
        FROM {jobs} j
        WHERE j.source_id = {source}.id AND j.presence IN ('PRESENT', 'EXPIRED')
          AND j.kind IN {HARVESTS} AND j.status IN {JUDGED}) r
     WHERE NOT r.was_good)
"""


_JOBS = "harvest_job"


async def touch_open(connection: Connection, portal: int, sources_: Sequence[str] | None) -> None:
    """Touch the open jobs of these sources (native ids; None: of the portal): they have just been seen open."""
    await connection.execute(
        f"""
        INSERT INTO stage_touched SELECT '{EntityType.HARVEST_JOB}', t.id FROM harvest_job t
        WHERE t.portal = $1 AND t.status IN {OPEN} AND t.presence = 'PRESENT' AND ($2::text[] IS NULL OR t.source_id IN
            (SELECT id FROM harvest_source WHERE portal = $1 AND native_id = ANY ($2)))
        ON CONFLICT DO NOTHING
        """,
        portal,
        sources_,
    )


async def touch_stored(connection: Connection) -> None:
    """Touch the jobs that stored jobs, records and errors speak of."""
    await connection.execute(
        f"INSERT INTO stage_touched SELECT DISTINCT '{EntityType.HARVEST_JOB}', job_id FROM stage_stored "
        "WHERE job_id IS NOT NULL ON CONFLICT DO NOTHING"
    )


async def touch_staged(connection: Connection, portal: int, types: Container[EntityType]) -> None:
    """Touch the jobs that staged jobs, records and errors speak of."""
    for type_, column in (
        (EntityType.HARVEST_JOB, "id"),
        (EntityType.HARVEST_RECORD, "job_id"),
        (EntityType.HARVEST_ERROR, "job_id"),
    ):
        if type_ in types:
            shape_ = shape(type_)
            await connection.execute(
                f"INSERT INTO stage_touched SELECT DISTINCT '{EntityType.HARVEST_JOB}', t.{column} "
                f"FROM {shape_.stage} s JOIN {shape_.table} t ON t.portal = $1 AND t.native_id = s.native_id "
                f"WHERE t.{column} IS NOT NULL ON CONFLICT DO NOTHING",
                portal,
            )


async def jobs(connection: Connection, portal: int, now: datetime, touched: Sequence[int]) -> None:
    """Settle the status of the *touched* jobs (their keys).

    Only a job that was seen in this pass may be called LOST: an open one that was not may have ended meanwhile.
    """
    rows = await connection.fetch(f"SELECT t.id FROM harvest_job t WHERE {_MOVED_JOBS}", portal, now, touched)
    if moved := [row["id"] for row in rows]:
        await journal.remember(connection, EntityType.HARVEST_JOB, "t.id = ANY ($1)", moved)
        await connection.execute(
            f"UPDATE harvest_job t SET status = {_JOB_STATUS}, changed_at = $2 WHERE {_MOVED_JOBS}",
            portal,
            now,
            moved,
        )


async def records(connection: Connection, portal: int, now: datetime, jobs: Sequence[int]) -> None:
    """Settle the status of the records of *jobs* (their keys); touch the datasets of those that moved."""
    await connection.execute(
        f"""
        WITH moved AS (
            UPDATE harvest_record t SET status = {_RECORD_STATUS}, changed_at = $2
            FROM harvest_job j
            WHERE j.id = t.job_id AND t.portal = $1 AND t.job_id = ANY ($3)
              AND t.wire_status IN ('PENDING', 'UNPUBLISHED') AND t.status <> ({_RECORD_STATUS})
            RETURNING t.dataset_id
        )
        INSERT INTO stage_touched SELECT DISTINCT '{EntityType.DATASET}', dataset_id FROM moved
        WHERE dataset_id IS NOT NULL ON CONFLICT DO NOTHING
        """,
        portal,
        now,
        jobs,
    )


_CHANGED_JOBS = f"""(
     SELECT id FROM stage_stored WHERE entity_type = '{EntityType.HARVEST_JOB}'
     UNION SELECT id FROM stage_prior WHERE entity_type = '{EntityType.HARVEST_JOB}')
"""
"""Jobs whose rows this unit has made or may have changed: what changes one remembers it before."""
_TOUCHED_JOBS = f"(SELECT id FROM stage_touched WHERE entity_type = '{EntityType.HARVEST_JOB}')"


async def sources(connection: Connection, portal: int, *, planned: bool, anew: bool) -> None:
    """Settle the last job of the sources of changed jobs, and how many of their runs in a row ended badly.

    Also the next run, where the portal has *planned* jobs. *anew*: of all touched jobs, as by other rules than before.
    Else jobs are left out that were touched by their records: these say nothing of their source, and to look at each
    source again in each unit was 6 % of what storing a million records cost.
    """
    rows = await connection.fetch(
        f"""
        SELECT source_id AS id FROM harvest_job
        WHERE id = ANY (ARRAY{_TOUCHED_JOBS if anew else _CHANGED_JOBS}) AND source_id IS NOT NULL
        UNION SELECT id FROM stage_touched WHERE entity_type = '{EntityType.HARVEST_SOURCE}'
        """
    )
    if not rows:
        return
    await connection.execute(
        f"""
        WITH settled AS (
            SELECT t.id, {last_job(_JOBS, "t")} AS last_job_id, {next_run(_JOBS, "t")} AS next_run_at,
                {failures(_JOBS, "t")} AS failures
            FROM harvest_source t WHERE t.id = ANY ($3)
        )
        UPDATE harvest_source t SET last_job_id = s.last_job_id, consecutive_failures = s.failures,
            next_run_at = CASE WHEN $2 THEN s.next_run_at ELSE t.next_run_at END
        FROM settled s
        WHERE s.id = t.id AND t.portal = $1
          AND (t.last_job_id IS DISTINCT FROM s.last_job_id OR t.consecutive_failures <> s.failures
               OR $2 AND t.next_run_at IS DISTINCT FROM s.next_run_at)
        """,
        portal,
        planned,
        [row["id"] for row in rows],
    )


async def schedules(connection: Connection, portal: int) -> Sequence[tuple[int, str | None, bool]]:
    """Return (key, raw schedule, whether it runs) of the sources that have a schedule or the traces of one."""
    rows = await connection.fetch(
        """
        SELECT id, schedule_raw, presence = 'PRESENT' AND active IS NOT FALSE AS runs
        FROM harvest_source
        WHERE portal = $1 AND (schedule_raw IS NOT NULL OR schedule_words IS NOT NULL OR next_run_at IS NOT NULL)
        """,
        portal,
    )
    return [(row["id"], row["schedule_raw"], row["runs"]) for row in rows]


async def set_schedules(
    connection: Connection,
    portal: int,
    settled: Sequence[tuple[int, int | None, str | None, datetime | None]],
) -> None:
    """Store what the schedules mean: (key, every seconds, words, next run)."""
    if not settled:
        return
    keys, every, words, following = zip(*settled, strict=True)
    differs = """
        (t.schedule_every_seconds, t.schedule_words, CASE WHEN p.inventory THEN t.next_run_at END)
        IS DISTINCT FROM (s.every, s.words, CASE WHEN p.inventory THEN s.following END)
    """
    await connection.execute(
        f"""
        UPDATE harvest_source t SET schedule_every_seconds = s.every, schedule_words = s.words,
            next_run_at = CASE WHEN p.inventory THEN s.following ELSE t.next_run_at END
        FROM unnest($2::bigint[], $3::int[], $4::text[], $5::timestamptz[]) AS s (id, every, words, following), portal p
        WHERE s.id = t.id AND t.portal = $1 AND p.number = $1 AND {differs}
        """,
        portal,
        keys,
        every,
        words,
        following,
    )
