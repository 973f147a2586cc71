"""What texts are found by: expressions that the indexes of the tables hold, and that queries repeat to use them."""

from __future__ import annotations

from gateway.model.enums import EntityType

STORED = {
    EntityType.HARVEST_SOURCE: (
        "unaccented(name)",
        "search_words(name, ARRAY[slug], NULL::text[], NULL::text)",
    ),
    EntityType.ORGANIZATION: ("unaccented(name)", "search_words(name, ARRAY[acronym], aliases, NULL::text)"),
}
"""Of types with few rows, what ``plain_name`` and ``name_words`` hold: a search reads them instead of reckoning them
for each row that it weighs."""

NAMES = {
    EntityType.HARVEST_SOURCE: "name",
    EntityType.ORGANIZATION: "name",
    EntityType.DATASET: "title",
}
"""The column that things of a type are known by: also found where it is written a little differently."""

WORDS = {
    EntityType.HARVEST_SOURCE: "search_words(name, ARRAY[slug], ARRAY[url], description)",
    EntityType.ORGANIZATION: "search_words(name, ARRAY[acronym], aliases, description)",
    EntityType.DATASET: "search_words(title, keywords, ARRAY[publisher, remote_id], description)",
    EntityType.HARVEST_ERROR: "text_words(message)",
}
"""The words that rows of a type are found by (tsvector), those of more weight first."""

RANKED = {
    EntityType.HARVEST_SOURCE: "name_words",
    EntityType.ORGANIZATION: "name_words",
    EntityType.DATASET: "search_words(title, keywords, NULL, NULL)",
    EntityType.HARVEST_ERROR: "text_words(message)",
}
"""The words that rank what is found: a search reads them out of each row that it weighs, so they are the short ones."""

RANKED_BY = {EntityType.DATASET: "title, keywords", EntityType.HARVEST_ERROR: "message"}
"""The columns that ``RANKED`` is reckoned from, where it is not stored."""

ORDERED = {
    EntityType.HARVEST_SOURCE: "name",
    EntityType.ORGANIZATION: "name",
    EntityType.HARVEST_BACKEND: "label",
    EntityType.DATASET: "title",
}
"""The text that lists of a type can be ordered by."""


def order_text(column: str) -> str:
    """Return the SQL of a text as lists are ordered by it: no accents or capitals, by code points."""
    return f'order_text({column} COLLATE "C")'


def plain_name(type_: EntityType) -> str:
    """Return the SQL of the name of a *type_*'s row as it is compared: no accents, capitals or punctuation."""
    return "plain_name" if type_ in STORED else f"unaccented({NAMES[type_]})"
