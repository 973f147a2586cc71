-- $1 text: sources of that very name, then those that hold its words, then those with a name like it
SELECT json_build_object('search', json_build_object('nodes', coalesce(json_agg(json_build_object('node',
  json_build_object('nativeId', s.native_id, 'name', s.name, 'url', s.url)) ORDER BY f.rank DESC, f.id DESC), '[]')))
FROM (SELECT * FROM search_found($1, '{0}', NULL, 20) ORDER BY rank DESC, id DESC LIMIT 20) f
JOIN harvest_source s ON s.ctid = f.at
