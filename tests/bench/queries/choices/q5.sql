-- What people type: a theme and a place, one of them, or both with a letter missing.
SELECT CASE CASE WHEN $1 THEN 0 ELSE kind END WHEN 0 THEN theme || ' ' || place WHEN 1 THEN place WHEN 2 THEN theme
  ELSE overlay(theme PLACING '' FROM 4 FOR 1) || ' ' || place END AS text
FROM (
  SELECT split_part(name, ' – ', 1) AS theme, regexp_replace(split_part(name, ' – ', 2), ' \(.*', '') AS place,
    row_number() OVER (ORDER BY md5('q5' || id)) % 4 AS kind, md5('q5' || id) AS dice
  FROM harvest_source WHERE presence = 'PRESENT' AND name LIKE '% – %'
) s ORDER BY dice LIMIT 200
