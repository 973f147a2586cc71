-- Jobs, with the counters that their records give.

INSERT INTO harvest_job (id, portal, native_id, portal_url, presence, first_seen_at, last_seen_at, changed_at, native,
  document_hash, row_hash, source_id, status, wire_status, native_status, kind, native_kind, created_at, started_at,
  ended_at, total, succeeded, added, updated, deleted, archived, skipped, unchanged, failed, warned, validated,
  pending, datasets, dataservices)
SELECT j.id, j.portal, j.native_id, CASE j.portal WHEN 2 THEN 'https://harvest.data.gov/harvest_job/' || j.native_id END,
  j.presence, j.created_at + interval '5 minutes',
  CASE WHEN j.presence <> 'PRESENT' THEN j.created_at + interval '30 days' END,
  j.created_at + interval '1 hour', CASE WHEN j.id % 20 = 0 THEN '{"args": []}'::jsonb END,
  pg_temp.fingerprint('HarvestJob', j.id), pg_temp.fingerprint('job', j.id), j.source_id, j.status,
  CASE j.status WHEN 'SCHEDULED' THEN 'PENDING' WHEN 'CANCELLED' THEN 'FAILED' WHEN 'LOST' THEN 'RUNNING'
    ELSE j.status END,
  CASE j.portal WHEN 1 THEN CASE j.status WHEN 'SUCCEEDED' THEN 'done' WHEN 'PARTIAL' THEN 'done-errors'
      WHEN 'RUNNING' THEN 'processing' WHEN 'FAILED' THEN 'failed' ELSE lower(j.status) END
    ELSE CASE j.status WHEN 'SUCCEEDED' THEN 'complete' WHEN 'PARTIAL' THEN 'complete' WHEN 'RUNNING' THEN 'in_progress'
      WHEN 'SCHEDULED' THEN 'new' WHEN 'UNKNOWN' THEN 'dreaming' ELSE 'error' END END,
  CASE WHEN j.portal = 2 AND j.id % 40 = 0 THEN 'FORCE_HARVEST' WHEN j.portal = 2 AND j.id % 97 = 0 THEN 'CLEAR'
    ELSE 'HARVEST' END,
  CASE WHEN j.portal = 2 THEN CASE WHEN j.id % 40 = 0 THEN 'force_harvest' WHEN j.id % 97 = 0 THEN 'clear'
    ELSE 'harvest' END END,
  j.created_at,
  CASE WHEN j.portal = 1 AND j.status NOT IN ('SCHEDULED', 'PENDING') THEN j.created_at + interval '3 seconds' END,
  CASE WHEN j.status NOT IN ('SCHEDULED', 'RUNNING', 'LOST') THEN j.created_at
    + make_interval(secs => 5 + j.records * 0.36) END,
  r.total, r.succeeded, CASE j.portal WHEN 2 THEN r.added END, CASE j.portal WHEN 2 THEN r.updated END,
  CASE j.portal WHEN 2 THEN r.deleted END, CASE j.portal WHEN 1 THEN r.archived END,
  CASE j.portal WHEN 1 THEN r.skipped END, CASE j.portal WHEN 2 THEN r.skipped END, r.failed, NULL, NULL,
  CASE j.portal WHEN 1 THEN r.pending END, CASE j.portal WHEN 1 THEN r.datasets END,
  CASE j.portal WHEN 1 THEN r.total - r.datasets END
FROM (
  SELECT p.*, CASE WHEN p.created_at < pg_temp.now() - interval '365 days' THEN 'EXPIRED'
    WHEN p.id % 300 = 0 THEN 'GONE' ELSE 'PRESENT' END AS presence FROM planned_job p
) j
LEFT JOIN (
  SELECT job_id, count(*) AS total, count(*) FILTER (WHERE status = 'SUCCEEDED') AS succeeded,
    count(*) FILTER (WHERE action = 'CREATE') AS added, count(*) FILTER (WHERE action = 'UPDATE') AS updated,
    count(*) FILTER (WHERE action = 'DELETE') AS deleted, count(*) FILTER (WHERE status = 'ARCHIVED') AS archived,
    count(*) FILTER (WHERE status = 'SKIPPED') AS skipped, count(*) FILTER (WHERE status = 'FAILED') AS failed,
    count(*) FILTER (WHERE status = 'PENDING') AS pending, count(*) FILTER (WHERE record_type = 'DATASET') AS datasets
  FROM harvest_record GROUP BY job_id
) r ON r.job_id = j.id
ORDER BY j.id;
