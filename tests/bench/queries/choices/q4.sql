-- Some portals and some statuses.
SELECT CASE n % 3 WHEN 0 THEN ARRAY['data-gouv-fr', 'data-gov'] WHEN 1 THEN ARRAY['data-gouv-fr']
    ELSE ARRAY['data-gov'] END AS portals,
  ARRAY(SELECT status FROM unnest(ARRAY['SUCCEEDED', 'SKIPPED', 'FAILED', 'ARCHIVED', 'UNPUBLISHED', 'LOST'])
    WITH ORDINALITY AS s (status, place) WHERE place = 1 OR n >> place::int & 1 = 1 ORDER BY place) AS statuses
FROM generate_series(0, 127) n ORDER BY md5('q4' || n) LIMIT 40
