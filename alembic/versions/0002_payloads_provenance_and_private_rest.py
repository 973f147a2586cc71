"""payloads, provenance and private rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ENTITIES = (
    "dataset",
    "harvest_backend",
    "harvest_backend_history",
    "harvest_error",
    "harvest_job",
    "harvest_job_history",
    "harvest_record",
    "harvest_source",
    "harvest_source_history",
    "organization",
    "organization_history",
    "person",
)
"""Tables of entities and of what they were."""

OCTETS_TEXT = r"""
CREATE OR REPLACE FUNCTION octets_text(octets bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  IF position('\000'::bytea IN octets) > 0 THEN
    octets := decode(replace(replace(encode(octets, 'escape'), '\\', '\134'), '\000', '\357\277\275'), 'escape');
  END IF;
  RETURN convert_from(octets, 'UTF8');
EXCEPTION WHEN data_exception OR statement_too_complex OR program_limit_exceeded THEN
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute(OCTETS_TEXT)
    for table in ENTITIES:
        op.add_column(table, sa.Column("native_private", postgresql.JSONB(none_as_null=True), nullable=True))
    op.add_column("harvest_record", sa.Column("native_record_type", sa.Text(), nullable=True))
    for table in ("harvest_source", "harvest_source_history"):
        op.add_column(table, sa.Column("native_notification_frequency", sa.Text(), nullable=True))
    op.create_table(
        "payload",
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("portal", sa.SmallInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "part"),
    )
    op.create_table(
        "provenance_rule",
        sa.Column("portal", sa.SmallInteger(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("pointer", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=True),
        sa.Column("adapter_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("portal", "entity_type", "field", "place"),
    )
    op.add_column(
        "budget",
        sa.Column("state", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )
    op.add_column(
        "document",
        sa.Column("counted", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )
    op.create_index(
        "ix_harvest_record_stub",
        "harvest_record",
        ["portal"],
        unique=False,
        postgresql_where=sa.text("presence = 'UNKNOWN'"),
    )
    op.add_column(
        "portal",
        sa.Column("job_statuses", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )


def downgrade() -> None:
    for table in ("harvest_source_history", "harvest_source"):
        op.drop_column(table, "native_notification_frequency")
    op.drop_column("harvest_record", "native_record_type")
    for table in ENTITIES:
        op.drop_column(table, "native_private")
    op.execute("DROP FUNCTION octets_text(bytea)")
    op.drop_column("portal", "job_statuses")
    op.drop_index(
        "ix_harvest_record_stub",
        table_name="harvest_record",
        postgresql_where=sa.text("presence = 'UNKNOWN'"),
    )
    op.drop_column("document", "counted")
    op.drop_column("budget", "state")
    op.drop_table("provenance_rule")
    op.drop_table("payload")
