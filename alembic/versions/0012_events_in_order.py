"""events in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TURN = """
CREATE OR REPLACE FUNCTION event_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM data_version FOR UPDATE;
  RETURN NULL;
END $$
"""
TURNS = "CREATE TRIGGER event_turn BEFORE INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION event_turn()"
BOUNDS = """
INSERT INTO event_bounds ("only", series, settled, forgotten)
SELECT true, left(replace(gen_random_uuid()::text, '-', ''), 12), coalesce(max(id), 0), 0 FROM event
"""
INDEXES = {
    "ix_event_entity": ["entity_type", "entity_id", "id"],
    "ix_event_portal": ["portal", "id"],
    "ix_event_type": ["entity_type", "id"],
    "ix_event_kind": ["kind", "id"],
}


def upgrade() -> None:
    op.create_table(
        "event_bounds",
        sa.Column("only", sa.Boolean(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("forgotten", sa.BigInteger(), nullable=False),
        sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("only"),
    )
    op.drop_index("ix_event_entity", table_name="event")
    for name, columns in INDEXES.items():
        op.create_index(name, "event", columns)
    op.execute(TURN)
    op.execute(TURNS)
    op.execute(BOUNDS)


def downgrade() -> None:
    op.execute("DROP TRIGGER event_turn ON event")
    op.execute("DROP FUNCTION event_turn()")
    for name in INDEXES:
        op.drop_index(name, table_name="event")
    op.create_index("ix_event_entity", "event", ["entity_type", "entity_id"])
    op.drop_table("event_bounds")
