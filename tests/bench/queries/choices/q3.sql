-- Places in the lists of sources' records of one status behind which there are more than a hundred more; all of them
-- dated, since PostGraphile shows what has no date at every place of a list.
SELECT p.key AS portal, p.number, s.native_id AS "nativeId", s.id AS source, r.status, r.created_at AS "createdAt", r.id
FROM (
  SELECT r.*, row_number() OVER (PARTITION BY status ORDER BY md5('q3' || id)) AS n FROM (
    SELECT id, source_id, status, created_at, count(*) FILTER (WHERE created_at IS NULL) OVER list AS undated,
      count(*) OVER list - row_number() OVER (list ORDER BY created_at DESC, id DESC) AS behind
    FROM harvest_record WHERE presence = 'PRESENT' AND status = ANY ($1) WINDOW list AS (PARTITION BY source_id, status)
  ) r WHERE behind > 110 AND undated = 0
) r
JOIN harvest_source s ON s.id = r.source_id JOIN portal p ON p.number = s.portal
ORDER BY n, status LIMIT 200
