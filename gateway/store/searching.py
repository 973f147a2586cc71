"""The function of the database that finds rows of several types by a text, best first.

A row is found by its whole name, by its words (full text), or by a name that is written a little differently; the
three lie in this order above each other in the rank. It is a function, and no part of each statement, because what is
not asked for and what is not needed then costs nothing: Postgres makes ready all of a statement before it runs any of
it, which was a third of a search among sources. Its plans are kept by each session.
"""

from __future__ import annotations

from gateway.model.enums import EntityType
from gateway.store.findable import NAMES, RANKED, RANKED_BY, STORED, WORDS, plain_name
from gateway.store.rollups import LISTED

FINE = 1_000_000
"""Steps of the score from one way of finding to the next."""
PLACES = (EntityType.HARVEST_SOURCE, EntityType.ORGANIZATION, EntityType.DATASET, EntityType.HARVEST_ERROR)
"""What is searched, by place; of one score the first come first."""
TABLES = {
    EntityType.HARVEST_SOURCE: "harvest_source",
    EntityType.ORGANIZATION: "organization",
    EntityType.DATASET: "dataset",
    EntityType.HARVEST_ERROR: "harvest_error",
}

_ENOUGH = 3
"""How many rows that hold all words make a look at names that are written differently needless: it is no typo."""
_WEIGHED = 300
"""Of how many rows the words are weighed, where they have to be taken out of texts: those of the very name, then those
with the text in their name, then the newest."""
_ALIKE = 100
"""How many characters of the text are compared with names."""
_THRESHOLD = "pg_trgm.word_similarity_threshold"
_NEAR, _FAR = 0.8, 0.6
"""How much a name has to be like the text (pg_trgm's own is 0.6). Where rows are many, those that are nearer are looked
for first, and where they fill what is asked for, the others need not be compared: 60 ms instead of 800 at worst."""
_LISTED = f"e.presence IN {LISTED} AND (portals IS NULL OR e.portal = ANY (portals))"
_Q = "(SELECT plain, start, query OFFSET 0) q"
"""What is looked for, as a row to join: no plan then depends on it, so that one is made and kept, and none starts
workers, which costs ten milliseconds."""


def function() -> str:
    """Return the SQL that makes ``search_found(sought, places, portals, most)``.

    It returns up to *most* rows of each type and way of finding: ``place`` of the type, ``at`` which place of its
    table, ``id``, ``rank``. The *most* that rank highest of all rows are among them.
    """
    words = "\n".join(
        _if(place, _worded(place, type_), "words := words + here;") for place, type_ in _places()
    )
    alike = "\n".join(_if(place, _alike(place, type_)) for place, type_ in _places() if type_ in NAMES)
    return f"""
CREATE OR REPLACE FUNCTION search_found(sought text, places integer[], portals smallint[], most integer)
RETURNS TABLE (place integer, at tid, id bigint, rank bigint) LANGUAGE plpgsql STABLE ROWS 20 AS $$
#variable_conflict use_column
DECLARE
  plain text := unaccented(sought);
  query tsquery := plainto_tsquery('pg_catalog.french', plain) || plainto_tsquery('pg_catalog.english', plain);
  start text;
  known bigint[] := '{{}}';
  here integer;
  words integer := 0;
BEGIN
{words}
  IF words >= least({_ENOUGH}, most) THEN
    RETURN;
  END IF;
  start := left(plain, {_ALIKE});
{alike}
END $$
""".strip()


def _places() -> list[tuple[int, EntityType]]:
    return list(enumerate(PLACES))


def _if(place: int, statements: str, after: str = "") -> str:
    counted = f"    GET DIAGNOSTICS here = ROW_COUNT;\n    {after}\n" if after else ""
    return f"  IF {place} = ANY (places) THEN\n{statements}\n{counted}  END IF;"


def _worded(place: int, type_: EntityType) -> str:
    """Return the statement of the rows that hold all words: among them are those whose name is the text."""
    table, words = TABLES[type_], f"{WORDS[type_]} @@ q.query"
    if type_ in STORED:
        found = f"{_Q}, {table} e\n    WHERE {_LISTED}\n      AND {words}"
        return _best(place, "e.ctid", f"{plain_name(type_)} = q.plain", _rank(type_, "q.query"), found)
    named = holding = ""
    if name := NAMES.get(type_):
        # a name that is far longer than the text is not the text, and need not be made plain to know that
        named = f"CASE WHEN length({name}) <= 2 * length(q.plain) THEN {plain_name(type_)} = q.plain ELSE false END"
        holding = f"named DESC, strpos(lower({name}), q.plain) > 0 DESC NULLS LAST, "
    weighed = f"""(
      SELECT e.ctid AS at, e.id, q.query, {RANKED_BY[type_]}, {named or "false"} AS named
      FROM {_Q}, {table} e
      WHERE {_LISTED}
        AND {words}
      ORDER BY {holding}e.id DESC LIMIT {_WEIGHED}
    ) e"""
    return _best(place, "e.at", "e.named", _rank(type_, "e.query"), weighed)


def _alike(place: int, type_: EntityType) -> str:
    """Return the statements of the other rows that have a name like the text, or that name where it has no words."""
    table, name = TABLES[type_], plain_name(type_)
    rank = f"(word_similarity(q.start, {name}) * {FINE - 1})::int"
    others = f"{_Q}, {table} e\n    WHERE {_LISTED}\n      AND e.id <> ALL (known)"
    found = f"{others} AND ({name} %> q.start OR {name} = q.plain)"
    known = f"""    IF words > 0 THEN
      known := ARRAY(SELECT e.id FROM {_Q}, {table} e
        WHERE {_LISTED} AND {WORDS[type_]} @@ q.query);
    END IF;
"""
    named = f"{name} = q.plain"
    if type_ in STORED:
        return known + _best(place, "e.ctid", named, rank, found)
    near = f"{name} = q.plain OR word_similarity(q.start, {name}) >= {_NEAR}::real"
    rest = f"{others} AND {name} %> q.start AND NOT ({near})"
    return f"""{known}    PERFORM set_config('{_THRESHOLD}', '{_NEAR}', true);
{_best(place, "e.ctid", named, rank, found)}
    GET DIAGNOSTICS here = ROW_COUNT;
    PERFORM set_config('{_THRESHOLD}', '{_FAR}', true);
    IF here < most THEN
{_best(place, "e.ctid", named, rank, rest)}
    END IF;"""


def _rank(type_: EntityType, query: str) -> str:
    return f"{FINE} + (ts_rank({RANKED[type_]}, {query}, 32) * {FINE - 1})::int"  # 32: from 0 to 1


def _best(place: int, at: str, named: str, rank: str, found: str) -> str:
    return f"""    RETURN QUERY SELECT {place}, {at}, e.id,
      (CASE WHEN {named} THEN {2 * FINE} ELSE {rank} END)::bigint * 10 + {9 - place}
    FROM {found}
    ORDER BY 4 DESC, 3 DESC LIMIT most;"""
