"""What a search finds: one query that looks for a text in rows of several types, and ranks them.

A row is found by its whole name, by its words (full text), or by a name that is written a little differently; the
three lie in this order above each other in the rank. What is alike is looked for only where words find too little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.model.enums import EntityType
from gateway.store.findable import NAMES, RANKED, WORDS, plain_name
from harvest_graphql.plan.computed import LISTED
from harvest_graphql.plan.conditions import of_portals
from harvest_graphql.plan.draft import Draft, Read
from harvest_graphql.plan.operands import Operand
from harvest_graphql.plan.relations import table_of

MOST = 300
"""How many rows a search finds at most."""
FINE = 1_000_000
"""Steps of the score from one way of finding to the next."""
TYPES = {
    "HARVEST_SOURCE": EntityType.HARVEST_SOURCE,
    "ORGANIZATION": EntityType.ORGANIZATION,
    "DATASET": EntityType.DATASET,
    "HARVEST_ERROR": EntityType.HARVEST_ERROR,
}
"""What is searched, by its word in the schema; of one rank the first come first."""
QUERY = "(SELECT q.query FROM q)"
"""The words that are looked for (tsquery), as the rest of the statement reads them."""

_TEXT, _START = "(SELECT q.text FROM q)", "(SELECT q.start FROM q)"
_WEIGHED = 1000
"""Of how many rows of a type the words are weighed: those with the text in their name, then the newest."""
_ENOUGH = 3
"""How many rows that hold all words make a look at names that are written differently needless: it is no typo."""
_ALIKE = 100
"""How many characters of the text are compared with names."""


@dataclass(frozen=True, slots=True)
class _Among:
    """Rows of one type, at the alias ``e``, that may be found."""

    place: int
    type_: EntityType
    condition: str

    def named(self) -> str:
        """Return the query of the rows whose name is the text."""
        return (
            f"SELECT {self.place} AS place, e.id, {2 * FINE} AS score FROM {self._rows()}"
            f" AND {plain_name(self.type_)} = {_TEXT} ORDER BY e.id DESC LIMIT {MOST}"
        )

    def worded(self) -> str:
        """Return the query of the rows that hold all words."""
        words = WORDS[self.type_]
        rows = (
            f"SELECT e.* FROM {self._rows()} AND {words} @@ {QUERY}"
            f" ORDER BY {self._nearest()}e.id DESC LIMIT {_WEIGHED}"
        )
        score = f"{FINE} + (ts_rank({RANKED[self.type_]}, {QUERY}, 32) * {FINE - 1})::int"  # 32: from 0 to 1
        return (
            f"SELECT {self.place} AS place, e.id, {score} AS score FROM ({rows}) e"
            f" ORDER BY score DESC, e.id DESC LIMIT {MOST}"
        )

    def alike(self) -> str:
        """Return the query of the rows with a name like the text, none where words find enough."""
        name = plain_name(self.type_)
        score = f"(word_similarity({_START}, {name}) * {FINE - 1})::int"
        return (
            f"SELECT {self.place} AS place, e.id, {score} AS score FROM {self._rows()} AND {name} %> {_START}"
            f" AND (SELECT count(*) FROM worded) < {_ENOUGH} ORDER BY score DESC, e.id DESC LIMIT {MOST}"
        )

    def _rows(self) -> str:
        return f"{table_of(self.type_).name} e WHERE {self.condition}"

    def _nearest(self) -> str:
        name = NAMES.get(self.type_)
        return f"strpos(lower(e.{name}), {_TEXT}) > 0 DESC NULLS LAST, " if name else ""


def chosen(given: Mapping[str, Operand]) -> dict[int, EntityType]:
    """Return the types that a search with the arguments *given* looks for, by their places."""
    types = given.get("types")
    wanted = TYPES if types is None else set(types.now)
    return {place: TYPES[word] for place, word in enumerate(TYPES) if word in wanted}


def finding(draft: Draft, text: Read, given: Mapping[str, Operand]) -> str:
    """Return what stands after WITH: ``q``, the forms of *text*, and ``found`` (id, place of the type, rank)."""
    condition = _condition(draft, given.get("portal"))
    places = [_Among(place, type_, condition) for place, type_ in chosen(given).items()]
    places = places or [_Among(0, EntityType.HARVEST_SOURCE, "false")]
    named = [each for each in places if each.type_ in NAMES]
    others = (*(each.named() for each in named), *(each.alike() for each in named))
    best = _all(["SELECT * FROM worded", *others])
    rank = f"SELECT u.id, u.place, max(u.score) * 10 + 9 - u.place AS rank FROM ({best}) u GROUP BY u.id, u.place"
    return (
        f"q AS MATERIALIZED ({_forms(draft.bind(text, 'text'))}),"
        f" worded AS MATERIALIZED ({_all(each.worded() for each in places)}),"
        f" found AS MATERIALIZED ({rank} ORDER BY rank DESC, u.id DESC LIMIT {MOST})"
    )


def _forms(text: str) -> str:
    query = "plainto_tsquery('french', g.text) || plainto_tsquery('english', g.text)"
    columns = f"g.text, left(g.text, {_ALIKE}) AS start, {query} AS query"
    return f"SELECT {columns} FROM (SELECT unaccented({text}) AS text) g"


def _condition(draft: Draft, portals: Operand | None) -> str:
    """Return which rows may be found."""
    listed = f"e.presence IN {LISTED}"
    return f"{listed} AND {of_portals(draft, 'e', portals)}" if portals else listed


def _all(parts: Iterable[str]) -> str:
    return " UNION ALL ".join(f"({part})" for part in parts)
