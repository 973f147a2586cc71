-- Errors: of records that failed, warnings of some that were skipped, and of runs that did not end well.

INSERT INTO harvest_error (id, portal, native_id, presence, first_seen_at, last_seen_at, changed_at, row_hash, job_id,
  record_id, severity, native_severity, native_type, message, created_at, position)
SELECT e.id, e.portal, CASE e.portal WHEN 1 THEN e.owner || '/e' || e.position ELSE md5('error' || e.id)::uuid::text END,
  e.presence, e.created_at + interval '8 minutes',
  CASE WHEN e.presence <> 'PRESENT' THEN e.created_at + interval '30 days' END, e.created_at + interval '8 minutes',
  pg_temp.fingerprint('error', e.id), e.job_id, e.record_id, e.severity,
  CASE e.portal WHEN 2 THEN CASE e.severity WHEN 'WARNING' THEN 'warning' ELSE 'error' END END,
  CASE WHEN e.record_id IS NULL THEN CASE e.job_status WHEN 'CANCELLED' THEN 'CancelledJob'
      ELSE 'FailedJobCleanup' END
    WHEN e.portal = 2 THEN pg_temp.pick(e.id, 401, ARRAY['ValidationException', 'TransformationException',
      'SynchronizeException', 'DuplicateIdentifierException']) END,
  CASE WHEN e.id % 400 = 0 THEN NULL WHEN e.portal = 1 THEN pg_temp.pick(e.id, 402, ARRAY[
      'Le titre du jeu de données est absent', 'Erreur à la lecture : délai d''attente dépassé',
      'La licence déclarée n''est pas reconnue', 'URL de ressource mal formée',
      'Élément dcat:distribution sans dct:format', 'Géométrie invalide dans dct:spatial'])
      || ' (' || e.owner || '), ' || pg_temp.place(1, e.id, 403)
    ELSE pg_temp.pick(e.id, 404, ARRAY[
      '$.title, ''title'' is a required property', '$.accrualPeriodicity does not match any of the acceptable formats',
      'Record failed to transform: structure messages not found', 'Duplicate identifier in the same source',
      '$.contactPoint.hasEmail, ''unknown'' is not valid', 'package_create: HTTP 409 from the catalog'])
      || ' near ' || pg_temp.place(2, e.id, 403) END
    || CASE WHEN pg_temp.dice(e.id, 405, 20) = 0
      THEN repeat(E'\n  File "harvest/worker.py", line ' || e.id % 900 || ', in process', 5 + (e.id % 60)::int)
      ELSE '' END,
  CASE WHEN pg_temp.dice(e.id, 406, 500) > 0 THEN e.created_at END, e.position
FROM (
  SELECT row_number() OVER (ORDER BY coalesce(created_at, pg_temp.now()), job_id, record_id, position) AS id, u.*
  FROM (
    SELECT r.portal, r.native_id AS owner, r.presence, r.ended_at + make_interval(secs => n * 0.01) AS created_at,
      r.job_id, r.id AS record_id, CASE r.status WHEN 'FAILED' THEN 'ERROR' ELSE 'WARNING' END AS severity,
      n AS position, NULL AS job_status
    FROM harvest_record r, generate_series(0, CASE pg_temp.dice(r.id, 407, 8) WHEN 0 THEN 3 WHEN 1 THEN 1 ELSE 0 END) n
    WHERE r.status = 'FAILED' OR r.status = 'SKIPPED' AND pg_temp.dice(r.id, 408, 10) < 3
    UNION ALL
    SELECT j.portal, j.native_id, j.presence, j.created_at + interval '1 minute', j.id, NULL, 'ERROR', n, j.status
    FROM harvest_job j, generate_series(0, pg_temp.dice(j.id, 409, 2)::int) n
    WHERE j.status IN ('FAILED', 'CANCELLED')
  ) u
) e;
