-- $1 text, $2 how many: sources of that very name, then those that hold its words, then those with a name like it
SELECT s.id, s.native_id, s.name, s.url, s.active, s.next_run_at, s.organization_id, s.last_job_id
FROM (SELECT * FROM search_found($1, '{0}', NULL, $2) ORDER BY rank DESC, id DESC LIMIT $2) f
JOIN harvest_source s ON s.ctid = f.at ORDER BY f.rank DESC, f.id DESC
