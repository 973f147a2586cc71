"""How a text matches: conditions on what a column contains, whatever its capitals and accents."""

from __future__ import annotations

from gateway.model.enums import EntityType
from gateway.store.findable import NAMES


def contains(type_: EntityType, alias: str, column: str, wanted: str) -> str:
    """Return that the *column* of a *type_*'s row at *alias* holds the SQL text *wanted*.

    A name is first looked up as searches compare it, since that is what an index holds.
    """
    place = f"{alias}.{column}"
    exact = f"folded({place}) LIKE {_pattern('folded', wanted)}"
    if NAMES.get(type_) != column:
        return exact
    return f"unaccented({place}) LIKE {_pattern('unaccented', wanted)} AND {exact}"


def _pattern(fold: str, wanted: str) -> str:
    """Return the SQL of the pattern, made once a statement: LIKE's wildcards are taken literally.

    They are escaped after folding, which makes some of what other scripts have of them.
    """
    return rf"(SELECT '%' || regexp_replace({fold}({wanted}), '([\\%_])', '\\\1', 'g') || '%')"
