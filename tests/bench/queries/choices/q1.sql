-- Places in the list of a portal's sources behind which there are at least twenty more.
SELECT 'data-gouv-fr' AS portal, 1 AS number, created_at AS "createdAt", id
FROM (SELECT id, created_at, count(*) OVER () - row_number() OVER (ORDER BY created_at DESC, id DESC) AS behind
      FROM harvest_source WHERE portal = 1 AND presence = 'PRESENT') s
WHERE behind >= 20 ORDER BY md5('q1' || id) LIMIT 200
