-- Sources. Their last jobs and next runs are derived later, by the store.

INSERT INTO harvest_source (id, portal, native_id, portal_url, presence, first_seen_at, last_seen_at, changed_at,
  deleted_at, native, document_hash, row_hash, name, slug, description, url, backend_id, organization_id, owner_id,
  protocol, metadata_standard, standard_family, metadata_profile, native_source_type, native_schema_type, config,
  schedule_raw, schedule_every_seconds, schedule_words, active, auto_archive, validation_state,
  validation_native_state, validation_on, validation_comment, notification_frequency, notification_emails, created_at)
SELECT s.id, s.portal, s.native_id, s.site || '/harvest/' || s.native_id, s.presence,
  pg_temp.now() - interval '390 days',
  CASE WHEN s.presence <> 'PRESENT' THEN pg_temp.now() - interval '20 days' END,
  pg_temp.now() - make_interval(hours => pg_temp.dice(s.id, 201, 4000)::int),
  CASE s.presence WHEN 'DELETED' THEN pg_temp.now() - interval '21 days' END,
  CASE WHEN s.portal = 1 THEN jsonb_build_object('permissions', jsonb_build_object('edit', false, 'run', false)) END,
  pg_temp.fingerprint('HarvestSource', s.id), pg_temp.fingerprint('source', s.id), s.name,
  CASE s.portal WHEN 1 THEN pg_temp.slug(s.name) END,
  CASE WHEN pg_temp.dice(s.id, 202, 4) > 0 THEN pg_temp.sentence(s.portal, s.id, 203)
    || CASE WHEN pg_temp.dice(s.id, 204, 5) = 0 THEN pg_temp.sentence(s.portal, s.id, 205) ELSE '' END END,
  'https://' || pg_temp.pick(s.id, 206, ARRAY['geo', 'data', 'opendata', 'catalogue', 'gis']) || s.id || '.example'
    || CASE s.portal WHEN 1 THEN '.fr/catalog.ttl' ELSE '.gov/data.json' END,
  b.id, CASE WHEN s.portal = 2 OR s.id % 11 > 0 THEN o.id END,
  CASE WHEN s.portal = 1 AND s.id % 11 = 0 THEN 1 + pg_temp.dice(s.id, 207, greatest(1, pg_temp.sources() / 20)) END,
  b.protocol, b.metadata_standard, b.standard_family,
  CASE WHEN b.id IN (5, 6) THEN CASE b.id WHEN 5 THEN 'FEDERAL' ELSE 'NON_FEDERAL' END END,
  CASE s.portal WHEN 2 THEN split_part(b.native_id, '/', 1) END,
  CASE s.portal WHEN 2 THEN split_part(b.native_id, '/', 2) END,
  CASE s.portal WHEN 1 THEN '{"filters": [{"key": "organization", "value": "ville"}], "extra_configs": []}'::jsonb END,
  CASE WHEN s.portal = 2 THEN 'weekly' WHEN s.id % 3 > 0 THEN '30 2 * * *' END,
  CASE WHEN s.portal = 2 THEN 604800 WHEN s.id % 3 > 0 THEN 86400 END,
  CASE WHEN s.portal = 2 THEN 'Weekly' WHEN s.id % 3 > 0 THEN 'At 02:30 AM' END,
  CASE s.portal WHEN 1 THEN s.id % 17 > 0 END, CASE s.portal WHEN 1 THEN s.id % 5 > 0 END,
  CASE s.portal WHEN 1 THEN CASE WHEN s.id % 13 = 0 THEN 'PENDING' ELSE 'ACCEPTED' END END,
  CASE s.portal WHEN 1 THEN CASE WHEN s.id % 13 = 0 THEN 'pending' ELSE 'accepted' END END,
  CASE WHEN s.portal = 1 AND s.id % 13 > 0 THEN pg_temp.now() - interval '380 days' END,
  CASE WHEN s.id % 29 = 0 THEN 'Validé après échange avec le producteur.' END,
  CASE s.portal WHEN 2 THEN CASE s.id % 3 WHEN 0 THEN 'ALWAYS' ELSE 'ON_ERROR' END END,
  CASE s.portal WHEN 2 THEN ARRAY['harvest' || s.id || '@example.gov'] END,
  CASE s.portal WHEN 1 THEN pg_temp.now() - make_interval(days => 400 + pg_temp.dice(s.id, 208, 2000)::int,
    secs => pg_temp.dice(s.id, 209, 86400)) END
FROM (
  SELECT p.id, p.portal, pg_temp.native_id(p.portal, 'source', p.id) AS native_id,
    CASE p.portal WHEN 1 THEN 'https://www.data.gouv.fr' ELSE 'https://harvest.data.gov' END AS site,
    CASE WHEN pg_temp.dice(p.id, 210, 40) > 0 THEN 'PRESENT' WHEN p.portal = 1 THEN 'DELETED' ELSE 'GONE' END
      AS presence,
    CASE pg_temp.dice(p.id, 211, 12) WHEN 0 THEN lower(pg_temp.place(p.portal, p.id, 213)) || ' ' || p.id
      ELSE pg_temp.theme(p.portal, p.id, 212) || ' – ' || pg_temp.place(p.portal, p.id, 213) || ' (' || p.id || ')'
    END AS name
  FROM planned_source p
) s
JOIN harvest_backend b ON b.id = CASE s.portal WHEN 1 THEN 1 + pg_temp.dice(s.id, 214, 4)
  ELSE 5 + pg_temp.dice(s.id, 214, 4) END
LEFT JOIN LATERAL (
  SELECT o.id FROM organization o WHERE o.portal = s.portal
    AND o.id >= pg_temp.dice(s.id, 215, pg_temp.dice(s.id, 216, pg_temp.sources() / 4) + 1) ORDER BY o.id LIMIT 1
) o ON true;
