"""The search over things of several types: what it finds, and how well that fits."""

from __future__ import annotations

import strawberry

from harvest_graphql.entity import Entity, PageInfo, look_up
from harvest_graphql.marks import field
from harvest_graphql.plan import searching
from harvest_graphql.plan.finding import MOST
from harvest_graphql.plan.operands import Choice
from harvest_graphql.scalars import Cursor
from harvest_graphql.words import register


class SearchType(Choice):
    """What can be searched, in the order in which results of one rank come."""

    HARVEST_SOURCE = "HARVEST_SOURCE"
    ORGANIZATION = "ORGANIZATION"
    DATASET = "DATASET"
    HARVEST_ERROR = "HARVEST_ERROR"


register(
    SearchType,
    {
        "HARVEST_SOURCE": "Sources, by name, slug, url and description.",
        "ORGANIZATION": "Organizations, by name, acronym, aliases and description.",
        "DATASET": "Datasets, by title, keywords, publisher, remote id and description.",
        "HARVEST_ERROR": "Errors, by message: by whole words alone.",
    },
)


@strawberry.type(description="Something that a search found.")
class SearchResult:
    """A result."""

    node: Entity = field("What was found.")
    type: SearchType = field("What it is.")
    rank: float = field(
        "How well it fits. 2: its name is the text. From 1 to 2: its fields hold the words of the text, the more so the"
        " more often and the more important the field. Below 1: its name is written much like the text."
    )
    matched_field: str | None = field(
        "The field of `node` that holds what was looked for, as in the schema; the first where there are several, null"
        " where each holds a part of it."
    )


@strawberry.type(description="A result with its place.")
class SearchResultEdge:
    """Relay's edge."""

    cursor: Cursor = field("The result's place in this search, for `after`.")
    node: SearchResult = field("The result.")


@strawberry.type(description="A page of what a search found, what fits best first.")
class SearchResultConnection:
    """Relay's connection, with the nodes at hand."""

    nodes: list[SearchResult] = field("The results of the page.")
    edges: list[SearchResultEdge] = field("The results of the page, each with its cursor.")
    page_info: PageInfo = field("Where the page lies among the results.")
    total_count: int = field(f"How many results there are: at most {MOST}, also where more would fit.")


search = look_up(
    SearchResultConnection,
    "Sources, organizations, datasets and errors by a text, what fits best first: those of that very name, then those"
    " that hold all its words (in French and in English, whatever their endings, accents and capitals), then those"
    " whose name is written much like it. What is gone or deleted is left out."
    f" There are at most {MOST} results; the order is that of rank, type and id.",
    {
        "text": (
            str,
            f"At least {searching.SHORTEST} letters or digits, at most {searching.LONGEST} characters.",
        ),
        "types": (list[SearchType] | None, "Only these types of things; without it all of them."),
        "portal": (list[str] | None, "Only things of these portals, by their keys."),
        "first": (int | None, "How many results: 0 to 100, 20 unless it is given."),
        "after": (Cursor | None, "Only results after this cursor, which has to be of the same text."),
    },
    answer=searching.answer,
)
"""The field of the root."""
