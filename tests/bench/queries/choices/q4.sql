-- Instants: the days of the last months and years, or with as many jobs behind them whatever the database's size.
SELECT created_at AS since
FROM (SELECT created_at, row_number() OVER (ORDER BY created_at DESC) AS n, count(*) OVER () AS jobs FROM harvest_job) j
WHERE n % greatest(1, (CASE WHEN $1 THEN least(jobs, 2000) ELSE jobs END) / 200) = 0
  AND (NOT $1 OR n BETWEEN 500 AND 2000)
ORDER BY md5('q4' || n) LIMIT 200
