-- $1 key of a portal, $2 and $3 createdAt and key of the row before the page
SELECT json_build_object('harvestSources', json_build_object('nodes', coalesce(json_agg(s), '[]')))
FROM (
  SELECT s.native_id AS "nativeId", s.name, s.url, s.active, s.next_run_at AS "nextRunAt",
    (SELECT o FROM (SELECT o.native_id AS "nativeId", o.name
      FROM organization o WHERE o.id = s.organization_id) o) AS organization,
    (SELECT j FROM (SELECT j.native_id AS "nativeId", j.status, j.created_at AS "createdAt"
      FROM harvest_job j WHERE j.id = s.last_job_id) j) AS "lastJob"
  FROM harvest_source s
  WHERE s.portal = (SELECT number FROM portal WHERE key = $1) AND s.presence = 'PRESENT'
    AND (s.created_at, s.id) < ($2::timestamptz, $3::bigint)
  ORDER BY s.created_at DESC, s.id DESC LIMIT 20
) s
