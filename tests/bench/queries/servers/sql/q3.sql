-- $1 key of a portal, $2 native id of a source, $3 status, $4 and $5 createdAt and key of the row before the page
SELECT json_build_object('harvestRecords', json_build_object(
  'nodes', coalesce(json_agg(r.node) FILTER (WHERE r.n <= 100), '[]'),
  'pageInfo', json_build_object('hasNextPage', count(*) > 100, 'endCursor', max(r.cursor) FILTER (WHERE r.n = 100))))
FROM (
  SELECT json_build_object('nativeId', r.native_id, 'remoteId', r.remote_id, 'remoteUrl', r.remote_url,
      'status', r.status, 'action', r.action, 'createdAt', r.created_at) AS node,
    row_number() OVER () AS n, r.created_at || ',' || r.id AS cursor
  FROM (
    SELECT * FROM harvest_record r
    WHERE r.source_id = (SELECT s.id FROM harvest_source s
        WHERE s.portal = (SELECT number FROM portal WHERE key = $1) AND s.native_id = $2)
      AND r.status = $3 AND r.presence = 'PRESENT' AND (r.created_at, r.id) < ($4::timestamptz, $5::bigint)
    ORDER BY r.created_at DESC, r.id DESC LIMIT 101
  ) r
) r
