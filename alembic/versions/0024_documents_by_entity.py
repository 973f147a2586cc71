"""documents by entity."""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

NAME = "uq_document_entity"
"""With the key first a new document's entry is the last of its index: it is put there without a search, and no texts
are compared on the way."""


def upgrade() -> None:
    op.drop_constraint(NAME, "document")
    op.create_unique_constraint(NAME, "document", ["entity_id", "entity_type", "hash"])


def downgrade() -> None:
    op.drop_constraint(NAME, "document")
    op.create_unique_constraint(NAME, "document", ["entity_type", "entity_id", "hash"])
