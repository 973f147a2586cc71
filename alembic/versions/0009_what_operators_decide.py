"""what operators decide."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS = {
    "parent": sa.Text(),
    "counted": postgresql.JSONB(none_as_null=True),
}
FILLED = {"retriable": (sa.Boolean(), "false"), "sightings": (sa.Integer(), "1")}
"""What rows get that are there, and those that the release before writes: the next sighting says more of them."""


def upgrade() -> None:
    for name, type_ in COLUMNS.items():
        op.add_column("quarantine", sa.Column(name, type_, nullable=True))
    for name, (type_, value) in FILLED.items():
        op.add_column("quarantine", sa.Column(name, type_, nullable=False, server_default=sa.text(value)))
    op.add_column("held_deletion", sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_quarantine_open",
        "quarantine",
        ["portal", "entity_type", "native_id"],
        postgresql_where=sa.text("released_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_quarantine_open", table_name="quarantine")
    op.drop_column("held_deletion", "lapsed_at")
    for name in (*FILLED, *COLUMNS):
        op.drop_column("quarantine", name)
