-- $1 key of a portal, $2 and $3 createdAt and key of the row before the page
SELECT json_build_object('harvestSources', json_build_object('nodes', coalesce(json_agg(s.node), '[]')))
FROM (
  SELECT json_build_object(
    'nativeId', s.native_id, 'name', s.name, 'url', s.url, 'active', s.active, 'nextRunAt', s.next_run_at,
    'organization', (SELECT json_build_object('nativeId', o.native_id, 'name', o.name)
      FROM organization o WHERE o.id = s.organization_id),
    'lastJob', (SELECT json_build_object('nativeId', j.native_id, 'status', j.status, 'createdAt', j.created_at)
      FROM harvest_job j WHERE j.id = s.last_job_id)) AS node
  FROM harvest_source s
  WHERE s.portal = (SELECT number FROM portal WHERE key = $1) AND s.presence = 'PRESENT'
    AND (s.created_at, s.id) < ($2::timestamptz, $3::bigint)
  ORDER BY s.created_at DESC, s.id DESC LIMIT 20
) s
