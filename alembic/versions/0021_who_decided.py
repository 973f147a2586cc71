"""who decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COLUMNS = (
    ("held_deletion", "decided_by", sa.Text()),
    ("quarantine", "retried_at", sa.DateTime(timezone=True)),
    ("quarantine", "retried_by", sa.Text()),
    ("forgotten", "decided_by", sa.Text()),
)


def upgrade() -> None:
    for table, name, type_ in COLUMNS:
        op.add_column(table, sa.Column(name, type_, nullable=True))


def downgrade() -> None:
    for table, name, _ in reversed(COLUMNS):
        op.drop_column(table, name)
