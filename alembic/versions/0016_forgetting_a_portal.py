"""forgetting a portal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("portal", sa.Column("forgetting_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("portal", "forgetting_since")
