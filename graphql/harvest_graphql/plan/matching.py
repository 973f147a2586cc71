"""How a text matches: conditions on what a column contains, whatever its capitals and accents."""

from __future__ import annotations

from gateway.model.enums import EntityType
from gateway.store.findable import NAMES


def contains(type_: EntityType, alias: str, column: str, wanted: str) -> str:
    """Return that the *column* of a *type_*'s row at *alias* holds the SQL text *wanted*.

    A name is first looked up as searches compare it, since that is what an index holds.
    """
    place = f"{alias}.{column}"
    exact = f"{_folded(place)} LIKE {_pattern('folded', wanted)}"
    if NAMES.get(type_) != column:
        return exact
    return f"unaccented({place}) LIKE {_pattern('unaccented', wanted)} AND {exact}"


def _folded(place: str) -> str:
    """Return the SQL of ``folded``, without calling it where a text is ASCII: half the time over many rows."""
    plain = f"octet_length({place}) = length({place})"
    return f"CASE WHEN {plain} THEN lower(left({place}, 10000)) ELSE folded({place}) END"


def _pattern(fold: str, wanted: str) -> str:
    """Return the SQL of the pattern, made once a statement: LIKE's wildcards are taken literally.

    They are escaped after folding, which makes some of what other scripts have of them.
    """
    return rf"(SELECT '%' || regexp_replace({fold}({wanted}), '([\\%_])', '\\\1', 'g') || '%')"
