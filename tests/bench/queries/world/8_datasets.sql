-- Datasets: what the newest record says of each.

INSERT INTO dataset (id, portal, native_id, portal_url, presence, first_seen_at, last_seen_at, changed_at, removed_at,
  row_hash, source_id, record_type, remote_id, remote_url, title, acronym, description, modified_at, publisher,
  keywords, license, landing_page, state, state_basis, state_job_id, latest_record_id, text_record_id)
SELECT r.dataset_id, r.portal,
  CASE r.portal WHEN 1 THEN substr(md5('dataset' || r.dataset_id), 1, 24)
    ELSE md5('dataset' || r.dataset_id)::uuid::text END,
  CASE r.portal WHEN 1 THEN 'https://www.data.gouv.fr/datasets/' || r.dataset_id || '/' END,
  CASE WHEN r.presence = 'GONE' THEN 'GONE' ELSE 'PRESENT' END, f.first_seen_at,
  CASE r.presence WHEN 'GONE' THEN r.last_seen_at END, r.changed_at,
  CASE r.presence WHEN 'GONE' THEN r.last_seen_at END, pg_temp.fingerprint('dataset', r.dataset_id), r.source_id,
  CASE WHEN r.record_type IS NULL THEN 'UNKNOWN' ELSE r.record_type END, r.remote_id, r.remote_url,
  pg_temp.theme(r.portal, r.dataset_id, 501) || ', ' || pg_temp.place(r.portal, r.dataset_id, 502) || ' '
    || 2005 + pg_temp.dice(r.dataset_id, 503, 22) || ' n° ' || r.dataset_id,
  CASE WHEN r.portal = 1 AND r.dataset_id % 30 = 0 THEN 'JDD-' || r.dataset_id END,
  CASE r.portal WHEN 2 THEN pg_temp.sentence(2, r.dataset_id, 504)
    || CASE WHEN r.dataset_id % 3 = 0 THEN pg_temp.sentence(2, r.dataset_id, 508) ELSE '' END END,
  CASE r.portal WHEN 2 THEN r.created_at - interval '20 days' END,
  CASE r.portal WHEN 2 THEN 'Office of ' || pg_temp.place(2, r.dataset_id, 502) END,
  CASE r.portal WHEN 2 THEN ARRAY[lower(pg_temp.theme(2, r.dataset_id, 501)), lower(pg_temp.place(2, r.dataset_id, 502))] END,
  CASE r.portal WHEN 2 THEN 'https://creativecommons.org/publicdomain/zero/1.0/' END,
  CASE WHEN r.portal = 2 AND r.dataset_id % 2 = 0 THEN 'https://data.example.gov/d/' || r.dataset_id END,
  CASE WHEN r.status = 'ARCHIVED' THEN 'ARCHIVED' WHEN r.status = 'UNPUBLISHED' THEN 'UNPUBLISHED'
    WHEN r.action = 'DELETE' THEN 'DELETED' WHEN r.dataset_id % 25 = 0 THEN 'NOT_LISTED' ELSE 'LIVE' END,
  'The newest run that speaks of it.', r.job_id, r.id, r.id
FROM (SELECT dataset_id, max(id) AS newest, min(first_seen_at) AS first_seen_at FROM harvest_record
      WHERE dataset_id IS NOT NULL GROUP BY dataset_id) f
JOIN harvest_record r ON r.id = f.newest
ORDER BY r.dataset_id;
