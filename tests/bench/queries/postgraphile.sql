-- What PostGraphile cannot say by itself: counts in groups (live, as a function has to), and a ranked search.

CREATE SCHEMA IF NOT EXISTS peer;

CREATE OR REPLACE FUNCTION peer.record_counts(portals text[], statuses text[])
RETURNS TABLE (portal text, status text, count bigint) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT p.key, g.status, g.count
  FROM (
    SELECT r.portal, r.status, count(*) AS count FROM public.harvest_record r
    WHERE r.presence IN ('PRESENT', 'EXPIRED') AND r.status = ANY (statuses)
      AND r.portal = ANY (ARRAY(SELECT number FROM public.portal WHERE key = ANY (portals)))
    GROUP BY r.portal, r.status
  ) g JOIN public.portal p ON p.number = g.portal
  ORDER BY g.count DESC, p.key COLLATE "C", g.status COLLATE "C"
$$;

CREATE OR REPLACE FUNCTION peer.search_sources(text text)
RETURNS SETOF public.harvest_source LANGUAGE sql STABLE ROWS 20 AS $$
  WITH q AS MATERIALIZED (
    SELECT t.text, left(t.text, 100) AS start,
      plainto_tsquery('french', t.text) || plainto_tsquery('english', t.text) AS query
    FROM (SELECT public.unaccented($1) AS text) t
  ), worded AS MATERIALIZED (
    SELECT s.id, 1000000 + (ts_rank(s.name_words, q.query, 32)
      * 999999)::int AS score
    FROM q, public.harvest_source s
    WHERE s.presence IN ('PRESENT', 'EXPIRED')
      AND public.search_words(s.name, ARRAY[s.slug], ARRAY[s.url], s.description) @@ q.query
  ), best AS (
    SELECT u.id, max(u.score) AS score FROM (
      SELECT id, score FROM worded
      UNION ALL
      SELECT s.id, 2000000 FROM q, public.harvest_source s
      WHERE s.presence IN ('PRESENT', 'EXPIRED') AND s.plain_name = q.text
      UNION ALL
      SELECT s.id, (word_similarity(q.start, s.plain_name) * 999999)::int FROM q, public.harvest_source s
      WHERE s.presence IN ('PRESENT', 'EXPIRED') AND s.plain_name %> q.start
        AND (SELECT count(*) FROM worded) < 3
    ) u GROUP BY u.id ORDER BY score DESC, u.id DESC LIMIT 20
  )
  SELECT s.* FROM best b JOIN public.harvest_source s ON s.id = b.id ORDER BY b.score DESC, b.id DESC
$$;
