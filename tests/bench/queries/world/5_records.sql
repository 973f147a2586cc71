-- Records: what each run did with each dataset of its source. About 8 in 10 succeed.

INSERT INTO harvest_record (id, portal, native_id, portal_url, presence, first_seen_at, last_seen_at, changed_at,
  native, document_hash, row_hash, job_id, source_id, dataset_id, remote_id, remote_url, record_type, status,
  wire_status, native_status, action, native_action, created_at, started_at, ended_at, hash, catalog_id, args, logs,
  position)
SELECT r.id, r.portal, CASE r.portal WHEN 1 THEN r.job || '/' || r.position ELSE md5('record' || r.id)::uuid::text END,
  NULL, r.presence, r.created_at + interval '7 minutes',
  CASE WHEN r.presence <> 'PRESENT' THEN r.created_at + interval '30 days' END, r.created_at + interval '7 minutes',
  CASE WHEN r.id % 50 = 0 THEN '{"parent": "folder"}'::jsonb END,
  CASE WHEN r.id % 10 = 0 THEN pg_temp.fingerprint('HarvestRecord', r.id) END,
  decode(md5('record' || r.id), 'hex'), r.job_id, r.source_id,
  CASE WHEN r.status NOT IN ('FAILED', 'PENDING', 'LOST') OR r.id % 3 > 0 THEN r.dataset_id END,
  r.remote_id, 'https://geo' || r.source_id || '.example/records/' || r.remote_id,
  CASE WHEN r.dice < 90 THEN 'DATASET' WHEN r.portal = 1 THEN 'DATA_SERVICE' END, r.status,
  CASE WHEN r.status = 'LOST' THEN 'PENDING' ELSE r.status END,
  CASE r.portal WHEN 1 THEN CASE r.status WHEN 'SUCCEEDED' THEN 'done' WHEN 'LOST' THEN 'pending'
      ELSE lower(r.status) END
    ELSE CASE r.status WHEN 'SUCCEEDED' THEN 'success' WHEN 'FAILED' THEN 'error' END END,
  CASE WHEN r.portal = 2 THEN CASE WHEN r.dice < 20 THEN 'CREATE' WHEN r.dice < 92 THEN 'UPDATE' ELSE 'DELETE' END END,
  CASE WHEN r.portal = 2 THEN CASE WHEN r.dice < 20 THEN 'create' WHEN r.dice < 92 THEN 'update' ELSE 'delete' END END,
  CASE WHEN r.dice_wide > 0 THEN r.created_at END,
  CASE WHEN r.portal = 1 AND r.status <> 'PENDING' THEN r.created_at + interval '40 milliseconds' END,
  CASE WHEN r.status <> 'PENDING' THEN r.created_at + make_interval(secs => 0.2 + r.dice_wide / 800.0) END,
  CASE r.portal WHEN 2 THEN md5('source' || r.id) END,
  CASE WHEN r.portal = 2 AND r.status = 'SUCCEEDED' THEN md5('catalog' || r.dataset_id)::uuid::text END,
  CASE WHEN r.portal = 1 AND r.id % 4 = 0 THEN ARRAY[r.remote_id] END,
  CASE WHEN r.portal = 1 AND r.status = 'SKIPPED'
    THEN jsonb_build_array(jsonb_build_object('level', 'INFO', 'message', 'Inchangé')) END,
  r.position
FROM (
  SELECT n AS id, j.id AS job_id, j.native_id AS job, j.source_id, j.portal, n - j.first_record - 1 AS position,
    j.created_at + make_interval(secs => (n - j.first_record) * 0.35 + pg_temp.dice(n, 301, 300) / 1000.0)
      AS created_at,
    d.before + 1 + k.place % d.pool AS dataset_id, 'fr-' || j.source_id || '-jdd-' || lpad((k.place % d.pool)::text, 6, '0')
      AS remote_id,
    t.dice, pg_temp.dice(n, 303, 800) AS dice_wide,
    CASE WHEN j.created_at < pg_temp.now() - interval '365 days' THEN 'EXPIRED'
      WHEN pg_temp.dice(n, 304, 400) = 0 THEN 'GONE' ELSE 'PRESENT' END AS presence,
    CASE
      WHEN j.status = 'RUNNING' AND 2 * (n - j.first_record) > j.records THEN 'PENDING'
      WHEN j.status IN ('CANCELLED', 'LOST') AND 2 * (n - j.first_record) > j.records THEN 'LOST'
      WHEN pg_temp.dice(n, 305, 100) < j.trouble THEN 'FAILED'
      WHEN t.dice < 85 THEN 'SUCCEEDED' WHEN t.dice < 95 THEN 'SKIPPED'
      WHEN j.portal = 1 THEN 'ARCHIVED' WHEN t.dice < 98 THEN 'UNPUBLISHED' ELSE 'UNKNOWN' END AS status
  FROM planned_job j JOIN planned_datasets d USING (source_id)
  CROSS JOIN LATERAL generate_series(j.first_record + 1, j.first_record + j.records) n
  CROSS JOIN LATERAL (SELECT pg_temp.dice(n, 302, 100) AS dice) t
  CROSS JOIN LATERAL (SELECT j.records_before + n - j.first_record - 1 AS place) k
) r;
