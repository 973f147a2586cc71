-- Dice that fall the same everywhere, and the words that texts are made of.

CREATE FUNCTION pg_temp.records() RETURNS bigint STABLE LANGUAGE sql
RETURN current_setting('bench.records')::bigint;

-- A portal with a hundred times the records has ten times the sources, and each has ten times the records.
CREATE FUNCTION pg_temp.sources() RETURNS bigint STABLE LANGUAGE sql
RETURN 2 * sqrt(pg_temp.records())::bigint;

CREATE FUNCTION pg_temp.now() RETURNS timestamptz IMMUTABLE LANGUAGE sql
RETURN timestamptz '2026-11-20 06:00:00+00';

CREATE FUNCTION pg_temp.dice(n bigint, salt bigint, faces bigint) RETURNS bigint IMMUTABLE LANGUAGE sql
RETURN (hashint8extended(n, salt) & 9223372036854775807) % faces;

CREATE FUNCTION pg_temp.pick(n bigint, salt bigint, among text[]) RETURNS text IMMUTABLE LANGUAGE sql
RETURN among[1 + pg_temp.dice(n, salt, cardinality(among))];

CREATE FUNCTION pg_temp.native_id(portal bigint, kind text, n bigint) RETURNS text IMMUTABLE LANGUAGE sql
RETURN CASE portal WHEN 1 THEN substr(md5(kind || n), 1, 24) ELSE md5(kind || n)::uuid::text END;

CREATE FUNCTION pg_temp.fingerprint(kind text, n bigint) RETURNS bytea IMMUTABLE LANGUAGE sql
RETURN decode(md5(kind || '#' || n), 'hex');

CREATE FUNCTION pg_temp.theme(portal bigint, n bigint, salt bigint) RETURNS text IMMUTABLE LANGUAGE sql
RETURN pg_temp.pick(n, salt, CASE portal WHEN 1 THEN ARRAY[
  'Zones humides', 'Qualité de l''air', 'Réseau d''assainissement', 'Arrêts de bus', 'Pistes cyclables',
  'Bornes de recharge', 'Équipements sportifs', 'Écoles élémentaires', 'Marchés publics', 'Budget primitif',
  'Délibérations du conseil', 'Espaces boisés classés', 'Forêts communales', 'Points d''eau incendie',
  'Cadastre solaire', 'Éclairage public', 'Stationnement payant', 'Accidents corporels', 'Plan local d''urbanisme',
  'Sites Natura 2000', 'Bruit routier', 'Déchèteries', 'Subventions aux associations', 'Bibliothèques et médiathèques'
] ELSE ARRAY[
  'Water quality', 'Air monitoring', 'Bus stops', 'Bicycle lanes', 'Charging stations', 'Public schools',
  'Building permits', 'City budget', 'Council minutes', 'Forest inventory', 'Fire hydrants', 'Street lighting',
  'Traffic crashes', 'Zoning districts', 'Wetlands', 'Noise contours', 'Recycling centers', 'Grants awarded',
  'Libraries', 'Coastal erosion', 'Sea surface temperature', 'Elevation models', 'Land cover', 'Crop yields'
] END);

CREATE FUNCTION pg_temp.place(portal bigint, n bigint, salt bigint) RETURNS text IMMUTABLE LANGUAGE sql
RETURN pg_temp.pick(n, salt, CASE portal WHEN 1 THEN ARRAY[
  'Évry-Courcouronnes', 'Besançon', 'Saint-Étienne', 'Orléans', 'Nîmes', 'Béziers', 'Angoulême', 'Châteauroux',
  'Épinal', 'Mâcon', 'Sète', 'Périgueux', 'Le Puy-en-Velay', 'Bretagne', 'Île-de-France', 'Grand Est', 'Occitanie',
  'Corrèze', 'Ardèche', 'Isère', 'Hérault', 'Vendée', 'Finistère', 'Côtes-d''Armor', 'Lozère', 'Drôme', 'Rhône',
  'Haute-Saône', 'Pyrénées-Orientales', 'La Réunion', 'Guyane', 'Montreuil', 'Rennes', 'Nantes', 'Lille', 'Toulouse'
] ELSE ARRAY[
  'Alabama', 'Alaska', 'Arizona', 'Colorado', 'Boulder', 'Cook County', 'King County', 'Baltimore', 'Seattle',
  'San José', 'Española', 'Cañon City', 'Puerto Rico', 'Mayagüez', 'Guam', 'Hawaiʻi', 'Maine', 'Vermont', 'Oregon',
  'Idaho', 'Montana', 'Nevada', 'Texas', 'Austin', 'Dallas', 'Ohio', 'Iowa', 'Kansas', 'Utah', 'Georgia', 'Florida',
  'Virginia', 'Delaware', 'New York', 'New Mexico', 'North Dakota'
] END);

CREATE FUNCTION pg_temp.sentence(portal bigint, n bigint, salt bigint) RETURNS text IMMUTABLE LANGUAGE sql
RETURN CASE portal WHEN 1 THEN
  'Données produites par les services de ' || pg_temp.place(1, n, salt) || ' : '
  || lower(pg_temp.theme(1, n, salt + 1)) || ', mises à jour chaque ' || pg_temp.pick(n, salt + 2,
  ARRAY['semaine', 'mois', 'trimestre', 'année']) || ' et diffusées sous licence ouverte. '
ELSE
  'Published by the offices of ' || pg_temp.place(2, n, salt) || ': ' || lower(pg_temp.theme(2, n, salt + 1))
  || ', updated every ' || pg_temp.pick(n, salt + 2, ARRAY['week', 'month', 'quarter', 'year'])
  || ' and released without restrictions. ' END;

CREATE FUNCTION pg_temp.slug(text) RETURNS text IMMUTABLE LANGUAGE sql
RETURN trim(BOTH '-' FROM regexp_replace(lower(public.unaccent('public.unaccent', $1)), '[^a-z0-9]+', '-', 'g'));
