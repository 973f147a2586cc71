-- $1 key of a portal, $2 native id of a source, $3 status, $4 and $5 createdAt and key of the row before the page
WITH page AS MATERIALIZED (
  SELECT r.native_id AS "nativeId", r.remote_id AS "remoteId", r.remote_url AS "remoteUrl", r.status, r.action,
    r.created_at AS "createdAt", r.id
  FROM harvest_record r
  WHERE r.source_id = (SELECT s.id FROM harvest_source s
      WHERE s.portal = (SELECT number FROM portal WHERE key = $1) AND s.native_id = $2)
    AND r.status = $3 AND r.presence = 'PRESENT' AND (r.created_at, r.id) < ($4::timestamptz, $5::bigint)
  ORDER BY r.created_at DESC, r.id DESC LIMIT 101
)
SELECT json_build_object('harvestRecords', json_build_object(
  'nodes', (SELECT coalesce(json_agg(n), '[]')
    FROM (SELECT "nativeId", "remoteId", "remoteUrl", status, action, "createdAt" FROM page LIMIT 100) n),
  'pageInfo', json_build_object('hasNextPage', (SELECT count(*) > 100 FROM page),
    'endCursor', (SELECT "createdAt" || ',' || id FROM page OFFSET 99 LIMIT 1))))
