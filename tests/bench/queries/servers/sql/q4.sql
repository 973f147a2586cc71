-- $1 keys of portals, $2 statuses
SELECT json_build_object('harvestRecords', json_build_object('groups', coalesce(json_agg(json_build_object(
  'keys', json_build_object('portal', json_build_object('key', g.key), 'status', g.status), 'count', g.count)
  ORDER BY g.count DESC, g.key COLLATE "C", g.status COLLATE "C"), '[]')))
FROM (
  SELECT p.key, w.status, w.count
  FROM (
    SELECT portal, sum(records_pending) AS pending, sum(records_lost) AS lost, sum(records_succeeded) AS succeeded,
      sum(records_skipped) AS skipped, sum(records_failed) AS failed, sum(records_archived) AS archived,
      sum(records_unpublished) AS unpublished, sum(records_unknown) AS unknown
    FROM portal_rollup WHERE portal = ANY (ARRAY(SELECT number FROM portal WHERE key = ANY ($1::text[]))) GROUP BY portal
  ) s
  JOIN portal p ON p.number = s.portal
  CROSS JOIN LATERAL (VALUES ('PENDING', s.pending), ('LOST', s.lost), ('SUCCEEDED', s.succeeded),
    ('SKIPPED', s.skipped), ('FAILED', s.failed), ('ARCHIVED', s.archived), ('UNPUBLISHED', s.unpublished),
    ('UNKNOWN', s.unknown)) w (status, count)
  WHERE w.status = ANY ($2::text[]) AND w.count > 0
) g
