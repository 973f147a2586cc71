-- $1 key of a portal, $2 native id of a source
SELECT json_build_object('harvestSource', (
  SELECT json_build_object('name', s.name)
  FROM harvest_source s WHERE s.portal = (SELECT number FROM portal WHERE key = $1) AND s.native_id = $2
))
