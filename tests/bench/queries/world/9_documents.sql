-- Documents of organizations, sources and jobs, and of every tenth record; the answers that they came with.

INSERT INTO sync_run (id, portal, kind, state, baseline, started_at, ended_at, requests, tallies)
SELECT p, p, 'RECONCILE', 'DONE', true, pg_temp.now() - interval '2 hours', pg_temp.now() - interval '1 hour', 5000, '{}'
FROM generate_series(1, 2) p;

INSERT INTO sync_stream (portal, stream, polled_at, reconciled_at, complete, done, expected)
SELECT portal, stream, pg_temp.now() - interval '10 minutes', pg_temp.now() - interval '2 hours', true, 1000, 1000
FROM (VALUES (1, 'backends'), (1, 'sources'), (1, 'jobs'), (1, 'records'),
  (2, 'organizations'), (2, 'sources'), (2, 'jobs'), (2, 'records'), (2, 'errors')) AS s (portal, stream);

INSERT INTO fetch_log (id, portal, endpoint, fetched_at, page_hash, run_id)
SELECT id, portal, '/harvest/job/' || native_id || '/items/', first_seen_at, pg_temp.fingerprint('page', id), portal
FROM harvest_job;

INSERT INTO document (portal, entity_type, entity_id, hash, body, position, fetch_id)
SELECT portal, 'Organization', id, document_hash, convert_to(jsonb_build_object('id', native_id, 'name', name,
  'slug', slug, 'description', description)::text, 'UTF8'), NULL::int, 1
FROM organization
UNION ALL
SELECT portal, 'HarvestSource', id, document_hash, convert_to(jsonb_build_object('id', native_id, 'name', name,
  'url', url, 'description', description, 'backend', native_source_type)::text, 'UTF8'), NULL, 1
FROM harvest_source
UNION ALL
SELECT portal, 'HarvestJob', id, document_hash, convert_to(jsonb_build_object('id', native_id, 'status',
  native_status, 'created', created_at, 'ended', ended_at, 'records_total', total)::text, 'UTF8'), NULL, id
FROM harvest_job
UNION ALL
SELECT portal, 'HarvestRecord', id, document_hash, convert_to(jsonb_build_object('id', native_id, 'remote_id',
  remote_id, 'remote_url', remote_url, 'status', native_status, 'created', created_at,
  'source_raw', jsonb_build_object('description', pg_temp.sentence(portal, id, 601)
    || pg_temp.sentence(portal, id, 604)))::text, 'UTF8'), position, job_id
FROM harvest_record WHERE document_hash IS NOT NULL;
