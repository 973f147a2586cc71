"""portal rollups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COUNTS = (
    "records",
    "records_pending",
    "records_lost",
    "records_succeeded",
    "records_skipped",
    "records_failed",
    "records_archived",
    "records_unpublished",
    "records_unknown",
)


def upgrade() -> None:
    op.create_table(
        "portal_rollup",
        sa.Column("portal", sa.SmallInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint("portal"),
    )
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in COUNTS)
    op.execute(
        f"INSERT INTO portal_rollup (portal, {', '.join(COUNTS)}) SELECT portal, {sums} FROM job_rollup GROUP BY portal"
    )


def downgrade() -> None:
    op.drop_table("portal_rollup")
