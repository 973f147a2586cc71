"""scopes that are recognised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scope", sa.Column("mark", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("scope", "mark")
