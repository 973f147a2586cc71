-- $1 key of a portal, $2 native id of a source
SELECT json_build_object('harvestSource', (
  SELECT json_build_object('nativeId', s.native_id, 'name', s.name, 'jobs', json_build_object('nodes', (
    SELECT coalesce(json_agg(j.node), '[]') FROM (
      SELECT json_build_object(
        'nativeId', j.native_id, 'status', j.status, 'createdAt', j.created_at, 'endedAt', j.ended_at,
        'counts', json_build_object('total', j.total, 'failed', j.failed),
        'errors', json_build_object('nodes', (
          SELECT coalesce(json_agg(e.node), '[]') FROM (
            SELECT json_build_object('nativeId', e.native_id, 'severity', e.severity, 'message', e.message,
              'createdAt', e.created_at) AS node
            FROM harvest_error e WHERE e.job_id = j.id AND e.presence = 'PRESENT' AND e.created_at IS NOT NULL
            ORDER BY e.created_at DESC, e.id DESC LIMIT 5
          ) e
        ))) AS node
      FROM harvest_job j WHERE j.source_id = s.id AND j.presence = 'PRESENT' AND j.status <> 'SCHEDULED'
      ORDER BY j.created_at DESC, j.id DESC LIMIT 10
    ) j
  )))
  FROM harvest_source s WHERE s.portal = (SELECT number FROM portal WHERE key = $1) AND s.native_id = $2
))
