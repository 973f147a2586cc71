-- $1 instant
SELECT json_build_object('harvestJobs', json_build_object('groups', coalesce(json_agg(json_build_object(
  'keys', json_build_object('portal', json_build_object('key', p.key), 'status', g.status), 'count', g.count)
  ORDER BY g.count DESC, p.key COLLATE "C", g.status COLLATE "C"), '[]')))
FROM (
  SELECT portal, status, count(*) AS count FROM job_rollup
  WHERE presence IN ('PRESENT', 'EXPIRED') AND status <> 'SCHEDULED' AND created_at >= $1::timestamptz
  GROUP BY portal, status
) g JOIN portal p ON p.number = g.portal
