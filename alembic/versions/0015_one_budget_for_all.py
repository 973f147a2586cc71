"""one budget for all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("budget", sa.Column("line", postgresql.JSONB(), nullable=True))
    op.add_column(
        "budget", sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("portal", sa.Column("breaker_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("portal", sa.Column("breaker_reason", sa.Text(), nullable=True))
    for name in ("breaker_failures", "breaker_openings"):
        op.add_column("portal", sa.Column(name, sa.Integer(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    for name in ("breaker_openings", "breaker_failures", "breaker_reason", "breaker_since"):
        op.drop_column("portal", name)
    for name in ("version", "line"):
        op.drop_column("budget", name)
