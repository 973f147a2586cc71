-- What is going to be there: which source has how many jobs, which job how many records. Some have very many.

CREATE TEMP TABLE planned_source AS
SELECT i AS id, (CASE WHEN i % 9 < 4 THEN 1 ELSE 2 END)::smallint AS portal,
  1000000 / (10 + pg_temp.dice(i, 101, pg_temp.sources())) AS weight,
  CASE WHEN kind < 5 THEN 0 WHEN kind < 25 THEN 1 + pg_temp.dice(i, 103, 9)
    ELSE 10 + pg_temp.dice(i, 104, 16) + CASE WHEN kind < 29 THEN pg_temp.dice(i, 105, 120) ELSE 0 END END AS jobs,
  CASE WHEN i % 9 < 4 THEN 24 ELSE 24 * (1 + 6 * pg_temp.dice(i, 106, 2)) END AS every_hours
FROM (SELECT i, pg_temp.dice(i, 102, 100) AS kind FROM generate_series(1, pg_temp.sources()) i) s;

CREATE TEMP TABLE planned_job AS
WITH dated AS (
  SELECT s.id AS source_id, s.portal, k, s.weight, s.jobs,
    pg_temp.now() - make_interval(
      hours => ((k - CASE WHEN s.portal = 2 AND s.id % 7 = 0 THEN 1 ELSE 0 END) * s.every_hours)::int,
      secs => pg_temp.dice(s.id, 110, 36000) + pg_temp.dice(s.id * 1000 + k, 111, 900000) / 1000.0) AS created_at,
    pg_temp.dice(s.id * 1000 + k, 112, 100) AS luck
  FROM planned_source s, generate_series(0, s.jobs - 1) k
), told AS (
  SELECT row_number() OVER (ORDER BY created_at, source_id, k) AS id, d.*,
    CASE WHEN created_at > pg_temp.now() THEN 'SCHEDULED'
      WHEN k = 0 AND luck < 4 THEN 'RUNNING'
      WHEN luck < 66 THEN 'SUCCEEDED' WHEN luck < 88 THEN 'PARTIAL' WHEN luck < 95 THEN 'FAILED'
      WHEN luck < 97 THEN 'CANCELLED' WHEN luck < 99 THEN 'LOST' ELSE 'UNKNOWN' END AS status
  FROM dated d
), weighed AS (
  SELECT t.*, CASE status WHEN 'SCHEDULED' THEN 0 ELSE weight * (50 + pg_temp.dice(id, 113, 100)) / jobs
    / CASE WHEN status IN ('FAILED', 'CANCELLED') THEN 10 ELSE 1 END END AS share
  FROM told t
), shared AS (
  SELECT w.*, (sum(share) OVER (ORDER BY id) - share)::bigint AS before, (sum(share) OVER ())::bigint AS whole
  FROM weighed w
), counted AS (
  SELECT s.*, pg_temp.records() * before / whole AS first_record,
    pg_temp.records() * (before + share) / whole - pg_temp.records() * before / whole AS records
  FROM shared s
)
SELECT id, source_id, portal, created_at, status, first_record, records,
  (sum(records) OVER (PARTITION BY source_id ORDER BY id) - records)::bigint AS records_before,
  CASE status WHEN 'PARTIAL' THEN 3 + pg_temp.dice(id, 114, 50) WHEN 'FAILED' THEN 60 ELSE 0 END AS trouble,
  pg_temp.native_id(portal, 'job', id) AS native_id
FROM counted;
ALTER TABLE planned_job ADD PRIMARY KEY (id);

-- A source's datasets: its records come back to them, run after run.
CREATE TEMP TABLE planned_datasets AS
SELECT source_id, pool, (sum(pool) OVER (ORDER BY source_id) - pool)::bigint AS before
FROM (SELECT source_id, greatest(1, sum(records) * 44 / 100)::bigint AS pool FROM planned_job GROUP BY 1) p;
ALTER TABLE planned_datasets ADD PRIMARY KEY (source_id);
ANALYZE planned_source, planned_job, planned_datasets;
