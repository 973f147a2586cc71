"""what webhooks took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

COUNTS = ("taken", "refused")


def upgrade() -> None:
    for name in COUNTS:
        column = sa.Column(name, sa.Integer(), server_default=sa.literal_column("0"), nullable=False)
        op.add_column("webhook", column)
    op.add_column("webhook", sa.Column("event_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("event_at", *reversed(COUNTS)):
        op.drop_column("webhook", name)
