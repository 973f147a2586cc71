"""Functions of the database: they read what publishers and portals wrote, whatever that holds."""

from __future__ import annotations

DOCUMENT_MEMBER = r"""
CREATE OR REPLACE FUNCTION document_member(body bytea, member text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
  element text;
BEGIN
  element := convert_from(body, 'UTF8');
  IF position('\u0000' IN element) > 0 THEN
    element := regexp_replace(element, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g');
  END IF;
  RETURN (element::json -> member)::jsonb;
EXCEPTION WHEN data_exception OR statement_too_complex OR program_limit_exceeded THEN
  RETURN NULL;
END $$
"""
"""The value of a member of a document: null where it has none, or where Postgres cannot read it. NUL is U+FFFD."""

TEXT_JSON = """
CREATE OR REPLACE FUNCTION text_json(value text) RETURNS json LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  RETURN value::json;
EXCEPTION WHEN data_exception OR statement_too_complex OR program_limit_exceeded THEN
  RETURN NULL;
END $$
"""
"""A text as JSON, as it stands; null where it is none."""

CANONICAL_JSON = """
CREATE OR REPLACE FUNCTION canonical_json(value jsonb) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$
  SELECT CASE jsonb_typeof(value)
    WHEN 'object' THEN '{' || coalesce((
      SELECT string_agg(to_json(e.key)::text || ':' || canonical_json(e.value), ',' ORDER BY e.key COLLATE "C")
      FROM jsonb_each(value) e), '') || '}'
    WHEN 'array' THEN '[' || coalesce((
      SELECT string_agg(canonical_json(e.value), ',' ORDER BY e.n)
      FROM jsonb_array_elements(value) WITH ORDINALITY e(value, n)), '') || ']'
    ELSE value::text END
$$
"""
"""The compact text of a JSON value, keys sorted by code point."""

OCTETS_TEXT = r"""
CREATE OR REPLACE FUNCTION octets_text(octets bytea) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  IF position('\000'::bytea IN octets) > 0 THEN
    octets := decode(replace(replace(encode(octets, 'escape'), '\\', '\134'), '\000', '\357\277\275'), 'escape');
  END IF;
  RETURN convert_from(octets, 'UTF8');
EXCEPTION WHEN data_exception OR statement_too_complex OR program_limit_exceeded THEN
  RETURN NULL;
END $$
"""
"""Bytes as the text whose UTF-8 they are: null where they are none. NUL is U+FFFD."""

UNACCENTED = """
CREATE OR REPLACE FUNCTION unaccented(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
BEGIN
  RETURN replace(replace(replace(
    lower(public.unaccent('public.unaccent', left(value, 10000))), '-', ' '), '.', ' '), '/', ' ');
END $$
"""
"""A text as searches compare it: its first 10,000 characters in lower case, without accents, and without what would
make one word of the parts of an address, a name or a number. (``translate`` would take longer than all the rest.)"""

FOLDED = """
CREATE OR REPLACE FUNCTION folded(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
BEGIN
  RETURN lower(public.unaccent('public.unaccent', left(value, 10000)) COLLATE pg_catalog."default");
END $$
"""
"""A text as filters compare it: its first 10,000 characters in lower case, without accents, and all else as it is."""

ORDER_TEXT = """
CREATE OR REPLACE FUNCTION order_text(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 20 AS $$
BEGIN
  RETURN left(public.folded(left(value, 200)), 200);
END $$
"""
"""A text as lists are ordered by it: as filters compare it, and no longer than fits into a cursor."""

TEXT_WORDS = """
CREATE OR REPLACE FUNCTION text_words(value text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 500 AS $$
DECLARE
  plain text := public.unaccented(value);
BEGIN
  RETURN to_tsvector('pg_catalog.french', plain) || to_tsvector('pg_catalog.english', plain);
END $$
"""
"""The words of a text, as in French and as in English."""

SEARCH_WORDS = """
CREATE OR REPLACE FUNCTION search_words(name text, labels text[], places text[], body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 2000 AS $$
BEGIN
  RETURN setweight(coalesce(public.text_words(name), ''), 'A')
    || setweight(coalesce(public.text_words(array_to_string(labels, ' ')), ''), 'B')
    || setweight(coalesce(public.text_words(array_to_string(places, ' ')), ''), 'C')
    || coalesce(public.text_words(body), '');
END $$
"""
"""The words of a thing's texts, with the weights A to D."""

SEARCHING = tuple(each.strip() for each in (UNACCENTED, FOLDED, ORDER_TEXT, TEXT_WORDS, SEARCH_WORDS))
"""What indexes are made with, so that it has to be there before them; the extension unaccent before that."""

FUNCTIONS = (DOCUMENT_MEMBER.strip(), TEXT_JSON.strip(), CANONICAL_JSON.strip(), OCTETS_TEXT.strip())
"""What migrations make after the tables."""
