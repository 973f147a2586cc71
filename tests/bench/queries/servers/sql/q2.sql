-- $1 key of a portal, $2 native id of a source
SELECT json_build_object('harvestSource', (
  SELECT row_to_json(s) FROM (
    SELECT s.native_id AS "nativeId", s.name, json_build_object('nodes', (
      SELECT coalesce(json_agg(j), '[]') FROM (
        SELECT j.native_id AS "nativeId", j.status, j.created_at AS "createdAt", j.ended_at AS "endedAt",
          (SELECT c FROM (SELECT j.total, j.failed) c) AS counts,
          json_build_object('nodes', (
            SELECT coalesce(json_agg(e), '[]') FROM (
              SELECT e.native_id AS "nativeId", e.severity, e.message, e.created_at AS "createdAt"
              FROM harvest_error e WHERE e.job_id = j.id AND e.presence = 'PRESENT' AND e.created_at IS NOT NULL
              ORDER BY e.created_at DESC, e.id DESC LIMIT 5
            ) e
          )) AS errors
        FROM harvest_job j WHERE j.source_id = s.id AND j.presence = 'PRESENT' AND j.status <> 'SCHEDULED'
        ORDER BY j.created_at DESC, j.id DESC LIMIT 10
      ) j
    )) AS jobs
    FROM harvest_source s WHERE s.portal = (SELECT number FROM portal WHERE key = $1) AND s.native_id = $2
  ) s
))
