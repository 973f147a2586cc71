-- What PostGraphile cannot say by itself: counts in groups (live, as a function has to), and a ranked search.

CREATE SCHEMA IF NOT EXISTS peer;

CREATE OR REPLACE FUNCTION peer.record_counts(portals text[], statuses text[])
RETURNS TABLE (portal text, status text, count bigint) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT p.key, g.status, g.count
  FROM (
    SELECT r.portal, r.status, count(*) AS count FROM public.harvest_record r
    WHERE r.presence IN ('PRESENT', 'EXPIRED') AND r.status = ANY (statuses)
      AND r.portal = ANY (ARRAY(SELECT number FROM public.portal WHERE key = ANY (portals)))
    GROUP BY r.portal, r.status
  ) g JOIN public.portal p ON p.number = g.portal
  ORDER BY g.count DESC, p.key COLLATE "C", g.status COLLATE "C"
$$;

CREATE OR REPLACE FUNCTION peer.search_sources(text text)
RETURNS SETOF public.harvest_source LANGUAGE sql STABLE ROWS 20 AS $$
  SELECT s.* FROM (
    SELECT * FROM public.search_found($1, '{0}', NULL, 20) ORDER BY rank DESC, id DESC LIMIT 20
  ) f JOIN public.harvest_source s ON s.ctid = f.at ORDER BY f.rank DESC, f.id DESC
$$;
