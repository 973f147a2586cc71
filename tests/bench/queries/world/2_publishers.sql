-- Organizations, persons and backends.

INSERT INTO organization (id, portal, native_id, portal_url, presence, first_seen_at, changed_at, native,
  document_hash, row_hash, name, slug, acronym, kind, native_kind, aliases, badges, logo, description,
  native_source_count, api_url)
SELECT o.id, o.portal, o.native_id, o.site || '/organization/' || o.slug || '/',
  CASE WHEN pg_temp.dice(o.id, 5, 60) = 0 THEN 'GONE' ELSE 'PRESENT' END,
  pg_temp.now() - interval '400 days', pg_temp.now() - make_interval(days => pg_temp.dice(o.id, 6, 300)::int),
  CASE WHEN pg_temp.dice(o.id, 7, 3) = 0 THEN '{"metrics": {"followers": 12}}'::jsonb END,
  pg_temp.fingerprint('Organization', o.id), pg_temp.fingerprint('organization', o.id),
  o.name, o.slug, CASE WHEN pg_temp.dice(o.id, 8, 4) = 0 THEN upper(substr(md5(o.name), 1, 4)) END,
  pg_temp.pick(o.id, 9, CASE o.portal WHEN 1 THEN ARRAY['OTHER', 'UNKNOWN'] ELSE ARRAY['FEDERAL_GOVERNMENT',
    'CITY_GOVERNMENT', 'STATE_GOVERNMENT', 'COUNTY_GOVERNMENT', 'UNIVERSITY', 'NON_PROFIT'] END),
  NULL, CASE WHEN pg_temp.dice(o.id, 10, 5) = 0 THEN ARRAY['Agence ' || o.id] END,
  CASE o.portal WHEN 1 THEN ARRAY['public-service', 'certified'] END, o.site || '/logos/' || o.id || '.png',
  CASE WHEN pg_temp.dice(o.id, 11, 8) > 0 THEN pg_temp.sentence(o.portal, o.id, 12) END,
  CASE o.portal WHEN 2 THEN 1 + pg_temp.dice(o.id, 13, 9)::int END, o.site || '/api/organizations/' || o.native_id
FROM (
  SELECT p.*, pg_temp.native_id(p.portal, 'organization', p.id) AS native_id,
    CASE p.portal WHEN 1 THEN 'https://www.data.gouv.fr' ELSE 'https://catalog.data.gov' END AS site,
    CASE p.portal WHEN 1 THEN 'Communauté de communes ' ELSE 'Department of ' END
      || pg_temp.theme(p.portal, p.id, 1) || ' – ' || pg_temp.place(p.portal, p.id, 2) || ' ' || p.id AS name,
    CASE p.portal WHEN 1 THEN 'communaute-' ELSE 'department-' END
      || pg_temp.slug(pg_temp.place(p.portal, p.id, 2)) || '-' || p.id AS slug
  FROM (SELECT i AS id, (CASE WHEN i % 9 < 4 THEN 1 ELSE 2 END)::smallint AS portal
        FROM generate_series(1, pg_temp.sources() / 4) i) p
) o;

INSERT INTO person (id, portal, native_id, presence, first_seen_at, changed_at, document_hash, row_hash, first_name,
  last_name, slug)
SELECT i, 1, pg_temp.native_id(1, 'person', i), 'PRESENT', pg_temp.now() - interval '400 days',
  pg_temp.now() - interval '200 days', NULL, pg_temp.fingerprint('person', i),
  pg_temp.pick(i, 1, ARRAY['Zoé', 'Chloé', 'Rémi', 'Jérôme', 'Anaïs', 'Loïc']),
  pg_temp.pick(i, 2, ARRAY['Lefèvre', 'Nuñez', 'Gérard', 'François', 'Dubois']), 'person-' || i
FROM generate_series(1, greatest(1, pg_temp.sources() / 20)) i;

INSERT INTO harvest_backend (id, portal, native_id, presence, first_seen_at, changed_at, row_hash, label, protocol,
  metadata_standard, standard_family)
SELECT b.id, b.portal, b.native_id, 'PRESENT', pg_temp.now() - interval '400 days',
  pg_temp.now() - interval '399 days', pg_temp.fingerprint('backend', b.id), b.label, b.protocol, b.standard, b.family
FROM (VALUES
  (1, 1, 'dcat', 'DCAT', 'DCAT', 'DCAT', 'DCAT'), (2, 1, 'csw-dcat', 'CSW-DCAT', 'CSW', 'DCAT', 'DCAT'),
  (3, 1, 'csw-iso-19139', 'CSW-ISO-19139', 'CSW', 'ISO_19139', 'ISO'), (4, 1, 'ckan', 'CKAN', 'CKAN', 'CKAN', 'CKAN'),
  (5, 2, 'document/dcatus1.1: federal', 'DCAT-US 1.1, federal', 'DOCUMENT', 'DCAT_US_1_1', 'DCAT'),
  (6, 2, 'document/dcatus1.1: non-federal', 'DCAT-US 1.1, non-federal', 'DOCUMENT', 'DCAT_US_1_1', 'DCAT'),
  (7, 2, 'waf/iso19115_1', 'WAF of ISO 19115-1', 'WAF', 'ISO_19115_1', 'ISO'),
  (8, 2, 'waf/iso19115_2', 'WAF of ISO 19115-2', 'WAF', 'ISO_19115_2', 'ISO')
) AS b (id, portal, native_id, label, protocol, standard, family);
