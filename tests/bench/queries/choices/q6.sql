-- Any sources.
SELECT p.key AS portal, p.number, s.native_id AS "nativeId" FROM harvest_source s JOIN portal p ON p.number = s.portal
ORDER BY md5('q6' || s.id) LIMIT 200
