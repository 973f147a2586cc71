"""search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UNACCENTED = """
CREATE OR REPLACE FUNCTION unaccented(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
BEGIN
  RETURN replace(replace(replace(
    lower(public.unaccent('public.unaccent', left(value, 10000))), '-', ' '), '.', ' '), '/', ' ');
END $$
"""

TEXT_WORDS = """
CREATE OR REPLACE FUNCTION text_words(value text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
DECLARE
  plain text := public.unaccented(value);
BEGIN
  RETURN to_tsvector('pg_catalog.french', plain) || to_tsvector('pg_catalog.english', plain);
END $$
"""

SEARCH_WORDS = """
CREATE OR REPLACE FUNCTION search_words(name text, labels text[], places text[], body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 2000 AS $$
BEGIN
  RETURN setweight(coalesce(public.text_words(name), ''), 'A')
    || setweight(coalesce(public.text_words(array_to_string(labels, ' ')), ''), 'B')
    || setweight(coalesce(public.text_words(array_to_string(places, ' ')), ''), 'C')
    || coalesce(public.text_words(body), '');
END $$
"""

WORDS = {
    "dataset": "search_words(title, keywords, ARRAY[publisher, remote_id], description)",
    "harvest_error": "text_words(message)",
    "harvest_source": "search_words(name, ARRAY[slug], ARRAY[url], description)",
    "organization": "search_words(name, ARRAY[acronym], aliases, description)",
}
"""What full text is looked for in, by table."""

NAMES = {"dataset": "title", "harvest_source": "name", "organization": "name"}
"""What is also found where it is written a little differently, by table."""


def upgrade() -> None:
    for function in (UNACCENTED, TEXT_WORDS, SEARCH_WORDS):
        op.execute(function)
    op.execute("ALTER TABLE dataset SET (fillfactor = 35)")
    for table, words in WORDS.items():
        op.create_index(f"ix_{table}_words", table, [sa.literal_column(words)], postgresql_using="gin")
    for table, name in NAMES.items():
        op.create_index(
            f"ix_{table}_alike",
            table,
            [sa.literal_column(f"unaccented({name})").label("name")],
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
        )


def downgrade() -> None:
    for table in NAMES:
        op.drop_index(f"ix_{table}_alike", table_name=table)
    for table in WORDS:
        op.drop_index(f"ix_{table}_words", table_name=table)
    op.execute("ALTER TABLE dataset RESET (fillfactor)")
    op.execute("DROP FUNCTION search_words(text, text[], text[], text)")
    op.execute("DROP FUNCTION text_words(text)")
    op.execute("DROP FUNCTION unaccented(text)")
