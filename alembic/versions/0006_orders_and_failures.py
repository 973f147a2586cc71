"""orders and failures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

FOLDED = """
CREATE OR REPLACE FUNCTION folded(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
BEGIN
  RETURN lower(public.unaccent('public.unaccent', left(value, 10000)) COLLATE pg_catalog."default");
END $$
"""

ORDER_TEXT = """
CREATE OR REPLACE FUNCTION order_text(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
BEGIN
  RETURN left(public.folded(left(value, 200)), 200);
END $$
"""

ORDERED = {"dataset": "title", "harvest_backend": "label", "harvest_source": "name", "organization": "name"}
"""The text that lists can be ordered by, by table."""

FAILURES = """
UPDATE harvest_source t SET consecutive_failures = s.failures FROM (
    SELECT r.source_id, count(*)::int AS failures FROM (
        SELECT j.source_id, bool_or(j.status IN ('SUCCEEDED', 'PARTIAL')) OVER (PARTITION BY j.source_id
            ORDER BY j.created_at DESC NULLS LAST, j.native_id COLLATE "C" DESC) AS was_good
        FROM harvest_job j
        WHERE j.presence IN ('PRESENT', 'EXPIRED') AND j.kind IN ('HARVEST', 'FORCE_HARVEST', 'UNKNOWN')
          AND j.status IN ('SUCCEEDED', 'PARTIAL', 'FAILED', 'LOST')
    ) r WHERE NOT r.was_good GROUP BY r.source_id
) s WHERE s.source_id = t.id
"""


def upgrade() -> None:
    op.execute(FOLDED)
    op.execute(ORDER_TEXT)
    for table in ("harvest_source", "harvest_source_history"):
        op.add_column(
            table,
            sa.Column(
                "consecutive_failures", sa.Integer(), server_default=sa.literal_column("0"), nullable=False
            ),
        )
    op.add_column("sync_run", sa.Column("whole", sa.Boolean(), nullable=True))
    op.execute(FAILURES)
    for table, column in ORDERED.items():
        key = sa.literal_column(f'order_text({column} COLLATE "C")').label(column)
        op.create_index(f"ix_{table}_{column}", table, [key, "id"])


def downgrade() -> None:
    for table, column in ORDERED.items():
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    op.drop_column("sync_run", "whole")
    for table in ("harvest_source_history", "harvest_source"):
        op.drop_column(table, "consecutive_failures")
    op.execute("DROP FUNCTION order_text(text)")
    op.execute("DROP FUNCTION folded(text)")
