-- $1 text: sources of that very name, then those that hold its words, then those with a name like it
WITH q AS MATERIALIZED (
  SELECT t.text, left(t.text, 100) AS start,
    plainto_tsquery('french', t.text) || plainto_tsquery('english', t.text) AS query
  FROM (SELECT unaccented($1::text) AS text) t
), worded AS MATERIALIZED (
  SELECT s.id, 1000000 + (ts_rank(s.name_words, q.query, 32)
    * 999999)::int AS score
  FROM q, harvest_source s
  WHERE s.presence IN ('PRESENT', 'EXPIRED')
    AND search_words(s.name, ARRAY[s.slug], ARRAY[s.url], s.description) @@ q.query
), best AS (
  SELECT u.id, max(u.score) AS score FROM (
    SELECT id, score FROM worded
    UNION ALL
    SELECT s.id, 2000000 FROM q, harvest_source s
    WHERE s.presence IN ('PRESENT', 'EXPIRED') AND s.plain_name = q.text
    UNION ALL
    SELECT s.id, (word_similarity(q.start, s.plain_name) * 999999)::int FROM q, harvest_source s
    WHERE s.presence IN ('PRESENT', 'EXPIRED') AND s.plain_name %> q.start
      AND (SELECT count(*) FROM worded) < 3
  ) u GROUP BY u.id ORDER BY score DESC, u.id DESC LIMIT 20
)
SELECT json_build_object('search', json_build_object('nodes', coalesce(json_agg(json_build_object('node',
  json_build_object('nativeId', s.native_id, 'name', s.name, 'url', s.url)) ORDER BY b.score DESC, b.id DESC), '[]')))
FROM best b JOIN harvest_source s ON s.id = b.id
