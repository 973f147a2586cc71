-- Sources with ten jobs or more, and some errors in the last ten; all of them dated, so that every order says the same.
SELECT p.key AS portal, p.number, s.native_id AS "nativeId"
FROM harvest_source s JOIN portal p ON p.number = s.portal
CROSS JOIN LATERAL (
  SELECT count(*) AS jobs, sum(least(e.errors, 5)) AS shown, coalesce(sum(e.undated), 0) AS undated
  FROM (SELECT j.id, j.status FROM harvest_job j WHERE j.source_id = s.id AND j.presence = 'PRESENT'
          AND j.status <> 'SCHEDULED' ORDER BY j.created_at DESC, j.id DESC LIMIT 10) j
  CROSS JOIN LATERAL (SELECT count(*) AS errors, count(*) FILTER (WHERE e.created_at IS NULL) AS undated
    FROM harvest_error e WHERE e.job_id = j.id AND e.presence = 'PRESENT') e
) shown
WHERE s.presence = 'PRESENT' AND shown.jobs = 10 AND shown.undated = 0
  AND NOT EXISTS (SELECT FROM harvest_job j WHERE j.source_id = s.id AND j.status = 'SCHEDULED')
ORDER BY abs(shown.shown - 12), md5('q2' || s.id) LIMIT 200
