"""drift."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drift",
        sa.Column("portal", sa.SmallInteger(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("pointer", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("native_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "entity_type IN ('Organization', 'Person', 'HarvestBackend', 'HarvestSource', 'HarvestJob', "
            "'HarvestRecord', 'HarvestError', 'Dataset')",
            name="ck_drift_entity_type",
        ),
        sa.CheckConstraint("kind IN ('UNKNOWN_FIELD', 'WRONG_TYPE', 'UNKNOWN_WORD')", name="ck_drift_kind"),
        sa.PrimaryKeyConstraint("portal", "entity_type", "pointer", "kind", "word"),
    )
    op.create_index("ix_drift_first_seen", "drift", ["portal", "first_seen_at"])


def downgrade() -> None:
    op.drop_index("ix_drift_first_seen", table_name="drift")
    op.drop_table("drift")
