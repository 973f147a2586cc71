"""rollups count what lists show."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATUSES = ("pending", "lost", "succeeded", "skipped", "failed", "archived", "unpublished", "unknown")
ACTIONS = {"created": "CREATE", "updated": "UPDATE", "deleted": "DELETE"}


def upgrade() -> None:
    """Count every run's records anew, those of runs that are only named too."""
    counted = {
        "records": "count(*)",
        **{f"records_{word}": f"count(*) FILTER (WHERE r.status = '{word.upper()}')" for word in STATUSES},
        **{name: f"count(*) FILTER (WHERE r.action = '{word}')" for name, word in ACTIONS.items()},
    }
    names = ", ".join(counted)
    op.execute(
        f"""
        WITH record AS (
            SELECT r.job_id, {", ".join(f"{sql} AS {name}" for name, sql in counted.items())}
            FROM harvest_record r WHERE r.presence IN ('PRESENT', 'EXPIRED') GROUP BY r.job_id
        ), error AS (
            SELECT e.job_id, count(*) FILTER (WHERE e.severity = 'ERROR') AS errors,
                count(*) FILTER (WHERE e.severity = 'WARNING') AS warnings
            FROM harvest_error e WHERE e.presence IN ('PRESENT', 'EXPIRED') GROUP BY e.job_id
        )
        INSERT INTO job_rollup AS t (job_id, portal, source_id, organization_id, backend_id, presence, status, kind,
            created_at, duration_seconds, {names}, errors, warnings)
        SELECT j.id, j.portal, j.source_id, s.organization_id, s.backend_id, j.presence, j.status, j.kind,
            j.created_at, extract(epoch FROM j.ended_at - j.started_at)::float8,
            {", ".join(f"coalesce(r.{name}, 0)" for name in counted)}, coalesce(e.errors, 0), coalesce(e.warnings, 0)
        FROM harvest_job j LEFT JOIN record r ON r.job_id = j.id LEFT JOIN error e ON e.job_id = j.id
        LEFT JOIN harvest_source s ON s.id = j.source_id
        ON CONFLICT (job_id) DO UPDATE SET ({names}, errors, warnings)
            = ({", ".join(f"excluded.{name}" for name in counted)}, excluded.errors, excluded.warnings)
        """
    )


def downgrade() -> None:
    op.execute("DELETE FROM job_rollup WHERE presence = 'UNKNOWN'")
