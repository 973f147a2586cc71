"""names kept plain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

LABELS = {"harvest_source": "ARRAY[slug], NULL::text[]", "organization": "ARRAY[acronym], aliases"}
"""What else than the name ranks what a search finds, by table."""


def upgrade() -> None:
    for table, labels in LABELS.items():
        op.drop_index(f"ix_{table}_alike", table_name=table)
        plain = sa.Computed("unaccented(name)", persisted=True)
        words = sa.Computed(f"search_words(name, {labels}, NULL::text)", persisted=True)
        op.add_column(table, sa.Column("plain_name", sa.Text(), plain))
        op.add_column(table, sa.Column("name_words", postgresql.TSVECTOR(), words))
        _alike(table, "plain_name")
        op.create_index(f"ix_{table}_named", table, ["plain_name"], postgresql_using="hash")


def downgrade() -> None:
    for table in LABELS:
        for index in ("named", "alike"):
            op.drop_index(f"ix_{table}_{index}", table_name=table)
        op.drop_column(table, "name_words")
        op.drop_column(table, "plain_name")
        _alike(table, "unaccented(name)")


def _alike(table: str, name: str) -> None:
    op.create_index(
        f"ix_{table}_alike",
        table,
        [sa.literal_column(name).label("name")],
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
