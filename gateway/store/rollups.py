"""What reports and dashboards count, in one row per job and one per portal: written in the job's own unit.

A portal's units follow each other under its lease, so nobody waits for its row.
"""

from __future__ import annotations

from functools import cache

from gateway.model.enums import EntityType, RecordStatus
from gateway.store.staging import Connection, touched_keys
from gateway.store.totals import JobRollup

STATUS_COLUMNS = {
    "records_pending": RecordStatus.PENDING,
    "records_lost": RecordStatus.LOST,
    "records_succeeded": RecordStatus.SUCCEEDED,
    "records_skipped": RecordStatus.SKIPPED,
    "records_failed": RecordStatus.FAILED,
    "records_archived": RecordStatus.ARCHIVED,
    "records_unpublished": RecordStatus.UNPUBLISHED,
    "records_unknown": RecordStatus.UNKNOWN,
}
"""The columns that count a run's records, with the status of these."""
LISTED = "('PRESENT', 'EXPIRED')"
"""What is counted: what lists show unless they are asked for more."""
_ACTION = {"created": "CREATE", "updated": "UPDATE", "deleted": "DELETE"}


async def refresh(connection: Connection, portal: int) -> None:
    """Count the touched jobs anew, sum up the portal's, and store what differs; a dropped job loses its row."""
    await connection.execute(_counts(), portal, await touched_keys(connection, EntityType.HARVEST_JOB))
    await connection.execute(_sums(), portal)


@cache
def _counts() -> str:
    columns = [column.name for column in JobRollup.__table__.columns]  # type: ignore[attr-defined]
    statuses = [
        f"count(*) FILTER (WHERE r.status = '{word}') AS {name}" for name, word in STATUS_COLUMNS.items()
    ]
    actions = [f"count(*) FILTER (WHERE r.action = '{word}') AS {name}" for name, word in _ACTION.items()]
    counted = [*STATUS_COLUMNS, *_ACTION]
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "job_id")
    return f"""
        WITH job AS (
            SELECT * FROM harvest_job WHERE portal = $1 AND id = ANY ($2::bigint[])
        ), record AS (
            SELECT r.job_id, count(*) AS records, {", ".join([*statuses, *actions])}
            FROM harvest_record r WHERE r.job_id = ANY ($2) AND r.presence IN {LISTED} GROUP BY r.job_id
        ), error AS (
            SELECT e.job_id, count(*) FILTER (WHERE e.severity = 'ERROR') AS errors,
                count(*) FILTER (WHERE e.severity = 'WARNING') AS warnings
            FROM harvest_error e WHERE e.job_id = ANY ($2) AND e.presence IN {LISTED} GROUP BY e.job_id
        )
        INSERT INTO job_rollup AS t (job_id, portal, source_id, organization_id, backend_id, presence, status, kind,
            created_at, duration_seconds, records, {", ".join(counted)}, errors, warnings)
        SELECT job.id, job.portal, job.source_id, s.organization_id, s.backend_id, job.presence, job.status, job.kind,
            job.created_at, extract(epoch FROM job.ended_at - job.started_at)::float8, coalesce(r.records, 0),
            {", ".join(f"coalesce(r.{name}, 0)" for name in counted)}, coalesce(e.errors, 0), coalesce(e.warnings, 0)
        FROM job LEFT JOIN record r ON r.job_id = job.id LEFT JOIN error e ON e.job_id = job.id
        LEFT JOIN harvest_source s ON s.id = job.source_id
        ON CONFLICT (job_id) DO UPDATE SET {updates}
        WHERE ({", ".join(f"t.{name}" for name in columns)})
            IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in columns)})
    """


@cache
def _sums() -> str:
    names = ["records", *STATUS_COLUMNS]
    sums = ", ".join(f"coalesce(sum(r.{name}), 0) AS {name}" for name in names)
    return f"""
        INSERT INTO portal_rollup AS t (portal, {", ".join(names)})
        SELECT $1, {sums} FROM job_rollup r WHERE r.portal = $1
        ON CONFLICT (portal) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in names)}
        WHERE ({", ".join(f"t.{name}" for name in names)})
            IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in names)})
    """
