"""What a search finds: the rows of several types that the database's own function finds by a text, in one order."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.enums import EntityType
from gateway.store.searching import PLACES
from harvest_graphql.plan.conditions import of_portals
from harvest_graphql.plan.draft import Draft, Read
from harvest_graphql.plan.operands import Operand

MOST = 300
"""How many rows a search finds at most."""
TYPES = {
    "HARVEST_SOURCE": EntityType.HARVEST_SOURCE,
    "ORGANIZATION": EntityType.ORGANIZATION,
    "DATASET": EntityType.DATASET,
    "HARVEST_ERROR": EntityType.HARVEST_ERROR,
}
"""What is searched, by its word in the schema; of one rank the first come first."""
QUERY = "(SELECT q.query FROM q)"
"""The words that are looked for (tsquery), as the rest of the statement reads them."""


def chosen(given: Mapping[str, Operand]) -> dict[int, EntityType]:
    """Return the types that a search with the arguments *given* looks for, by their places."""
    types = given.get("types")
    wanted = TYPES if types is None else set(types.now)
    return {PLACES.index(type_): type_ for word, type_ in TYPES.items() if word in wanted}


def finding(draft: Draft, text: Read, given: Mapping[str, Operand], most: int) -> str:
    """Return what stands after WITH: ``q``, the words of *text*, and ``found`` (id, place of the type, at, rank).

    *most*: how many of the best rows are read at all; 300 where it has to be known how many there are. Fewer are in no
    order, and may be more than that of several types: a page takes the best of them.
    """
    sought, portals = draft.bind(text, "text"), given.get("portal")
    places = "{" + ",".join(map(str, chosen(given))) + "}"
    among = (
        f"ARRAY(SELECT e.portal FROM {_PORTALS} e WHERE {of_portals(draft, 'e', portals)})"
        if portals
        else "NULL"
    )
    found = f"SELECT u.* FROM search_found({sought}, '{places}', {among}, {min(most, MOST)}) u"
    if most >= MOST:
        found += f" ORDER BY u.rank DESC, u.id DESC LIMIT {MOST}"
    return f"q AS MATERIALIZED ({_words(sought)}), found AS ({found})"


_PORTALS = "(SELECT p.number AS portal FROM portal p)"


def _words(text: str) -> str:
    query = "plainto_tsquery('french', g.text) || plainto_tsquery('english', g.text)"
    return f"SELECT {query} AS query FROM (SELECT unaccented({text}) AS text) g"
