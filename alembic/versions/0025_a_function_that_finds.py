"""a function that finds."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

FOUND = """
CREATE OR REPLACE FUNCTION search_found(sought text, places integer[], portals smallint[], most integer)
RETURNS TABLE (place integer, at tid, id bigint, rank bigint) LANGUAGE plpgsql STABLE ROWS 20 AS $$
#variable_conflict use_column
DECLARE
  plain text := unaccented(sought);
  query tsquery := plainto_tsquery('pg_catalog.french', plain) || plainto_tsquery('pg_catalog.english', plain);
  start text;
  known bigint[] := '{}';
  here integer;
  words integer := 0;
BEGIN
  IF 0 = ANY (places) THEN
    RETURN QUERY SELECT 0, e.ctid, e.id,
      (CASE WHEN plain_name = q.plain THEN 2000000 ELSE 1000000 + (ts_rank(name_words, q.query, 32) * 999999)::int END)::bigint * 10 + 9
    FROM (SELECT plain, start, query OFFSET 0) q, harvest_source e
    WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals))
      AND search_words(name, ARRAY[slug], ARRAY[url], description) @@ q.query
    ORDER BY 4 DESC, 3 DESC LIMIT most;
    GET DIAGNOSTICS here = ROW_COUNT;
    words := words + here;
  END IF;
  IF 1 = ANY (places) THEN
    RETURN QUERY SELECT 1, e.ctid, e.id,
      (CASE WHEN plain_name = q.plain THEN 2000000 ELSE 1000000 + (ts_rank(name_words, q.query, 32) * 999999)::int END)::bigint * 10 + 8
    FROM (SELECT plain, start, query OFFSET 0) q, organization e
    WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals))
      AND search_words(name, ARRAY[acronym], aliases, description) @@ q.query
    ORDER BY 4 DESC, 3 DESC LIMIT most;
    GET DIAGNOSTICS here = ROW_COUNT;
    words := words + here;
  END IF;
  IF 2 = ANY (places) THEN
    RETURN QUERY SELECT 2, e.at, e.id,
      (CASE WHEN e.named THEN 2000000 ELSE 1000000 + (ts_rank(search_words(title, keywords, NULL, NULL), e.query, 32) * 999999)::int END)::bigint * 10 + 7
    FROM (
      SELECT e.ctid AS at, e.id, q.query, title, keywords, CASE WHEN length(title) <= 2 * length(q.plain) THEN unaccented(title) = q.plain ELSE false END AS named
      FROM (SELECT plain, start, query OFFSET 0) q, dataset e
      WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals))
        AND search_words(title, keywords, ARRAY[publisher, remote_id], description) @@ q.query
      ORDER BY named DESC, strpos(lower(title), q.plain) > 0 DESC NULLS LAST, e.id DESC LIMIT 300
    ) e
    ORDER BY 4 DESC, 3 DESC LIMIT most;
    GET DIAGNOSTICS here = ROW_COUNT;
    words := words + here;
  END IF;
  IF 3 = ANY (places) THEN
    RETURN QUERY SELECT 3, e.at, e.id,
      (CASE WHEN e.named THEN 2000000 ELSE 1000000 + (ts_rank(text_words(message), e.query, 32) * 999999)::int END)::bigint * 10 + 6
    FROM (
      SELECT e.ctid AS at, e.id, q.query, message, false AS named
      FROM (SELECT plain, start, query OFFSET 0) q, harvest_error e
      WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals))
        AND text_words(message) @@ q.query
      ORDER BY e.id DESC LIMIT 300
    ) e
    ORDER BY 4 DESC, 3 DESC LIMIT most;
    GET DIAGNOSTICS here = ROW_COUNT;
    words := words + here;
  END IF;
  IF words >= least(3, most) THEN
    RETURN;
  END IF;
  start := left(plain, 100);
  IF 0 = ANY (places) THEN
    IF words > 0 THEN
      known := ARRAY(SELECT e.id FROM (SELECT plain, start, query OFFSET 0) q, harvest_source e
        WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals)) AND search_words(name, ARRAY[slug], ARRAY[url], description) @@ q.query);
    END IF;
    RETURN QUERY SELECT 0, e.ctid, e.id,
      (CASE WHEN plain_name = q.plain THEN 2000000 ELSE (word_similarity(q.start, plain_name) * 999999)::int END)::bigint * 10 + 9
    FROM (SELECT plain, start, query OFFSET 0) q, harvest_source e
    WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals))
      AND e.id <> ALL (known) AND (plain_name %> q.start OR plain_name = q.plain)
    ORDER BY 4 DESC, 3 DESC LIMIT most;
  END IF;
  IF 1 = ANY (places) THEN
    IF words > 0 THEN
      known := ARRAY(SELECT e.id FROM (SELECT plain, start, query OFFSET 0) q, organization e
        WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals)) AND search_words(name, ARRAY[acronym], aliases, description) @@ q.query);
    END IF;
    RETURN QUERY SELECT 1, e.ctid, e.id,
      (CASE WHEN plain_name = q.plain THEN 2000000 ELSE (word_similarity(q.start, plain_name) * 999999)::int END)::bigint * 10 + 8
    FROM (SELECT plain, start, query OFFSET 0) q, organization e
    WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals))
      AND e.id <> ALL (known) AND (plain_name %> q.start OR plain_name = q.plain)
    ORDER BY 4 DESC, 3 DESC LIMIT most;
  END IF;
  IF 2 = ANY (places) THEN
    IF words > 0 THEN
      known := ARRAY(SELECT e.id FROM (SELECT plain, start, query OFFSET 0) q, dataset e
        WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals)) AND search_words(title, keywords, ARRAY[publisher, remote_id], description) @@ q.query);
    END IF;
    PERFORM set_config('pg_trgm.word_similarity_threshold', '0.8', true);
    RETURN QUERY SELECT 2, e.ctid, e.id,
      (CASE WHEN unaccented(title) = q.plain THEN 2000000 ELSE (word_similarity(q.start, unaccented(title)) * 999999)::int END)::bigint * 10 + 7
    FROM (SELECT plain, start, query OFFSET 0) q, dataset e
    WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals))
      AND e.id <> ALL (known) AND (unaccented(title) %> q.start OR unaccented(title) = q.plain)
    ORDER BY 4 DESC, 3 DESC LIMIT most;
    GET DIAGNOSTICS here = ROW_COUNT;
    PERFORM set_config('pg_trgm.word_similarity_threshold', '0.6', true);
    IF here < most THEN
    RETURN QUERY SELECT 2, e.ctid, e.id,
      (CASE WHEN unaccented(title) = q.plain THEN 2000000 ELSE (word_similarity(q.start, unaccented(title)) * 999999)::int END)::bigint * 10 + 7
    FROM (SELECT plain, start, query OFFSET 0) q, dataset e
    WHERE e.presence IN ('PRESENT', 'EXPIRED') AND (portals IS NULL OR e.portal = ANY (portals))
      AND e.id <> ALL (known) AND unaccented(title) %> q.start AND NOT (unaccented(title) = q.plain OR word_similarity(q.start, unaccented(title)) >= 0.8::real)
    ORDER BY 4 DESC, 3 DESC LIMIT most;
    END IF;
  END IF;
END $$
"""


def upgrade() -> None:
    op.execute(FOUND)


def downgrade() -> None:
    op.execute("DROP FUNCTION search_found(text, integer[], smallint[], integer)")
